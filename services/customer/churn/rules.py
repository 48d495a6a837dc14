"""Pure rules of churn: the BG/NBD model (Fader, Hardie and Lee 2005), an account's own rhythm, and points from both.

Times of the model are weeks. Days of orders are given rising, each once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from math import exp, floor, log
from statistics import median
from typing import Final, NamedTuple

from services.customer.churn.enums import ChurnFactor

FORMULA_VERSION: Final = 1
WEEK: Final = 7
HORIZON_DAYS: Final = 91
HORIZON: Final = HORIZON_DAYS / WEEK
YEAR: Final = 52.0
LEAST_REPEAT_BUYERS: Final = 200
LEAST_DAYS: Final = 3
LEAST_OVERDUE: Final = 30
"""So many days an order may be overdue before that counts."""
MOST_POINTS: Final = 100
FURTHEST: Final = 3_650
"""So many days ahead it is looked for the day of a warning."""
_MOST: Final = 700.0
_EPSILON: Final = 1e-6


class Fit(NamedTuple):
    """Parameters of a BG/NBD model: rates of buying are gamma (r, alpha), chances of leaving beta (a, b)."""

    r: float
    alpha: float
    a: float
    b: float


class Seen(NamedTuple):
    """What the model knows of an account: order days after the first, weeks from the first to the last, and to now."""

    repeats: int
    last: float
    age: float


def seen_on(days: Sequence[date], on: date) -> Seen:
    """What is known on a day of an account whose order days these are, none of them later."""
    return Seen(len(days) - 1, (days[-1] - days[0]).days / WEEK, (on - days[0]).days / WEEK)


def p_alive(fit: Fit, seen: Seen) -> float:
    """The chance that an account still buys; who bought once has had no chance to leave.

    >>> round(p_alive(Fit(0.243, 4.414, 0.793, 2.426), Seen(2, 30.43, 38.86)), 4)
    0.7266
    """
    return 1 / (1 + _odds_of_leaving(fit, seen))


def _odds_of_leaving(fit: Fit, seen: Seen) -> float:
    if not seen.repeats:
        return 0.0
    silence = log((fit.alpha + seen.age) / (fit.alpha + seen.last))
    odds = log(fit.a) - log(fit.b + seen.repeats - 1) + (fit.r + seen.repeats) * silence
    return exp(min(odds, _MOST))


def p_silent(fit: Fit, seen: Seen, weeks: float = HORIZON) -> float:
    """The chance that an account orders nothing within some weeks.

    >>> round(p_silent(Fit(0.243, 4.414, 0.793, 2.426), Seen(2, 30.43, 38.86), 13), 4)
    0.6765
    """
    now = fit.alpha + seen.age
    quiet = exp(-(fit.r + seen.repeats) * log((now + weeks) / now))
    return 1 - p_alive(fit, seen) * (1 - quiet)


def expected_orders(fit: Fit, seen: Seen, weeks: float) -> float:
    """How many order days are expected within some weeks.

    >>> round(expected_orders(Fit(0.243, 4.414, 0.793, 2.426), Seen(2, 30.43, 38.86), 39), 3)
    1.226
    """
    a = fit.a if abs(fit.a - 1) > _EPSILON else 1 + _EPSILON
    whole = a + fit.b + seen.repeats - 1
    ahead = weeks / (fit.alpha + seen.age + weeks)
    # Euler's transformation: the series itself would grow beyond any number where an account bought often
    kept = exp((a - 1) * log(1 - ahead)) * _series(a + fit.b - 1 - fit.r, a - 1, whole, ahead)
    return whole / (a - 1) * (1 - kept) / (1 + _odds_of_leaving(fit, seen))


def _series(a: float, b: float, c: float, z: float) -> float:
    """Gauss's hypergeometric function for z in [0, 1)."""
    term = total = 1.0
    for k in range(100_000):
        term *= (a + k) * (b + k) / ((c + k) * (k + 1)) * z
        total += term
        if abs(term) < 1e-13 * abs(total):
            break
    return total


