"""Pure rules of indicators: levels with their hysteresis, bounds, what a measure may be asked of."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Final, NamedTuple
from uuid import UUID

from kit.errors import FieldError, Invalid
from kit.money import SHARE_WHOLE
from kit.transitions import Move, Moves
from services.risk.alerts.enums import IndicatorLevel
from services.risk.indicators.enums import IndicatorState
from services.risk.marks.enums import IndicatorMeasure

MINUTE: Final = timedelta(minutes=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(milliseconds=1)
_GREEN, _AMBER, _RED = IndicatorLevel
_ACTIVE, _PAUSED = IndicatorState
_M = IndicatorMeasure

MOVES: Moves[IndicatorState] = {
    "pause": Move((_ACTIVE,), _PAUSED),
    "resume": Move((_PAUSED,), _ACTIVE),
}
ORDERS = frozenset({"account_id", "partner_id", "channel_id", "region"})
LINES = ORDERS | {"product_line"}
"""Of what lines of orders say, too."""
SCOPES: dict[IndicatorMeasure, frozenset[str]] = {
    _M.OVERDUE_RATIO: frozenset({"account_id", "partner_id", "region"}),
    _M.DSO: frozenset({"account_id", "partner_id"}),
    _M.CUSTOMER_CONCENTRATION: frozenset({"partner_id", "channel_id", "region"}),
    _M.CHANNEL_CONCENTRATION: frozenset({"account_id", "region"}),
    _M.COMPLAINT_RATE: frozenset({"account_id"}),
    _M.SLA_BREACH_RATE: frozenset({"account_id"}),
    _M.OBLIGATIONS_OVERDUE: frozenset({"account_id", "partner_id"}),
    _M.TARGET_SHORTFALL: frozenset({"target_id"}),
    _M.RETURN_RATE: LINES,
    _M.CANCELLATION_RATE: ORDERS,
    _M.REFUSAL_RATE: frozenset({"account_id"}),
    _M.SATISFACTION: frozenset({"account_id", "product_line"}),
    _M.CHURN_WARNINGS: frozenset(),
    _M.PARTNER_CONFLICTS: frozenset({"partner_id"}),
    _M.FLOOR_BREACHES: frozenset({"account_id", "partner_id", "channel_id"}),
    _M.DISCOUNT_DEPTH: LINES,
}
"""Whose a measure may be; with nothing named it is the company's."""
WINDOWS: dict[IndicatorMeasure, int] = {
    _M.DSO: 90,
    _M.CUSTOMER_CONCENTRATION: 365,
    _M.CHANNEL_CONCENTRATION: 365,
    _M.RETURN_RATE: 90,
    _M.SATISFACTION: 90,
}
DEFAULT_WINDOW = 30
FALLING = frozenset({_M.SATISFACTION})
"""Measures of which less is worse."""
COUNTED = frozenset({_M.OBLIGATIONS_OVERDUE, _M.CHURN_WARNINGS, _M.PARTNER_CONFLICTS, _M.FLOOR_BREACHES})
"""Counts, which rest on nothing but themselves: no sample is too small."""
ON_ORDERS = frozenset(
    {
        _M.OVERDUE_RATIO,
        _M.DSO,
        _M.CUSTOMER_CONCENTRATION,
        _M.CHANNEL_CONCENTRATION,
        _M.COMPLAINT_RATE,
        _M.RETURN_RATE,
        _M.CANCELLATION_RATE,
        _M.REFUSAL_RATE,
        _M.DISCOUNT_DEPTH,
    }
)
"""What moves with orders."""
ON_MERGES = frozenset({each for each, of in SCOPES.items() if "account_id" in of})
"""What may be of accounts."""
ON_PAYMENTS = frozenset({_M.OVERDUE_RATIO, _M.DSO})
ON_CASES = frozenset({_M.COMPLAINT_RATE, _M.SLA_BREACH_RATE})


class Bounds(NamedTuple):
    """Where amber and red begin, and how far back a value must go to leave them."""

    amber: int
    red: int
    hysteresis: int


