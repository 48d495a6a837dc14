"""When a hold is placed and lifted, by the numbers of the rule."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.risk.holds.rules import (
    NothingToWaive,
    WaiverTooLong,
    check_until,
    lasts,
    overdue_step,
    waived_until,
)
from services.risk.policies.rules import DateOrder
from services.risk.profiles.enums import HoldReason

DUE = date(2026, 6, 10)
DAY = timedelta(1)


@pytest.mark.parametrize(
    ("today", "expected"), [(date(2026, 6, 10), None), (date(2026, 6, 25), None), (date(2026, 6, 26), "place")]
)
def test_an_item_due_on_june_10_holds_from_june_26_on(today: date, expected: str | None) -> None:
    assert overdue_step((today - DUE).days, 15, is_standing=False, is_waived=False) == expected
    assert overdue_step((today - DUE).days, 15, is_standing=False, is_waived=True) is None


def test_a_hold_stays_until_nothing_is_overdue() -> None:
    steps = {days: overdue_step(days, 15, is_standing=True, is_waived=False) for days in (-3, 0, 1, 15, 16)}
    assert steps == {-3: "lift", 0: "lift", 1: None, 15: None, 16: None}


@given(st.lists(st.integers(-5, 60), max_size=40), st.integers(0, 40))
def test_a_hold_stands_since_the_last_day_past_the_limit_with_none_clear_after_it(days: list[int], limit: int) -> None:
    """Whether it stands is what the whole history says, day by day or looked at from its end."""

    def follow(is_standing: bool, overdue: int) -> bool:
        step = overdue_step(overdue, limit, is_standing=is_standing, is_waived=False)
        return step == "place" or (is_standing and step != "lift")

    stands = list(accumulate(days, follow, initial=False))[-1]
    since_clear = next((n for n, overdue in enumerate(reversed(days)) if overdue <= 0), len(days))
    assert stands == any(overdue > limit for overdue in days[len(days) - since_clear :])


def test_until_is_the_last_day() -> None:
    assert (lasts(None, DUE), lasts(DUE, DUE), lasts(DUE, DUE + DAY)) == (True, True, False)
    check_until(DUE, DUE)
    with pytest.raises(DateOrder):
        check_until(DUE - DAY, DUE)


def test_a_rule_is_waived_for_thirty_days_at_most() -> None:
    assert waived_until(HoldReason.OVERDUE, None, DUE, 30) == date(2026, 7, 10)
    assert waived_until(HoldReason.GRADE, date(2026, 7, 10), DUE, 30) == date(2026, 7, 10)
    assert waived_until(HoldReason.GRADE_DROP, DUE, DUE, 0) == DUE
    with pytest.raises(WaiverTooLong):
        waived_until(HoldReason.OVERDUE, date(2026, 7, 11), DUE, 30)
    with pytest.raises(DateOrder):
        waived_until(HoldReason.OVERDUE, DUE - DAY, DUE, 30)


def test_a_persons_hold_is_not_waived() -> None:
    assert waived_until(HoldReason.MANUAL, None, DUE, 30) is None
    with pytest.raises(NothingToWaive):
        waived_until(HoldReason.MANUAL, DUE, DUE, 30)
