"""Two customers of the shop bought often and stopped: they are warned of, an indicator turns red, its risk is assessed
anew."""

from __future__ import annotations

import asyncio
from typing import Any

from cli.showcase import steps
from cli.showcase.steps import Law
from cli.year.book import CURRENCY, Act, Book
from cli.year.risks import assess
from cli.year.sales import LEAVERS, NET_DAYS, leavers_of
from cli.year.trade import LIMIT

REASON = "Customers of the shop stop buying"


async def stopped(book: Book) -> Act:
    """Their receipts come in late, all at once: what they bought is known, and that they have not come since."""
    await book.settled()
    risk = await _risk(book)
    await assess(book, risk, "inherent", 2, REASON)
    await assess(book, risk, "current", 2, REASON)
    before = len(await book.all_of("/v1/churn-warnings"))
    indicator = await _watched(book, risk, before)
    leavers = await _accounts(book)
    count = await _bought(book, leavers)

    async def warned() -> bool | None:
        items = await book.all_of("/v1/churn-warnings")
        return True if {item["account_id"] for item in items} >= set(leavers) else None

    async def red() -> dict[str, Any] | None:
        alerts = await book.all_of("/v1/risk-alerts", indicator_id=indicator)
        return next((alert for alert in alerts if alert["level"] == "red"), None)

    async def asks() -> dict[str, Any] | None:
        found: dict[str, Any] = await book.api.get(f"/v1/risks/{risk}")
        return found if found["state"] == "identified" else None

    async with asyncio.TaskGroup() as group:
        group.create_task(book.effect("whoever has stopped buying is warned of", warned))
        raised = group.create_task(book.effect("churn warnings turn an indicator red", red))
        waiting = group.create_task(book.effect("a red indicator of churn asks for an assessment of its risk", asks))
    alert, asking = raised.result(), waiting.result()
    await assess(book, risk, "current", 3, REASON)
    after = await book.api.get(f"/v1/risks/{risk}")
    return Act(
        "Customers who leave",
        (
            f"{count} receipts of {LEAVERS} more customers of the shop come in late. They had bought often and then no "
            f"more: {alert['value']} customers are warned of instead of {before}, the indicator is red, and its risk "
            f"has to be assessed anew ({asking['reassess_cause']}).",
        ),
        (
            Law("the indicator counts the warnings", alert["value"] == before + LEAVERS),
            Law("the risk asked because of the alert", bool(asking["reassess_cause"])),
            Law("the risk of churn is assessed again", after["state"] == "assessed"),
        ),
    )


async def _risk(book: Book) -> str:
    body = {
        "code": book.code("R-CHURN"),
        "title": REASON,
        "class": "customer",
        "source": "relationship",
        "cause": "Another shop is nearer",
        "event": "They do not come any more",
        "consequence": "What they bought is missing",
        "causes": [],
        "consequences": [],
        "links": [{"kind": "target", "id": book.root}],
    }
    return str((await book.made("/v1/risks", body))["id"])


async def _watched(book: Book, risk: str, before: int) -> str:
    """An indicator that is red when both are warned of; known to be green until then."""
    body = {
        "measure": "churn_warnings",
        "amber": before + LEAVERS - 1,
        "red": before + LEAVERS,
        "hysteresis": 0,
        "min_sample": 0,
        "risk_ids": [risk],
        "owner_id": book.seller(0),
    }
    path = f"/v1/indicators/{(await book.made('/v1/indicators', body))['id']}"

    async def evaluated() -> dict[str, Any] | None:
        found: dict[str, Any] = await book.api.get(path)
        return found if found["value"] == before else None

    return str((await steps.until("an indicator counts the warnings that stand", evaluated))["id"])


async def _accounts(book: Book) -> list[str]:
    rows = [
        {
            "kind": "person",
            "name": f"Leaver {number + 1} of {book.run}",
            "owner_id": book.seller(number),
            "external_ids": {book.source: f"leaver-{number + 1}"},
        }
        for number in range(LEAVERS)
    ]
    found: list[str] = [result["id"] for result in await book.rows("/v1/accounts/batch", rows)]
    limits = [{"account_id": account, "credit_limit": LIMIT} for account in found]
    await book.rows("/v1/credit-profiles/batch", limits)
    book.others += found
    return found


async def _bought(book: Book, leavers: list[str]) -> int:
    """Enter what they bought; returns how many orders that were."""
    rows = [
        {
            "external_id": book.ref(f"leaver-{account}-{number}"),
            "account_id": account,
            "currency": CURRENCY,
            "order_date": day,
            "payment_terms_days": NET_DAYS,
            "credits": [{"member_id": book.seller(0), "share": 1_000_000}],
            "lines": [
                {
                    "sku": piece.sku,
                    "quantity": piece.quantity,
                    "unit_price": piece.unit_price,
                    "discount": piece.discount,
                    "tax_rate": 0,
                }
            ],
            "total": piece.cents,
            "place": True,
        }
        for account, bought in zip(leavers, leavers_of(book.calendar, book.scale), strict=True)
        for number, (day, piece) in enumerate(bought, start=1)
    ]
    await book.rows("/v1/orders/batch", rows)
    return len(rows)
