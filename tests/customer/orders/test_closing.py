"""Closing an order: when nothing of it is open, and what may come back of it then."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.customer.conftest import Both, World

LINES = [{"sku": "CD-ROCK", "quantity": 10, "unit_price": 1000}]


async def _pay(world: World, order: dict[str, Any], amount: int) -> dict[str, Any]:
    body = {"account_id": order["account_id"], "currency": order["currency"], "amount": amount, "method": "card"}
    parts = [{"order_id": order["id"], "amount": amount}]
    answer = await world.service.post("/v1/payments", {**body, "allocations": parts})
    assert answer.status_code == 201, answer.text
    payment: dict[str, Any] = answer.json()
    return payment


async def _act(world: World, order: dict[str, Any], action: str) -> tuple[int, str]:
    """Status, and the state or the code of the problem."""
    answer = await world.service.post(f"/v1/orders/{order['id']}/{action}")
    body = answer.json()
    return answer.status_code, body["state"] if answer.is_success else body["code"]


async def _take_back(world: World, order: dict[str, Any], quantity: int) -> int:
    lines = {"lines": [{"line_no": 1, "quantity": quantity}]}
    return (await world.service.post(f"/v1/orders/{order['id']}/returns", lines)).status_code


async def _refund(world: World, payment: dict[str, Any], order: dict[str, Any], amount: int) -> tuple[int, str]:
    body = {"amount": amount, "allocations": [{"order_id": order["id"], "amount": amount}]}
    answer = await world.service.post(f"/v1/payments/{payment['id']}/refunds", body)
    return answer.status_code, answer.json().get("code", "")


async def _closed(world: World) -> tuple[dict[str, Any], dict[str, Any]]:
    order = await world.confirmed(lines=LINES)
    payment = await _pay(world, order, 10000)
    await _act(world, order, "fulfil")
    assert await _act(world, order, "close") == (200, "closed")
    return order, payment


async def test_an_order_is_closed_when_it_is_delivered_and_nothing_is_open(world: World) -> None:
    order = await world.confirmed(lines=LINES)
    assert await _act(world, order, "close") == (409, "order-state"), "it is not delivered"
    await _act(world, order, "fulfil")
    await _pay(world, order, 6999)
    assert await _take_back(world, order, 3) == 201
    assert await _act(world, order, "close") == (409, "order-open"), "1 of 10000 is owed"
    await _pay(world, order, 1)
    assert await _act(world, order, "close") == (200, "closed")
    assert await _act(world, order, "close") == (409, "order-state")
    (said,) = await world.service.published("customer.order.closed.v1")
    assert (said.payload["state"], said.payload["changed"], said.payload["paid"]) == ("closed", ["state"], 7000)
    assert said.payload["lines"][0]["returned"] == 3
    audited = await world.service.rows("SELECT action FROM audit_log WHERE resource_id = $1", order["id"])
    assert [row["action"] for row in audited].count("close") == 1


async def test_who_may_not_write_orders_closes_none(world: World) -> None:
    order = await world.confirmed()
    headers = world.service.headers("auditor", "auditor")
    assert (await world.service.post(f"/v1/orders/{order['id']}/close", headers=headers)).status_code == 403


async def test_of_a_closed_order_only_what_is_overpaid_goes_back(world: World) -> None:
    order, payment = await _closed(world)
    assert await _refund(world, payment, order, 1) == (409, "refund-refused")
    assert await _take_back(world, order, 2) == 201
    assert await _refund(world, payment, order, 2001) == (409, "refund-refused")
    assert await _refund(world, payment, order, 2000) == (201, "")
    now = await world.order(order["id"])
    assert (now["state"], now["returned"], now["paid"], now["open_amount"]) == ("closed", 2000, 8000, 0)
    void = await world.service.post(f"/v1/payments/{payment['id']}/void", {"reason": "bounced"})
    assert (void.status_code, void.json()["code"]) == (409, "void-refused"), "a part went back"


async def test_a_payment_that_bounces_opens_the_order_that_it_closed(world: World) -> None:
    order, payment = await _closed(world)
    void = await world.service.post(f"/v1/payments/{payment['id']}/void", {"reason": "bounced"})
    assert void.status_code == 200, void.text
    now = await world.order(order["id"])
    assert (now["state"], now["paid"], now["open_amount"]) == ("fulfilled", 0, 10000)
    assert await _act(world, order, "close") == (409, "order-open")
    (said,) = await world.service.published("customer.order.reopened.v1")
    assert (said.payload["state"], said.payload["paid"], said.payload["version"]) == ("fulfilled", 0, now["version"])
    audited = await world.service.rows("SELECT action FROM audit_log WHERE resource_id = $1", order["id"])
    assert [row["action"] for row in audited].count("reopen") == 1
    await _pay(world, order, 10000)
    assert await _act(world, order, "close") == (200, "closed")


async def test_an_order_without_debt_stays_closed_when_what_was_too_much_bounces(world: World) -> None:
    order = await world.confirmed(lines=LINES)
    first, _ = await _pay(world, order, 9000), await _pay(world, order, 1000)
    await _act(world, order, "fulfil")
    assert await _act(world, order, "close") == (200, "closed")
    assert await _take_back(world, order, 9) == 201
    void = await world.service.post(f"/v1/payments/{first['id']}/void", {"reason": "bounced"})
    assert void.status_code == 200, void.text
    now = await world.order(order["id"])
    assert (now["state"], now["paid"], now["open_amount"]) == ("closed", 1000, 0)
    assert not await world.service.published("customer.order.reopened.v1")


@pytest.mark.parametrize("amount", [1, 10000])
async def test_a_close_and_a_refund_at_once(world: World, amount: int) -> None:
    for _ in range(4):
        order = await world.confirmed(lines=LINES)
        payment = await _pay(world, order, 10000)
        await _act(world, order, "fulfil")
        closed, refund = await asyncio.gather(_act(world, order, "close"), _refund(world, payment, order, amount))
        assert (closed, refund) in (
            ((200, "closed"), (409, "refund-refused")),
            ((409, "order-open"), (201, "")),
        )


async def test_a_close_and_a_void_at_once(world: World) -> None:
    for _ in range(4):
        order = await world.confirmed(lines=LINES)
        payment = await _pay(world, order, 10000)
        await _act(world, order, "fulfil")
        closed, void = await asyncio.gather(
            _act(world, order, "close"),
            world.service.post(f"/v1/payments/{payment['id']}/void", {"reason": "bounced"}),
        )
        assert (closed, void.status_code) in (((200, "closed"), 200), ((409, "order-open"), 200))
        now = await world.order(order["id"])
        assert (now["state"], now["open_amount"]) == ("fulfilled", 10000)


async def test_a_close_and_a_return_at_once_both_count(world: World) -> None:
    order = await world.confirmed(lines=LINES)
    await _pay(world, order, 10000)
    await _act(world, order, "fulfil")
    closed, status = await asyncio.gather(_act(world, order, "close"), _take_back(world, order, 2))
    assert (closed, status) == ((200, "closed"), 201)
    now = await world.order(order["id"])
    assert (now["state"], now["returned"], now["open_amount"]) == ("closed", 2000, 0)


async def test_risk_owes_nothing_after_a_close_a_return_and_its_refund(both: Both) -> None:
    order = await both.ordered([{"sku": "P", "quantity": 2, "unit_price": 1250}])
    payment = await both.pay(order, 2500)
    await _act(both.world, order, "fulfil")
    assert await _act(both.world, order, "close") == (200, "closed")
    await both.take_back(order)
    await both.refund(payment, 1250)
    await both.settle()
    assert await both.owed() == (0, 0)
