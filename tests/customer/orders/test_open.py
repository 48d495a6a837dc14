"""What an order shows of what came back, was paid, is open and overdue, and what the list finds by it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from kit.clock import business_date
from tests.customer.conftest import World

SHOWN = ("returned", "paid", "open_amount", "due_on", "is_overdue")


async def _seen(world: World, order: dict[str, Any]) -> tuple[Any, ...]:
    """What the order and its row in the list show, which is the same."""
    whole = await world.order(order["id"])
    (item,) = [one for one in await _list(world) if one["id"] == order["id"]]
    assert [item[name] for name in SHOWN] == [whole[name] for name in SHOWN]
    return tuple(whole[name] for name in SHOWN)


async def _list(world: World, query: str = "") -> list[dict[str, Any]]:
    answer = await world.service.get(f"/v1/orders?{query}")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def _post(world: World, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await world.service.post(path, body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _payment(order: dict[str, Any], amount: int) -> dict[str, Any]:
    parts = [{"order_id": order["id"], "amount": amount}]
    body = {"account_id": order["account_id"], "currency": order["currency"], "amount": amount, "method": "card"}
    return {**body, "allocations": parts}


async def test_an_order_shows_what_came_back_was_paid_and_is_open(world: World) -> None:
    """10,000 with 3,000 returned and 8,000 paid: nothing is open; after a refund of 1,500, 500 are."""
    lines = [{"sku": "CD-ROCK", "quantity": 10, "unit_price": 1000}]
    order = await world.placed(lines=lines, order_date="2026-01-31", payment_terms_days=30)
    assert (await _seen(world, order))[:3] == (0, 0, 0), "nothing is owed before it is confirmed"
    order = await world.confirmed(lines=lines, order_date="2026-01-31", payment_terms_days=30)
    assert await _seen(world, order) == (0, 0, 10000, "2026-03-02", True)
    path = f"/v1/orders/{order['id']}/returns"
    await _post(world, path, {"lines": [{"line_no": 1, "quantity": 3}]})
    payment = await _post(world, "/v1/payments", _payment(order, 8000))
    assert await _seen(world, order) == (3000, 8000, 0, "2026-03-02", False)
    refund = {"amount": 1500, "allocations": [{"order_id": order["id"], "amount": 1500}]}
    await _post(world, f"/v1/payments/{payment['id']}/refunds", refund)
    assert await _seen(world, order) == (3000, 6500, 500, "2026-03-02", True)


@pytest.mark.parametrize(("days", "is_overdue"), [(0, False), (1, True)], ids=["on its due day", "the day after"])
async def test_an_order_is_overdue_from_the_day_after_it_was_due(world: World, days: int, is_overdue: bool) -> None:
    async with world.service.transaction() as tx:
        today = world.service.work(tx).today
    order = await world.confirmed(order_date=str(today - timedelta(days=days)), payment_terms_days=0)
    assert (await _seen(world, order))[-1] is is_overdue


async def test_the_list_finds_orders_by_what_is_open_and_overdue(world: World) -> None:
    account = await world.account()
    old = await world.confirmed(account)
    new = await world.confirmed(account, payment_terms_days=365)
    paid, back, held = await world.confirmed(account), await world.confirmed(account), await world.placed(account)
    await _post(world, "/v1/payments", _payment(paid, paid["gross"]))
    lines = [{"line_no": line["line_no"], "quantity": line["quantity"]} for line in back["lines"]]
    await _post(world, f"/v1/orders/{back['id']}/returns", {"lines": lines})

    async def found(query: str) -> set[str]:
        return {item["id"] for item in await _list(world, query)}

    everything = {order["id"] for order in (old, new, paid, back, held)}
    assert await found("open_amount[gt]=0") == {old["id"], new["id"]}
    assert await found("is_overdue=true") == {old["id"]}
    assert await found("is_overdue=false") == everything - {old["id"]}
    assert await found(f"returned={back['gross']}") == {back["id"]}
    assert await found("paid[gt]=0") == {paid["id"]}
    assert await found("due_on[gt]=2026-12-31&open_amount[gt]=0") == {new["id"]}
    sellers = world.service.headers("rep-3", "sales_rep")
    answer = await world.service.get("/v1/orders?open_amount[gt]=0", headers=sellers)
    assert answer.json()["items"] == []


async def test_what_another_release_returns_counts(world: World) -> None:
    """It writes the return and knows nothing of the sum."""
    order = await world.confirmed()
    await _post(world, f"/v1/orders/{order['id']}/returns", {"lines": [{"line_no": 1, "quantity": 1}]})
    once = (await world.order(order["id"]))["returned"]
    async with world.service.transaction() as tx:
        await tx.execute(
            "INSERT INTO order_return SELECT (r).* FROM (SELECT jsonb_populate_record(x, jsonb_build_object('id', "
            "gen_random_uuid(), 'settled_base', NULL)) AS r FROM order_return x) y"
        )
    assert (await world.order(order["id"]))["returned"] == 2 * once


async def test_days_late_are_those_of_the_money_or_of_the_debt(world: World) -> None:
    """Due on 03-02; money of 03-05 is three days late whenever it is entered; while something is open days count."""
    order = await world.confirmed(order_date="2026-01-31", payment_terms_days=30)
    today = business_date(world.service.runtime.settings.timezone)
    since = (today - date(2026, 3, 2)).days

    async def late() -> tuple[int, int]:
        (item,) = [one for one in await _list(world) if one["id"] == order["id"]]
        return (await world.order(order["id"]))["days_late"], item["days_late"]

    assert await late() == (since, since)
    await _post(world, "/v1/payments", {**_payment(order, order["gross"] - 10), "received_on": "2026-02-27"})
    assert await late() == (since, since)
    payment = await _post(world, "/v1/payments", {**_payment(order, 10), "received_on": "2026-03-05"})
    assert await late() == (3, 3)
    for query, count in (("days_late=3", 1), ("days_late[gte]=4", 0), ("days_late[gt]=0&is_overdue=false", 1)):
        assert len(await _list(world, query)) == count, query
    await world.service.post(f"/v1/payments/{payment['id']}/void", {"reason": "bounced"})
    assert await late() == (since, since)
