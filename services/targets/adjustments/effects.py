"""Pure rules of the effect of an adjustment: what came after its execution beyond what came before, by weight.

Compared are the n working days after the execution with the n working days before its start; days that do not work
belong to the working day before them, those before the first to it. The days of the execution itself are neither.
effect = actual after - (actual before / weight before) x weight after. P10 and P90 come from 2,000 draws of blocks of
5 consecutive working days with replacement (moving blocks, Kuensch 1989), of both sides apart, each side by its rate
per weight; they are widened by sqrt(k / (k - 1)) around their median, as k blocks drawn again vary less by that.
Amounts are minor units; numpy is imported where it is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from kit.calendar import Calendar
from kit.money import ratio
from services.targets.calendars.rules import working_days
from services.targets.day_profiles.rules import days_between

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FORMULA_VERSION = 1
MOST_DAYS = 60
LEAST_DAYS = 20
BLOCK = 5
DRAWS = 2_000
MOST = 10**15
"""Largest amount that is told."""
_SEED_BYTES = 6
_ONE = timedelta(days=1)


class Windows(NamedTuple):
    """So many working days before the start of an execution and after its end, all days from first to last."""

    days: int
    before: tuple[date, date]
    after: tuple[date, date]


class Part(NamedTuple):
    """A working day and those around it that do not work: what they brought, and what they weigh."""

    actual: int
    weight: int


class Estimate(NamedTuple):
    """What was to be expected after from what came before, what came beyond, and how sure that is."""

    expected: int
    effect: int
    p10: int
    p90: int


def days_since(calendar: Calendar, executed_on: date, as_of: date) -> int:
    """Working days after an execution that are over, at most 60."""
    return min(MOST_DAYS, working_days(calendar, executed_on + _ONE, as_of))


def windows_of(calendar: Calendar, started_on: date, executed_on: date, days: int) -> Windows:
    """The days that are compared; raises OutsideCalendar."""
    return Windows(
        days,
        (calendar.add_working_days(started_on, -days), started_on - _ONE),
        (executed_on + _ONE, calendar.add_working_days(executed_on, days)),
    )


def last_day(calendar: Calendar, executed_on: date) -> date:
    """The day at whose end the effect is measured; raises OutsideCalendar."""
    return calendar.add_working_days(executed_on, MOST_DAYS)


def parts_of(
    calendar: Calendar, span: tuple[date, date], results: Mapping[date, int], weights: Mapping[date, int]
) -> list[Part]:
    """The working days of a span with those that do not work: one after a working day belongs to it, one before the
    first to the first."""
    sums: list[list[int]] = []
    waiting = [0, 0]
    for day in days_between(*span):
        own = [results.get(day, 0), weights[day]]
        if calendar.is_working_day(day):
            sums.append([waiting[0] + own[0], waiting[1] + own[1]])
            waiting = [0, 0]
        elif sums:
            sums[-1] = [sums[-1][0] + own[0], sums[-1][1] + own[1]]
        else:
            waiting = [waiting[0] + own[0], waiting[1] + own[1]]
    return [Part(*one) for one in sums]


def total(parts: Sequence[Part]) -> Part:
    """What all of them brought and weigh."""
    return Part(sum(one.actual for one in parts), sum(one.weight for one in parts))


def effect_of(before: Part, after: Part) -> tuple[int, int]:
    """What was to be expected after, half-even, and what came beyond it; `before` weighs something."""
    expected = ratio(before.actual, after.weight, before.weight)
    return expected, after.actual - expected


def estimate(before: Sequence[Part], after: Sequence[Part], seed: int) -> Estimate:
    """The effect with its P10 and P90 (type 7); both sides weigh something."""
    import numpy as np

    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    weight = float(total(after).weight)
    rates = [_rates(side, generator) for side in (before, after)]
    draws = (rates[1] - rates[0]) * weight
    blocks, middle = -(-len(after) // BLOCK), np.median(draws)
    draws = np.clip(middle + (draws - middle) * np.sqrt(blocks / (blocks - 1)), -MOST, MOST)
    p10, p90 = (round(float(each)) for each in np.quantile(draws, (0.1, 0.9)))
    return Estimate(*effect_of(total(before), total(after)), p10, p90)


def _rates(parts: Sequence[Part], generator: np.random.Generator) -> Floats:
    """What was brought by weight, in each draw of as many blocks as make up the side; a draw without any weight is as
    the whole side."""
    import numpy as np

    starts = len(parts) - BLOCK + 1
    blocks = [total(parts[place : place + BLOCK]) for place in range(starts)]
    actual = np.array([one.actual for one in blocks], dtype=np.float64)
    weight = np.array([one.weight for one in blocks], dtype=np.float64)
    sums = np.zeros((2, DRAWS))
    for _ in range(-(-len(parts) // BLOCK)):
        drawn = generator.integers(0, starts, DRAWS)
        sums[0] += actual[drawn]
        sums[1] += weight[drawn]
    whole = total(parts)
    weighs = sums[1] > 0
    found: Floats = np.where(weighs, sums[0], float(whole.actual)) / np.where(weighs, sums[1], float(whole.weight))
    return found


def seed_of(adjustment_id: UUID, as_of: date) -> int:
    """The seed of an adjustment's effect as of a day: exact in every reader of JSON."""
    said = f"{adjustment_id} {as_of} {FORMULA_VERSION}".encode()
    return int.from_bytes(sha256(said).digest()[:_SEED_BYTES])