def rhythm(days: Sequence[date], on: date) -> float:
    """Days since the last order, in the account's own median gap between order days."""
    gaps = [(after - before).days for before, after in pairwise(days)]
    return (on - days[-1]).days / max(median(gaps), 1)


class Weights(NamedTuple):
    """Most points of each factor."""

    rhythm: int
    silence: int
    complaint: int
    detractor: int
    overdue: int


class Line(NamedTuple):
    """Points from which an account is warned of, and below which the warning is over."""

    warn_at: int
    clear_below: int


class Signals(NamedTuple):
    """What else is known: since when a high complaint is open, since when the last answer is a detractor's, and the
    days from which orders that are not paid are overdue for too long."""

    complaint_on: date | None = None
    detractor_on: date | None = None
    overdue_on: Sequence[date] = ()


class Scoring(NamedTuple):
    """What points are given by; `fit` is None while none is in force."""

    fit: Fit | None
    weights: Weights
    line: Line


class Points(NamedTuple):
    """Points of an account on a day: `exact` decides, `score` is the whole of it, `factors` are the parts of the score
    before it is cut. Chances are None without a fit."""

    exact: float
    score: int
    factors: tuple[tuple[ChurnFactor, int], ...]
    rhythm: float
    p_alive: float | None
    p_silent: float | None


def _clip(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def points_on(days: Sequence[date], on: date, scoring: Scoring, signals: Signals) -> Points | None:
    """Points on a day, of what is known then; None of an account with too few order days to be judged."""
    known = days[: bisect_right(days, on)]
    if len(known) < LEAST_DAYS:
        return None
    weights, beat = scoring.weights, rhythm(known, on)
    alive = silent = None
    parts = {ChurnFactor.RHYTHM: (weights.rhythm + weights.silence) * _clip((beat - 1) / 2)}
    if scoring.fit is not None:
        seen = seen_on(known, on)
        alive, silent = p_alive(scoring.fit, seen), p_silent(scoring.fit, seen)
        parts[ChurnFactor.RHYTHM] = weights.rhythm * _clip((beat - 1) / 2)
        parts[ChurnFactor.SILENCE] = weights.silence * _clip((silent - 0.5) / 0.4)
    if signals.complaint_on is not None and signals.complaint_on <= on:
        parts[ChurnFactor.COMPLAINT] = weights.complaint
    if signals.detractor_on is not None and signals.detractor_on <= on:
        parts[ChurnFactor.DETRACTOR] = weights.detractor
    if any(day <= on for day in signals.overdue_on):
        parts[ChurnFactor.OVERDUE] = weights.overdue
    exact = min(sum(parts.values()), float(MOST_POINTS))
    return Points(exact, floor(exact), _whole(parts), beat, alive, silent)


def _whole(parts: dict[ChurnFactor, float]) -> tuple[tuple[ChurnFactor, int], ...]:
    """Whole points of each part that has some, which sum to the whole of all."""
    found, total, given = [], 0.0, 0
    for factor, part in parts.items():
        total += part
        if (points := floor(total) - given) > 0:
            found.append((factor, points))
        given = floor(total)
    return tuple(found)


def is_warned(before: bool, points: Points | None, line: Line) -> bool:
    """Whether an account is warned of: from one line on, until it is below the other; never without points."""
    if points is None or points.exact < line.clear_below:
        return False
    return before or points.exact >= line.warn_at


def warns_on(days: Sequence[date], on: date, scoring: Scoring, signals: Signals) -> date | None:
    """The first day after a day on which an account will be warned of if it stays silent: points only rise until an
    order comes. None when that is never, or far away."""

    def has_come(ahead: int) -> bool:
        points = points_on(days, on + timedelta(days=ahead), scoring, signals)
        return points is not None and points.exact >= scoring.line.warn_at

    low, high = 0, min(FURTHEST, (date.max - on).days)
    if not has_come(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if has_come(middle) else (middle, high)
    return on + timedelta(days=high)
