"""An order is closed once nothing of it is open, and stays so: what comes later opens no debt again."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.customer.conftest import World

CLOSED = "customer.order.closed.v1"


async def delivered(world: World) -> dict[str, Any]:
    order = await world.confirmed()
    answer = await world.service.post(f"/v1/orders/{order['id']}/fulfil")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def pay(world: World, order: dict[str, Any], amount: int) -> dict[str, Any]:
    parts = [{"order_id": order["id"], "amount": amount}]
    body = {"account_id": order["account_id"], "currency": order["currency"], "amount": amount, "method": "cash"}
    answer = await world.service.post("/v1/payments", body | {"allocations": parts})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def refund(world: World, payment: dict[str, Any], order: dict[str, Any], amount: int) -> tuple[int, str]:
    body = {"amount": amount, "allocations": [{"order_id": order["id"], "amount": amount}]}
    answer = await world.service.post(f"/v1/payments/{payment['id']}/refunds", body)
    return answer.status_code, answer.json().get("code", "")


async def test_what_is_owed_must_be_paid_first(world: World) -> None:
    order = await delivered(world)
    close = f"/v1/orders/{order['id']}/close"
    await pay(world, order, order["gross"] - 1)
    refused = await world.service.post(close)
    assert (refused.status_code, refused.json()["code"]) == (409, "order-open"), refused.text
    assert await world.service.published(CLOSED) == []
    await pay(world, order, 1)
    answers = await asyncio.gather(*(world.service.post(close) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    (event,) = await world.service.published(CLOSED)
    assert (event.payload["state"], event.payload["changed"]) == ("closed", ["state"])
    assert event.payload["business_date"]
    assert event.sequence == (await world.order(order["id"]))["version"]


async def test_what_is_owed_to_the_customer_is_open_too(world: World) -> None:
    order = await delivered(world)
    payment = await pay(world, order, order["gross"])
    lines = [{"line_no": line["line_no"], "quantity": line["quantity"]} for line in order["lines"]]
    assert (await world.service.post(f"/v1/orders/{order['id']}/returns", {"lines": lines})).status_code == 201
    close = f"/v1/orders/{order['id']}/close"
    assert (await world.service.post(close)).json()["code"] == "order-open"
    assert await refund(world, payment, order, order["gross"]) == (201, "")
    assert (await world.service.post(close)).json()["state"] == "closed"


async def test_a_closed_order_takes_returns_and_gives_back_what_they_free(world: World) -> None:
    order = await delivered(world)
    payment = await pay(world, order, order["gross"])
    assert (await world.service.post(f"/v1/orders/{order['id']}/close")).status_code == 200
    assert await refund(world, payment, order, 1) == (409, "refund-refused")
    lines = [{"line_no": 1, "quantity": 1}]
    back = await world.service.post(f"/v1/orders/{order['id']}/returns", {"lines": lines})
    assert back.status_code == 201, back.text
    freed = (await world.order(order["id"]))["returned"]
    assert await refund(world, payment, order, freed + 1) == (409, "refund-refused")
    assert await refund(world, payment, order, freed) == (201, "")
    after = await world.order(order["id"])
    assert (after["state"], after["open_amount"]) == ("closed", 0)


async def test_closing_and_giving_back_exclude_each_other(world: World) -> None:
    order = await delivered(world)
    payment = await pay(world, order, order["gross"])
    closed, given = await asyncio.gather(
        world.service.post(f"/v1/orders/{order['id']}/close"), refund(world, payment, order, 1)
    )
    after = await world.order(order["id"])
    assert (closed.status_code, given[0]) in ((200, 409), (409, 201))
    assert (after["state"] == "closed") == (after["open_amount"] == 0)
