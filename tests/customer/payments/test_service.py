"""Payments: allocations, refunds, and what they are worth in base currency."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import uuid4

from kit.testing.service import codes
from tests.customer.conftest import OTHER_REP, World


def _body(order: dict[str, Any], amount: int, **fields: Any) -> dict[str, Any]:
    return {
        "account_id": order["account_id"],
        "currency": order["currency"],
        "amount": amount,
        "received_on": "2026-02-20",
        "method": "bank_transfer",
        "allocations": [{"order_id": order["id"], "amount": amount}],
        **fields,
    }


async def _pay(world: World, order: dict[str, Any], amount: int, **fields: Any) -> dict[str, Any]:
    answer = await world.service.post("/v1/payments", _body(order, amount, **fields))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_part_payments_are_worth_the_order_in_base_currency(world: World) -> None:
    order = await world.confirmed()
    left = order["gross"]
    while left:
        part = min(left, random.Random(left).randint(1, 900))
        await _pay(world, order, part)
        left -= part
    events = await world.service.published("customer.payment.received.v1")
    assert sum(event.payload["allocations"][0]["amount_base"] for event in events) == order["gross_base"]
    after = await world.order(order["id"])
    assert (after["paid"], after["paid_base"]) == (order["gross"], order["gross_base"])
    answer = await world.service.post("/v1/payments", _body(order, 1))
    assert (answer.status_code, answer.json()["code"]) == (409, "allocation-refused")
    assert codes(answer.json()) == ["/allocations/0/amount"]
    assert events[0].key == order["stream_key"]


async def test_payments_at_once_never_exceed_the_order(world: World) -> None:
    order = await world.confirmed()
    body = _body(order, order["gross"])
    answers = await asyncio.gather(*[world.service.post("/v1/payments", body) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert (await world.order(order["id"]))["paid"] == order["gross"]


async def test_crossing_allocations_at_once_do_not_deadlock(world: World) -> None:
    account = await world.account()
    one, two = await world.confirmed(account), await world.confirmed(account)
    parts = [{"order_id": one["id"], "amount": 10}, {"order_id": two["id"], "amount": 10}]
    bodies = [_body(one, 20, allocations=parts[:: 1 if n % 2 else -1]) for n in range(8)]
    answers = await asyncio.gather(*[world.service.post("/v1/payments", body) for body in bodies])
    assert [answer.status_code for answer in answers] == [201] * 8
    assert (await world.order(one["id"]))["paid"] == 80


async def test_refunds_take_back_what_was_paid(world: World) -> None:
    order = await world.confirmed()
    payment = await _pay(world, order, 1500, allocations=[{"order_id": order["id"], "amount": 1000}])
    assert (payment["unallocated"], payment["version"]) == (500, 1)
    path = f"/v1/payments/{payment['id']}/refunds"
    for body, code in (
        ({"amount": 600}, "refund-refused"),
        ({"amount": 1200, "allocations": [{"order_id": order["id"], "amount": 1001}]}, "refund-refused"),
        ({"amount": 1, "allocations": [{"order_id": str(uuid4()), "amount": 1}]}, "refund-refused"),
        ({"amount": 1, "allocations": [{"order_id": order["id"], "amount": 2}]}, "over-allocated"),
    ):
        assert (await world.service.post(path, body)).json()["code"] == code
    for amount, part in ((700, 300), (800, 700)):
        body = {"amount": amount, "allocations": [{"order_id": order["id"], "amount": part}]}
        answer = await world.service.post(path, body)
        assert answer.status_code == 201, answer.text
    assert (await world.service.post(path, {"amount": 1})).status_code == 409
    after = await world.order(order["id"])
    assert (after["paid"], after["paid_base"]) == (0, 0)
    events = await world.service.published("customer.payment.refunded.v1")
    assert [event.sequence for event in events] == [2, 3]
    received = payment["allocations"][0]["amount_base"]
    assert sum(event.payload["allocations"][0]["amount_base"] for event in events) == received
    read = (await world.service.get(f"/v1/payments/{payment['id']}")).json()
    assert (read["refunded"], read["unallocated"], len(read["refunds"])) == (1500, 0, 2)


async def test_refunds_at_once_give_no_more_than_was_paid(world: World) -> None:
    order = await world.confirmed()
    payment = await _pay(world, order, 1000)
    body = {"amount": 600, "allocations": [{"order_id": order["id"], "amount": 600}]}
    path = f"/v1/payments/{payment['id']}/refunds"
    answers = await asyncio.gather(*[world.service.post(path, body) for _ in range(3)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert (await world.order(order["id"]))["paid"] == 400


async def test_bad_payments(world: World) -> None:
    order = await world.confirmed()
    placed = await world.placed()
    other = await world.account()
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({**_body(order, 10), "amount": 0}, 422, "invalid"),
        ({**_body(order, 10), "amount": 5}, 422, "over-allocated"),
        (_body(order, 10, account_id=str(uuid4())), 422, "unknown-reference"),
        (_body(order, 10, account_id=other["id"]), 409, "allocation-refused"),
        (_body(order, 10, currency="USD"), 409, "allocation-refused"),
        (_body(order, 10, received_on="2199-01-01"), 422, "invalid"),
        (_body(placed, 10), 409, "order-state"),
        (_body(order, 20, allocations=[{"order_id": order["id"], "amount": 10}] * 2), 422, "invalid"),
        (_body(order, 10, allocations=[{"order_id": str(uuid4()), "amount": 10}]), 422, "unknown-reference"),
    ]
    for body, status, code in cases:
        answer = await world.service.post("/v1/payments", body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert await world.service.published("customer.payment.received.v1") == []
    assert (await world.order(order["id"]))["paid"] == 0


async def test_scope_and_permissions(world: World) -> None:
    order = await world.confirmed(await world.account(owner_id=str(OTHER_REP)))
    payment = await _pay(world, order, 10)
    rep, manager = world.service.headers("rep-1", "sales_rep"), world.service.headers("manager-north", "sales_manager")
    assert (await world.service.get(f"/v1/payments/{payment['id']}", headers=rep)).status_code == 404
    assert (await world.service.get("/v1/payments", headers=rep)).json()["items"] == []
    assert len((await world.service.get(f"/v1/payments?order_id={order['id']}")).json()["items"]) == 1
    assert (await world.service.post("/v1/payments", _body(order, 10), headers=rep)).status_code == 403
    assert (await world.service.post("/v1/payments", _body(order, 10), headers=manager)).status_code == 422
    refund = f"/v1/payments/{payment['id']}/refunds"
    assert (await world.service.post(refund, {"amount": 1}, headers=manager)).status_code == 404
    rows = {"rows": [_body(order, 10, external_id={"source": "shop", "id": "seen"})]}
    assert (await world.service.post("/v1/payments/batch", rows)).json()["created"] == 1
    (foreign,) = (await world.service.post("/v1/payments/batch", rows, headers=manager)).json()["results"]
    assert (foreign["status"], foreign.get("id")) == ("problem", None), "a replay confirms nothing outside the scope"


async def test_batches_pay_each_once(world: World) -> None:
    account = await world.account(external_ids={"erp": "C-1"})
    order = await world.confirmed(account, external_id={"source": "shop", "id": "1"})

    def row(number: int, amount: int) -> dict[str, Any]:
        return {
            "account_ref": {"source": "erp", "id": "C-1"},
            "external_id": {"source": "shop", "id": f"p{number}"},
            "currency": "CNY",
            "amount": amount,
            "method": "card",
            "allocations": [{"order_ref": {"source": "shop", "id": "1"}, "amount": amount}],
        }

    rows = [row(1, 1000), row(2, order["gross"] - 1000), row(3, 1), row(1, 1000), row(4, 0)]
    answers = await asyncio.gather(*[world.service.post("/v1/payments/batch", {"rows": rows}) for _ in range(3)])
    bodies = [answer.json() for answer in answers]
    assert sum(body["created"] for body in bodies) == 2
    assert sum(body["unchanged"] for body in bodies) == 7
    assert [r["status"] for r in bodies[0]["results"]][2:] == ["problem", "unchanged", "problem"]
    after = await world.order(order["id"])
    assert (after["paid"], after["paid_base"]) == (order["gross"], order["gross_base"])
    changed = await world.service.post("/v1/payments/batch", {"rows": [row(1, 5)]})
    assert changed.json()["results"][0]["problem"]["code"] == "payment-external-id-taken"
