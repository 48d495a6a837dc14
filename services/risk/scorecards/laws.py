"""Pure laws of scorecards: points by factor, the score, the grade and how it moves, the limit that is recommended."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from kit.errors import FieldError, Invalid
from kit.money import SHARE_WHOLE, ratio
from services.risk.policies.bodies import BandedFactor, GradeTerms, ScorecardBody, TermsBody
from services.risk.policies.enums import CreditGrade, LimitMode
from services.risk.policies.rules import DateOrder, FutureDate
from services.risk.scorecards.enums import DefaultCause, ScoreFactor, ScoreLack

RANKS: Mapping[CreditGrade, int] = {grade: rank for rank, grade in enumerate(CreditGrade)}
MOST_DAYS = 365
"""A grade that people set lasts no longer."""
BEYOND = 10**15
"""A ratio to nothing: better, or worse, than every band has a bound for."""
_DIGITS = {ScoreFactor.DAYS_LATE: 3}


class GradeTooLong(Invalid):
    code, title = "grade-too-long", "A grade is set for a year at most"


class Amounts(NamedTuple):
    """A ratio as the integers that it is made of: exact, and without any cost. To nothing it lies beyond all bounds, on
    the side of what is divided."""

    part: int
    whole: int

    def of(self, unit: int = 1) -> Amounts:
        """The ratio in a unit (1,000,000: of shares), over something positive."""
        if self.whole == 0:
            return Amounts(BEYOND * ((self.part > 0) - (self.part < 0)), 1)
        sign = -1 if self.whole < 0 else 1
        return Amounts(sign * self.part * unit, sign * self.whole)


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What is known of an account, with all that are one with it, at the end of a day; amounts in minor units of the
    base currency.

    `lateness` are amounts x days late of amounts paid in the window or overdue now, `late` those that were late of all
    that were due in it; `items` is how many were due in it, `ever_due` whether any was due at all. Without a limit, or
    an order, there is no `used`; None: it is not known.
    """

    items: int
    ever_due: bool
    lateness: Amounts
    late: Amounts
    defaults: int
    uncured: bool
    used: Amounts | None
    months: int | None
    statement: tuple[Amounts, Amounts, Amounts] | None
    disputed: Amounts
    external: int | None
    is_insolvent: bool


class Points(NamedTuple):
    """What a factor gives: its value in the units of the policy, of how many points how many."""

    factor: ScoreFactor
    value: str
    points: int
    max_points: int


@dataclass(frozen=True, slots=True)
class Scored:
    """A score with its factors; `grade` is what the score alone, or a default, says."""

    score: int | None
    points: int
    max_points: int
    grade: CreditGrade
    lack: ScoreLack | None
    default: DefaultCause | None
    factors: tuple[Points, ...]


def score(behaviour: Behaviour, card: ScorecardBody, terms: TermsBody) -> Scored:
    """Points of the factors that have data, and 100 x points / the most they could give, rounded half-even.

    A factor without data is left out, never 0. With too few items, or too few points to be had, there is no score.
    """
    factors = tuple(_factors(behaviour, card))
    points, most = sum(one.points for one in factors), sum(one.max_points for one in factors)
    lack = None
    if behaviour.items < card.min_items:
        lack = ScoreLack.ITEMS
    elif most < card.min_points or not most:
        lack = ScoreLack.POINTS
    found = None if lack else ratio(100, points, most)
    default = _default(behaviour)
    grade = CreditGrade.D if default else CreditGrade.NR if found is None else grade_of(found, terms)
    return Scored(found, points, most, grade, lack, default, factors)


def _default(behaviour: Behaviour) -> DefaultCause | None:
    if behaviour.is_insolvent:
        return DefaultCause.INSOLVENCY
    return DefaultCause.UNCURED if behaviour.uncured else None


def _factors(it: Behaviour, card: ScorecardBody) -> Iterator[Points]:
    by = card.factors
    if it.ever_due:
        if it.lateness.whole > 0:
            yield _banded(ScoreFactor.DAYS_LATE, by.days_late, it.lateness.of())
        if it.late.whole > 0:
            yield _banded(ScoreFactor.LATE_SHARE, by.late_share, it.late.of(SHARE_WHOLE))
        kinds = (by.defaults.none, by.defaults.one_cured, by.defaults.others)
        given = kinds[0] if not it.defaults else kinds[1] if it.defaults == 1 and not it.uncured else kinds[2]
        yield Points(ScoreFactor.DEFAULTS, str(it.defaults), given, max(kinds))
        yield _banded(ScoreFactor.DISPUTES, by.disputes, it.disputed.of(SHARE_WHOLE))
    if it.used is not None:
        yield _banded(ScoreFactor.UTILISATION, by.utilisation, it.used.of(SHARE_WHOLE))
    if it.months is not None:
        yield _banded(ScoreFactor.TENURE, by.tenure, Amounts(it.months, 1))
    if it.statement is not None:
        parts = (
            (ScoreFactor.CURRENT_RATIO, by.financials.current_ratio),
            (ScoreFactor.EQUITY_SHARE, by.financials.equity_share),
            (ScoreFactor.NET_MARGIN, by.financials.net_margin),
        )
        for (factor, bands), amounts in zip(parts, it.statement, strict=True):
            yield _banded(factor, bands, amounts.of(SHARE_WHOLE))
    if it.external is not None:
        yield _banded(ScoreFactor.EXTERNAL, by.external, Amounts(it.external, 1))


