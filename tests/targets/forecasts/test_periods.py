"""Periods that are like one another, and the days on which a backtest asks."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.forecasts.enums import PeriodKind
from services.targets.forecasts.periods import Span, earlier, kind_of, origins, whole

DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("first", "last", "kind"),
    [
        ("2026-02-01", "2026-02-28", PeriodKind.MONTH),
        ("2024-02-01", "2024-02-28", None),
        ("2026-01-01", "2026-03-31", PeriodKind.QUARTER),
        ("2026-02-01", "2026-04-30", None),
        ("2026-07-01", "2026-12-31", PeriodKind.HALF_YEAR),
        ("2026-01-01", "2026-12-31", PeriodKind.YEAR),
        ("2025-12-29", "2026-01-04", PeriodKind.WEEK),
        ("2026-01-01", "2026-01-04", None),
        ("2026-01-01", "2026-01-01", None),
    ],
)
def test_the_kind_of_a_period(first: str, last: str, kind: PeriodKind | None) -> None:
    assert kind_of(Span(date.fromisoformat(first), date.fromisoformat(last))) is kind


def test_earlier_periods_are_whole_and_of_the_same_kind() -> None:
    quarter = Span(date(2026, 1, 1), date(2026, 3, 31))
    found = earlier(quarter, date(2025, 2, 1), 10)
    assert found == [
        Span(date(2025, month, 1), last)
        for month, last in ((4, date(2025, 6, 30)), (7, date(2025, 9, 30)), (10, date(2025, 12, 31)))
    ]
    assert earlier(quarter, date(2020, 1, 1), 2) == found[-2:], "the newest"
    tens = earlier(Span(date(2026, 1, 11), date(2026, 1, 20)), date(2025, 12, 25), 10)
    assert tens == [Span(date(2026, 1, 1), date(2026, 1, 10))]


@given(DAYS, st.integers(1, 400), st.integers(0, 3_000), st.integers(1, 12))
def test_earlier_periods_follow_each_other_and_end_before(first: date, days: int, back: int, most: int) -> None:
    span = Span(first, first + timedelta(days=days - 1))
    since = first - timedelta(days=back)
    found = [*earlier(span, since, most), span]
    assert len(found) <= most + 1
    assert found[0].first >= min(since, span.first)
    assert all(one.last + timedelta(days=1) == after.first for one, after in itertools.pairwise(found))
    assert {kind_of(one) for one in found} == {kind_of(span)}
    if kind_of(span) is None:
        assert {one.days for one in found} == {days}


def test_on_which_days_is_asked() -> None:
    month = origins(Span(date(2015, 3, 1), date(2015, 3, 31)))
    assert (len(month), month[0], month[-1]) == (28, date(2015, 3, 3), date(2015, 3, 30))
    quarter = origins(Span(date(2015, 1, 1), date(2015, 3, 31)))
    assert (len(quarter), quarter[0], quarter[-1]) == (12, date(2015, 1, 7), date(2015, 3, 25))
    year = origins(Span(date(2015, 1, 1), date(2015, 12, 31)))
    assert (len(year), year[0], year[-1]) == (11, date(2015, 1, 31), date(2015, 11, 30))
    assert len(origins(Span(date(2025, 12, 29), date(2026, 1, 4)))) == 4


def test_whole_periods_of_a_stretch() -> None:
    assert [span.first.month for span in whole(PeriodKind.MONTH, date(2015, 1, 2), date(2015, 4, 29))] == [2, 3]
