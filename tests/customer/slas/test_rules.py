"""Clocks of service levels: numbers, and the law that only working time outside pauses counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.calendar import OwnKind, calendar_of
from services.customer.slas.enums import ClockState, StepKind
from services.customer.slas.rules import (
    TICK,
    Clock,
    Step,
    late_minutes,
    minutes_for,
    next_step,
    paused,
    resized,
    resumed,
    started,
    state_of,
    stopped,
    taken,
    timed,
    wakes_at,
)

ZONE = ZoneInfo("Asia/Shanghai")
CHINA = calendar_of("CN", "Asia/Shanghai")
HOUR = 60


def at(text: str) -> datetime:
    """A moment of 2026 in Shanghai, `10-09 17:00`."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=ZONE).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("09-30 17:00", 16, "10-09 17:00"),
        ("09-30 17:00", 24, "10-10 17:00"),
        ("10-10 17:30", 1, "10-12 09:30"),
        ("10-03 11:00", 1, "10-08 10:00"),
        ("09-30 12:30", 1, "09-30 14:00"),
        ("09-30 17:00", 1, "09-30 18:00"),
    ],
)
def test_a_clock_runs_in_working_time(start: str, hours: int, due: str) -> None:
    assert started(CHINA, hours * HOUR, at(start)).due_at == at(due)


@pytest.mark.parametrize(
    ("minutes", "factor", "expected"),
    [
        (60, 1_000_000, 60),
        (480, 1_500_000, 720),
        (2400, 2_000_000, 4800),
        (1, 1_500_000, 2),
        (3, 1_500_000, 5),
        (1, 1, 1),
        (5, 1_099_999, 5),
    ],
)
def test_minutes_times_the_factor_of_a_grade(minutes: int, factor: int, expected: int) -> None:
    assert minutes_for(minutes, factor) == expected


def test_only_working_time_of_a_pause_moves_a_clock() -> None:
    clock = paused(CHINA, started(CHINA, 24 * HOUR, at("09-30 17:00")), at("10-08 11:00"))
    assert (clock.worked, clock.due_at, state_of(clock)) == (timedelta(minutes=180), None, ClockState.PAUSED)
    resumed_clock = resumed(CHINA, clock, at("10-10 10:00"))
    assert resumed_clock.due_at == at("10-13 16:00")
    within_a_night = paused(CHINA, started(CHINA, 24 * HOUR, at("09-30 17:00")), at("10-08 19:00"))
    assert resumed(CHINA, within_a_night, at("10-09 08:00")).due_at == at("10-10 17:00"), "a night is no working time"


def test_a_stop_at_the_moment_is_met_and_later_is_not() -> None:
    clock = started(CHINA, HOUR, at("10-09 10:00"))
    due = clock.due_at
    assert due is not None
    assert wakes_at([clock]) == due + TICK
    met = stopped(CHINA, clock, due)
    assert (state_of(met), next_step(met), wakes_at([met])) == (ClockState.MET, None, None)
    late = stopped(CHINA, taken(clock, Step(due, StepKind.BREACH), due + TICK), due + timedelta(minutes=5))
    assert (state_of(late), late.breached_at, late.detected_at) == (ClockState.BREACHED, due, due + TICK)


def test_lateness_is_working_time_up_to_the_stop() -> None:
    clock = started(CHINA, HOUR, at("09-30 16:30"))
    assert clock.due_at == at("09-30 17:30")
    assert late_minutes(CHINA, clock, at("09-30 17:30")) == 0
    assert late_minutes(CHINA, clock, at("10-08 09:15")) == 45, "holidays are not late"
    done = stopped(CHINA, taken(clock, Step(at("09-30 17:30"), StepKind.BREACH), at("10-08 09:00")), at("10-08 09:15"))
    assert late_minutes(CHINA, done, at("12-31 09:00")) == 45, "it does not grow"


