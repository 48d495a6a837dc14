"""How deep discounts are, of what was confirmed in the last 30 days."""

from __future__ import annotations

from datetime import date
from typing import Any

from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.customer.events_out.orders import LINE
from tests.risk.conftest import Days, Order, account_created
from tests.risk.credit.test_laws import logged, publish_all
from tests.risk.indicators.watched import shown, watch
from tests.risk.redirects.test_decisions import redirect

__all__ = ["logged"]


def sold(order: Order, *discounts: int | None, on: str = "2026-02-14", **changes: Any) -> Event:
    """An order of one line for each discount, of its gross amount in all after them."""
    lines = [{**LINE, "line_no": number, "discount_base": each} for number, each in enumerate(discounts, 1)]
    return order.confirmed(on, lines=lines, net_base=order.gross, **changes)


async def test_discounts_of_what_was_confirmed(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 2, 20))
    channel = new_id()
    first, second = Order(new_id(), 9_000), Order(new_id(), 5_000)
    for order in (first, second):
        await service.deliver(account_created(order.account_id))
    depth = await watch(service, "discount_depth", amber=200_000, red=400_000, hysteresis=0)
    of_one = await watch(service, "discount_depth", account_id=str(first.account_id))
    of_channel = await watch(service, "discount_depth", channel_id=str(channel))
    assert (await shown(service, depth))[:2] == (None, 0)
    told = sold(first, 600, 400)
    await service.deliver(told, sold(second, 5_000, channel_id=channel))
    assert await shown(service, depth) == (300_000, 2, "amber"), "6,000 of 20,000"
    assert (await shown(service, of_one))[:2] == (100_000, 1)
    assert (await shown(service, of_channel))[:2] == (500_000, 1)
    unsaid, old = Order(first.account_id, 1_000), Order(first.account_id, 1_000)
    await service.deliver(told, sold(unsaid, 100, None), sold(old, 1_000, on="2026-01-21"))
    assert (await shown(service, depth))[:2] == (300_000, 2), "twice, not said of a line, 31 days ago"
    await service.deliver(*redirect(first.account_id, second.account_id, new_id()))
    assert (await shown(service, of_one))[:2] == (300_000, 2)
    days.on(date(2026, 3, 16))
    assert (await shown(service, depth))[:2] == (None, 0), "the level stays"


async def test_nothing_taken_off_is_no_depth(service: ServiceHarness, days: Days) -> None:
    days.on(date(2026, 2, 20))
    order = Order(new_id(), 9_000)
    await service.deliver(account_created(order.account_id), sold(order, 0))
    assert await shown(service, await watch(service, "discount_depth")) == (0, 1, "green")
    body = {"measure": "discount_depth", "target_id": str(new_id()), "amber": 1, "red": 2}
    refused = await service.post("/v1/indicators", body)
    assert (refused.status_code, codes(refused.json())) == (422, ["/target_id"])


async def test_a_rebuild_says_the_same(logged: ServiceHarness) -> None:
    orders = [Order(new_id(), gross) for gross in (9_000, 5_000)]
    events = [event for order in orders for event in (account_created(order.account_id), sold(order, 500))]
    await publish_all(logged, [*events, events[1]])
    report = await rebuild(logged.runtime.db, logged.runtime.bus, logged.subscriptions, "discount_tally")
    assert report.equal, report.as_dict()
