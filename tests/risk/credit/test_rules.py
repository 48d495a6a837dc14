"""Laws of credit reservations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import MAX_AMOUNT
from services.risk.credit.rules import RefusalReason, Refused, Reserved, credit_use, decide_reservation

limits = st.integers(0, 1_000)
sums = st.integers(-2_000, 2_000)
amounts = st.integers(0, 1_500)


@given(limits, sums, amounts)
def test_a_refusal_names_exactly_what_the_limit_lacks(limit: int, exposure: int, amount: int) -> None:
    answer = decide_reservation(limit, exposure, amount)
    if isinstance(answer, Refused):
        assert answer.shortfall > 0
        assert isinstance(decide_reservation(limit + answer.shortfall, exposure, amount), Reserved)
        assert isinstance(decide_reservation(limit + answer.shortfall - 1, exposure, amount), Refused)
    else:
        assert amount == 0 or answer.use <= limit
        assert answer.headroom == max(0, limit - answer.use)


@given(limits, sums, amounts)
def test_a_credit_balance_never_raises_headroom(limit: int, exposure: int, amount: int) -> None:
    if exposure < 0:
        assert decide_reservation(limit, exposure, amount) == decide_reservation(limit, 0, amount)
    assert credit_use(exposure) >= 0


@given(limits, st.lists(amounts, max_size=12))
def test_reservations_one_after_another_never_pass_the_limit(limit: int, orders: list[int]) -> None:
    exposure = 0
    for amount in orders:
        if isinstance(decide_reservation(limit, exposure, amount), Reserved):
            exposure += amount
    assert exposure <= limit


@given(sums, amounts)
def test_no_profile_is_refused_never_unlimited(exposure: int, amount: int) -> None:
    assert decide_reservation(None, exposure, amount) == Refused(amount, RefusalReason.NO_PROFILE)


def test_the_whole_limit_may_be_used_and_zero_always_fits() -> None:
    assert decide_reservation(100, 60, 40) == Reserved(100, 0)
    assert decide_reservation(100, 60, 41) == Refused(1, RefusalReason.LIMIT_EXCEEDED)
    assert decide_reservation(100, 500, 0) == Reserved(500, 0)
    assert decide_reservation(0, 0, 1) == Refused(1, RefusalReason.LIMIT_EXCEEDED)


@pytest.mark.parametrize(("limit", "amount"), [(100, -1), (100, MAX_AMOUNT + 1), (-1, 0), (None, -1)])
def test_impossible_inputs_are_errors(limit: int | None, amount: int) -> None:
    with pytest.raises(ValueError, match=r"never negative|outside"):
        decide_reservation(limit, 0, amount)
