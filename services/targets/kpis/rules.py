"""Pure rules of KPIs: units, periods and their predecessors, values out of two sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import sqrt

from kit.money import SHARE_WHOLE
from services.targets.attainment.enums import Compare
from services.targets.day_profiles.rules import end_year_earlier, years_before
from services.targets.kpis.enums import KpiAmount, KpiDirection, KpiLack, KpiMeasure, KpiUnit
from services.targets.kpis.measures import MEASURES, Dimensions

THOUSAND = 1_000
MIN_COVERAGE = 950_000
MAX_VALUE = 10**18
"""Largest value that is told: one that fits 64 bits."""
Z95 = 1.96
_ONE = timedelta(days=1)
_UNITS = {
    (KpiAmount.MONEY, None): KpiUnit.MINOR_UNIT,
    (KpiAmount.COUNT, None): KpiUnit.THOUSANDTH,
    (KpiAmount.DAYS, None): KpiUnit.THOUSANDTH,
    (KpiAmount.POINTS, None): KpiUnit.THOUSANDTH,
    (KpiAmount.MONEY, KpiAmount.MONEY): KpiUnit.MILLIONTH,
    (KpiAmount.COUNT, KpiAmount.COUNT): KpiUnit.MILLIONTH,
    (KpiAmount.MONEY, KpiAmount.COUNT): KpiUnit.MINOR_UNIT,
    (KpiAmount.DAYS, KpiAmount.COUNT): KpiUnit.THOUSANDTH,
    (KpiAmount.POINTS, KpiAmount.COUNT): KpiUnit.THOUSANDTH,
}
_SCALES = {KpiUnit.MINOR_UNIT: 1, KpiUnit.THOUSANDTH: THOUSAND, KpiUnit.MILLIONTH: SHARE_WHOLE}


@dataclass(frozen=True, slots=True)
class KpiValue:
    """A value out of two sums; None with what is lacking, and how much of it there is of what is needed."""

    value: int | None
    lack: KpiLack | None = None
    have: int = 0
    need: int = 0


def unit_of(numerator: KpiMeasure, denominator: KpiMeasure | None) -> KpiUnit | None:
    """What a measure, or one divided by another, is in; None when they make no sense together."""
    divided = None if denominator is None else MEASURES[denominator].amount
    return _UNITS.get((MEASURES[numerator].amount, divided))


def dimensions_of(numerator: KpiMeasure, denominator: KpiMeasure | None) -> Dimensions:
    """What a KPI can be narrowed to and broken down by."""
    found = MEASURES[numerator].dimensions
    return found if denominator is None else found & MEASURES[denominator].dimensions


def shown(measure: KpiMeasure, amount: Fraction) -> int:
    """A sum as it is told: minor units, or thousandths of what is counted; half-even."""
    return round(amount if MEASURES[measure].amount is KpiAmount.MONEY else amount * THOUSAND)


def value_of(unit: KpiUnit, numerator: Fraction, denominator: Fraction | None) -> KpiValue:
    """The value in its unit, half-even: 0 of n is 0, of nothing (or of less) there is none."""
    if denominator is None:
        return KpiValue(round(numerator * _SCALES[unit]))
    if denominator <= 0:
        return KpiValue(None, KpiLack.DENOMINATOR, round(denominator), 1)
    value = round(numerator * _SCALES[unit] / denominator)
    return KpiValue(value if abs(value) <= MAX_VALUE else None)


def covered(value: KpiValue, costed: Fraction, net: Fraction) -> tuple[KpiValue, int | None]:
    """A margin, and which share of the net has a known cost; too little of it leaves no value."""
    if net <= 0:
        return value, None
    coverage = round(costed * SHARE_WHOLE / net)
    if coverage < MIN_COVERAGE:
        return KpiValue(None, KpiLack.COVERAGE, coverage, MIN_COVERAGE), coverage
    return value, coverage


def margin_95(promoters: Fraction, detractors: Fraction, answers: Fraction) -> int | None:
    """By how much a balance of answers may be off, in millionths, 19 times of 20."""
    if answers <= 0:
        return None
    p, d = float(promoters / answers), float(detractors / answers)
    return round(Z95 * sqrt(max(0.0, p + d - (p - d) ** 2) / float(answers)) * SHARE_WHOLE)


def is_met(direction: KpiDirection, value: int, benchmark: int) -> bool:
    """Whether a value is as good as the benchmark, or better."""
    return value >= benchmark if direction is KpiDirection.HIGHER else value <= benchmark


def earlier(first: date, last: date, compare: Compare) -> tuple[date, date]:
    """The same days a year earlier, or the period before: as many whole months, else as many days."""
    if compare is Compare.YEAR:
        return years_before(first, 1), end_year_earlier(last)
    if first.day == 1 and (last + _ONE).day == 1:
        months = (last.year - first.year) * 12 + last.month - first.month + 1
        total = first.year * 12 + first.month - 1 - months
        return date(total // 12, total % 12 + 1, 1), first - _ONE
    length = last - first + _ONE
    return first - length, first - _ONE
