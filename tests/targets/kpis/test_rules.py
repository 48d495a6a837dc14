"""Pure rules of KPIs."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.attainment.enums import Compare
from services.targets.kpis.enums import KpiLack, KpiMeasure, KpiUnit
from services.targets.kpis.measures import MEASURES
from services.targets.kpis.rules import KpiValue, covered, earlier, margin_95, unit_of, value_of


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-02-01", "2026-02-28", ("2026-01-01", "2026-01-31")),
        ("2026-01-01", "2026-03-31", ("2025-10-01", "2025-12-31")),
        ("2026-02-01", "2026-02-14", ("2026-01-18", "2026-01-31")),
    ],
)
def test_the_period_before(first: str, last: str, expected: tuple[str, str]) -> None:
    found = earlier(date.fromisoformat(first), date.fromisoformat(last), Compare.PREVIOUS)
    assert found == tuple(date.fromisoformat(day) for day in expected)


def test_the_same_days_a_year_earlier() -> None:
    assert earlier(date(2024, 2, 1), date(2024, 2, 29), Compare.YEAR) == (date(2023, 2, 1), date(2023, 2, 28))


def test_nothing_of_something_is_0_and_of_nothing_there_is_none() -> None:
    assert value_of(KpiUnit.MILLIONTH, Fraction(0), Fraction(5)) == KpiValue(0)
    for nothing in (0, -5):
        assert value_of(KpiUnit.MILLIONTH, Fraction(5), Fraction(nothing)).lack is KpiLack.DENOMINATOR


def test_a_margin_is_told_from_95_percent_of_known_costs_on() -> None:
    value = KpiValue(1)
    assert covered(value, Fraction(950_000), Fraction(1_000_000)) == (value, 950_000)
    assert covered(value, Fraction(949_999), Fraction(1_000_000))[0].value is None
    assert covered(value, Fraction(0), Fraction(0)) == (value, None)


def test_the_balance_of_the_requirement() -> None:
    margin = margin_95(Fraction(25), Fraction(10), Fraction(50))
    assert margin is not None
    assert round(margin / 10_000, 1) == 21.6


def test_each_measure_has_a_unit_by_itself() -> None:
    assert set(MEASURES) == set(KpiMeasure)
    assert all(unit_of(measure, None) for measure in KpiMeasure)
    assert unit_of(KpiMeasure.ORDERS, KpiMeasure.REVENUE) is None


@given(st.integers(-(10**13), 10**13), st.integers(1, 10**13))
def test_a_rate_is_off_by_half_a_millionth_at_most(numerator: int, denominator: int) -> None:
    found = value_of(KpiUnit.MILLIONTH, Fraction(numerator), Fraction(denominator)).value
    assert found is None or abs(Fraction(found, 1_000_000) - Fraction(numerator, denominator)) <= Fraction(1, 2_000_000)
