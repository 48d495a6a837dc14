"""What is settled in the order's currency is owed no more, as customer books it and risk hears it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.customer.conftest import LIMIT, Both, lines


async def test_half_returned_and_half_paid_leaves_nothing_and_the_limit_free(both: Both) -> None:
    order = await both.ordered(lines(40, 1250))
    assert (order["state"], order["gross"], order["gross_base"]) == ("confirmed", 100000, LIMIT)
    returned = await both.take_back(order)
    assert (returned["net_base"], returned["settled_base"]) == (-54175, 54175)
    payment = await both.pay(order, 50000)
    assert payment["allocations"][0]["amount_base"] == 54175
    assert await both.owed() == (0, 0)
    assert (await both.ordered(lines(40, 1250)))["state"] == "confirmed"


@pytest.mark.parametrize(
    ("content", "currency"),
    [
        (lines(1, 4999, 190_000), "EUR"),
        (lines(200, 100), "SEK"),
        (lines(40, 5, 100_000), "CNY"),
        (lines(7, 333, 77_777, 3), "EUR"),
    ],
    ids=["one line with tax", "200 small lines", "a cent of tax on each of 40 lines", "thirds"],
)
@pytest.mark.parametrize("is_paid_first", [False, True], ids=["back first", "paid first"])
async def test_whatever_settles_an_order_leaves_nothing_owed(
    both: Both, content: list[dict[str, Any]], currency: str, is_paid_first: bool
) -> None:
    order = await both.ordered(content, currency)
    assert order["state"] == "confirmed"
    payment = await both.pay(order, order["gross"] // 3) if is_paid_first else None
    returned = await both.take_back(order)
    if payment:
        await both.refund(payment, order["gross"] // 7)
    await both.pay(order, order["gross"] + returned["gross"] - (await both.world.order(order["id"]))["paid"])
    assert await both.owed() == (0, 0)
    after = await both.world.order(order["id"])
    assert after["paid_base"] + returned["settled_base"] == order["gross_base"]


async def test_a_paid_order_that_comes_back_is_money_of_the_customer_until_it_goes_back(both: Both) -> None:
    order = await both.ordered(lines(40, 1250))
    payment = await both.pay(order, order["gross"])
    for _ in range(2):
        await both.take_back(order)
    assert await both.owed() == (-LIMIT, -LIMIT)
    await both.refund(payment, order["gross"])
    assert await both.owed() == (0, 0)
    sold = await both.world.service.published("customer.order.returned.v1")
    assert sum(event.payload["return_net_base"] for event in sold) == -LIMIT


async def test_half_of_the_tax_comes_back_of_lines_with_a_cent_each(both: Both) -> None:
    order = await both.ordered(lines(40, 5, 100_000), "CNY")
    assert (await both.take_back(order))["tax"] == -20


async def test_a_line_gives_an_odd_cent_of_what_came_back_before(both: Both) -> None:
    """Named in the event with quantity 0, and by the same figures in the list of returns."""
    order = await both.ordered(lines(40, 5, 100_000), "CNY")
    path, seen = f"/v1/orders/{order['id']}/returns", []
    for line in order["lines"]:
        seen.append(await both.made(path, {"lines": [{"line_no": line["line_no"], "quantity": 1}]}))
    assert sum(one["tax"] for one in seen) == -20
    assert {line["quantity"] for one in seen for line in one["lines"]} == {0, 1}
    for event, row in zip(await both.world.service.published("customer.order.returned.v1"), seen, strict=True):
        assert event.payload["returned_lines"] == row["lines"]
        assert sum(line["net_base"] for line in row["lines"]) == event.payload["return_net_base"]
    await both.pay(order, order["gross"] + sum(one["gross"] for one in seen))
    assert await both.owed() == (0, 0)


async def test_returns_and_payments_at_once_book_each_once(both: Both) -> None:
    order = await both.ordered(lines(40, 1250))
    piece = {"lines": [{"line_no": line["line_no"], "quantity": 1} for line in order["lines"][:20]]}
    other = {"lines": [{"line_no": line["line_no"], "quantity": 1} for line in order["lines"][20:]]}
    path = f"/v1/orders/{order['id']}/returns"
    await asyncio.gather(both.made(path, piece), both.pay(order, 20001), both.made(path, other), both.pay(order, 29999))
    assert await both.owed() == (0, 0)


async def test_what_an_earlier_release_booked_stays_and_what_follows_is_right(both: Both) -> None:
    """Its returns settled their gross amount, rounded per line; the cents are made good by what comes after."""
    order = await both.ordered(lines(40, 1250))
    await both.take_back(order)
    async with both.world.service.transaction() as tx:
        await tx.execute(
            "UPDATE order_return SET settled_base = NULL, net_base = -54160, gross_base = -54160, lines = "
            '(SELECT jsonb_agg(l || \'{"net_base": -1354, "gross_base": -1354}\') FROM jsonb_array_elements(lines) l)'
        )
    payment = await both.pay(order, 50000)
    assert payment["allocations"][0]["amount_base"] == 54190
    rest = await both.take_back(order)
    assert (rest["net_base"], rest["settled_base"]) == (-(LIMIT - 54160), 54175)
