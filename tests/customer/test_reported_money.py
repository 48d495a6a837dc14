"""Money as users of other systems reported it wrong, in customer and risk together. Each test names its report."""

from __future__ import annotations

from typing import Any

import pytest

from tests.customer.conftest import LIMIT, Both, lines
from tests.customer.test_money import deposits, money, prepays, sound

LATER = {"currency": "EUR", "rate": "1.2", "valid_from": "2026-03-01"}
"""A rate after the day of the orders, and before that of what settles them."""


async def read(both: Both, order: dict[str, Any]) -> dict[str, Any]:
    return await both.world.order(order["id"])


async def put_later_rate(both: Both) -> None:
    answer = await both.world.service.post("/v1/exchange-rates", LATER)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("steps", ["return-pay", "pay-return", "pay-return-pay"])
async def test_no_cent_stays_overdue_after_a_credit_and_a_payment(both: Both, steps: str) -> None:
    """frappe/erpnext#3307, #13680, agritheory/check_run#231: 0.01 stays outstanding and is overdue for ever."""
    order = await both.ordered(lines(3, 3333, 190_000, 3))
    first = order["gross"] // 3
    if steps.startswith("pay"):
        await both.pay(order, first)
    await both.take_back(order)
    after = await read(both, order)
    await both.pay(order, after["gross"] - after["returned"] - after["paid"])
    after = await read(both, order)
    assert (after["open_amount"], after["is_overdue"]) == (0, False)
    assert await both.owed() == (0, 0)


async def test_a_rate_that_moves_between_order_and_payment_leaves_nothing(both: Both) -> None:
    """odoo/odoo#48502, #10644, nabinhait in frappe/erpnext#8477: nothing in one currency, something in the other."""
    order = await both.ordered(lines(40, 1250))
    await put_later_rate(both)
    await both.take_back(order)
    payment = await both.pay(order, 50000)
    assert payment["allocations"][0]["amount_base"] == 54175, "at the rate of the order"
    assert await both.owed() == (0, 0)


async def test_all_but_one_unit_paid_at_a_worse_rate_is_never_negative(both: Both) -> None:
    """odoo/odoo#53027: 499 of 500 paid at another rate, the residual in base currency is below zero."""
    order = await both.ordered(lines(1, 250))
    await put_later_rate(both)
    await both.pay(order, 499)
    balance, receivable = await both.owed()
    assert (balance, receivable) == (1, 1)
    assert (await read(both, order))["open_amount"] == 1
    await both.pay(order, 1)
    assert await both.owed() == (0, 0)


async def test_an_advance_of_another_rate_pays_its_order_whole(both: Both) -> None:
    """frappe/erpnext#5208: paid at 65, ordered at 66; the customer owes nothing in dollars and 100 in rupees."""
    draft = await both.world.draft(both.account, lines=lines(2, 1000), currency="EUR", credits=[], order_date=None)
    await money(both, draft["gross"], for_order_id=draft["id"], received_on="2026-02-20")
    await sound(both)
    await put_later_rate(both)
    assert (await both.world.service.post(f"/v1/orders/{draft['id']}/place")).status_code == 200
    assert await both.owed() == (0, 0)
    assert await deposits(both) == 0
    assert (await read(both, draft))["gross_base"] == 4800, "ordered at the later rate"


async def test_an_order_that_is_cancelled_gives_its_advance_back_once(both: Both) -> None:
    """frappe/erpnext#32777, #17078: cancelled and written anew, the order still says that it was paid in advance."""
    await prepays(both, 1_000_000)
    order = await both.ordered(lines(1, 1000))
    payment = await money(both, order["gross"], for_order_id=order["id"])
    await sound(both)
    answer = await both.world.service.post(f"/v1/orders/{order['id']}/cancel", {"reason": "customer_request"})
    assert answer.status_code == 200, answer.text
    await sound(both)
    assert (await read(both, order))["paid"] == 0
    one, two = await both.ordered(lines(1, 1000)), await both.ordered(lines(1, 1000))
    assert (one["state"], two["state"]) == ("confirmed", "on_hold"), "money on account counts for one of them"
    answer = await both.world.service.post(
        f"/v1/payments/{payment['id']}/allocations",
        {"allocations": [{"order_id": one["id"], "amount": one["gross"]}]},
    )
    assert answer.status_code == 201, answer.text
    assert await both.owed() == (0, 0)
    assert await deposits(both) == 0


