"""Working days by month as the State Council announced them, sources of days, and days beyond the calendar."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kit.calendar import LAST_YEAR, calendar_of
from services.targets.calendars.rules import Said, days_of, own_days, working_days

CHINA = calendar_of("CN", "Asia/Shanghai")
PLAIN = calendar_of("", "Asia/Shanghai")


def test_china_2026_by_month() -> None:
    months = [(date(2026, month, 1), date(2026, month, monthrange(2026, month)[1])) for month in range(1, 13)]
    found = [working_days(CHINA, *month) for month in months]
    assert found == [21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23]
    assert (sum(found), working_days(PLAIN, date(2026, 1, 1), date(2026, 12, 31))) == (248, 261)


def test_where_the_kind_of_a_day_comes_from() -> None:
    said = [
        Said(date(2026, 2, 13), None, "", 4),
        Said(date(2026, 2, 22), "working", "fair", 1),
        Said(date(2026, 2, 24), "off", "stocktaking", 3),
    ]
    days = days_of(calendar_of("CN", "Asia/Shanghai", dict(own_days(said))), said, date(2026, 2, 13), date(2026, 2, 25))
    assert [(day.date.day, day.kind.value, day.source.value) for day in days] == [
        (13, "working", "week"),
        (14, "make_up", "public"),
        (15, "weekend", "week"),
        *((number, "off", "public") for number in range(16, 21)),
        (21, "weekend", "week"),
        (22, "make_up", "own"),
        (23, "off", "public"),
        (24, "off", "own"),
        (25, "working", "week"),
    ]
    assert [(day.date.day, day.reason, day.version) for day in days if day.version] == [
        (13, None, 4),
        (22, "fair", 1),
        (24, "stocktaking", 3),
    ]
    (saturday,) = days_of(PLAIN, [], date(2026, 1, 3), date(2026, 1, 3))
    assert (saturday.kind.value, saturday.source.value) == ("weekend", "week")


@given(st.dates(date(1980, 1, 1), date(2080, 1, 1)), st.integers(-3, 4_000))
def test_working_days_equal_counting_one_by_one(first: date, length: int) -> None:
    """Years that the calendar does not know count Monday to Friday."""
    last = first + timedelta(days=length)
    every = [first + timedelta(days=offset) for offset in range(length + 1)]
    known = [day for day in every if 1990 <= day.year <= LAST_YEAR]
    found = [one.kind in ("working", "make_up") for one in days_of(CHINA, [], known[0], known[-1])] if known else []
    others = [day.weekday() < 5 for day in every if not 1990 <= day.year <= LAST_YEAR]
    assert working_days(CHINA, first, last) == sum(found) + sum(others)
    assert working_days(PLAIN, first, last) == sum(day.weekday() < 5 for day in every)
