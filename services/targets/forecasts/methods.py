"""Pure rules of the forecast: how a period may end, drawn 2,000 times from what was known at the end of a day.

`daily` takes the last 84 days, each over the weight of its class of days, and draws blocks of 7 consecutive ones with
replacement (moving blocks, Kuensch 1989) for the days that are left, times the mean of a second such sample of the
whole window over its own mean: the level itself is only known from these days. `share` divides what there is to date
by the share that earlier periods had by the same time: the last one's, in logs, with Student's t of the changes from
period to period. Nothing that came after the day enters. Amounts are minor units; numpy is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from kit.calendar import Calendar
from services.targets.day_profiles.rules import CLOSED, WHOLE, class_of, class_weights, days_between
from services.targets.forecasts.enums import Lack, Method
from services.targets.forecasts.periods import QUARTER_DAYS, Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

FORMULA_VERSION = 1
DRAWS = 2_000
WINDOW = 84
BLOCK = 7
MIN_HISTORY = 56
BASE_DAYS = 1_096
"""The classes of days are weighed over the last three years."""
MIN_PERIODS = 3
SPREAD = 1_500_000
"""By how much draws are pulled from their median while no backtest says it, in 1e-6."""
MOST = 10**15
"""Largest amount that is told."""
_MAX_EXPONENT = 700.0
_SEED_BYTES = 6
"""A seed stays exact in every reader of JSON."""


class Lacking(NamedTuple):
    """Why there is no forecast: what there is of what is needed."""

    reason: Lack
    have: int
    need: int


class Outlook(NamedTuple):
    """Where a period ends in one draw of ten, of two, and of ten the highest (quantiles of type 7)."""

    p10: int
    p50: int
    p90: int


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Results by day from `first` on, their sums before each day, and the classes of the days, which reach further."""

    first: date
    amounts: Integers
    sums: Integers
    classes: Integers

    def index(self, day: date) -> int:
        """The place of a day."""
        return (day - self.first).days

    def total(self, first: date, last: date) -> int:
        """What the days from `first` to `last` brought; those before the history brought nothing."""
        low, high = max(0, self.index(first)), max(0, self.index(last) + 1)
        return int(self.sums[high] - self.sums[low]) if high > low else 0


class Asked(NamedTuple):
    """A forecast of a period from the end of a day, drawn by a seed."""

    span: Span
    as_of: date
    seed: int


def history_of(results: Mapping[date, int], first: date, until: date, last: date, calendar: Calendar) -> History:
    """The history from `first` until the end of `until`, with the classes of the days as far as `last`."""
    import numpy as np

    amounts = np.zeros((until - first).days + 1, dtype=np.int64)
    for day, amount in results.items():
        if first <= day <= until:
            amounts[(day - first).days] = amount
    sums = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(amounts)])
    end = max(until, last)
    classes = np.concatenate([_classes_of(calendar, year) for year in range(first.year, end.year + 1)])
    begin = first.timetuple().tm_yday - 1
    return History(first, amounts, sums, classes[begin : begin + (end - first).days + 1])


@lru_cache(maxsize=256)
def _classes_of(calendar: Calendar, year: int) -> Integers:
    """The classes of the days of a year; a calendar is the same object until one of its days changes."""
    import numpy as np

    days = days_between(date(year, 1, 1), date(year, 12, 31))
    return np.array([class_of(calendar, day) for day in days], dtype=np.int64)


def seed_of(*parts: object) -> int:
    """The seed of what is asked: the same parts give the same draws, everywhere and at any time."""
    named = "|".join(str(part) for part in (*parts, FORMULA_VERSION))
    return int.from_bytes(sha256(named.encode()).digest()[:_SEED_BYTES], "big")


def is_near(span: Span, as_of: date) -> bool:
    """Whether `daily` may see the end of a period."""
    return span.days <= QUARTER_DAYS and (span.last - as_of).days <= 2 * QUARTER_DAYS


class Forecast(NamedTuple):
    """The draws of the method that could be asked."""

    method: Method
    draws: Floats
    spread: int | None


def forecast(
    history: History, asked: Asked, periods: Sequence[Span], serves: Method | None, spread: int
) -> Forecast | Lacking:
    """What the method that serves says of a period that has not ended, or the other one where it cannot be asked;
    `periods` are the like ones before it. Without a record of both, `daily` is asked first where the period is short
    enough for it. What is lacking is what the usual method of such a period lacks."""
    usual = Method.DAILY if asked.span.days <= QUARTER_DAYS else Method.SHARE
    lacking: Lacking | None = None
    for method in sorted(Method, key=lambda each: (each is not serves, each is not usual)):
        draws = draw_daily(history, asked) if method is Method.DAILY else draw_share(history, asked, periods)
        if not isinstance(draws, Lacking):
            return Forecast(method, *((widened(draws, spread), spread) if method is Method.DAILY else (draws, None)))
        if lacking is None or method is usual:
            lacking = draws
    assert lacking is not None, "there are methods"
    return lacking


