"""Money on account: allocated later, waiting for an order, voided."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response

from kit.testing.service import codes
from services.customer.payments.schemas import PaymentCreate
from services.customer.payments.service import said_hash
from tests.customer.conftest import World, refused, reserved

ALLOCATED, VOIDED = "customer.payment.allocated.v1", "customer.payment.voided.v1"


async def receive(world: World, of: dict[str, Any], amount: int, **fields: Any) -> dict[str, Any]:
    """Money of the account of an order, in its currency."""
    body = {
        "account_id": of["account_id"],
        "currency": of["currency"],
        "amount": amount,
        "received_on": "2026-02-20",
        "method": "bank_transfer",
        **fields,
    }
    answer = await world.service.post("/v1/payments", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def allocate(world: World, payment: dict[str, Any], *parts: tuple[dict[str, Any], int], **more: Any) -> Response:
    body = {"allocations": [{"order_id": order["id"], "amount": amount} for order, amount in parts], **more}
    answer: Response = await world.service.post(f"/v1/payments/{payment['id']}/allocations", body)
    return answer


async def void(world: World, payment: dict[str, Any], **more: Any) -> Response:
    answer: Response = await world.service.post(f"/v1/payments/{payment['id']}/void", {"reason": "bounced", **more})
    return answer


async def read(world: World, payment: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await world.service.get(f"/v1/payments/{payment['id']}")).json()
    return found


async def test_money_on_account_pays_orders_later(world: World) -> None:
    account = await world.account()
    one, two = await world.confirmed(account), await world.confirmed(account)
    payment = await receive(world, one, 3000)
    assert (payment["unallocated"], payment["unallocated_base"], payment["exchange_rate"]) == (3000, 411, "0.137")
    answer = await allocate(world, payment, (one, 1000), (two, 500), allocated_on="2026-03-01")
    assert (answer.status_code, answer.json()["unallocated"], answer.json()["version"]) == (201, 1500, 2)
    assert (await allocate(world, payment, (one, 700))).json()["unallocated"] == 800
    after = await read(world, payment)
    parts = {part["order_id"]: part for part in after["allocations"]}
    assert (parts[one["id"]]["amount"], parts[two["id"]]["amount"]) == (1700, 500)
    assert (parts[two["id"]]["allocated_on"], parts[two["id"]]["days_late"]) == ("2026-03-01", 0)
    assert parts[one["id"]]["amount_base"] == (await world.order(one["id"]))["paid_base"]
    said = await world.service.published(ALLOCATED)
    assert [event.sequence for event in said] == [2, 3]
    assert [part["amount"] for event in said for part in event.payload["allocations"]] == [1000, 500, 700]
    assert said[0].payload["allocated_on"] == said[0].payload["business_date"] == "2026-03-01"
    assert [event.payload["unallocated_base"] for event in said] == [206, 110]
    items = (await world.service.get("/v1/payments?unallocated[gt]=0")).json()["items"]
    assert [(item["id"], item["unallocated"]) for item in items] == [(payment["id"], 800)]


async def test_what_cannot_be_allocated(world: World) -> None:
    account = await world.account()
    order, placed, other = await world.confirmed(account), await world.placed(account), await world.confirmed()
    payment = await receive(world, order, 10_000)
    dollars = await receive(world, order, 100, currency="USD")
    for of, parts, more, status, code, pointer in (
        (payment, [(order, 10_001)], {}, 409, "allocation-refused", "/allocations"),
        (payment, [(order, order["gross"] + 1)], {}, 409, "allocation-refused", "/allocations/0/amount"),
        (payment, [(other, 1)], {}, 409, "allocation-refused", "/allocations/0"),
        (dollars, [(order, 1)], {}, 409, "allocation-refused", "/allocations/0"),
        (payment, [(placed, 1)], {}, 409, "order-state", None),
        (payment, [({"id": str(uuid4())}, 1)], {}, 422, "unknown-reference", "/allocations/0"),
        (payment, [(order, 1), (order, 1)], {}, 422, "invalid", "/allocations/1"),
        (payment, [(order, 0)], {}, 422, "invalid", "/allocations/0/amount"),
        (payment, [], {}, 422, "invalid", "/allocations"),
        (payment, [(order, 1)], {"allocated_on": "2026-02-19"}, 422, "invalid", "/allocated_on"),
        (payment, [(order, 1)], {"allocated_on": "2199-01-01"}, 422, "invalid", "/allocated_on"),
    ):
        answer = await allocate(world, of, *parts, **more)
        assert (answer.status_code, answer.json()["code"]) == (status, code), (parts, answer.text)
        assert codes(answer.json()) == ([pointer] if pointer else []), parts
    assert await world.service.published(ALLOCATED) == []
    assert (await read(world, payment))["unallocated"] == 10_000


async def test_allocations_at_once_pass_neither_the_payment_nor_the_order(world: World) -> None:
    account = await world.account()
    one, two = await world.confirmed(account), await world.confirmed(account)
    payment, other = await receive(world, one, 1000), await receive(world, one, one["gross"])
    answers = await asyncio.gather(*[allocate(world, payment, (order, 600)) for order in (one, two, one, two)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    rest = one["gross"] - (await world.order(one["id"]))["paid"]
    answers = await asyncio.gather(*[allocate(world, other, (one, rest)) for _ in range(3)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert (await world.order(one["id"]))["paid"] == one["gross"]


async def test_money_waits_for_an_order_and_pays_it_when_it_is_confirmed(world: World) -> None:
    """In the transaction of the confirmation, announced after it; a held order takes nothing."""
    account = await world.account(external_ids={"erp": "C-1"})
    order = await world.draft(account, external_id={"source": "shop", "id": "1"})
    first = await receive(world, order, 1000, for_order_id=order["id"])
    second = await receive(world, order, order["gross"], for_order_ref={"source": "shop", "id": "1"})
    assert (first["for_order_id"], first["unallocated"]) == (order["id"], 1000)
    await world.service.post(f"/v1/orders/{order['id']}/place")
    placed = await world.order(order["id"])
    assert (await allocate(world, first, (order, 1))).json()["code"] == "order-state"
    await world.service.deliver(refused(placed))
    assert (await world.order(order["id"]))["paid"] == 0
    passed = reserved(placed, decision="override")
    await world.service.deliver(passed, passed)
    after = await world.order(order["id"])
    assert (after["state"], after["paid"], after["paid_base"]) == ("confirmed", order["gross"], after["gross_base"])
    assert (await read(world, first))["unallocated"] == 0
    assert (await read(world, second))["unallocated"] == 1000
    types = [event.type for event in await world.service.published() if "order.confirmed" in event.type]
    said = await world.service.published("customer.order.confirmed.v1", ALLOCATED)
    assert [event.type for event in said] == [*types, ALLOCATED, ALLOCATED]
    assert {event.causation_id for event in said} == {str(passed.id)}
    assert [event.key for event in said] == [order["stream_key"]] * 3


async def test_an_answer_that_comes_again_lets_nothing_pay_that_was_freed_since(world: World) -> None:
    account = await world.account()
    order = await world.placed(account)
    payment = await receive(world, order, order["gross"] + 500, for_order_id=order["id"])
    passed = reserved(order)
    await world.service.deliver(passed)
    refund = {"amount": 300, "allocations": [{"order_id": order["id"], "amount": 300}]}
    assert (await world.service.post(f"/v1/payments/{payment['id']}/refunds", refund)).status_code == 201
    async with world.service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await world.service.deliver(passed)
    assert (await world.order(order["id"]))["paid"] == order["gross"] - 300
    assert (await read(world, payment))["unallocated"] == 500


async def test_money_waits_only_for_what_may_be_confirmed(world: World) -> None:
    account = await world.account()
    confirmed, cancelled = await world.confirmed(account), await world.placed(account)
    await world.service.post(f"/v1/orders/{cancelled['id']}/cancel", {"reason": "x"})
    draft, other = await world.draft(account), await world.draft()
    base = {"account_id": account["id"], "currency": "CNY", "amount": 5, "method": "card"}
    for fields, status, code, pointer in (
        ({"for_order_id": confirmed["id"]}, 409, "order-state", []),
        ({"for_order_id": cancelled["id"]}, 409, "order-state", []),
        ({"for_order_id": other["id"]}, 409, "allocation-refused", ["/for_order_id"]),
        ({"for_order_id": draft["id"], "currency": "USD"}, 409, "allocation-refused", ["/for_order_id"]),
        ({"for_order_id": str(uuid4())}, 422, "unknown-reference", ["/for_order_id"]),
        ({"for_order_ref": {"source": "shop", "id": "none"}}, 422, "unknown-reference", ["/for_order_ref"]),
        ({"for_order_id": draft["id"], "for_order_ref": {"source": "s", "id": "1"}}, 422, "invalid", ["/"]),
    ):
        answer = await world.service.post("/v1/payments", {**base, **fields})
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert codes(answer.json()) == pointer or pointer == ["/"], answer.text


async def test_money_for_an_order_and_its_confirmation_at_once(world: World) -> None:
    """Either the money waits and pays, or whoever brings it learns that the order is confirmed."""
    account = await world.account()
    for _ in range(4):
        order = await world.placed(account)
        body = {"account_id": account["id"], "currency": "CNY", "amount": 10, "method": "card"}
        passing = asyncio.create_task(world.service.deliver(reserved(order)))
        payments = [world.service.post("/v1/payments", {**body, "for_order_id": order["id"]}) for _ in range(3)]
        answers = await asyncio.gather(*payments)
        await passing
        assert {answer.status_code for answer in answers} <= {201, 409}
        paid = sum(10 for answer in answers if answer.status_code == 201)
        assert (await world.order(order["id"]))["paid"] == paid
    assert await world.service.parked() == []


async def test_the_money_of_an_order_in_another_currency_stays_on_account(world: World) -> None:
    order = await world.placed()
    payment = await receive(world, order, 100, for_order_id=order["id"])
    await world.service.deliver(refused(order))
    changed = await world.service.patch(f"/v1/orders/{order['id']}", {"currency": "USD"}, 3)
    assert changed.status_code == 200, changed.text
    await world.service.deliver(reserved(changed.json()))
    assert (await world.order(order["id"]))["state"] == "confirmed"
    assert ((await read(world, payment))["unallocated"], (await world.order(order["id"]))["paid"]) == (100, 0)
    assert await world.service.published(ALLOCATED) == []


async def test_a_voided_payment_pays_nothing_and_gives_its_id_back(world: World) -> None:
    order = await world.confirmed()
    ref = {"source": "bank", "id": "B-1"}
    payment = await receive(world, order, 3000, external_id=ref, received_on="2026-02-20")
    await allocate(world, payment, (order, 1000), allocated_on="2026-03-01")
    assert codes((await void(world, payment, voided_on="2026-02-28")).json()) == ["/voided_on"]
    assert codes((await void(world, payment, voided_on="2199-01-01")).json()) == ["/voided_on"]
    answer = await void(world, payment, voided_on="2026-03-02")
    after = answer.json()
    assert (answer.status_code, after["unallocated"], after["voided_on"]) == (200, 0, "2026-03-02")
    assert (after["external_id"], after["former_external_id"]) == (None, "B-1")
    assert ((await world.order(order["id"]))["paid"], (await world.order(order["id"]))["paid_base"]) == (0, 0)
    (said,) = await world.service.published(VOIDED)
    (part,) = said.payload["allocations"]
    assert (part["amount"], part["amount_base"], said.payload["unallocated_base"]) == (1000, 137, 0)
    assert (said.payload["reason"], said.payload["business_date"]) == ("bounced", "2026-03-02")
    assert (await void(world, payment)).json()["code"] == "payment-voided"
    assert (await allocate(world, payment, (order, 1))).json()["code"] == "payment-voided"
    refund = await world.service.post(f"/v1/payments/{payment['id']}/refunds", {"amount": 1})
    assert (refund.status_code, refund.json()["code"]) == (409, "payment-voided")
    again = await receive(world, order, 3000, external_id=ref, received_on="2026-02-20")
    assert again["id"] != payment["id"]


async def test_what_cannot_be_voided(world: World) -> None:
    order = await world.confirmed()
    refunded = await receive(world, order, 1000)
    await world.service.post(f"/v1/payments/{refunded['id']}/refunds", {"amount": 1})
    standing = await receive(world, order, 100, allocations=[{"order_id": order["id"], "amount": 100}])
    answer = await void(world, refunded)
    assert (answer.status_code, answer.json()["code"]) == (409, "void-refused"), answer.text
    assert (await world.service.post(f"/v1/payments/{uuid4()}/void", {"reason": "x"})).status_code == 404
    stranger = world.service.headers("rep-1", "sales_rep")
    path = f"/v1/payments/{standing['id']}/void"
    assert (await world.service.post(path, {"reason": "x"}, headers=stranger)).status_code == 403
    assert await world.service.published(VOIDED) == []


async def test_a_batch_does_not_bring_a_voided_payment_back(world: World) -> None:
    account = await world.account()
    row = {
        "account_id": account["id"],
        "external_id": {"source": "bank", "id": "B-2"},
        "currency": "CNY",
        "amount": 70,
        "method": "card",
    }

    async def sent(**changes: Any) -> dict[str, Any]:
        answer = await world.service.post("/v1/payments/batch", {"rows": [{**row, **changes}]})
        (result,) = answer.json()["results"]
        return dict(result)

    first = await sent()
    await void(world, {"id": first["id"]})
    same, other = await sent(), await sent(amount=71)
    assert (same["status"], same["id"]) == ("unchanged", first["id"])
    assert other["status"] == "created"
    assert (await sent(amount=71))["status"] == "unchanged"
    assert (await sent())["problem"]["code"] == "payment-external-id-taken"


async def test_a_void_and_allocations_at_once(world: World) -> None:
    """Whatever comes first: nothing of a voided payment pays anything."""
    account = await world.account()
    orders = [await world.confirmed(account) for _ in range(3)]
    for _ in range(4):
        payment = await receive(world, orders[0], 300, allocations=[{"order_id": orders[0]["id"], "amount": 10}])
        others = [allocate(world, payment, (order, 40)) for order in orders]
        answers = await asyncio.gather(void(world, payment), *others, void(world, payment))
        assert {answer.status_code for answer in answers} <= {200, 201, 409}, [a.text for a in answers]
        assert sorted(answer.status_code for answer in (answers[0], answers[-1])) == [200, 409]
        after = await read(world, payment)
        assert all(part["amount"] == part["refunded"] for part in after["allocations"])
    assert [(await world.order(order["id"]))["paid"] for order in orders] == [0, 0, 0]


@pytest.mark.parametrize("column", ["for_order_id", "for_order_ref"])
def test_a_body_says_what_it_said_to_the_release_before(column: str) -> None:
    body: dict[str, Any] = {
        "account_id": "01989f2e-0000-7000-8000-000000000001",
        "currency": "CNY",
        "amount": 1000,
        "method": "bank_transfer",
    }
    known = "c11da47e60e2f221aa1cc59f0acf9cc220d812972dbaa02a1b68092cc524980d"
    assert said_hash(PaymentCreate.model_validate(body)) == known
    other = {"for_order_id": body["account_id"], "for_order_ref": {"source": "shop", "id": "1"}}[column]
    assert said_hash(PaymentCreate.model_validate({**body, column: other})) != known


async def test_money_without_a_rate_is_worth_nothing_on_account(world: World) -> None:
    order = await world.confirmed()
    payment = await receive(world, order, 500, currency="EUR")
    assert (payment["exchange_rate"], payment["unallocated"], payment["unallocated_base"]) == (None, 500, 0)
    early = await receive(world, order, 500, received_on="2025-12-31")
    assert (early["exchange_rate"], early["unallocated_base"]) == (None, 0)


async def test_money_that_no_amount_can_say_is_refused(world: World) -> None:
    rate = {"currency": "KWD", "rate": "999999999999", "valid_from": "2026-01-01"}
    assert (await world.service.post("/v1/exchange-rates", rate)).status_code == 201
    account = await world.account()
    body = {"account_id": account["id"], "currency": "KWD", "amount": 10**13, "method": "card"}
    answer = await world.service.post("/v1/payments", body)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, "amount-overflow", ["/amount"])


async def test_a_refund_is_not_before_its_money(world: World) -> None:
    order = await world.confirmed()
    payment = await receive(world, order, 500)
    await allocate(world, payment, (order, 100), allocated_on="2026-03-01")
    path = f"/v1/payments/{payment['id']}/refunds"
    for body in (
        {"amount": 1, "refunded_on": "2026-02-19"},
        {"amount": 1, "refunded_on": "2026-02-28", "allocations": [{"order_id": order["id"], "amount": 1}]},
    ):
        answer = await world.service.post(path, body)
        assert (answer.status_code, codes(answer.json())) == (422, ["/refunded_on"])
    assert (await world.service.post(path, {"amount": 1, "refunded_on": "2026-02-20"})).status_code == 201
