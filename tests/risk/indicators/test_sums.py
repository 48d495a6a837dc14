"""What the company's indicators show is read from sums that are kept, not from the rows of orders."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from kit.due.loop import DueLoop
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.indicators.evaluations import MARKS_DUE
from services.risk.sums import service as sums
from tests.risk.conftest import Days, Order, account_created
from tests.risk.credit.test_laws import logged, publish_all
from tests.risk.indicators.watched import evaluate, shown, watch
from tests.risk.redirects.test_decisions import redirect

__all__ = ["logged"]
FIRST = date(2026, 3, 1)
MEASURES = (
    "overdue_ratio",
    "dso",
    "customer_concentration",
    "channel_concentration",
    "return_rate",
    "cancellation_rate",
    "discount_depth",
)


@pytest.fixture(autouse=True)
def today(days: Days) -> Days:
    days.on(FIRST)
    return days


async def bought(service: ServiceHarness, *amounts: int, on: str = "2026-02-14") -> list[tuple[UUID, Order]]:
    """An account per amount, with an order of it that is confirmed."""
    made = [(each := new_id(), Order(each, amount)) for amount in amounts]
    for account_id, order in made:
        given: dict[str, Any] = {
            "order_date": on,
            "net_base": order.gross,
            "discount_base": 5,
            "channel_id": account_id,
        }
        await service.deliver(account_created(account_id), order.placed(**given), order.confirmed(on, **given))
    return made


async def unequal(service: ServiceHarness) -> list[str]:
    async with service.transaction() as tx:
        return await sums.unequal(tx)


async def test_no_order_is_read_once_sums_are_kept(service: ServiceHarness) -> None:
    await bought(service, 500, 300, 200)
    paths = [await watch(service, each) for each in MEASURES]
    values = [await shown(service, path) for path in paths]
    assert values[2][:2] == values[3][:2] == (3_800, 3)
    async with service.transaction() as tx:
        for table in ("tally_bucket", "tally_discount", "receivable_move"):
            await tx.execute(f"DELETE FROM {table}")
        await tx.execute("UPDATE indicator_reading SET due_at = evaluated_at, value = NULL")
    assert [await shown(service, path) for path in paths] == values
    assert all(value is not None for value, _, _ in values)


async def test_sums_that_are_not_what_they_are_of_are_found(service: ServiceHarness) -> None:
    await bought(service, 500, 300)
    for each in MEASURES:
        await watch(service, each)
    await evaluate(service)
    assert await unequal(service) == []
    async with service.transaction() as tx:
        await tx.execute("UPDATE kept_share SET amount = amount + 1 WHERE amount = 500")
        await tx.execute("UPDATE kept_day SET amount = amount + 1 WHERE family <> 'tally'")
    found = await unequal(service)
    assert len([one for one in found if one.startswith("account")]) == 1
    assert len([one for one in found if "kept 801, found 800" in one]) == 4, found


async def test_days_leave_the_window_and_come(service: ServiceHarness, days: Days) -> None:
    (account_id, _), *_ = await bought(service, 500, on="2025-03-04")
    await bought(service, 300, 200)
    path = await watch(service, "customer_concentration")
    assert (await shown(service, path))[:2] == (3_800, 3)
    await service.deliver(Order(account_id, 100).confirmed("2026-03-02", net_base=100))
    assert (await shown(service, path))[:2] == (3_800, 3), "a day that has not come"
    days.on(date(2026, 3, 2))
    assert (await shown(service, path))[:2] == (round(10_000 * (600**2 + 300**2 + 200**2) / 1_100**2), 3)
    days.on(date(2026, 3, 4))
    assert (await shown(service, path))[:2] == (round(10_000 * (100**2 + 300**2 + 200**2) / 600**2), 3)
    days.on(date(2027, 2, 20))
    assert (await shown(service, path))[:2] == (10_000, 1)
    assert await unequal(service) == []


async def test_accounts_that_are_one_are_one_customer(service: ServiceHarness) -> None:
    (first, _), (second, order), _ = await bought(service, 500, 300, 200)
    path = await watch(service, "customer_concentration")
    assert (await shown(service, path))[:2] == (3_800, 3)
    merge = new_id()
    await service.deliver(*redirect(first, second, merge))
    assert (await shown(service, path))[:2] == (6_800, 2)
    await service.deliver(order.returned(400, return_date="2026-02-20", return_net_base=-400))
    assert (await shown(service, path))[:2] == (round(10_000 * (400**2 + 200**2) / 600**2), 2)
    await service.deliver(*redirect(first, second, merge, ends=True, at=1))
    assert (await shown(service, path))[:2] == (round(10_000 * (500**2 + 200**2) / 700**2), 2), "below 0 is no group"


async def test_a_rebuild_begins_them_anew(logged: ServiceHarness) -> None:
    made = await bought(logged, 500, 300)
    async with logged.transaction() as tx:
        await tx.execute("INSERT INTO projection_state (name, version, state) VALUES ('tally', 1, 'live')")
    path = await watch(logged, "customer_concentration")
    value = await shown(logged, path)
    events = []
    for account_id, order in made:
        given: dict[str, Any] = {"order_date": "2026-02-14", "net_base": order.gross, "channel_id": account_id}
        events.append(order.confirmed("2026-02-14", **given))
    await publish_all(logged, events)
    async with logged.transaction() as tx:
        await tx.execute("UPDATE kept_share SET amount = 0")
    report = await rebuild(logged.runtime.db, logged.runtime.bus, logged.subscriptions, "tally", swap=True, force=True)
    assert report.swapped
    async with logged.transaction() as tx:
        await tx.execute("UPDATE indicator_reading SET due_at = evaluated_at")
    assert await shown(logged, path) == value
    assert await unequal(logged) == []


async def test_marks_that_are_taken_at_once(service: ServiceHarness) -> None:
    """Whoever counts an account again waits for the others: the last to write has seen every fact."""
    (account_id, _), *_ = await bought(service, 500, 300)
    for each in MEASURES:
        await watch(service, each)
    await evaluate(service)

    async def take() -> None:
        await DueLoop(service.runtime, [MARKS_DUE]).turn()

    for _ in range(5):
        orders = [Order(account_id, 100) for _ in range(4)]
        facts = [service.deliver_alone(one.confirmed(net_base=100, order_date="2026-02-14")) for one in orders]
        await asyncio.gather(*(step for fact in facts for step in (fact, take())))
    await evaluate(service)
    assert await unequal(service) == []
    (row,) = await service.rows("SELECT amount FROM kept_share WHERE account_id = $1", account_id)
    assert row["amount"] == 500 + 20 * 100


async def test_a_mark_of_the_release_before_has_all_counted(service: ServiceHarness) -> None:
    """It does not say on which days something has changed."""
    await bought(service, 500, 300)
    paths = [await watch(service, each) for each in MEASURES]
    await evaluate(service)
    await bought(service, 200)
    async with service.transaction() as tx:
        await tx.execute("UPDATE indicator_mark SET days = NULL, account_ids = '{}', is_whole = true")
    values = [(await shown(service, path))[:2] for path in paths]
    assert values[2] == values[3] == (3_800, 3)
    assert await unequal(service) == []