async def test_a_voided_payment_is_in_no_balance(both: Both) -> None:
    """frappe/erpnext#43326, #48056, #40133: a payment that was taken back stays in what is owed, or in what is paid."""
    one, two = await both.ordered(lines(1, 1000)), await both.ordered(lines(1, 2000))
    parts = [{"order_id": order["id"], "amount": 700} for order in (one, two)]
    payment = await money(both, 2000, allocations=parts)
    assert await deposits(both) <= 0
    answer = await both.world.service.post(f"/v1/payments/{payment['id']}/void", {"reason": "bounced"})
    assert answer.status_code == 200, answer.text
    assert await both.owed() == (one["gross_base"] + two["gross_base"],) * 2
    assert await deposits(both) == 0
    for order in (one, two):
        after = await read(both, order)
        assert (after["paid"], after["paid_base"], after["open_amount"]) == (0, 0, order["gross"])


async def test_one_advance_is_offered_once_however_many_orders_it_pays(both: Both) -> None:
    """resilient-tech/india-compliance#4770: each of the orders of an advance, and its rest, carry the whole of it."""
    one, two = await both.ordered(lines(1, 50)), await both.ordered(lines(1, 50))
    payment = await money(both, 590, allocations=[{"order_id": order["id"], "amount": 100} for order in (one, two)])
    items = (await both.world.service.get("/v1/payments?unallocated[gt]=0")).json()["items"]
    assert [(item["id"], item["unallocated"]) for item in items] == [(payment["id"], 390)]
    other = await both.ordered(lines(1, 1000))
    path = f"/v1/payments/{payment['id']}/allocations"
    answer = await both.world.service.post(path, {"allocations": [{"order_id": other["id"], "amount": 391}]})
    assert (answer.status_code, answer.json()["code"]) == (409, "allocation-refused")
    assert await both.owed() == (other["gross_base"] - (-await deposits(both)), other["gross_base"])


async def test_no_limit_is_passed_by_closing_what_is_open(both: Both) -> None:
    """frappe/erpnext#33967: close the open order, order again, open the first one again."""
    order = await both.ordered(lines(40, 1250))
    assert (await both.world.service.post(f"/v1/orders/{order['id']}/fulfil")).status_code == 200
    answer = await both.world.service.post(f"/v1/orders/{order['id']}/close")
    assert (answer.status_code, answer.json()["code"]) == (409, "order-open"), answer.text
    assert (await both.owed())[0] == LIMIT
    assert (await both.ordered(lines(1, 1)))["state"] == "on_hold"


async def test_what_is_held_is_judged_by_its_new_content_each_time(both: Both) -> None:
    """frappe/erpnext#32671, #39830: after a change of the items the limit is checked with the former amount."""
    order = await both.ordered(lines(40, 1300))
    assert order["state"] == "on_hold"
    path = f"/v1/orders/{order['id']}"
    for price, state, placement in ((1400, "on_hold", 2), (1250, "confirmed", 3)):
        answer = await both.world.service.patch(path, {"lines": lines(40, price)}, order["version"])
        assert answer.status_code == 200, answer.text
        await both.settle()
        order = await read(both, order)
        assert (order["state"], order["placement"]) == (state, placement)
    assert await both.owed() == (LIMIT, LIMIT)
    rows = await both.risk.rows("SELECT amount, decision FROM credit_decision ORDER BY decided_at, id")
    assert [row["decision"] for row in rows] == ["refused", "refused", "automatic"]
    assert rows[-1]["amount"] == LIMIT


async def test_a_limit_below_what_is_owed_takes_no_more_orders_and_breaks_none(both: Both) -> None:
    """frappe/erpnext#30110: what may be done with the limit of a customer who owes more than it."""
    order = await both.ordered(lines(20, 1250))
    path = f"/v1/credit-profiles/{both.account['id']}"
    version = (await both.risk.get(path)).json()["version"]
    assert (await both.risk.patch(path, {"credit_limit": 1, "reason": "worse"}, version)).status_code == 200
    assert (await both.ordered(lines(1, 1)))["state"] == "on_hold"
    await both.take_back(order, 2)
    assert await both.owed() == (0, 0)
