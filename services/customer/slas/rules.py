"""Clocks of service levels: working minutes until a moment that pauses move. Pure functions of a clock and a calendar.

A clock that runs has worked `worked` until `runs_from`, and runs since. It is met by a stop at `due_at` or before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from kit.calendar import Calendar
from services.customer.slas.enums import ClockState, StepKind

FACTOR_WHOLE: Final = 1_000_000
TICK: Final = timedelta(microseconds=1)
"""The last moment that is met and the first that is not are so far apart."""


@dataclass(frozen=True, slots=True)
class Clock:
    """`minutes` are all it has. Without `runs_from` it is paused, or stopped. `raise_at` is when it has run half as
    long again, until it `is_raised`."""

    minutes: int
    started_at: datetime
    worked: timedelta = timedelta(0)
    runs_from: datetime | None = None
    due_at: datetime | None = None
    raise_at: datetime | None = None
    is_raised: bool = False
    stopped_at: datetime | None = None
    breached_at: datetime | None = None
    detected_at: datetime | None = None


class Step(NamedTuple):
    """What a clock does at a moment when nobody stops it."""

    at: datetime
    kind: StepKind


def minutes_for(minutes: int, factor: int) -> int:
    """Minutes times a factor in millionths, half a minute up, at least one."""
    return max(1, (2 * minutes * factor + FACTOR_WHOLE) // (2 * FACTOR_WHOLE))


def started(calendar: Calendar, minutes: int, at: datetime) -> Clock:
    """A clock that runs from a moment on."""
    return timed(calendar, Clock(minutes, at, runs_from=at))


def timed(calendar: Calendar, clock: Clock) -> Clock:
    """The clock under a calendar: one that is stopped or paused, and a breach, stay as they are."""
    if clock.stopped_at is not None or clock.runs_from is None:
        return clock
    whole = timedelta(minutes=clock.minutes)
    due_at = clock.due_at if clock.breached_at else _after(calendar, clock.runs_from, whole - clock.worked)
    raise_at = None if clock.is_raised else _after(calendar, clock.runs_from, whole * 3 / 2 - clock.worked)
    return replace(clock, due_at=due_at, raise_at=raise_at)


def _after(calendar: Calendar, start: datetime, left: timedelta) -> datetime:
    return calendar.add_working_time(start, left) if left > timedelta(0) else start


def paused(calendar: Calendar, clock: Clock, now: datetime) -> Clock:
    """The clock stands: what it worked is kept, and no moment is waited for."""
    due_at = clock.due_at if clock.breached_at else None
    return replace(_folded(calendar, clock, now), runs_from=None, due_at=due_at, raise_at=None)


def resumed(calendar: Calendar, clock: Clock, now: datetime) -> Clock:
    """The clock runs on with the minutes that are left."""
    return timed(calendar, replace(clock, runs_from=now))


def resized(calendar: Calendar, clock: Clock, minutes: int, now: datetime) -> Clock:
    """The clock with other minutes, less those worked; when they are over already it has run out now, also paused."""
    if clock.stopped_at is not None or minutes == clock.minutes:
        return clock
    folded = replace(_folded(calendar, clock, now), minutes=minutes)
    is_over = clock.runs_from is None and clock.breached_at is None and folded.worked > timedelta(minutes=minutes)
    return timed(calendar, replace(folded, due_at=now) if is_over else folded)


def stopped(calendar: Calendar, clock: Clock, now: datetime) -> Clock:
    """What was waited for has happened: whether it came in time does not change any more."""
    return replace(_folded(calendar, clock, now), stopped_at=now, runs_from=None, raise_at=None)


def _folded(calendar: Calendar, clock: Clock, now: datetime) -> Clock:
    if clock.runs_from is None:
        return clock
    worked = max(calendar.working_time_between(clock.runs_from, now), timedelta(0))
    return replace(clock, worked=clock.worked + worked, runs_from=now)


def next_step(clock: Clock) -> Step | None:
    """What the clock does next unless it is stopped."""
    if clock.stopped_at is not None:
        return None
    if clock.breached_at is None:
        return None if clock.due_at is None else Step(clock.due_at, StepKind.BREACH)
    return None if clock.raise_at is None else Step(clock.raise_at, StepKind.RAISE)


def taken(clock: Clock, step: Step, now: datetime) -> Clock:
    """The clock after a step, which is seen now."""
    if step.kind is StepKind.RAISE:
        return replace(clock, is_raised=True, raise_at=None)
    return replace(clock, breached_at=step.at, detected_at=now)


def wakes_at(clocks: Iterable[Clock]) -> datetime | None:
    """The first moment at which one of the clocks has something to do: just after the last that is met."""
    steps = [step.at for clock in clocks if (step := next_step(clock)) is not None]
    return min(steps) + TICK if steps else None


def state_of(clock: Clock) -> ClockState:
    """A clock that was stopped in time is met."""
    if clock.breached_at is not None:
        return ClockState.BREACHED
    if clock.stopped_at is not None:
        return ClockState.MET
    return ClockState.PAUSED if clock.runs_from is None else ClockState.RUNNING


def late_minutes(calendar: Calendar, clock: Clock, now: datetime) -> int:
    """Whole working minutes from `due_at` to the stop, or to now; it does not grow after the stop."""
    end = clock.stopped_at or now
    if clock.due_at is None or end <= clock.due_at:
        return 0
    return calendar.working_minutes_between(clock.due_at, end)
