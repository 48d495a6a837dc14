"""Every confirmed line under its floor is said once, with the approval that covers it; gifts are not."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness, make_event
from services.channels.events_out.prices import PriceFloorBreached
from services.customer import events_out as customer
from tests.channels.quotes.offers import account, body, goods, quoted
from tests.channels.rebates.test_laws import handle

COST = 900


def confirmed(account_id: str, *lines: dict[str, Any], **changes: Any) -> Event:
    """An order whose lines are pieces of CD-ROCK at 10.00, of a cost of 9.00, unless something else is said."""
    example = customer.OrderPlaced.EXAMPLE["lines"][0]
    made = []
    for number, one in enumerate(lines, 1):
        line = {**example, "line_no": number, "sku": "CD-ROCK", "quantity": 1, "list_price": 1_000, "unit_price": 1_000}
        line |= {"discount": 0, "unit_cost_base": COST, **one}
        net = line["unit_price"] * line["quantity"] - line["discount"]
        made.append({**line, "net": net, "net_base": net})
    key = UUID(account_id)
    payload = {**customer.OrderConfirmed.EXAMPLE, "id": new_id(), "account_id": key, "stream_key": key, "lines": made}
    payload |= {"partner_id": None, "quote_id": None, "currency": "USD", "exchange_rate": "1", "placed_by": "seller"}
    return make_event(customer.OrderConfirmed.TYPE, {**payload, **changes}, key, subject=payload["id"])


async def said(service: ServiceHarness) -> list[dict[str, Any]]:
    return [event.payload for event in await service.published(PriceFloorBreached.TYPE)]


async def test_each_line_under_its_floor_is_said_once(service: ServiceHarness) -> None:
    """Cost 9.00 and a least markup of 10 %: the floor of 3 pieces is 29.70."""
    await goods(service, min_markup=100_000)
    buyer = await account(service)
    event = confirmed(
        buyer,
        {"quantity": 3, "discount": 30},
        {"quantity": 3, "discount": 31},
        {"quantity": 3, "discount": 31, "unit_cost_base": None},
        {"sku": "CD-JAZZ", "discount": 999},
    )
    await service.deliver(event)
    order_id = new_id()
    first, second = await said(service)
    assert (first["line_no"], first["net_base"], first["floor_base"]) == (2, 2_969, 2_970)
    assert (second["line_no"], second["sku"], second["net_base"], second["floor_base"]) == (4, "CD-JAZZ", 1, 990)
    assert (first["approval_id"], first["source_event_id"]) == (None, str(event.id))
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await handle(service, event)
    await asyncio.gather(*(handle(service, confirmed(buyer, {"discount": 500}, id=order_id)) for _ in range(3)))
    assert len(await said(service)) == 3, "each line once, whatever comes again or at once"


async def test_an_approval_that_covers_it_is_named(service: ServiceHarness) -> None:
    await goods(service)
    buyer = await account(service)
    sent = {"account_id": buyer, "sku": "CD-ROCK", "currency": "USD", "min_unit_net": 800, "valid_from": "2026-01-01"}
    granted = await service.post("/v1/price-approvals", sent, headers=service.headers("director", "sales_director"))
    assert granted.status_code == 201, granted.text
    event = confirmed(buyer, {"discount": 200}, {"discount": 201}, order_date="2026-02-14")
    await service.deliver(event, confirmed(buyer, {"discount": 100}))
    found = await said(service)
    assert [(one["net_base"], one["approval_id"]) for one in found] == [(800, granted.json()["id"]), (799, None)]


async def test_a_gift_is_given_not_sold(service: ServiceHarness) -> None:
    """Line 2 of the quote is a gift; without the quote it would be sold for nothing."""
    await goods(service)
    buyer = await account(service)
    made = await quoted(service, body(buyer, ("CD-ROCK", 1), ("CD-JAZZ", 1)))
    async with service.transaction() as tx:
        await tx.execute("UPDATE quote_line SET is_gift = true WHERE line_no = 2")
    lines: list[dict[str, Any]] = [{}, {"sku": "CD-JAZZ", "discount": 1_000}]
    await service.deliver(confirmed(buyer, *lines, quote_id=made["id"]))
    assert await said(service) == []
    await service.deliver(confirmed(buyer, *lines))
    assert [one["line_no"] for one in await said(service)] == [2]
