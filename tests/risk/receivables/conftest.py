"""What the tests of receivables share."""

from __future__ import annotations

from typing import Any

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.risk.conftest import Order, account_created, payment

BUCKETS = ("current", "d1_30", "d31_60", "d61_90", "over_90", "credits", "unallocated", "total")


async def ageing(service: ServiceHarness, as_of: str, **options: Any) -> tuple[int, ...]:
    """The whole ageing in the order of BUCKETS."""
    answer = await service.get(f"/v1/receivable-ageings?as_of={as_of}", **options)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return tuple(items[0][name] for name in BUCKETS) if items else (0,) * len(BUCKETS)


def half_year() -> tuple[Any, list[Event]]:
    """An account with the orders of the ageing of 2026-06-30: its owner, and what customer says."""
    account_id, owner_id = new_id(), new_id()
    due = {
        "2026-07-10": 100_000,
        "2026-06-30": 80_000,
        "2026-06-29": 60_000,
        "2026-05-31": 40_000,
        "2026-05-30": 30_000,
        "2026-05-01": 20_000,
        "2026-04-30": 90_000,
        "2026-04-01": 10_000,
        "2026-03-31": 70_000,
    }
    orders = {day: Order(account_id, gross) for day, gross in due.items()}
    over = Order(account_id, 25_000)
    events = [account_created(account_id, owner_id)]
    events += [order.confirmed(on="2026-03-01", terms=30, due_on=day) for day, order in orders.items()]
    events += [over.confirmed(on="2026-03-01", terms=30, due_on="2026-04-15")]
    events += [
        payment(account_id, (orders["2026-06-30"], 30_000), received_on="2026-06-20"),
        orders["2026-05-01"].returned(5_000, return_date="2026-06-15"),
        payment(account_id, (orders["2026-03-31"], 20_000), received_on="2026-07-02"),
        payment(account_id, (over, 25_000), received_on="2026-05-01"),
        over.returned(10_000, return_date="2026-05-10"),
        payment(account_id, received_on="2026-06-01", unallocated_base=12_000),
    ]
    return owner_id, events