class Reading(NamedTuple):
    """A value in the unit of its measure (None: no data), and how many things it rests on."""

    value: int | None
    sample: int


NO_DATA = Reading(None, 0)


def check_bounds(bounds: Bounds, *, is_falling: bool) -> None:
    """Amber lies before red, and the hysteresis between them; raises Invalid."""
    distance = bounds.amber - bounds.red if is_falling else bounds.red - bounds.amber
    if distance <= 0:
        detail = f"expected {'less' if is_falling else 'more'} than amber ({bounds.amber})"
        raise Invalid(detail, errors=[FieldError("/red", "invalid", detail)])
    if not 0 <= bounds.hysteresis <= distance:
        detail = f"expected 0 to {distance}"
        raise Invalid(detail, errors=[FieldError("/hysteresis", "invalid", detail)])


def check_scope(measure: IndicatorMeasure, named: Collection[str]) -> None:
    """At most one thing is named, of those that the measure knows; raises Invalid."""
    wrong = sorted(set(named) - SCOPES[measure])
    if len(named) > 1:
        wrong = sorted(named)
    if wrong:
        known = ", ".join(sorted(SCOPES[measure]))
        detail = f"{measure} is of the company, or of one of {known}" if known else f"{measure} is of the company"
        raise Invalid(detail, errors=[FieldError(f"/{name}", "invalid", detail) for name in wrong])
    if measure is _M.TARGET_SHORTFALL and not named:
        raise Invalid(errors=[FieldError("/target_id", "missing", "a shortfall is of a target")])


def next_level(level: IndicatorLevel, value: int | None, bounds: Bounds, *, is_falling: bool = False) -> IndicatorLevel:
    """The level that a value leads to; without one it stays. Amber 10, red 20, hysteresis 2: from green 10 is amber,
    which falls at less than 8; 20 is red, which falls to amber at less than 18."""
    if value is None:
        return level
    if is_falling:
        value, bounds = -value, Bounds(-bounds.amber, -bounds.red, bounds.hysteresis)
    if value >= bounds.red or (level is _RED and value >= bounds.red - bounds.hysteresis):
        return _RED
    if level is _GREEN:
        return _AMBER if value >= bounds.amber else _GREEN
    return _GREEN if value < bounds.amber - bounds.hysteresis else _AMBER


def threshold_of(level: IndicatorLevel, bounds: Bounds) -> int:
    """What the value of a level is held against: where red begins, else where amber does."""
    return bounds.red if level is _RED else bounds.amber


def share(part: int, whole: int) -> int | None:
    """A share in millionths, half-even; None of nothing."""
    return round(Fraction(part * SHARE_WHOLE, whole)) if whole > 0 else None


def concentration(squares: int, total: int) -> int | None:
    """Herfindahl-Hirschman index of all groups above 0, of the sum of squares and the sum."""
    return round(Fraction(10_000 * squares, total * total)) if total > 0 else None


def shortfall(pace: int | None) -> int | None:
    """How far a target falls behind its pace, in millionths."""
    return None if pace is None else max(0, SHARE_WHOLE - pace)


def net_promoters(promoters: int, detractors: int, answers: int) -> int | None:
    """Promoters (9, 10) less detractors (0 to 6), in percent of all answers."""
    return round(Fraction(100 * (promoters - detractors), answers)) if answers else None


def window_of(measure: IndicatorMeasure, days: int | None, today: date) -> tuple[date, date]:
    """The days that count: the last `days`, today included."""
    length = WINDOWS.get(measure, DEFAULT_WINDOW) if days is None else days
    return today - timedelta(length - 1), today


def next_look(indicator_id: UUID, now: datetime) -> datetime:
    """When an indicator is looked at without a cause: once a minute, at a millisecond of the minute that its id gives.
    So those of a company are spread over the minute, also after midnight, and none waits for all of them."""
    at = indicator_id.int % (MINUTE // _STEP) * _STEP
    wait = (at - (now - _EPOCH)) % MINUTE
    return now + (wait or MINUTE)
