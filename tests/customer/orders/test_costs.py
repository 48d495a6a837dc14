"""What orders name beside partner and quote, and what their lines cost."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kit.ids import derived_id
from kit.testing.service import codes, make_event
from services.customer.orders.rules import margin_of
from tests.customer.conftest import OTHER_REP, World, product, reserved

CHANNEL, CLOSED = derived_id("channel", 1), derived_id("channel", 2)
COSTS = [{"valid_from": "2026-01-01", "unit_cost_base": 100}, {"valid_from": "2026-02-15", "unit_cost_base": 150}]


def channel(channel_id: UUID, is_active: bool = True, version: int = 1) -> Any:
    payload = {
        "id": channel_id,
        "code": f"c-{str(channel_id)[:8]}",
        "name": "Web shop",
        "kind": "own_site",
        "is_direct": True,
        "is_active": is_active,
        "version": version,
    }
    return make_event("channels.channel.changed.v1", payload, channel_id)


@pytest.fixture
async def shop(world: World) -> World:
    """A channel that sells, one that does not any more, and a product that has got dearer."""
    rock = {**product("CD-ROCK", "rock", 2), "costs": COSTS}
    await world.service.deliver(
        channel(CHANNEL), channel(CLOSED, is_active=False), make_event("channels.product.changed.v1", rock, "CD-ROCK")
    )
    assert await world.service.parked() == []
    return world


def test_what_is_no_amount_is_no_margin() -> None:
    assert margin_of(100, 3, 50) == -50
    assert margin_of(100, 10**9, 10**13) is None


@pytest.mark.parametrize(
    ("day", "cost"), [("2025-12-31", None), ("2026-01-01", 100), ("2026-02-14", 100), ("2026-02-15", 150)]
)
async def test_the_cost_is_that_of_the_day_of_the_order(shop: World, day: str, cost: int | None) -> None:
    body: dict[str, Any] = {
        "currency": "USD",
        "lines": [{"sku": "cd-rock", "quantity": 3, "unit_price": 1000, "discount": 1}],
    }
    order = await shop.confirmed(order_date=day, **body)
    (line,) = order["lines"]
    margin = None if cost is None else 2999 - 3 * cost
    assert (line["sku"], line["unit_cost_base"], line["margin_base"]) == ("CD-ROCK", cost, margin)
    (event,) = await shop.service.published("customer.order.confirmed.v1")
    assert [(one["unit_cost_base"], one["margin_base"]) for one in event.payload["lines"]] == [(cost, margin)]


async def test_a_draft_costs_nothing_yet_and_costs_are_fixed_at_placement(shop: World) -> None:
    draft = await shop.draft()
    assert [line["unit_cost_base"] for line in draft["lines"]] == [None, None]
    order = (await shop.service.post(f"/v1/orders/{draft['id']}/place")).json()
    assert [(line["unit_cost_base"], line["margin_base"]) for line in order["lines"]] == [(100, 111), (None, None)]
    dearer = {**product("CD-ROCK", "rock", 3), "costs": [{"valid_from": "2026-01-01", "unit_cost_base": 9}]}
    await shop.service.deliver(make_event("channels.product.changed.v1", dearer, "CD-ROCK"), reserved(order))
    assert (await shop.order(order["id"]))["lines"][0]["unit_cost_base"] == 100


async def test_costs_are_for_those_who_may_know_them(shop: World) -> None:
    order = await shop.placed()
    for subject, role, cost in (
        ("rep-1", "sales_rep", None),
        ("manager-north", "sales_manager", 100),
        ("risk", "risk_officer", None),
        ("auditor", "auditor", 100),
    ):
        answer = await shop.service.get(f"/v1/orders/{order['id']}", headers=shop.service.headers(subject, role))
        assert [line["unit_cost_base"] for line in answer.json()["lines"]] == [cost, None], role


async def test_an_order_says_where_it_comes_from_and_who_placed_it(shop: World) -> None:
    account = await shop.account()
    contact = (await shop.service.post("/v1/contacts", {"account_id": account["id"], "name": "Li"})).json()["id"]
    named = {"channel_id": str(CHANNEL), "contact_id": contact, "deal_id": str(derived_id("deal", 1))}
    order = await shop.draft(account, **named, payment_terms_days=30, order_date="2026-01-31")
    assert {name: order[name] for name in named} == named
    assert order["placed_by"] is None
    answer = await shop.service.post(
        f"/v1/orders/{order['id']}/place", headers=shop.service.headers("manager-north", "sales_manager")
    )
    assert answer.json()["placed_by"] == "manager-north"
    (event,) = await shop.service.published("customer.order.placed.v1")
    said = {name: event.payload[name] for name in ("channel_id", "deal_id", "due_on", "placed_by")}
    assert said == {
        **{n: named[n] for n in ("channel_id", "deal_id")},
        "due_on": "2026-03-02",
        "placed_by": "manager-north",
    }
    for name, value in named.items():
        found = (await shop.service.get(f"/v1/orders?{name}={value}")).json()["items"]
        assert [one["id"] for one in found] == [order["id"]], name


async def test_what_an_order_may_name(shop: World) -> None:
    mine, theirs = await shop.account(), await shop.account(owner_id=str(OTHER_REP))
    contact = (await shop.service.post("/v1/contacts", {"account_id": theirs["id"], "name": "Li"})).json()["id"]
    for pointer, value in (("channel_id", str(CLOSED)), ("channel_id", contact), ("contact_id", contact)):
        answer = await shop.service.post("/v1/orders", shop.order_body(mine, **{pointer: value}))
        assert (answer.status_code, codes(answer.json())) == (422, [f"/{pointer}"]), answer.text
    draft = await shop.draft(mine, channel_id=str(CHANNEL))
    await shop.service.deliver(channel(CHANNEL, is_active=False, version=2))
    answer = await shop.service.post(f"/v1/orders/{draft['id']}/place")
    assert (answer.status_code, codes(answer.json())) == (422, ["/channel_id"])


async def test_a_contact_who_is_archived_blocks_no_edit(shop: World) -> None:
    account = await shop.account()
    contact = (await shop.service.post("/v1/contacts", {"account_id": account["id"], "name": "Li"})).json()["id"]
    order = await shop.draft(account, contact_id=contact)
    await shop.service.post(f"/v1/contacts/{contact}/archive")
    path = f"/v1/orders/{order['id']}"
    assert (await shop.service.patch(path, {"payment_terms_days": 9}, order["version"])).status_code == 200
    assert (await shop.service.post("/v1/orders", shop.order_body(account, contact_id=contact))).status_code == 422


async def test_a_row_that_says_no_more_than_before_is_unchanged(shop: World) -> None:
    account = await shop.account()
    row = shop.order_body(account, external_id={"source": "shop", "id": "1"})
    made = [
        (await shop.service.post("/v1/orders/batch", {"rows": [{**row, **more}]})).json()["results"][0]["status"]
        for more in ({}, {"channel_id": None}, {"channel_id": str(CHANNEL)}, {"channel_id": str(CHANNEL)}, {})
    ]
    assert made == ["created", "unchanged", "updated", "unchanged", "updated"]


async def test_an_older_word_of_a_channel_changes_nothing(shop: World) -> None:
    await shop.service.deliver(channel(CHANNEL, is_active=False, version=0))
    assert (await shop.draft(channel_id=str(CHANNEL)))["channel_id"] == str(CHANNEL)
