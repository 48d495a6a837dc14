"""The order by which an account becomes a customer: one of each, whatever is confirmed at once."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.customer.conftest import World, refused, reserved
from tests.customer.merges.test_service import merge


async def said(world: World, step: str) -> list[tuple[str, bool | None]]:
    events = await world.service.published(f"customer.order.{step}.v1")
    return [(event.subject, event.payload["is_first_order"]) for event in events]


async def test_of_several_orders_the_first_that_is_confirmed(world: World) -> None:
    account = await world.account()
    one, other = await world.placed(account), await world.placed(account)
    assert [first for _, first in await said(world, "placed")] == [True, True], "nothing is confirmed yet"
    await world.service.deliver(reserved(other))
    await world.service.deliver(reserved(one))
    third = await world.placed(account)
    assert await said(world, "confirmed") == [(other["id"], True), (one["id"], False)]
    assert (await said(world, "placed"))[-1] == (third["id"], False)
    shown = {
        name: (await world.order(order["id"]))["is_first_order"] for name, order in (("one", one), ("other", other))
    }
    assert shown == {"one": False, "other": True}
    await world.service.post(f"/v1/orders/{other['id']}/fulfil")
    assert (await said(world, "fulfilled"))[-1] == (other["id"], True)
    found = (await world.service.get("/v1/orders?is_first_order=true&state=fulfilled")).json()["items"]
    assert [row["id"] for row in found] == [other["id"]]


async def test_what_is_held_first_counts_when_it_is_confirmed(world: World) -> None:
    account = await world.account()
    order = await world.placed(account)
    await world.service.deliver(refused(order))
    await world.service.deliver(reserved(order, decision="override"))
    assert await said(world, "confirmed") == [(order["id"], True)]


async def test_accounts_that_are_one_have_one(world: World) -> None:
    survivor, merged = await world.account(), await world.account()
    first = await world.confirmed(merged)
    await merge(world, survivor, merged)
    later = [await world.placed(account) for account in (survivor, merged)]
    assert [first for _, first in await said(world, "placed")][1:] == [False, False]
    await world.service.deliver(*(reserved(order) for order in later))
    assert [one for one, is_first in await said(world, "confirmed") if is_first] == [first["id"]]


async def test_of_many_at_once_one_is_the_first(world: World) -> None:
    survivor, merged = await world.account(), await world.account()
    await merge(world, survivor, merged)
    orders: list[dict[str, Any]] = [await world.placed(one) for one in (survivor, merged, survivor, merged)]
    await asyncio.gather(*(world.service.deliver_alone(reserved(order)) for order in orders))
    assert await world.service.parked() == []
    assert sorted(str(first) for _, first in await said(world, "confirmed")) == ["False"] * 3 + ["True"]


async def test_an_order_that_comes_back_stays_the_first(world: World) -> None:
    account = await world.account()
    order = await world.confirmed(account)
    lines = [{"line_no": line["line_no"], "quantity": line["quantity"]} for line in order["lines"]]
    await world.service.post(f"/v1/orders/{order['id']}/returns", {"lines": lines})
    assert (await said(world, "returned")) == [(order["id"], True)]
    await world.confirmed(account)
    assert [first for _, first in await said(world, "confirmed")] == [True, False]
