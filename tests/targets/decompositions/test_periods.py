"""Months and quarters tile the period."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.decompositions.enums import PERIODS, Dimension
from services.targets.decompositions.periods import Period, periods_of, split_period


def test_a_quarter_by_month() -> None:
    assert split_period(date(2026, 11, 10), date(2027, 1, 5), 1) == [
        Period("2026-11", date(2026, 11, 10), date(2026, 11, 30)),
        Period("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        Period("2027-01", date(2027, 1, 1), date(2027, 1, 5)),
    ]


@given(st.dates(date(1990, 1, 1), date(2100, 1, 1)), st.integers(0, 3000), st.sampled_from([1, 3]))
def test_parts_tile_the_period(first: date, days: int, months: int) -> None:
    last = first + timedelta(days=days)
    parts = split_period(first, last, months)
    assert (parts[0].first, parts[-1].last) == (first, last)
    assert all(one.last + timedelta(days=1) == two.first for one, two in pairwise(parts))
    assert len({part.key for part in parts}) == len(parts)
    for part in parts:
        assert (part.first.year, (part.first.month - 1) // months) == (part.last.year, (part.last.month - 1) // months)


@pytest.mark.parametrize(("day", "key"), [(date(2026, 3, 31), "2026-Q1"), (date(2026, 10, 1), "2026-Q4")])
def test_quarter_keys(day: date, key: str) -> None:
    assert [part.key for part in split_period(day, day, 3)] == [key]


def test_weeks_are_those_of_the_iso_year() -> None:
    weeks = periods_of(Dimension.WEEK, date(2026, 1, 1), date(2026, 12, 31))
    assert [weeks[0], weeks[1].key, weeks[-1]] == [
        Period("2026-W01", date(2026, 1, 1), date(2026, 1, 4)),
        "2026-W02",
        Period("2026-W53", date(2026, 12, 28), date(2026, 12, 31)),
    ]
    assert periods_of(Dimension.WEEK, date(2022, 1, 1), date(2022, 12, 31))[0] == Period(
        "2021-W52", date(2022, 1, 1), date(2022, 1, 2)
    )


@given(
    st.sampled_from(sorted(PERIODS)),
    st.dates(date(1900, 1, 1), date(2200, 12, 31)),
    st.integers(0, 1_500),
)
def test_parts_of_every_dimension_tile_the_period(dimension: Dimension, first: date, length: int) -> None:
    last = first + timedelta(days=length)
    parts = periods_of(dimension, first, last)
    assert (parts[0].first, parts[-1].last) == (first, last)
    assert all(left.last + timedelta(days=1) == right.first for left, right in pairwise(parts))
    assert len({part.key for part in parts}) == len(parts)
