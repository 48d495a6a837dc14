"""Levels by the numbers of the requirement, and their laws."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import Invalid
from services.risk.alerts.enums import IndicatorLevel
from services.risk.alerts.rules import Outcome, outcome
from services.risk.indicators.rules import (
    FALLING,
    MINUTE,
    SCOPES,
    Bounds,
    check_bounds,
    check_scope,
    concentration,
    net_promoters,
    next_level,
    next_look,
    share,
    shortfall,
)
from services.risk.marks.enums import IndicatorMeasure

GREEN, AMBER, RED = IndicatorLevel
BOUNDS = Bounds(100, 200, 20)
SEQUENCE = [(99, GREEN), (100, AMBER), (90, AMBER), (80, AMBER), (79, GREEN)]
SEQUENCE += [(200, RED), (180, RED), (179, AMBER), (79, GREEN), (250, RED)]
"""Amber 10, red 20, hysteresis 2, in tenths."""


def test_the_sequence_of_the_requirement() -> None:
    level = GREEN
    for value, right in SEQUENCE:
        level = next_level(level, value, BOUNDS)
        assert level is right, value


def test_the_sequence_mirrored() -> None:
    level = GREEN
    for value, right in SEQUENCE:
        level = next_level(level, -value, Bounds(-100, -200, 20), is_falling=True)
        assert level is right, value


def test_red_may_fall_to_green_at_once_and_nothing_stays() -> None:
    assert next_level(RED, 79, BOUNDS) is GREEN
    assert next_level(RED, 80, BOUNDS) is AMBER
    for level in IndicatorLevel:
        assert next_level(level, None, BOUNDS) is level


@given(st.sampled_from(IndicatorLevel), st.integers(-50, 300), st.integers(-50, 300))
def test_more_is_never_better(level: IndicatorLevel, one: int, other: int) -> None:
    order = list(IndicatorLevel)
    low, high = sorted((one, other))
    assert order.index(next_level(level, low, BOUNDS)) <= order.index(next_level(level, high, BOUNDS))
    settled = next_level(level, one, BOUNDS)
    assert next_level(settled, one, BOUNDS) is settled


@pytest.mark.parametrize(
    ("bounds", "is_falling", "pointer"),
    [
        ((10, 10, 0), False, "/red"),
        ((10, 9, 0), False, "/red"),
        ((10, 20, 11), False, "/hysteresis"),
        ((10, 20, -1), False, "/hysteresis"),
        ((10, 20, 0), True, "/red"),
        ((20, 10, 11), True, "/hysteresis"),
    ],
)
def test_bounds_that_make_no_levels(bounds: tuple[int, int, int], is_falling: bool, pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_bounds(Bounds(*bounds), is_falling=is_falling)
    assert refused.value.errors[0].pointer == pointer
    check_bounds(Bounds(10, 20, 10), is_falling=False)
    check_bounds(Bounds(20, 10, 10), is_falling=True)


def test_whose_a_measure_may_be() -> None:
    assert set(SCOPES) == set(IndicatorMeasure)
    assert set(SCOPES) > FALLING
    check_scope(IndicatorMeasure.DSO, ())
    check_scope(IndicatorMeasure.TARGET_SHORTFALL, ("target_id",))
    for measure, named in (
        (IndicatorMeasure.DSO, ("region",)),
        (IndicatorMeasure.DSO, ("account_id", "partner_id")),
        (IndicatorMeasure.TARGET_SHORTFALL, ()),
    ):
        with pytest.raises(Invalid):
            check_scope(measure, named)


def test_values() -> None:
    def of(*held: int) -> int | None:
        above = [one for one in held if one > 0]
        return concentration(sum(one * one for one in above), sum(above))

    assert (of(50, 30, 20), of(700, 200, 100, -50), of()) == (3_800, 5_400, None)
    assert (share(1, 3), share(1, 0), share(0, 5)) == (333_333, None, 0)
    assert (shortfall(900_000), shortfall(1_200_000), shortfall(None)) == (100_000, 0, None)
    assert (net_promoters(6, 1, 10), net_promoters(0, 0, 0)) == (50, None)


@pytest.mark.parametrize(
    ("level", "standing", "silent", "right"),
    [
        (GREEN, None, None, Outcome.NOTHING),
        (AMBER, None, None, Outcome.RAISE),
        (RED, None, None, Outcome.RAISE),
        (AMBER, AMBER, None, Outcome.NOTHING),
        (RED, AMBER, None, Outcome.ESCALATE),
        (AMBER, RED, None, Outcome.EASE),
        (GREEN, RED, None, Outcome.END),
        (AMBER, None, AMBER, Outcome.NOTHING),
        (RED, None, AMBER, Outcome.RAISE),
        (AMBER, None, RED, Outcome.NOTHING),
        (RED, None, RED, Outcome.NOTHING),
        (GREEN, None, AMBER, Outcome.LISTEN),
    ],
)
def test_what_becomes_of_an_alert(
    level: IndicatorLevel, standing: IndicatorLevel | None, silent: IndicatorLevel | None, right: Outcome
) -> None:
    assert outcome(level, standing, silent) is right


@given(st.uuids(), st.datetimes(timezones=st.sampled_from((UTC, ZoneInfo("Asia/Shanghai")))))
def test_an_indicator_is_looked_at_once_a_minute_at_its_own_moment(one: UUID, now: datetime) -> None:
    first = next_look(one, now)
    assert now < first <= now + MINUTE
    assert next_look(one, first) == first + MINUTE
    assert next_look(one, first - timedelta(milliseconds=1)) == first


def test_indicators_are_spread_over_the_minute() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    seconds = Counter((next_look(uuid4(), now) - now) // timedelta(seconds=1) for _ in range(3_000))
    assert len(seconds) >= 60
    assert max(seconds.values()) < 120, "50 each, if they were even"
