"""Laws of payments: how much of an order may be paid, and of a payment be allocated."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Invalid
from kit.money import MAX_AMOUNT
from services.customer.orders.rules import EARLIEST
from services.customer.payments.rules import (
    AllocationRefused,
    OverAllocated,
    check_moved_on,
    check_paid,
    check_sum,
    unallocated,
)

TODAY = date(2026, 11, 29)


@given(st.integers(0, MAX_AMOUNT), st.data())
def test_an_order_may_be_paid_up_to_its_gross_amount(gross: int, data: st.DataObject) -> None:
    check_paid(gross, data.draw(st.integers(0, gross)), "/amount")
    with pytest.raises(AllocationRefused) as refused:
        check_paid(gross, data.draw(st.integers(gross + 1, 2 * MAX_AMOUNT)), "/amount")
    assert refused.value.errors[0].pointer == "/amount"


@given(st.lists(st.integers(1, 1000), max_size=5), st.integers(0, 10))
def test_allocations_are_bounded_by_the_payment(parts: list[int], more: int) -> None:
    amount = sum(parts) + more
    check_sum(amount, parts)
    assert unallocated(amount, 0, [(part, 0) for part in parts]) == more
    assert unallocated(amount, more + sum(parts), [(part, part) for part in parts]) == 0
    with pytest.raises(OverAllocated):
        check_sum(amount, [*parts, more + 1])


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(1900, 1, 1), "early-date"),
        (EARLIEST - timedelta(days=1), "early-date"),
        (TODAY + timedelta(days=1), "future-date"),
    ],
)
def test_days_on_which_no_money_can_have_come(day: date, code: str) -> None:
    check_moved_on(EARLIEST, EARLIEST, TODAY, "/received_on")
    with pytest.raises(Invalid) as refused:
        check_moved_on(day, day, TODAY, "/received_on")
    assert [(error.pointer, error.code) for error in refused.value.errors] == [("/received_on", code)]
