"""New, existing, dormant: decided by confirmed orders, kept on orders, told of accounts when a day changes it."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.due.loop import DueLoop
from services.customer.accounts.dues import TYPES_DUE
from services.customer.accounts.rules import customer_type_on, customer_type_until
from tests.customer.accounts.conftest import Days, turn
from tests.customer.conftest import World, reserved

UPDATED = "customer.account.updated.v1"
SPRING = date(2026, 3, 2)
days_of_orders = st.dates(date(2020, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("last", "expected"),
    [(None, "new"), (date(2026, 3, 1), "existing"), (date(2025, 3, 2), "existing"), (date(2025, 3, 1), "dormant")],
    ids=["never ordered", "yesterday", "365 days ago", "366 days ago"],
)
def test_what_a_customer_is(last: date | None, expected: str) -> None:
    assert customer_type_on(SPRING, last) == expected


def _on(day: date, orders: set[date]) -> str:
    return customer_type_on(day, max((order for order in orders if order < day), default=None))


@given(orders=st.sets(days_of_orders, max_size=4), day=days_of_orders)
def test_the_next_day_is_the_first_that_may_change_anything(orders: set[date], day: date) -> None:
    known = {order for order in orders if order <= day}
    last, latest = max((one for one in known if one < day), default=None), max(known, default=None)
    until = customer_type_until(day, last, latest)
    now = _on(day, known)
    if until is None:
        assert now == _on(day + timedelta(days=10_000), known)
        return
    assert until > day
    if until > day + timedelta(days=1):
        assert _on(until - timedelta(days=1), known) == now
        assert _on(until, known) != now


async def _type_of(world: World, account: dict[str, Any]) -> tuple[Any, Any]:
    found = (await world.service.get(f"/v1/accounts/{account['id']}")).json()
    return found["customer_type"], found["last_order_date"]


async def test_a_body_says_what_the_server_decided_or_nothing(world: World) -> None:
    account = await world.account(customer_type="new", business_type="retail")
    assert (account["customer_type"], account["business_type"]) == ("new", "retail")
    path, row = f"/v1/accounts/{account['id']}", {"kind": "person", "name": "x", "external_ids": {"erp": "1"}}
    for answer in (
        await world.service.post("/v1/accounts", {"kind": "person", "name": "x", "customer_type": "retail"}),
        await world.service.patch(path, {"customer_type": "existing"}, 1),
        await world.service.post("/v1/orders", world.order_body(account, customer_type="existing")),
    ):
        assert (answer.status_code, answer.json()["code"]) == (422, "customer-type-mismatch"), answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/customer_type"]
    assert (await world.service.patch(path, {"customer_type": "new"}, 1)).json()["version"] == 1
    for said, status in (("retail", "problem"), ("new", "created"), (None, "unchanged"), ("dormant", "problem")):
        answer = await world.service.post("/v1/accounts/batch", {"rows": [{**row, "customer_type": said}]})
        (result,) = answer.json()["results"]
        assert result["status"] == status, result
    order = await world.draft(account, customer_type="new")
    answer = await world.service.patch(f"/v1/orders/{order['id']}", {"customer_type": "dormant"}, 1)
    assert (answer.status_code, answer.json()["code"]) == (422, "customer-type-mismatch")
    assert (await world.service.patch(f"/v1/orders/{order['id']}", {"customer_type": "new"}, 1)).json()["version"] == 1


async def test_an_order_keeps_what_its_account_was_on_its_day(world: World) -> None:
    account = await world.account()
    first = await world.confirmed(account, order_date="2026-02-14")
    assert first["customer_type"] == "new"
    same_day = await world.confirmed(account, order_date="2026-02-14")
    assert same_day["customer_type"] == "new", "an order of the same day is none before it"
    assert (await world.draft(account, order_date="2026-02-15"))["customer_type"] is None
    assert (await world.placed(account, order_date="2026-02-15"))["customer_type"] == "existing"
    year = date(2026, 2, 14) + timedelta(days=365)
    rate = {"currency": "CNY", "rate": "0.137", "valid_from": "2024-01-01"}
    assert (await world.service.post("/v1/exchange-rates", rate)).status_code == 201
    backdated = await world.confirmed(account, order_date="2024-02-14")
    assert backdated["customer_type"] == "new"
    assert (await world.order(first["id"]))["customer_type"] == "new", "never redone by a backdated one"
    again = await world.placed(account, order_date=str(date(2024, 2, 14) + timedelta(days=366)))
    assert (again["customer_type"], year) == ("dormant", date(2027, 2, 14))
    again = await world.placed(account, order_date=str(date(2024, 2, 14) + timedelta(days=365)))
    assert again["customer_type"] == "existing"
    events = await world.service.published("customer.order.placed.v1")
    assert [event.payload["customer_type"] for event in events] == [
        "new", "new", "existing", "new", "dormant", "existing",
    ]  # fmt: skip


async def test_a_batch_decides_row_by_row(world: World) -> None:
    account = await world.account()
    await world.confirmed(account, order_date="2026-02-14")
    rows = [
        {**world.order_body(account, order_date=f"2026-02-{day}"), "place": True, **more,
         "external_id": {"source": "shop", "id": f"{day}-{number}"}}
        for number, (day, more) in enumerate([("13", {}), ("15", {}), ("15", {"customer_type": "retail"})])
    ]  # fmt: skip
    answer = (await world.service.post("/v1/orders/batch", {"rows": rows})).json()
    assert [result["status"] for result in answer["results"]] == ["created", "created", "problem"]
    listed = (await world.service.get("/v1/orders?state=placed&sort=order_date")).json()["items"]
    assert [order["customer_type"] for order in listed] == ["new", "existing"]


async def test_days_change_an_account_and_it_is_told_once(world: World, days: Days) -> None:
    days.on(SPRING)
    account = await world.account()
    order = await world.placed(account, order_date=None)

    await world.service.deliver(reserved(order))
    assert await turn(world.service) == 1
    assert await _type_of(world, account) == ("new", "2026-03-02"), "an order of today is none before today"
    assert await world.service.published(UPDATED) == []
    days.on(SPRING + timedelta(days=1), 0)
    assert (await turn(world.service), await turn(world.service)) == (1, 0)
    assert await _type_of(world, account) == ("existing", "2026-03-02")
    days.on(SPRING + timedelta(days=365))
    assert await turn(world.service) == 0
    days.on(SPRING + timedelta(days=400))
    assert (await turn(world.service), await turn(world.service)) == (1, 0), "late, and once"
    said = [
        (event.payload["customer_type"], event.payload["changed"]) for event in await world.service.published(UPDATED)
    ]
    assert said == [("existing", ["customer_type"]), ("dormant", ["customer_type"])]
    assert await world.service.rows("SELECT id FROM customer_type_check") == []


async def test_many_orders_leave_few_rows_and_workers_do_not_collide(world: World, days: Days) -> None:
    days.on(SPRING)
    accounts = [await world.account() for _ in range(4)]
    for account in accounts:
        for day in ("2026-01-05", "2026-02-03", "2026-02-03"):
            await world.confirmed(account, order_date=day)
    loops = [DueLoop(world.service.runtime, [TYPES_DUE]) for _ in range(3)]
    assert sum(await asyncio.gather(*(loop.turn() for loop in loops))) == 12
    assert [await _type_of(world, account) for account in accounts] == [("existing", "2026-02-03")] * 4
    assert len(await world.service.published(UPDATED)) == 4
    left = await world.service.rows("SELECT account_id FROM customer_type_check")
    assert len(left) == 4, "one row an account, for the day on which it falls dormant"
    listed = (await world.service.get("/v1/accounts?customer_type=existing&sort=-last_order_date")).json()
    assert len(listed["items"]) == 4
