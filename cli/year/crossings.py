"""What one service finds out changes what another one does: terms, a target behind its pace, a grade, a merge."""

from __future__ import annotations

from typing import Any

from cli.showcase import steps
from cli.showcase.steps import Law
from cli.year.book import CURRENCY, Act, Book, dollars
from cli.year.company import PIECE_PRICE
from cli.year.offers import HELD, PIECES, SKU, a_tenth_off, ordered
from cli.year.sales import NET_DAYS
from cli.year.trade import order_in

LOWER_GRADE, SHORT_DAYS = "BB", 15
USUAL_GRADE = "A"
BUYS_MOST = 0
"""Number of a company that is graded at the year's end."""
TRIALS, SEED, HORIZON_MONTHS = 20_000, 1997, 12
ORDER_LOST = {"kind": "lognormal", "q05": 10_000, "q95": 40_000}


async def terms_shortened(book: Book) -> Act:
    """Risk gives a company a lower grade, which has fewer days to pay: its new orders have them, and one with more is
    held."""
    account = book.accounts[HELD]
    before = (await book.api.get(f"/v1/credit-profiles/{account}"))["grade"]
    graded = await _graded(book, account, LOWER_GRADE)
    line = {"sku": SKU, "quantity": 1, "unit_price": PIECE_PRICE, "discount": 0, "tax_rate": 0}

    async def defaulted() -> dict[str, Any] | None:
        draft = {"account_id": account, "currency": CURRENCY, "lines": [line]}
        made: dict[str, Any] = await book.api.post("/v1/orders", draft)
        if made["payment_terms_days"] == SHORT_DAYS:
            return made
        await book.api.post(f"/v1/orders/{made['id']}/cancel", {"reason": "other"})
        return None

    order = await book.effect("the days to pay of a credit grade are those of new orders", defaulted)
    await book.api.post(f"/v1/orders/{order['id']}/place")
    await order_in(book, order["id"], "confirmed")
    placed = await ordered(book, "long", account, [line], payment_terms_days=NET_DAYS)

    async def held() -> dict[str, Any] | None:
        found: dict[str, Any] = await book.api.get(f"/v1/orders/{placed['id']}")
        return found if found["state"] == "on_hold" else None

    waiting = await book.effect("an order with more days to pay than its customer has is held", held)
    await book.api.post(f"/v1/orders/{placed['id']}/cancel", {"reason": "credit"})
    raised = await _graded(book, account, USUAL_GRADE)
    return Act(
        "A lower credit grade",
        (
            f"A company is graded {graded['grade']} instead of {before}, which has {SHORT_DAYS} days to pay: an order "
            f"that says nothing has them, one with {NET_DAYS} is held ({waiting['checks'][-1]['cause']}) and given up. "
            f"Then an officer proposes {USUAL_GRADE}, and another approves it.",
        ),
        (
            Law("the grade has its days", graded["terms_days"] == SHORT_DAYS and graded["set_terms_days"] is None),
            Law("it is held for its terms", waiting["checks"][-1]["cause"] == "terms_exceeded"),
            Law("a better grade holds when another has approved it", raised["grade"] == USUAL_GRADE),
        ),
    )


async def _graded(book: Book, account: str, grade: str) -> dict[str, Any]:
    """Give an account a grade; a better one is approved by another."""
    path = f"/v1/credit-profiles/{account}"
    body = {"grade": grade, "until": book.calendar.end, "reason": "of the year"}
    profile: dict[str, Any] = await book.api.acting_as("officer").post(f"{path}/set-grade", body)
    if profile["proposed_grade"] is not None:
        profile = await book.api.post(f"{path}/approve-grade")
    return profile


