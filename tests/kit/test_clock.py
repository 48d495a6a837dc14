"""System time is aware UTC; the business day is that of the company's zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest

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
