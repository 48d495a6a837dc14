"""Rules of adjustments: the effect by weight, its spread, the days compared, what called for it, who decides."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.calendar import calendar_of
from services.targets.adjustments.effects import (
    Part,
    days_since,
    effect_of,
    estimate,
    last_day,
    parts_of,
    seed_of,
    total,
    windows_of,
)
from services.targets.adjustments.enums import AdjustmentTrigger
from services.targets.adjustments.rules import AdjustmentUnapproved, TriggerUnnamed, check_second, check_trigger
from services.targets.day_profiles.rules import days_between

CHINA = calendar_of("CN", "Asia/Shanghai", {})
DAY = 10**12
ALERT, RISK_ALERT, MANUAL = AdjustmentTrigger
ONE = UUID(int=1)


def test_what_came_beyond_what_was_to_be_expected() -> None:
    """4,000,000 before and 4,600,000 after, which weighs 1.05 as much: 400,000."""
    assert effect_of(Part(4_000_000, 20 * DAY), Part(4_600_000, 21 * DAY)) == (4_200_000, 400_000)
    assert effect_of(Part(4_000_000, 100), Part(4_600_000, 105)) == (4_200_000, 400_000)


def test_a_returned_month_before_is_to_be_expected_after() -> None:
    assert effect_of(Part(-100, 2), Part(50, 3)) == (-150, 200)


def test_half_even() -> None:
    assert effect_of(Part(5, 2), Part(0, 1)) == (2, -2)
    assert effect_of(Part(7, 2), Part(0, 1)) == (4, -4)


def test_the_days_compared_skip_those_of_the_execution() -> None:
    """Started on Friday 6 March 2026, executed on Tuesday 10 March: 20 working days from before to the eve of it, and
    from Wednesday on; the new year's holidays of 15 to 23 February do not work, the Saturdays 14 and 28 do."""
    start, end = date(2026, 3, 6), date(2026, 3, 10)
    assert days_since(CHINA, end, date(2026, 4, 3)) == 18
    assert days_since(CHINA, end, date(2026, 12, 31)) == 60
    windows = windows_of(CHINA, start, end, 20)
    assert windows.before == (date(2026, 2, 2), date(2026, 3, 5))
    assert windows.after == (date(2026, 3, 11), date(2026, 4, 8))
    for first, last in windows[1:]:
        assert CHINA.working_days_between(first, last) == 20
    assert CHINA.working_days_between(end + timedelta(days=1), last_day(CHINA, end)) == 60
    assert days_since(CHINA, end, end) == 0


@given(st.integers(0, 364), st.integers(1, 60), st.lists(st.integers(-1000, 1000), min_size=120, max_size=120))
def test_no_day_is_lost_or_counted_twice(offset: int, days: int, amounts: list[int]) -> None:
    start = date(2026, 1, 1) + timedelta(days=offset)
    for span in windows_of(CHINA, start, start, days)[1:]:
        known = {span[0] + timedelta(days=number): amount for number, amount in enumerate(amounts)}
        weights = {day: 1 + day.day for day in days_between(*span)}
        parts = parts_of(CHINA, span, known, weights)
        assert len(parts) == days
        within = [day for day in days_between(*span) if day in known]
        assert total(parts) == (sum(known[day] for day in within), sum(weights.values()))


def series(days: int, rng: np.random.Generator, lift: float) -> list[Part]:
    """Days around 100,000 that weigh by their weekday."""
    weights = np.tile([0.92, 0.95, 1.0, 1.05, 1.17], days // 5)
    amounts = weights * 100_000 * (1 + lift) * (1 + 0.3 * rng.standard_normal(days))
    return [Part(int(amount), int(weight * DAY)) for amount, weight in zip(amounts, weights, strict=True)]


def test_about_eight_of_ten_true_effects_lie_between_p10_and_p90() -> None:
    rng, hits, runs = np.random.default_rng(1), 0, 60
    for run in range(runs):
        before, after = series(60, rng, 0), series(60, rng, 0.1)
        told, truth = estimate(before, after, run), 0.1 * 100_000 * total(after).weight / DAY
        hits += told.p10 <= truth <= told.p90
        assert told.effect == total(after).actual - told.expected
    assert 0.65 <= hits / runs <= 0.92


def test_the_same_call_gives_the_same_draws() -> None:
    rng = np.random.default_rng(2)
    before, after = series(20, rng, 0), series(20, rng, 0)
    seed = seed_of(ONE, date(2026, 3, 1))
    assert 0 <= seed < 2**48
    assert seed != seed_of(ONE, date(2026, 3, 2))
    assert estimate(before, after, seed) == estimate(before, after, seed)
    steady = [Part(100, DAY)] * 20
    assert estimate(steady, steady, seed) == (2_000, 0, 0, 0)


def test_days_without_weight_divide_by_nothing() -> None:
    told = estimate([Part(0, 0)] * 19 + [Part(100, DAY)], [Part(100, DAY)] * 20, 1)
    assert (told.expected, told.effect) == (2_000, 0)


@pytest.mark.parametrize(
    ("trigger", "alert", "risk_alert", "pointer"),
    [
        (MANUAL, None, None, None),
        (ALERT, ONE, None, None),
        (RISK_ALERT, None, ONE, None),
        (MANUAL, ONE, None, "/alert_id"),
        (ALERT, None, None, "/alert_id"),
        (ALERT, ONE, ONE, "/risk_alert_id"),
        (RISK_ALERT, None, None, "/risk_alert_id"),
    ],
)
def test_what_called_for_it_is_named(
    trigger: AdjustmentTrigger, alert: UUID | None, risk_alert: UUID | None, pointer: str | None
) -> None:
    if pointer is None:
        check_trigger(trigger, alert, risk_alert)
        return
    with pytest.raises(TriggerUnnamed) as refused:
        check_trigger(trigger, alert, risk_alert)
    assert refused.value.errors[0].pointer == pointer


def test_a_second_person_is_none_of_the_first() -> None:
    check_second("director", ("a", None, "b"))
    for subject in ("a", "b"):
        with pytest.raises(AdjustmentUnapproved):
            check_second(subject, ("a", None, "b"))