async def behind(book: Book) -> Act:
    """The year is behind its pace: an indicator tells, its risk is quantified, and the dashboard takes it off."""
    await book.settled()
    risk = await _risk(book)
    body = {
        "measure": "target_shortfall",
        "target_id": book.root,
        "amber": 1,
        "red": 2,
        "hysteresis": 0,
        "min_sample": 0,
        "risk_ids": [risk],
        "owner_id": book.seller(0),
    }
    indicator = (await book.made("/v1/indicators", body))["id"]

    async def red() -> dict[str, Any] | None:
        found: dict[str, Any] = await book.api.get(f"/v1/indicators/{indicator}")
        return found if found["level"] == "red" else None

    told = await book.effect("a target behind its pace turns an indicator red", red)
    await _study(book, risk)

    async def adjusts() -> dict[str, Any] | None:
        found: dict[str, Any] = await book.api.get("/v1/dashboards/sales", target_id=book.root)
        return found if found["risk_adjusted"]["expected_loss"] is not None else None

    seen = await book.effect("what may be lost is taken off the forecast", adjusts)
    adjusted, forecast = seen["risk_adjusted"], seen["forecast"]["data"]
    alert = await steps.found(book.api, "/v1/alerts", target_id=book.root)
    off = None if adjusted["p50"] is None else forecast["p50"] - adjusted["p50"]
    share = adjusted["expected_loss"] * adjusted["days_left"] / adjusted["horizon_days"]
    return Act(
        "Behind the plan",
        (
            f"The year is {told['value'] / 10_000:.1f} % behind its pace. What may go wrong costs "
            f"{dollars(adjusted['expected_loss'])} in a year, "
            + ("and nothing can be forecast yet." if off is None else f"and takes {dollars(off)} off the forecast."),
        ),
        (
            Law("the indicator says what the alert of the target says", told["value"] == 1_000_000 - alert["pace"]),
            Law("the days that are left bear their part of the loss", off is None or abs(off - share) <= 1),
        ),
    )


async def _risk(book: Book) -> str:
    body = {
        "code": book.code("R-PLAN"),
        "title": "A competitor takes orders",
        "class": "competition",
        "source": "rival_watch",
        "cause": "A competitor opens",
        "event": "Orders go elsewhere",
        "consequence": "The plan is missed",
        "causes": [],
        "consequences": [],
        "links": [{"kind": "target", "id": book.root}],
    }
    return str((await book.made("/v1/risks", body))["id"])


async def _study(book: Book, risk: str) -> None:
    scenario = await book.api.post(
        "/v1/scenarios",
        {
            "risk_id": risk,
            "name": "Orders that go elsewhere",
            "frequency": {"kind": "poisson", "mean": 4},
            "severity": ORDER_LOST,
        },
    )
    study = await book.api.post(
        "/v1/studies",
        {
            "name": book.code("The year"),
            "scenario_ids": [scenario["id"]],
            "horizon_months": HORIZON_MONTHS,
            "trials": TRIALS,
            "seed": SEED,
            "is_reference": True,
        },
    )
    path = f"/v1/studies/{study['id']}"
    await book.api.post(f"{path}/run")
    await steps.in_state(book.api, path, ("completed",), ("running",))


async def graded_prices(book: Book) -> str:
    """A promotion for whoever has a grade, and one account; returns its id. Nobody of this year has a grade yet."""
    audience = {"account_ids": [book.accounts[BUYS_MOST]], "grades": ["A", "B", "C", "D"]}
    return await a_tenth_off(book, ("Grades", "GRADED"), "A tenth off for who has a grade", audience)


async def offered(book: Book) -> dict[str, Any]:
    """What a quote to the account of the promotion would be now."""
    asked = {
        "account_id": book.accounts[BUYS_MOST],
        "currency": CURRENCY,
        "payment_terms_days": NET_DAYS,
        "lines": [{"sku": SKU, "quantity": PIECES}],
    }
    found: dict[str, Any] = await book.api.post("/v1/quotes/preview", asked)
    return found


async def minutes_of_case(book: Book, account: str) -> tuple[str | None, int]:
    """Grade of a complaint of an account, and the working minutes until it is answered."""
    body = {"kind": "complaint", "subject": "Late", "severity": "medium", "account_id": account}
    case = await book.made("/v1/cases", body)
    return case["grade"], next(clock["minutes"] for clock in case["clocks"] if clock["clock"] == "first_response")


async def credits_joined(book: Book, survivor: str, other: str) -> None:
    """Wait until what was credited reads as that of the account that goes on."""

    async def credits() -> bool | None:
        lines = await book.all_of("/v1/credit-lines", filed_account_id=other)
        return True if {line["account_id"] for line in lines} == {survivor} else None

    await book.effect("a merge joins what was credited", credits)
