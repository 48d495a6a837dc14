"""Laws of credit reservations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.money import MAX_AMOUNT
from services.risk.credit.rules import (
    Cause,
    RefusalReason,
    Refused,
    Reserved,
    credit_use,
    decide_reservation,
    deposit_cover,
)

limits = st.integers(0, 1_000)
sums = st.integers(-2_000, 2_000)
amounts = st.integers(0, 1_500)
shares = st.one_of(st.sampled_from((0, 1, 300_000, 1_000_000)), st.integers(0, 1_000_000))


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
    assert decide_reservation(None, exposure, amount) == Refused(amount, RefusalReason.NO_PROFILE, ("no_profile",))


def test_the_whole_limit_may_be_used_and_zero_always_fits() -> None:
    assert decide_reservation(100, 60, 40) == Reserved(100, 0)
    assert decide_reservation(100, 60, 41) == Refused(1, RefusalReason.LIMIT_EXCEEDED, ("limit_exceeded",))
    assert decide_reservation(100, 500, 0) == Reserved(500, 0)
    assert decide_reservation(0, 0, 1) == Refused(1, RefusalReason.LIMIT_EXCEEDED, ("limit_exceeded",))


@pytest.mark.parametrize(("limit", "amount"), [(100, -1), (100, MAX_AMOUNT + 1), (-1, 0), (None, -1)])
def test_impossible_inputs_are_errors(limit: int | None, amount: int) -> None:
    with pytest.raises(ValueError, match=r"never negative|outside"):
        decide_reservation(limit, 0, amount)


@pytest.mark.parametrize("share", [-1, 1_000_001])
def test_an_impossible_share_is_an_error(share: int) -> None:
    with pytest.raises(ValueError, match="outside"):
        decide_reservation(1, 0, 1, share)


@pytest.mark.parametrize(
    ("limit", "balance", "share", "amount", "cause"),
    [
        (10_000, 6_000, 0, 4_000, None),
        (10_000, 6_000, 0, 4_001, "limit_exceeded"),
        (10_000, -5_000, 300_000, 12_001, None),
        (10_000, -5_000, 0, 10_001, "limit_exceeded"),
        (0, -5_000, 1_000_000, 5_000, None),
        (0, -5_000, 1_000_000, 5_001, "deposit_missing"),
    ],
)
def test_the_table_of_decisions(limit: int, balance: int, share: int, amount: int, cause: str | None) -> None:
    answer = decide_reservation(limit, balance, amount, share)
    if cause is None:
        assert isinstance(answer, Reserved)
    else:
        assert isinstance(answer, Refused)
        assert (answer.causes[0], answer.shortfall, answer.reason) == (cause, 1, RefusalReason.LIMIT_EXCEEDED)


def test_the_cover_is_rounded_up_and_the_rest_uses_the_limit() -> None:
    assert deposit_cover(12_001, 300_000) == 3_601
    assert decide_reservation(10_000, -5_000, 12_001, 300_000) == Reserved(8_400, 1_600)
    both = decide_reservation(100, 0, 1_000, 500_000)
    assert both == Refused(500, RefusalReason.LIMIT_EXCEEDED, ("deposit_missing", "limit_exceeded"))


@given(limits, sums, amounts, shares)
def test_a_deposit_of_what_is_missing_is_enough_and_a_cent_less_is_not(
    limit: int, exposure: int, amount: int, share: int
) -> None:
    answer = decide_reservation(limit, exposure, amount, share)
    if not isinstance(answer, Refused) or answer.causes[0] != "deposit_missing":
        return
    own = max(0, -exposure)
    for less in (0, 1):
        again = decide_reservation(limit, -(own + answer.shortfall - less), amount, share)
        missing = isinstance(again, Refused) and "deposit_missing" in again.causes
        assert missing == bool(less)


@given(limits, sums, amounts, shares)
def test_what_is_reserved_leaves_no_more_owed_than_the_limit_allows(
    limit: int, exposure: int, amount: int, share: int
) -> None:
    """Money that settles what is owed does so once: it never covers an order and raises the limit besides."""
    if isinstance(decide_reservation(limit, exposure, amount, share), Reserved) and amount > deposit_cover(
        amount, share
    ):
        assert max(0, exposure) + amount - deposit_cover(amount, share) <= limit
        assert max(0, exposure + amount) <= max(0, exposure) + limit


@given(limits, sums, amounts)
def test_prepayment_uses_no_limit(limit: int, exposure: int, amount: int) -> None:
    answer = decide_reservation(limit, exposure, amount, 1_000_000)
    assert isinstance(answer, Reserved) == (amount <= max(0, -exposure))


def test_a_hold_refuses_every_amount_first_and_that_of_a_partner_last() -> None:
    held = decide_reservation(100, 0, 200, 500_000, is_on_hold=True, is_partner_on_hold=True)
    causes: tuple[Cause, ...] = ("on_hold", "deposit_missing", "partner_on_hold")
    assert held == Refused(200, RefusalReason.LIMIT_EXCEEDED, causes)
    assert decide_reservation(100, 0, 0, is_on_hold=True) == Refused(0, RefusalReason.LIMIT_EXCEEDED, ("on_hold",))
    partner = decide_reservation(100, 0, 101, is_partner_on_hold=True)
    assert partner == Refused(1, RefusalReason.LIMIT_EXCEEDED, ("limit_exceeded", "partner_on_hold"))
    assert decide_reservation(None, 0, 5, is_on_hold=True) == Refused(5, RefusalReason.NO_PROFILE, ("no_profile",))
