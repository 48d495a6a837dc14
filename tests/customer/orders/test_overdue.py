"""Orders are told as overdue: once per episode, from the company's day after they were due on."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

from kit.due.loop import DueLoop
from services.customer.orders.dues import OVERDUE_DUE
from tests.customer.accounts.conftest import Days, days
from tests.customer.conftest import World, reserved

__all__ = ["days"]

OVERDUE = "customer.order.overdue.v1"
SOLD: dict[str, Any] = {"order_date": "2026-01-31", "payment_terms_days": 30}
BEGINS = datetime(2026, 3, 2, 16, tzinfo=UTC)
"""When an order of 01-31 with 30 days is overdue in Shanghai."""


async def turn(world: World) -> int:
    worked = await DueLoop(world.service.runtime, [OVERDUE_DUE]).turn()
    assert await world.service.rows("SELECT * FROM due_failure") == []
    return worked


async def told(world: World) -> list[tuple[str, int, str, str]]:
    """Order, what was open, due day, business day."""
    names = ("open_amount", "due_on", "business_date")
    return [(e.subject, *(e.payload[name] for name in names)) for e in await world.service.published(OVERDUE)]


async def paid(world: World, order: dict[str, Any], amount: int) -> dict[str, Any]:
    parts = [{"order_id": order["id"], "amount": amount}]
    body = {"account_id": order["account_id"], "currency": "CNY", "amount": amount, "method": "card"}
    answer = await world.service.post("/v1/payments", {**body, "allocations": parts})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_it_is_told_once_from_the_day_after_it_was_due(world: World, days: Days) -> None:
    days.on(date(2026, 1, 31))
    order = await world.confirmed(**SOLD)
    for moment in (days.moment, BEGINS - timedelta(days=1), BEGINS - timedelta(seconds=1)):
        days.moment = moment
        await turn(world)
        assert await told(world) == []
    days.moment = BEGINS
    assert await turn(world) == 1
    assert await told(world) == [(order["id"], order["gross"], "2026-03-02", "2026-03-03")]
    (event,) = await world.service.published(OVERDUE)
    found = await world.order(order["id"])
    assert (event.payload["open_amount_base"], event.payload["version"]) == (order["gross_base"], found["version"])
    assert (event.sequence, found["is_overdue"]) == (order["version"] + 1, True)
    days.moment = BEGINS + timedelta(days=40)
    assert await turn(world) == 0


async def test_after_a_week_off_late_is_told_as_late(world: World, days: Days) -> None:
    days.on(date(2026, 1, 31))
    order = await world.confirmed(**SOLD)
    days.moment = BEGINS + timedelta(days=7)
    await turn(world)
    assert await told(world) == [(order["id"], order["gross"], "2026-03-02", "2026-03-10")]


async def test_an_episode_ends_with_the_last_of_the_debt(world: World, days: Days) -> None:
    """A part that is paid ends nothing; what bounces begins another, told at once."""
    days.on(date(2026, 1, 31))
    order = await world.confirmed(**SOLD)
    days.moment = BEGINS
    await turn(world)
    await paid(world, order, 10)
    assert await turn(world) == 0
    rest = await paid(world, order, order["gross"] - 10)
    assert (await turn(world), len(await told(world))) == (0, 1)
    days.moment = BEGINS + timedelta(days=3)
    assert (await world.service.post(f"/v1/payments/{rest['id']}/void", {"reason": "bounced"})).status_code == 200
    assert await turn(world) == 1
    assert (await told(world))[1:] == [(order["id"], order["gross"] - 10, "2026-03-02", "2026-03-06")]
    assert await turn(world) == 0


async def test_what_is_not_owed_is_not_overdue(world: World, days: Days) -> None:
    days.on(date(2026, 1, 31))
    settled, back = await world.confirmed(**SOLD), await world.confirmed(**SOLD)
    await world.placed(**SOLD)
    await paid(world, settled, settled["gross"])
    whole = {"lines": [{"line_no": line["line_no"], "quantity": line["quantity"]} for line in back["lines"]]}
    assert (await world.service.post(f"/v1/orders/{back['id']}/returns", whole)).status_code == 201
    days.moment = BEGINS + timedelta(days=30)
    assert (await turn(world), await told(world)) == (0, [])


async def test_what_is_confirmed_after_it_was_due_is_told_soon(world: World, days: Days) -> None:
    days.on(date(2026, 4, 1))
    order = await world.placed(**SOLD)
    await world.service.deliver(reserved(order))
    assert await turn(world) == 1
    assert [one[0] for one in await told(world)] == [order["id"]]


async def test_workers_at_once_tell_each_once(world: World, days: Days) -> None:
    days.on(date(2026, 1, 31))
    account = await world.account()
    orders = [await world.confirmed(account, **SOLD) for _ in range(6)]
    days.moment = BEGINS
    await asyncio.gather(*(turn(world) for _ in range(3)), *(paid(world, order, 1) for order in orders))
    await turn(world)
    assert sorted(one[0] for one in await told(world)) == sorted(order["id"] for order in orders)
