"""A company pays late: an indicator turns red, its risk is assessed anew, and the plan of the year is adjusted."""

from __future__ import annotations

import asyncio
from typing import Any

from cli.showcase.steps import Law
from cli.year.book import Act, Book, dollars
from cli.year.company import PIECE_PRICE
from cli.year.offers import PIECES, SKU, ordered
from cli.year.people import tree_sums
from cli.year.trade import LATE

CUT = 95
"""What is left of the plan, in percent."""
REASON = "A large customer pays late"


async def red_indicator(book: Book) -> Act:
    """Before anybody has paid, what is overdue of a company is red; its risk asks to be assessed, and is."""
    risk = await _risk(book)
    await assess(book, risk, "inherent", 3)
    await assess(book, risk, "current", 3)
    assessed = (await book.api.get(f"/v1/risks/{risk}"))["state"]
    body = {
        "measure": "overdue_ratio",
        "account_id": book.accounts[LATE],
        "amber": 100_000,
        "red": 200_000,
        "hysteresis": 20_000,
        "min_sample": 0,
        "risk_ids": [risk],
        "owner_id": book.seller(LATE),
    }
    book.indicator = (await book.made("/v1/indicators", body))["id"]

    async def red() -> dict[str, Any] | None:
        alerts = await book.all_of("/v1/risk-alerts", indicator_id=book.indicator)
        return next((alert for alert in alerts if alert["level"] == "red"), None)

    async def asks() -> dict[str, Any] | None:
        found: dict[str, Any] = await book.api.get(f"/v1/risks/{risk}")
        return found if found["state"] == "identified" else None

    async with asyncio.TaskGroup() as group:
        raised = group.create_task(book.effect("what is overdue turns an indicator red", red))
        waiting = group.create_task(book.effect("a red indicator asks for an assessment of its risk", asks))
    alert, asking = raised.result(), waiting.result()
    book.alert = alert["id"]
    await assess(book, risk, "current", 4)
    after = await book.api.get(f"/v1/risks/{risk}")
    return Act(
        "A red indicator",
        (
            f"{alert['value'] / 10_000:.1f} % of what a company owes is overdue: the indicator is red, and the risk "
            f"that it watches has to be assessed anew ({asking['reassess_cause']}); it is found likelier than before.",
        ),
        (
            Law("the risk was assessed before", assessed == "assessed"),
            Law("it asked because of the red alert", bool(asking["reassess_cause"])),
            Law("it is assessed again", after["state"] == "assessed"),
        ),
    )


async def _risk(book: Book) -> str:
    body = {
        "code": book.code("R-LATE"),
        "title": REASON,
        "class": "credit",
        "source": "credit_review",
        "cause": "Their own customers pay late",
        "event": "Orders stay open",
        "consequence": "The amount is lost",
        "causes": [],
        "consequences": [],
        "links": [{"kind": "account", "id": book.accounts[LATE]}],
    }
    return str((await book.made("/v1/risks", body))["id"])


async def assess(book: Book, risk: str, kind: str, likelihood: int, rationale: str = REASON) -> None:
    """Say how likely a risk is."""
    body = {"risk_id": risk, "kind": kind, "likelihood": likelihood, "impact": 3, "rationale": rationale}
    await book.api.post("/v1/assessments", body)


async def adjusted(book: Book) -> Act:
    """The alert of risk is why the year is adjusted: a plan with less is proposed, approved and executed."""
    director = book.api.acting_as("director")
    before = (await book.api.get(f"/v1/targets/{book.root}"))["amount"]
    plan = await book.api.post("/v1/plans", {"root_id": book.root, "name": "Less of who pays late"})
    branch = await book.api.get(f"/v1/targets/{plan['branch_id']}")
    wanted = before * CUT // 100
    headers = {"If-Match": f'"{branch["version"]}"'}
    body = {"amount": wanted, "reason": REASON}
    await book.api.call("PATCH", f"/v1/targets/{branch['id']}", body, headers=headers)
    adjustment = {
        "target_id": book.root,
        "trigger": "risk_alert",
        "risk_alert_id": book.alert,
        "strategy": "position",
        "reason": REASON,
        "plan_id": plan["id"],
        "measures": [],
    }
    made = await book.made("/v1/adjustments", adjustment, by="director")
    path = f"/v1/adjustments/{made['id']}"
    await director.post(f"{path}/propose")
    await book.api.post(f"{path}/approve")
    executed = await book.api.post(f"{path}/execute", {"valid_from": book.today, "carry": "none"})
    after = (await book.api.get(f"/v1/targets/{book.root}"))["amount"]
    promoted = await book.api.get(f"/v1/plans/{plan['id']}")
    return Act(
        "An adjustment",
        (
            f"The alert leads to an adjustment: the director proposes it, another approves it, and its plan is "
            f"promoted. The year is {dollars(after)} instead of {dollars(before)} from {book.today} on.",
        ),
        (
            Law("the adjustment is executed", executed["state"] == "executed"),
            Law("its plan is what is active", promoted["state"] == "promoted" and after == wanted),
            Law("the adjusted tree sums", await tree_sums(book)),
        ),
    )


async def calmed(book: Book) -> Act:
    """The company has paid all that it owed, if late, and orders again: nothing of what is open is overdue."""

    line = {"sku": SKU, "quantity": PIECES, "unit_price": PIECE_PRICE, "discount": 0, "tax_rate": 0}
    await ordered(book, "again", book.accounts[LATE], [line], partner_id=book.partners[LATE % len(book.partners)])

    async def lower() -> dict[str, Any] | None:
        indicator: dict[str, Any] = await book.api.get(f"/v1/indicators/{book.indicator}")
        return indicator if indicator["level"] != "red" else None

    indicator = await book.effect("an indicator is calm when what was overdue is paid", lower)
    return Act(
        "Late payments",
        (f"The company has paid what it owed, if late, and orders again: its indicator is {indicator['level']}.",),
        (Law("the indicator is no longer red", indicator["level"] != "red"),),
    )
