"""Periods of reports, and when each is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.report_schedules.enums import ReportCadence
from services.targets.report_schedules.rules import due_moment, period_of

DAILY, WEEKLY, MONTHLY = ReportCadence


@pytest.mark.parametrize(
    ("cadence", "day", "key", "first", "last"),
    [
        (DAILY, "2026-02-14", "2026-02-14", "2026-02-14", "2026-02-14"),
        (WEEKLY, "2026-02-14", "2026-W07", "2026-02-09", "2026-02-15"),
        (WEEKLY, "2026-01-01", "2026-W01", "2025-12-29", "2026-01-04"),
        (WEEKLY, "2022-01-01", "2021-W52", "2021-12-27", "2022-01-02"),
        (WEEKLY, "2026-12-31", "2026-W53", "2026-12-28", "2027-01-03"),
        (MONTHLY, "2026-02-14", "2026-02", "2026-02-01", "2026-02-28"),
        (MONTHLY, "2028-02-29", "2028-02", "2028-02-01", "2028-02-29"),
        (MONTHLY, "2026-12-31", "2026-12", "2026-12-01", "2026-12-31"),
    ],
)
def test_the_period_of_a_day(cadence: ReportCadence, day: str, key: str, first: str, last: str) -> None:
    assert period_of(cadence, date.fromisoformat(day)) == (key, date.fromisoformat(first), date.fromisoformat(last))


@given(st.sampled_from(ReportCadence), st.dates(date(1900, 1, 10), date(2199, 11, 1)))
def test_periods_follow_each_other_without_a_gap(cadence: ReportCadence, day: date) -> None:
    one = period_of(cadence, day)
    after = one.following(cadence)
    assert one.first <= day <= one.last
    assert after.first == one.last + timedelta(days=1)
    assert {period_of(cadence, each) for each in (one.first, one.last)} == {one}
    assert one.key < after.key


@pytest.mark.parametrize(
    ("zone", "day", "at", "moment"),
    [
        ("Asia/Shanghai", "2026-02-14", "06:00", datetime(2026, 2, 14, 22, tzinfo=UTC)),
        ("Asia/Shanghai", "2026-02-14", "00:00", datetime(2026, 2, 14, 16, tzinfo=UTC)),
        ("Europe/Berlin", "2026-03-28", "02:30", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("Europe/Berlin", "2026-10-24", "02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
    ids=["a morning", "midnight", "an hour that there is not", "an hour that there is twice"],
)
def test_a_report_is_due_on_the_day_after_its_period(zone: str, day: str, at: str, moment: datetime) -> None:
    assert due_moment(zone, period_of(DAILY, date.fromisoformat(day)), at) == moment
