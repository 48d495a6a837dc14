"""Rules of opportunities: moments, stages, worth."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import clock
from kit.errors import Forbidden, Invalid, StateConflict
from kit.money import MAX_AMOUNT
from services.customer.opportunities.enums import OpportunityState
from services.customer.opportunities.rules import (
    StageConflict,
    StageOrder,
    check_kept,
    check_stage,
    in_base,
    moment_of,
    step_at,
    weighted,
)

NOW = clock.now()
LATER, BEFORE = NOW + timedelta(microseconds=1), NOW - timedelta(microseconds=1)


def test_what_has_passed_needs_a_permission_and_nothing_is_to_come() -> None:
    assert moment_of(None, NOW, may_backdate=False) == moment_of(NOW, NOW, may_backdate=False) == NOW
    assert moment_of(BEFORE, NOW, may_backdate=True) == BEFORE
    with pytest.raises(Forbidden):
        moment_of(BEFORE, NOW, may_backdate=False)
    for allowed in (True, False):
        with pytest.raises(Invalid):
            moment_of(LATER, NOW, may_backdate=allowed)


def test_a_step_follows_the_one_before() -> None:
    assert step_at(BEFORE, BEFORE, NOW, may_backdate=True) == BEFORE
    with pytest.raises(StageOrder):
        step_at(BEFORE, NOW, NOW, may_backdate=True)
    # a clock that is behind the one that wrote the step before
    assert step_at(None, LATER, NOW, may_backdate=False) == LATER


def test_a_move_leads_elsewhere_and_from_where_it_was_seen() -> None:
    check_stage("research", "order", None)
    check_stage("research", "order", "research")
    for target, seen in (("research", None), ("order", "solution")):
        with pytest.raises(StageConflict):
            check_stage("research", target, seen)


def test_what_is_closed_keeps_its_probability() -> None:
    check_kept(OpportunityState.OPEN, ["probability"])
    check_kept(OpportunityState.WON, ["amount", "next_step"])
    for changed in ("probability", "forecast_category"):
        with pytest.raises(StateConflict):
            check_kept(OpportunityState.LOST, ["amount", changed])


@given(st.integers(0, MAX_AMOUNT), st.integers(0, 1_000_000))
def test_weighted_is_half_even(amount: int, probability: int) -> None:
    exact = Decimal(amount) * probability / 1_000_000
    assert weighted(amount, probability) == int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


def test_an_amount_in_base_currency_has_a_limit() -> None:
    assert in_base(1_000_000, "CNY", "0.137", "USD") == 137_000
    with pytest.raises(Invalid) as refused:
        in_base(MAX_AMOUNT, "CNY", "1.1", "USD")
    assert [error.pointer for error in refused.value.errors] == ["/amount"]
