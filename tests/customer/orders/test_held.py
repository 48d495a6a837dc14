"""An order on hold is changed by placing it again: nobody confirms what they never saw."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.customer.conftest import World, refused, reserved

LINES = [{"sku": "CD-JAZZ", "quantity": 1, "unit_price": 100_000}]


async def on_hold(world: World, **fields: Any) -> dict[str, Any]:
    """An order whose credit was refused."""
    order = await world.placed(**fields)
    await world.service.deliver(refused(order))
    held = await world.order(order["id"])
    assert held["state"] == "on_hold"
    return held


async def test_a_change_places_it_again(world: World) -> None:
    order = await on_hold(world)
    path = f"/v1/orders/{order['id']}"
    answer = await world.service.patch(path, {"lines": LINES, "payment_terms_days": 60}, order["version"])
    after = answer.json()
    assert (answer.status_code, after["state"], after["placement"]) == (200, "placed", 2), answer.text
    assert after["version"] == order["version"] + 1
    assert (after["gross"], after["gross_base"], after["lines"][0]["product_line"]) == (100_000, 13_700, "jazz")
    await world.service.deliver(reserved(order, decision="override"))
    assert (await world.order(order["id"]))["state"] == "placed", "an override of what was asked before"
    await world.service.deliver(reserved(after))
    assert (await world.order(order["id"]))["state"] == "confirmed"
    event = (await world.service.published("customer.order.placed.v1"))[-1]
    assert (event.payload["gross"], event.payload["placement"], event.payload["payment_terms_days"]) == (100_000, 2, 60)
    assert "payment_terms_days" in event.payload["changed"]
    (confirmed,) = await world.service.published("customer.order.confirmed.v1")
    assert confirmed.payload["gross"] == 100_000
    audited = await world.service.rows("SELECT action FROM audit_log WHERE resource = 'order' ORDER BY id")
    assert [row["action"] for row in audited] == ["create", "place", "update"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lines": [{"sku": "CD-OLD", "quantity": 1, "unit_price": 1}]}, "unknown-reference"),
        ({"lines": [{"sku": "CD-ROCK", "quantity": 1, "unit_price": 3}]}, "amount-vanishes"),
        ({"currency": "EUR"}, "no-exchange-rate"),
        ({"total": 1}, "total-mismatch"),
        ({"order_date": "2199-01-01"}, "invalid"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_invalid_content_leaves_it_as_it_was(world: World, change: dict[str, Any], code: str) -> None:
    order = await on_hold(world)
    answer = await world.service.patch(f"/v1/orders/{order['id']}", change, order["version"])
    assert answer.json()["code"] == code, answer.text
    assert await world.order(order["id"]) == order
    assert len(await world.service.published("customer.order.placed.v1")) == 1


async def test_a_change_without_effect_asks_for_nothing(world: World) -> None:
    order = await on_hold(world)
    body = {"payment_terms_days": order["payment_terms_days"], "credits": order["credits"], "total": order["gross"]}
    answer = await world.service.patch(f"/v1/orders/{order['id']}", body, order["version"])
    assert (answer.status_code, answer.json()) == (200, order)
    await world.service.deliver(reserved(order, decision="override"))
    assert (await world.order(order["id"]))["state"] == "confirmed"


async def test_who_may_not_choose_the_date_does_not_place_it_again(world: World) -> None:
    order = await on_hold(world)
    rep = world.service.headers("rep-1", "sales_rep")
    path = f"/v1/orders/{order['id']}"
    answer = await world.service.patch(path, {"payment_terms_days": 7}, order["version"], headers=rep)
    assert answer.status_code == 403
    assert await world.order(order["id"]) == order
    answer = await world.service.patch(
        path, {"payment_terms_days": 7, "order_date": None}, order["version"], headers=rep
    )
    assert (answer.status_code, answer.json()["state"], answer.json()["is_dated"]) == (200, "placed", False)


async def test_an_override_and_a_change_at_once(world: World) -> None:
    """One of them comes first: the other finds what it did."""
    for _ in range(5):
        order = await on_hold(world)
        answer, _none = await asyncio.gather(
            world.service.patch(f"/v1/orders/{order['id']}", {"lines": LINES}, order["version"]),
            world.service.deliver(reserved(order, decision="override")),
        )
        after = await world.order(order["id"])
        confirmed = [
            event.payload["gross"]
            for event in await world.service.published("customer.order.confirmed.v1")
            if event.subject == order["id"]
        ]
        if answer.status_code == 200:
            assert (after["state"], after["placement"], confirmed) == ("placed", 2, [])
        else:
            assert answer.status_code == 412
            assert (after["state"], after["placement"], confirmed) == ("confirmed", 1, [order["gross"]])


@pytest.mark.parametrize("place", [False, True])
async def test_a_row_with_new_content_places_it_again(world: World, place: bool) -> None:
    account = await world.account()
    named = {"external_id": {"source": "shop", "id": "1"}}
    row = {**world.order_body(account, **named), "place": True}
    answer = await world.service.post("/v1/orders/batch", {"rows": [row]})
    order = await world.order(answer.json()["results"][0]["id"])
    await world.service.deliver(refused(order))
    answer = await world.service.post("/v1/orders/batch", {"rows": [row]})
    assert answer.json()["unchanged"] == 1, "the same is no new placement"
    answer = await world.service.post("/v1/orders/batch", {"rows": [{**row, "lines": LINES, "place": place}]})
    assert answer.json()["updated"] == 1, answer.text
    after = await world.order(order["id"])
    assert (after["state"], after["placement"], after["gross_base"]) == ("placed", 2, 13_700)


@pytest.mark.parametrize("is_held", [False, True])
async def test_an_order_of_an_archived_account_is_not_changed(world: World, is_held: bool) -> None:
    account, external = await world.account(), {"source": "shop", "id": "A-1"}
    order = await world.draft(account, external_id=external)
    if is_held:
        order = (await world.service.post(f"/v1/orders/{order['id']}/place")).json()
        await world.service.deliver(refused(order))
        order = await world.order(order["id"])
    assert (await world.service.post(f"/v1/accounts/{account['id']}/archive")).status_code == 200
    answer = await world.service.patch(f"/v1/orders/{order['id']}", {"payment_terms_days": 7}, order["version"])
    assert (answer.status_code, answer.json()["code"]) == (409, "account-archived")
    row = world.order_body(account, external_id=external, payment_terms_days=7)
    (result,) = (await world.service.post("/v1/orders/batch", {"rows": [row]})).json()["results"]
    assert result["problem"]["code"] == "account-archived"
    assert await world.order(order["id"]) == order
