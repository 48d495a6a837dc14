"""Laws of payment allocation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import MAX_AMOUNT
from services.customer.payments.rules import AllocationRefused, allocation_base, paid_base


@given(st.integers(1, MAX_AMOUNT), st.integers(0, MAX_AMOUNT), st.data())
def test_any_steps_to_full_payment_are_worth_exactly_the_order(
    gross: int, gross_base: int, data: st.DataObject
) -> None:
    stops = [*data.draw(st.lists(st.integers(0, gross), max_size=6)), gross]
    paid = worth = 0
    for stop in stops:
        worth += allocation_base(gross, gross_base, paid, stop - paid)
        paid = stop
        assert 0 <= worth <= gross_base
    assert worth == gross_base


@given(st.integers(1, 10**6), st.integers(0, 10**6), st.data())
def test_a_refund_takes_back_what_its_payment_was_worth(gross: int, gross_base: int, data: st.DataObject) -> None:
    before = data.draw(st.integers(0, gross))
    amount = data.draw(st.integers(0, gross - before))
    paid = allocation_base(gross, gross_base, before, amount)
    assert allocation_base(gross, gross_base, before + amount, -amount) == -paid


def test_an_order_of_nothing_takes_nothing() -> None:
    assert paid_base(0, 0, 0) == 0
    with pytest.raises(AllocationRefused):
        paid_base(0, 0, 1)


@pytest.mark.parametrize(("before", "amount"), [(0, 101), (100, 1), (10, -11), (-1, 1)])
def test_over_and_under_allocation_are_refused(before: int, amount: int) -> None:
    with pytest.raises(AllocationRefused):
        allocation_base(100, 700, before, amount)
    with pytest.raises(AllocationRefused):
        paid_base(MAX_AMOUNT + 1, 1, 1)
