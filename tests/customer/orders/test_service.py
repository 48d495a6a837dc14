"""Orders from draft to confirmation over the two doors."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from kit import clock
from kit.security.principals import Actor
from kit.testing.service import codes
from kit.work import Work
from services.customer.orders.schemas import OrderCreate
from services.customer.orders.service import create_order, place_order
from tests.customer.conftest import OTHER_REP, REP_1, SUSPENDED, World, refused, reserved

GHOST = str(uuid4())


async def test_the_server_prices_a_draft(world: World) -> None:
    order = await world.draft()
    assert (order["state"], order["placement"], order["exchange_rate"], order["version"]) == ("draft", 0, None, 1)
    assert [line["gross"] for line in order["lines"]] == [3389, 1647]
    assert (order["gross"], order["gross_base"]) == (5036, 0)
    assert order["number"].startswith("SO-2026-")
    assert await world.service.published("customer.order.placed.v1") == []


async def test_an_account_without_an_owner_orders_with_named_sellers(world: World) -> None:
    account = await world.account(owner_id=None)
    draft = await world.draft(account)
    answer = await world.service.patch(f"/v1/orders/{draft['id']}", {"payment_terms_days": 45}, draft["version"])
    assert answer.status_code == 200, answer.text
    answer = await world.service.post("/v1/orders", world.order_body(account, credits=[]))
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (
        422,
        "credit-split-invalid",
        ["/credits"],
    )


async def test_an_order_that_would_weigh_nothing_is_not_placed(world: World) -> None:
    line = {"sku": "CD-ROCK", "quantity": 1, "unit_price": 3}
    order = await world.draft(lines=[line])
    answer = await world.service.post(f"/v1/orders/{order['id']}/place")
    assert (answer.status_code, answer.json()["code"]) == (422, "amount-vanishes"), "0.137 x 0.03 is 0.00411"


async def test_placement_fixes_rate_base_amounts_and_labels(world: World) -> None:
    order = await world.placed()
    assert (order["state"], order["placement"], order["exchange_rate"]) == ("placed", 1, "0.137")
    assert order["gross_base"] == 690 == sum(line["gross_base"] for line in order["lines"])
    assert [line["product_line"] for line in order["lines"]] == ["rock", "jazz"]
    assert order["region"] == "CN-SH"
    assert [(c["kind"], c["placement"], c["state"]) for c in order["checks"]] == [("credit", 1, "pending")]
    (event,) = await world.service.published("customer.order.placed.v1")
    assert (event.key, event.subject, event.sequence) == (order["stream_key"], order["id"], order["version"])
    assert event.payload["lines"][0]["product_line"] == "rock"
    assert event.payload["gross_base"] == 690
    audited = await world.service.rows("SELECT action, actor FROM audit_log WHERE resource = 'order' ORDER BY id")
    assert [row["action"] for row in audited] == ["create", "place"]


async def test_the_latest_rate_on_or_before_the_order_date_counts(world: World) -> None:
    for rate, day in (("0.2", "2026-02-15"), ("0.1", "2026-02-14")):
        body = {"currency": "CNY", "rate": rate, "valid_from": day}
        assert (await world.service.post("/v1/exchange-rates", body)).status_code == 201
    assert (await world.placed())["exchange_rate"] == "0.1"
    order = await world.draft(order_date="2025-12-31")
    answer = await world.service.post(f"/v1/orders/{order['id']}/place")
    assert (answer.status_code, answer.json()["code"]) == (409, "no-exchange-rate")
    assert (await world.placed(currency="USD", order_date="2025-12-31"))["exchange_rate"] == "1"


async def test_reserved_credit_confirms_once(world: World) -> None:
    order = await world.placed()
    answer = reserved(order)
    await world.service.deliver(answer)
    await world.service.deliver(answer)
    await world.service.deliver(reserved(order))
    order = await world.order(order["id"])
    assert (order["state"], order["checks"][0]["state"]) == ("confirmed", "passed")
    (event,) = await world.service.published("customer.order.confirmed.v1")
    assert (event.causation_id, event.sequence) == (str(answer.id), order["version"])


async def test_refusal_holds_until_override(world: World) -> None:
    order = await world.placed()
    await world.service.deliver(refused(order))
    held = await world.order(order["id"])
    assert (held["state"], held["checks"][0]["shortfall"]) == ("on_hold", 64)
    await world.service.deliver(reserved(order))
    assert (await world.order(order["id"]))["state"] == "on_hold", "only an officer moves an order on hold"
    await world.service.deliver(reserved(order, decision="override"))
    order = await world.order(order["id"])
    assert (order["state"], order["checks"][0]["decision"]) == ("confirmed", "override")
    (event,) = await world.service.published("customer.order.held.v1")
    assert (event.payload["reason"], event.payload["shortfall"]) == ("limit_exceeded", 64)


async def test_late_answers_to_an_earlier_placement_change_nothing(world: World) -> None:
    order = await world.placed()
    await world.service.deliver(refused(order))
    again = (await world.service.post(f"/v1/orders/{order['id']}/place")).json()
    assert (again["state"], again["placement"]) == ("placed", 2)
    await world.service.deliver(reserved(order, placement=1, decision="override"))
    await world.service.deliver(refused(order, placement=1))
    assert (await world.order(order["id"]))["state"] == "placed"
    await world.service.deliver(reserved(again))
    assert (await world.order(order["id"]))["state"] == "confirmed"
    assert len(await world.service.published("customer.order.confirmed.v1")) == 1
    assert len(await world.service.published("customer.order.placed.v1")) == 2


async def test_an_answer_for_an_unknown_order_is_harmless(world: World) -> None:
    ghost = {"id": str(uuid4()), "stream_key": str(uuid4()), "placement": 1}
    await world.service.deliver(reserved(ghost), refused(ghost))
    assert await world.service.parked() == []


async def test_many_answers_in_one_batch(world: World) -> None:
    account = await world.account()
    rows = [world.order_body(account, external_id={"source": "t", "id": str(n)}, place=True) for n in range(60)]
    answer = await world.service.post("/v1/orders/batch", {"rows": rows})
    orders = [{"id": r["id"], "stream_key": account["stream_key"], "placement": 1} for r in answer.json()["results"]]
    await world.service.deliver(*[refused(o) if n % 3 == 0 else reserved(o) for n, o in enumerate(orders)])
    rows = await world.service.rows("SELECT state, count(*) AS n FROM orders GROUP BY state")
    assert {row["state"]: row["n"] for row in rows} == {"confirmed": 40, "on_hold": 20}
    assert len(await world.service.published("customer.order.confirmed.v1")) == 40


async def test_two_placements_at_once_are_one(world: World) -> None:
    order = await world.draft()
    answers = await asyncio.gather(*[world.service.post(f"/v1/orders/{order['id']}/place") for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await world.service.published("customer.order.placed.v1")) == 1


async def test_a_placement_says_who_asked_for_it(world: World) -> None:
    service = world.service
    first = await world.placed()
    again = await service.post(f"/v1/orders/{first['id']}/place", headers=service.headers("boss", "administrator"))
    assert again.status_code == 409
    await service.deliver(refused(first))
    again = await service.post(f"/v1/orders/{first['id']}/place", headers=service.headers("boss", "administrator"))
    assert again.status_code == 200, again.text
    body = world.order_body(await world.account(), place=True)
    assert (
        await service.post("/v1/orders/batch", {"rows": [{**body, "external_id": {"source": "s", "id": "1"}}]})
    ).status_code == 200
    said = [event.payload["placed_by"] for event in await service.published("customer.order.placed.v1")]
    assert said == ["admin", "boss", "admin"]


async def test_placing_twice_with_one_key_is_one_placement(world: World) -> None:
    order = await world.draft()
    headers = world.service.headers(Idempotency_Key="place-1")
    path = f"/v1/orders/{order['id']}/place"
    first, second = await asyncio.gather(*[world.service.post(path, headers=headers) for _ in range(2)])
    assert {first.status_code, second.status_code} <= {200, 409}
    replay = await world.service.post(path, headers=headers)
    assert (replay.status_code, replay.headers["Idempotency-Replayed"]) == (200, "true")


async def test_an_order_is_created_and_placed_by_one_request(world: World) -> None:
    account = await world.account()
    two = await world.placed(account)
    body, headers = world.order_body(account, place=True), world.service.headers(Idempotency_Key="order-1")
    answers = await asyncio.gather(*[world.service.post("/v1/orders", body, headers=headers) for _ in range(3)])
    assert {answer.status_code for answer in answers} <= {201, 409}
    answer = await world.service.post("/v1/orders", body, headers=headers)
    assert (answer.status_code, answer.headers["Idempotency-Replayed"]) == (201, "true")
    order = answer.json()
    assert (answer.headers["Location"], answer.headers["ETag"]) == (f"/v1/orders/{order['id']}", '"1"')
    own = {"id", "version", "number", "placed_at", "created_at", "updated_at"}
    assert {name: order[name] for name in order.keys() - own} == {name: two[name] for name in two.keys() - own}
    events = await world.service.published("customer.order.placed.v1")
    assert [(event.subject, event.sequence) for event in events] == [(two["id"], 2), (order["id"], 1)]
    audited = await world.service.rows("SELECT action FROM audit_log WHERE resource_id = $1", order["id"])
    assert [row["action"] for row in audited] == ["create"]
    await world.service.deliver(reserved(order))
    assert (await world.order(order["id"]))["state"] == "confirmed"


async def test_an_order_that_cannot_be_placed_is_not_created(world: World) -> None:
    body = world.order_body(await world.account(), place=True, order_date="2025-12-31")
    answer = await world.service.post("/v1/orders", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "no-exchange-rate")
    assert await world.service.rows("SELECT id FROM orders") == []
    assert await world.service.published("customer.order.placed.v1") == []


async def test_creating_and_placing_is_four_statements(world: World) -> None:
    data = OrderCreate.model_validate(world.order_body(await world.account(), place=True))
    seen: list[str] = []
    async with world.service.runtime.db.transaction() as tx:
        connection: Any = tx.connection

        def log(record: Any) -> None:
            seen.append(record.query)

        connection.add_query_logger(log)
        actor = Actor("t", frozenset({"t"}), frozenset({"orders:backdate"}))
        settings = world.service.runtime.settings
        await create_order(Work(tx=tx, actor=actor, service="customer", settings=settings, reaches={"t": "all"}), data)
        await tx.flush()
        connection.remove_query_logger(log)
    assert len(seen) == 4, seen


async def test_placing_is_four_statements(world: World) -> None:
    order = await world.draft()
    seen: list[str] = []
    async with world.service.runtime.db.transaction() as tx:
        connection: Any = tx.connection

        def log(record: Any) -> None:
            seen.append(record.query)

        connection.add_query_logger(log)
        actor = Actor("t", frozenset({"t"}), frozenset({"orders:backdate"}))
        settings = world.service.runtime.settings
        work = Work(tx=tx, actor=actor, service="customer", settings=settings, reaches={"t": "all"})
        await place_order(work, UUID(order["id"]))
        await tx.flush()
        connection.remove_query_logger(log)
    assert len(seen) == 4, seen


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        ({"lines": [{"sku": "CD-NONE", "quantity": 1, "unit_price": 1}]}, 422, "unknown-reference", "/lines/0/sku"),
        ({"lines": [{"sku": "CD-OLD", "quantity": 1, "unit_price": 1}]}, 422, "unknown-reference", "/lines/0/sku"),
        ({"lines": [{"sku": "CD-ROCK", "quantity": -1, "unit_price": 1}]}, 422, "invalid", "/lines/0/quantity"),
        ({"lines": [{"sku": "CD-ROCK", "quantity": 1, "unit_price": 2**70}]}, 422, "invalid", "/lines/0/unit_price"),
        (
            {"lines": [{"sku": "CD-ROCK", "quantity": 1, "unit_price": 1, "discount": 2}]},
            422,
            "order-line-invalid",
            "/lines/0/discount",
        ),
        (
            {"lines": [{"sku": "CD-ROCK", "quantity": 1_000_000, "unit_price": 10**12}]},
            422,
            "amount-overflow",
            "/lines/0/unit_price",
        ),
        ({"lines": []}, 422, "invalid", "/lines"),
        ({"partner_id": str(SUSPENDED)}, 422, "unknown-reference", "/partner_id"),
        (
            {"credits": [{"member_id": GHOST, "share": 1_000_000}]},
            422,
            "unknown-reference",
            "/credits/0/member_id",
        ),
        ({"credits": [{"member_id": str(REP_1), "share": 999_999}]}, 422, "credit-split-invalid", "/credits"),
        ({"currency": "XXX"}, 422, "invalid", "/currency"),
        ({"total": 5035}, 422, "total-mismatch", "/total"),
        ({"order_date": "2199-01-01"}, 422, "invalid", "/order_date"),
        ({"account_id": str(uuid4())}, 422, "unknown-reference", "/account_id"),
        ({"surprise": 1}, 422, "invalid", "/surprise"),
        ({"customer_type": "a\x00b"}, 422, "invalid", "/customer_type"),
    ],
)
async def test_bad_orders(world: World, changes: dict[str, Any], status: int, code: str, pointer: str) -> None:
    body = world.order_body(await world.account(), **changes)
    answer = await world.service.post("/v1/orders", body)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())[:1]) == (status, code, [pointer])
    assert await world.service.rows("SELECT id FROM orders") == []


async def test_the_right_total_is_accepted(world: World) -> None:
    assert (await world.draft(total=5036))["gross"] == 5036


async def test_backdating_needs_the_permission(world: World) -> None:
    account = await world.account()
    body = world.order_body(account)
    rep = world.service.headers("rep-1", "sales_rep")
    answer = await world.service.post("/v1/orders", body, headers=rep)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    del body["order_date"]
    answer = await world.service.post("/v1/orders", body, headers=rep)
    assert answer.status_code == 201
    assert abs(clock.now().date() - clock.now().date().fromisoformat(answer.json()["order_date"])) <= timedelta(days=1)


async def test_patch_replaces_lines_of_a_draft_only(world: World) -> None:
    order = await world.draft()
    lines = [{"sku": "CD-JAZZ", "quantity": 1, "unit_price": 100}]
    path = f"/v1/orders/{order['id']}"
    answer = await world.service.patch(path, {"lines": lines, "payment_terms_days": 10}, 1)
    assert (answer.status_code, answer.json()["gross"], len(answer.json()["lines"])) == (200, 100, 1)
    assert answer.headers["ETag"] == '"2"'
    assert (await world.service.patch(path, {"lines": lines}, 1)).status_code == 412
    assert (await world.service.request("PATCH", path, {"lines": lines})).status_code == 428
    assert (await world.service.patch(path, {"lines": []}, 2)).status_code == 422
    await world.service.post(path + "/place")
    assert (await world.service.patch(path, {"lines": lines}, 3)).json()["code"] == "order-state"


async def test_a_patch_without_effect_says_nothing(world: World) -> None:
    order = await world.draft()
    body = {"payment_terms_days": order["payment_terms_days"], "credits": order["credits"]}
    answer = await world.service.patch(f"/v1/orders/{order['id']}", body, order["version"])
    assert (answer.status_code, answer.json()) == (200, order)
    audited = await world.service.rows("SELECT action FROM audit_log WHERE resource = 'order'")
    assert [row["action"] for row in audited] == ["create"]


async def test_a_taken_external_id_is_named_to_those_who_may_see_it(world: World) -> None:
    named = {"external_id": {"source": "shop", "id": "1"}}
    order = await world.draft(**named)
    theirs = await world.account(owner_id=str(OTHER_REP))
    for caller, conflicting in (
        (world.service.headers(), order["id"]),
        (world.service.headers("rep-3", "sales_rep"), None),
    ):
        body = world.order_body(theirs, credits=[], **named)
        del body["order_date"]
        answer = await world.service.post("/v1/orders", body, headers=caller)
        assert (answer.status_code, answer.json()["code"]) == (409, "order-external-id-taken")
        assert answer.json().get("conflicting_id") == conflicting


async def test_cancel_and_fulfil_follow_the_states(world: World) -> None:
    draft, placed = await world.draft(), await world.placed()
    reason = {"reason": "customer_request"}
    answer = await world.service.post(f"/v1/orders/{draft['id']}/cancel", reason)
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert await world.service.published("customer.order.cancelled.v1") == [], "nobody has heard of the draft"
    assert (await world.service.post(f"/v1/orders/{placed['id']}/fulfil")).status_code == 409
    await world.service.deliver(refused(placed))
    assert (await world.service.post(f"/v1/orders/{placed['id']}/cancel", reason)).status_code == 200
    await world.service.deliver(reserved(placed, decision="override"))
    assert (await world.order(placed["id"]))["state"] == "cancelled", "a late override frees what it reserved"
    (event,) = await world.service.published("customer.order.cancelled.v1")
    assert event.payload["reason"] == "customer_request"
    confirmed = await world.confirmed()
    assert (await world.service.post(f"/v1/orders/{confirmed['id']}/cancel", reason)).status_code == 409
    assert (await world.service.post(f"/v1/orders/{confirmed['id']}/fulfil")).json()["state"] == "fulfilled"


async def test_an_order_is_cancelled_before_it_is_answered(world: World) -> None:
    order = await world.placed()
    answer = await world.service.post(f"/v1/orders/{order['id']}/cancel", {"reason": "customer_request"})
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    await world.service.deliver(reserved(order))
    assert (await world.order(order["id"]))["state"] == "cancelled", "who reserved it hears that it is not wanted"
    (event,) = await world.service.published("customer.order.cancelled.v1")
    assert (event.payload["placement"], event.sequence) == (1, order["version"] + 1)
    assert await world.service.published("customer.order.confirmed.v1") == []


async def test_scope_and_permissions(world: World) -> None:
    mine = await world.draft()
    theirs = await world.draft(await world.account(owner_id=str(OTHER_REP)))
    rep = world.service.headers("rep-1", "sales_rep")
    manager = world.service.headers("manager-north", "sales_manager")
    for headers in (rep, manager):
        listed = (await world.service.get("/v1/orders", headers=headers)).json()["items"]
        assert [order["id"] for order in listed] == [mine["id"]]
        assert (await world.service.get(f"/v1/orders/{theirs['id']}", headers=headers)).status_code == 404
        assert (await world.service.post(f"/v1/orders/{theirs['id']}/place", headers=headers)).status_code == 404
    body = world.order_body({"id": theirs["account_id"]})
    assert (await world.service.post("/v1/orders", body, headers=manager)).status_code == 422
    auditor = world.service.headers("eye", "auditor")
    assert (await world.service.get("/v1/orders", headers=auditor)).status_code == 200
    assert (await world.service.post(f"/v1/orders/{mine['id']}/place", headers=auditor)).status_code == 403


async def test_lists_filter_sort_and_count(world: World) -> None:
    account = await world.account()
    placed, draft = await world.placed(account), await world.draft(account)
    for query, expected in (
        ("state=placed", [placed]),
        ("state[in]=draft,placed&sort=created_at", [placed, draft]),
        (f"account_id={account['id']}&sort=-created_at", [draft, placed]),
        (f"number={draft['number']}", [draft]),
        (f"number={draft['number'].lower()}", [draft]),
        (f"number[in]={draft['number'].lower()},so-1", [draft]),
        (f"number[ne]={draft['number'].lower()}", [placed]),
        (f"number[gt]={placed['number'].lower()}", [draft]),
        (f"seller_id={REP_1}&sku=CD-JAZZ&sort=order_date", [placed, draft]),
        ("order_date[gte]=2026-02-15", []),
    ):
        answer = await world.service.get(f"/v1/orders?{query}&count=exact")
        assert answer.status_code == 200, answer.text
        assert [item["id"] for item in answer.json()["items"]] == [order["id"] for order in expected]
        assert answer.json()["count"] == len(expected)
    assert (await world.service.get("/v1/orders?surprise=1")).status_code == 400