def draw_daily(history: History, asked: Asked) -> Floats | Lacking:
    """Totals from the days of the window, not widened."""
    import numpy as np

    span, known = asked.span, history.index(asked.as_of) + 1
    if lacking := _too_little(span, asked.as_of, known):
        return lacking
    weights = _weights(history, known)
    if weights is None:
        return Lacking(Lack.RESULTS, 0, 1)
    window = slice(max(0, known - WINDOW), known)
    weighs = weights[window] > 0
    pool = history.amounts[window][weighs] / weights[window][weighs]
    mean = fsum(pool) / len(pool) if len(pool) else 0.0
    if len(pool) < BLOCK or mean <= 0:
        return Lacking(Lack.RESULTS, min(len(pool), BLOCK - 1), BLOCK)
    rest = weights[history.index(max(span.first, asked.as_of + timedelta(days=1))) : history.index(span.last) + 1]
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(asked.seed)))
    remainder = _resampled(pool, rest[rest > 0], generator)
    level = _resampled(pool, np.full(len(pool), 1 / len(pool)), generator) / mean
    return _told(history.total(span.first, asked.as_of) + remainder * level)


def _too_little(span: Span, as_of: date, known: int) -> Lacking | None:
    if span.days > QUARTER_DAYS:
        return Lacking(Lack.TOO_LONG, span.days, QUARTER_DAYS)
    if not is_near(span, as_of):
        return Lacking(Lack.TOO_FAR, (span.last - as_of).days, 2 * QUARTER_DAYS)
    return Lacking(Lack.HISTORY, max(0, known), MIN_HISTORY) if known < MIN_HISTORY else None


def _weights(history: History, known: int) -> Floats | None:
    """W of every day, those to come included, from the days known; None when these brought nothing."""
    import numpy as np

    base = slice(max(0, known - BASE_DAYS), known)
    classes, amounts = history.classes[base], history.amounts[base]
    counts = np.bincount(classes, minlength=CLOSED + 1)[:CLOSED]
    sums = [int(amounts[classes == number].sum()) for number in range(CLOSED)]
    if (total := sum(sums)) <= 0:
        return None
    by_class = np.array(class_weights(counts.tolist(), sums, total), dtype=np.float64) / WHOLE
    found: Floats = by_class[history.classes]
    return found


def _resampled(pool: Floats, weights: Floats, generator: np.random.Generator) -> Floats:
    """Of each draw the sum of weights x what is drawn, in blocks of consecutive ones; the last block is cut.

    Only elementwise sums in a fixed order: the bits do not depend on the machine's way of adding."""
    import numpy as np

    blocks, starts = -(-len(weights) // BLOCK), len(pool) - BLOCK + 1
    padded = np.zeros(blocks * BLOCK)
    padded[: len(weights)] = weights
    table = np.zeros((blocks, starts))
    for place in range(BLOCK):
        table += padded[place::BLOCK, None] * pool[None, place : place + starts]
    drawn: Floats = np.zeros(DRAWS)
    for row in table:
        drawn += row[generator.integers(0, starts, DRAWS)]
    return drawn


def draw_share(history: History, asked: Asked, periods: Sequence[Span]) -> Floats | Lacking:
    """Totals from what there is to date and the share of the whole that the earlier periods had by then."""
    import numpy as np

    span = asked.span
    elapsed = (asked.as_of - span.first).days + 1
    if elapsed < 1:
        return Lacking(Lack.NOT_BEGUN, 0, 1)
    if (to_date := history.total(span.first, asked.as_of)) <= 0:
        return Lacking(Lack.TO_DATE, 0, 1)
    multiples = [each for each in (multiple(history, span, elapsed, one) for one in periods) if each is not None]
    if len(multiples) < MIN_PERIODS:
        return Lacking(Lack.PERIODS, len(multiples), MIN_PERIODS)
    logs = np.log(multiples)
    scale = np.sqrt(np.mean(np.diff(logs) ** 2))
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(asked.seed)))
    exponents = logs[-1] + scale * generator.standard_t(len(logs) - 1, DRAWS)
    return _told(to_date * np.exp(np.clip(exponents, -_MAX_EXPONENT, _MAX_EXPONENT)))


def multiple(history: History, span: Span, elapsed: int, before: Span) -> float | None:
    """What an earlier period brought in the end over what it had after the same share of its days; None when either is
    not positive."""
    then = round(elapsed * before.days / span.days)
    to_date = history.total(before.first, before.first + timedelta(days=then - 1))
    total = history.total(before.first, before.last)
    return total / to_date if to_date > 0 and total > 0 else None


def widened(draws: Floats, spread: int) -> Floats:
    """The draws pulled from their median by a spread in 1e-6."""
    import numpy as np

    middle = np.median(draws)
    return _told(middle + (draws - middle) * (spread / WHOLE))


def _told(draws: Floats) -> Floats:
    import numpy as np

    return np.clip(draws, -MOST, MOST)


def outlook(draws: Floats) -> Outlook:
    """P10, P50 and P90."""
    import numpy as np

    return Outlook(*(round(float(each)) for each in np.quantile(draws, (0.1, 0.5, 0.9))))


def p_hit(draws: Floats, amount: int) -> int:
    """The share of draws that reach an amount, in 1e-6."""
    return int((draws >= amount).sum()) * WHOLE // len(draws)
