"""Periods that a statement closes, returns of their orders, and the ledger rebuilt from its facts."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness
from services.channels.events_out import RebateAccrued
from tests.channels.conftest import Days, Order, partner, publish
from tests.channels.rebates.test_handlers import accounts
from tests.channels.rebates.test_laws import handle, logged, publish_all, wrong_findings
from tests.channels.statements.stated import DIRECTOR, PATH, adjust, approve, paid, sell, state, work_off

__all__ = ["logged"]

TIERS = [{"start": 0, "rate": 18_000}]


async def a_closed_quarter(service: ServiceHarness, days: Days, *nets: int) -> tuple[UUID, list[Order]]:
    """A partner whose first quarter, with orders of February, was approved on 1 April."""
    partner_id = await partner(service)
    days.on("2026-01-02")
    await publish(service, tiers=TIERS)
    days.on("2026-02-10")
    orders = [await sell(service, partner_id, net, "2026-02-01") for net in nets]
    days.on("2026-04-01")
    await approve(service, await state(service, "2026-03-31", partner_id))
    return partner_id, orders


async def said(service: ServiceHarness, order: Order) -> list[dict[str, Any]]:
    """What was accrued for an order."""
    return [f.payload for f in await service.published(RebateAccrued.TYPE) if f.subject == str(order.id)]


async def test_a_return_of_a_closed_period_takes_back_its_part(service: ServiceHarness, days: Days) -> None:
    """900.00 on 50,000: 20,000 back -360.00, the rest -540.00, in the current period; the position stays."""
    partner_id, (order,) = await a_closed_quarter(service, days, 5_000_000)
    await service.deliver(order.returned(("rock", 2_000_000), on=date(2026, 5, 2)))
    await service.deliver(order.returned(("rock", 3_000_000), on=date(2026, 7, 3)))
    first, *back = await said(service, order)
    assert first["amount"] == 90_000
    assert [(one["amount"], one["volume"], one["period_start"], one["posting_date"]) for one in back] == [
        (-36_000, 0, "2026-04-01", "2026-05-02"),
        (-54_000, 0, "2026-07-01", "2026-07-03"),
    ]
    assert back[1]["taken_back"] == {
        "period_start": "2026-01-01",
        "period_end": "2026-03-31",
        "amount": 90_000,
        "volume": 5_000_000,
        "before": 2_000_000,
        "returned": 5_000_000,
    }
    found = [(one["period_start"], one["position"], one["accrued"]) for one in await accounts(service)]
    assert found == [("2026-01-01", 5_000_000, 90_000), ("2026-04-01", 0, -36_000), ("2026-07-01", 0, -54_000)]
    days.on("2026-07-10")
    assert (await state(service, "2026-07-10", partner_id))["total"] == -90_000


async def test_late_sales_still_move_a_closed_period(service: ServiceHarness, days: Days) -> None:
    partner_id, _orders = await a_closed_quarter(service, days, 1_000_000)
    late = await sell(service, partner_id, 500_000, "2026-03-30")
    await service.deliver(late.returned(("rock", 250_000), on=date(2026, 4, 2)))
    assert [(one["amount"], one["volume"]) for one in await said(service, late)] == [(9_000, 500_000), (-4_500, 0)]
    assert (await state(service, "2026-04-01", partner_id))["total"] == 9_000


@pytest.mark.parametrize(("posting_date", "day"), [("2026-03-30", "2026-04-01"), ("2026-03-31", "2026-03-31")])
async def test_a_period_that_is_not_over_stays_open(
    service: ServiceHarness, days: Days, posting_date: str, day: str
) -> None:
    """Not all of it was stated, or its last day is today."""
    partner_id = await partner(service)
    days.on("2026-01-02")
    await publish(service, tiers=TIERS)
    order = await sell(service, partner_id, 1_000_000, "2026-02-01")
    days.on(day)
    await approve(service, await state(service, posting_date, partner_id))
    await service.deliver(order.returned(("rock", 1_000_000)))
    assert [one["volume"] for one in await said(service, order)] == [1_000_000, -1_000_000]
    assert [(one["position"], one["accrued"]) for one in await accounts(service)] == [(0, 0)]


async def test_what_came_back_before_is_not_taken_twice(service: ServiceHarness, days: Days) -> None:
    """100 pieces: 40 back, closed, 30 and 30 back: in all what was earned."""
    partner_id = await partner(service)
    days.on("2026-01-02")
    await publish(service, kind="retroactive", tiers=[TIERS[0], {"start": 1_000_000, "rate": 33_333}])
    order = await sell(service, partner_id, 999_999, "2026-02-01")
    await sell(service, partner_id, 777_777, "2026-02-01")
    await service.deliver(order.returned(("rock", 400_000), on=date(2026, 3, 1)))
    days.on("2026-04-01")
    await approve(service, await state(service, "2026-03-31", partner_id))
    for part in (300_000, 299_999):
        await service.deliver(order.returned(("rock", part), on=date(2026, 4, 1)))
    found = await said(service, order)
    assert sum(one["amount"] for one in found) == 0
    assert sum(one["amount"] for one in found[:2]) + found[2]["amount"] > 0


async def test_an_approval_and_returns_at_once(service: ServiceHarness, days: Days) -> None:
    """Whichever is first: in the end nothing is left of what came back whole."""
    partner_id = await partner(service)
    days.on("2026-01-02")
    await publish(service, tiers=TIERS)
    orders = [await sell(service, partner_id, 100_000 + number, "2026-02-01") for number in range(6)]
    days.on("2026-04-01")
    found = await state(service, "2026-03-31", partner_id)
    back = [order.returned(("rock", order.lines[0][1]), on=date(2026, 4, 1)) for order in orders]
    headers = service.headers(*DIRECTOR)
    returns = asyncio.gather(*(handle(service, event) for event in back))
    answer = await service.post(f"{PATH}/{found['id']}/approve", headers=headers)
    assert answer.status_code == 200
    await returns
    for order in orders:
        assert sum(one["amount"] for one in await said(service, order)) == 0
    second = await state(service, "2026-04-01", partner_id)
    assert found["total"] + second["total"] == 0


async def test_all_of_it_is_verified_and_rebuilt(logged: ServiceHarness, days: Days) -> None:
    """From the facts, adjustments, payments and what was taken back of closed periods too; a damaged row is found."""
    service = logged
    partner_id = await partner(service)
    days.on("2026-01-02")
    await publish(service, tiers=TIERS)
    order, other = (Order(partner_id, [("rock", net)], date(2026, 2, 1)) for net in (70_001, 30_000))
    back = [order.returned(("rock", part), on=date(2026, 5, 2)) for part in (20_000, 50_001)]
    heard = [order.confirmed(), other.confirmed(), *back]
    await service.deliver(*heard[:2])
    await adjust(service, partner_id, 77, posting_date="2026-01-02")
    days.on("2026-04-01")
    await paid(service, await state(service, "2026-03-31", partner_id))
    await service.deliver(*heard[2:], heard[2])
    await adjust(service, partner_id, -5)
    await state(service, "2026-04-01", partner_id)
    await publish_all(service, heard)
    assert await wrong_findings(service) == []
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "rebates")
    assert report.equal, report.as_dict()
    assert all(t.live_rows > 0 for t in report.tables if t.table != "rebate_layer")
    for damage in (
        "UPDATE rebate_posting SET amount = amount + 1 WHERE ledger_account = 'rebate_expense'",
        "DELETE FROM rebate_close",
        "UPDATE rebate_statement_line SET amount = amount + 1 WHERE kind = 'adjustment'",
    ):
        before = await wrong_findings(service)
        async with service.transaction() as tx:
            assert await tx.execute(damage) > 0
        assert len(await wrong_findings(service)) > len(before), damage
    assert await work_off(service)