def _banded(factor: ScoreFactor, bands: BandedFactor, value: Amounts) -> Points:
    most = max(band.points for band in bands.bands)
    return Points(factor, decimal(value, _DIGITS.get(factor, 0)), points_of(bands, value), most)


def points_of(factor: BandedFactor, value: Amounts) -> int:
    """Points of the band that a value lies in; `closed` says which of its ends belongs to it."""
    for band in factor.bands:
        if band.high is None:
            return band.points
        over = value.part - band.high * value.whole
        if over < 0 or (over == 0 and factor.closed == "high"):
            return band.points
    raise AssertionError("the last band has no end")


def decimal(value: Amounts, digits: int) -> str:
    """Rounded half-even to some decimals: (368 / 39, 3) -> "9.436"."""
    whole = ratio(10**digits, value.part, value.whole)
    return f"{Decimal(whole).scaleb(-digits):f}" if digits else str(whole)


def grade_of(score: int, terms: TermsBody) -> CreditGrade:
    """The grade that a score begins to reach."""
    rows = [row for row in terms.grades if row.score_from is not None and row.score_from <= score]
    return min((row.grade for row in rows), key=RANKS.__getitem__)


def terms_of(grade: CreditGrade, terms: TermsBody) -> GradeTerms:
    """What a grade means."""
    return next(row for row in terms.grades if row.grade is grade)


def next_grade(before: CreditGrade, scored: Scored, nights: Sequence[CreditGrade], terms: TermsBody) -> CreditGrade:
    """The grade after a score: it falls at once, and rises where the score is some points over the floor of a grade,
    or where that was reached in several nights: `nights` are the grades of the latest ones, this one among them (none:
    this is no night, or there were too few). NR stands apart: to it and from it there is no waiting.
    """
    reached = scored.grade
    if CreditGrade.NR in (before, reached) or RANKS[reached] >= RANKS[before] or scored.score is None:
        return reached
    risen = [before]
    firm = scored.score - terms.rise_points
    if firm >= 0:
        risen.append(grade_of(firm, terms))
    if nights and CreditGrade.NR not in nights:
        risen.append(max(nights, key=RANKS.__getitem__))
    return max(min(risen, key=RANKS.__getitem__), reached, key=RANKS.__getitem__)


def dropped_from(stands: CreditGrade | None, before: CreditGrade, after: CreditGrade, least: int) -> CreditGrade | None:
    """The grade before a drop that has not been made good: one by `least` grades or more, NR apart. It ends with a
    grade that is not below that; of two drops the better grade counts."""
    if CreditGrade.NR in (before, after):
        return stands
    if stands is not None:
        return None if RANKS[after] <= RANKS[stands] else stands
    return before if RANKS[after] - RANKS[before] >= least else None


def is_better(grade: CreditGrade, than: CreditGrade, terms: TermsBody) -> bool:
    """Whether a default is less likely with one grade than with another: NR is among them by what it means."""
    return terms_of(grade, terms).pd < terms_of(than, terms).pd


def recommended(grade: CreditGrade, gross: int, months: int | None, terms: TermsBody) -> int | None:
    """The limit of a grade: its factor of the gross amount of a month, at most its cap, floored to whole steps.

    `gross` is that of the last full months of the policy, `months` how many there are since the first order (at least
    one counts). BBB with 8,333,333 a month -> 12,400,000. None for a grade without a limit, or without any order.
    """
    row = terms_of(grade, terms)
    if row.limit_factor is None or row.limit_cap is None or months is None:
        return None
    over = max(1, min(months, terms.limit_months))
    most = min(row.limit_cap, gross * row.limit_factor // (over * SHARE_WHOLE))
    return most // terms.limit_step * terms.limit_step


def limit_after(limit: int, advised: int | None, mode: LimitMode) -> int:
    """The limit that a run leaves."""
    if advised is None or mode is LimitMode.RECOMMEND or (mode is LimitMode.LOWER and advised > limit):
        return limit
    return advised


def full_months(first: date, day: date) -> int:
    """Whole months from a day to a later one: (2026-01-31, 2026-02-28) -> 0."""
    return (day.year - first.year) * 12 + day.month - first.month - (day.day < first.day)


def months_back(day: date, months: int) -> tuple[date, date]:
    """First and last day of the full calendar months that ended by a day: (2026-06-29, 6) -> 2025-12-01, 2026-05-31."""
    after = day + timedelta(1)
    last = after.replace(day=1) - timedelta(1)
    number = last.year * 12 + last.month - months
    return date(number // 12, number % 12 + 1, 1), last


def months_before(day: date, months: int) -> date:
    """The day some months before, or the last of its month: (2026-08-31, 18) -> 2025-02-28."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def check_not_future(day: date, today: date) -> None:
    """A score is of a day that has begun. Raises FutureDate."""
    if day > today:
        raise FutureDate(errors=[FieldError("/as_of", FutureDate.code, f"today is {today}")])


def check_grade_until(until: date, today: date) -> None:
    """A grade is set through a day that has not passed, and a year at most. Raises DateOrder, GradeTooLong."""
    if until < today:
        raise DateOrder(errors=[FieldError("/until", DateOrder.code, f"lies before {today}")])
    last = today + timedelta(MOST_DAYS)
    if until > last:
        raise GradeTooLong(errors=[FieldError("/until", GradeTooLong.code, f"lies after {last}")])