def test_a_breach_is_raised_half_as_long_later_and_then_no_more() -> None:
    clock = started(CHINA, 16 * HOUR, at("09-30 17:00"))
    assert next_step(clock) == (at("10-09 17:00"), StepKind.BREACH)
    breached = taken(clock, Step(at("10-09 17:00"), StepKind.BREACH), at("10-12 09:00"))
    assert next_step(breached) == (at("10-10 17:00"), StepKind.RAISE)
    raised = taken(breached, Step(at("10-10 17:00"), StepKind.RAISE), at("10-12 09:00"))
    assert next_step(raised) is None
    again = resumed(CHINA, paused(CHINA, raised, at("10-12 10:00")), at("10-12 11:00"))
    assert (next_step(again), again.due_at) == (None, at("10-09 17:00"))
    waiting = paused(CHINA, breached, at("10-10 10:00"))
    assert (next_step(waiting), waiting.due_at, state_of(waiting)) == (None, at("10-09 17:00"), ClockState.BREACHED)
    assert next_step(resumed(CHINA, waiting, at("10-12 10:00"))) == (at("10-12 17:00"), StepKind.RAISE)


def test_another_severity_takes_the_new_minutes_less_those_worked() -> None:
    clock = started(CHINA, 24 * HOUR, at("10-08 09:00"))
    shorter = resized(CHINA, clock, 8 * HOUR, at("10-08 15:00"))
    assert (shorter.worked, shorter.due_at) == (timedelta(minutes=300), at("10-08 18:00"))
    over = resized(CHINA, clock, 4 * HOUR, at("10-08 15:00"))
    assert next_step(over) == (at("10-08 15:00"), StepKind.BREACH), "breached then"
    halted = paused(CHINA, clock, at("10-08 15:00"))
    assert resized(CHINA, halted, 8 * HOUR, at("10-09 09:00")).due_at is None, "a pause is kept"
    assert resumed(CHINA, resized(CHINA, halted, 8 * HOUR, at("10-09 09:00")), at("10-09 09:00")).due_at == at(
        "10-09 12:00"
    )
    assert next_step(resized(CHINA, halted, 4 * HOUR, at("10-09 09:00"))) == (at("10-09 09:00"), StepKind.BREACH)
    assert resized(CHINA, clock, 24 * HOUR, at("10-08 15:00")) is clock
    done = stopped(CHINA, clock, at("10-08 15:00"))
    assert resized(CHINA, done, 1, at("10-08 16:00")) is done


def test_another_calendar_moves_what_is_open_and_nothing_else() -> None:
    closed = calendar_of("CN", "Asia/Shanghai", {at("10-09 12:00").astimezone(ZONE).date(): OwnKind.OFF})
    clock = started(CHINA, 16 * HOUR, at("09-30 17:00"))
    assert timed(closed, clock).due_at == at("10-10 17:00")
    done = stopped(CHINA, clock, at("10-08 10:00"))
    assert timed(closed, done) is done
    halted = paused(CHINA, clock, at("10-08 10:00"))
    assert timed(closed, halted) is halted
    breached = taken(clock, Step(at("10-09 17:00"), StepKind.BREACH), at("10-09 17:00") + TICK)
    assert timed(closed, breached).due_at == at("10-09 17:00"), "what was said stays said"


FIRST = at("09-28 00:00")


def is_worked(minute: datetime) -> bool:
    """By the notice of the State Council alone: 1 to 7 October are off, Saturday 10 October works."""
    local = minute.astimezone(ZONE)
    day = (local.month, local.day)
    works = local.weekday() < 5 and not (10, 1) <= day <= (10, 7)
    return (works or day == (10, 10)) and (9 <= local.hour < 12 or 13 <= local.hour < 18)


@settings(max_examples=60, deadline=None)
@given(
    begin=st.integers(0, 5 * 1440),
    minutes=st.integers(1, 2400),
    gaps=st.lists(st.tuples(st.integers(0, 1440), st.integers(0, 2000)), max_size=4),
)
def test_minute_by_minute_gives_the_same(begin: int, minutes: int, gaps: list[tuple[int, int]]) -> None:
    start = FIRST + timedelta(minutes=begin)
    clock, now, pauses = started(CHINA, minutes, start), start, list[tuple[datetime, datetime]]()
    for run, halt in gaps:
        begun = now + timedelta(minutes=run)
        if clock.due_at is None or begun >= clock.due_at:
            break
        now = begun + timedelta(minutes=halt)
        clock = resumed(CHINA, paused(CHINA, clock, begun), now)
        pauses.append((begun, now))
    minute, worked = start, 0
    while worked < minutes:
        if is_worked(minute) and not any(a <= minute < b for a, b in pauses):
            worked += 1
        minute += timedelta(minutes=1)
    assert clock.due_at == minute


def test_a_clock_without_anything_to_wait_for_never_wakes() -> None:
    assert wakes_at([]) is None
    assert wakes_at([Clock(1, FIRST)]) is None
