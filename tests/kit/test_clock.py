"""System time is aware UTC; the business day is that of the company's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import clock


def test_now_is_aware_utc() -> None:
    assert clock.now().utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("zone", "hour", "day"),
    [
        ("Asia/Shanghai", 15, date(2026, 12, 31)),
        ("Asia/Shanghai", 16, date(2027, 1, 1)),
        ("America/New_York", 16, date(2026, 12, 31)),
        ("UTC", 23, date(2026, 12, 31)),
    ],
)
def test_business_day_turns_at_local_midnight(zone: str, hour: int, day: date) -> None:
    assert clock.business_date(zone, datetime(2026, 12, 31, hour, 59, 59, tzinfo=UTC)) == day


def test_business_day_of_now() -> None:
    before, day, after = clock.now(), clock.business_date("UTC"), clock.now()
    assert before.date() <= day <= after.date()


def test_unknown_zone() -> None:
    with pytest.raises(ZoneInfoNotFoundError):
        clock.business_date("Mars/Olympus")


@given(st.sampled_from(sorted(available_timezones())), st.dates(date(2020, 1, 1), date(2037, 12, 31)))
def test_a_day_begins_once_wherever_the_company_is(zone: str, day: date) -> None:
    """From UTC-12 to UTC+14, also where clocks are put forward or back at midnight."""
    start = clock.start_of_day(zone, day)
    assert clock.business_date(zone, start) == day
    assert clock.business_date(zone, start - timedelta(microseconds=1)) == day - timedelta(1)
