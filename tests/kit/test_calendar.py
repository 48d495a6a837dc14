"""The business calendar, against days written out by hand from the notices of the State Council, and by laws."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.calendar import (
    FIRST_YEAR,
    LAST_YEAR,
    MINUTES_A_DAY,
    OFFICE,
    OFFICE_HOURS,
    Calendar,
    DayKind,
    Hours,
    OutsideCalendar,
    OwnKind,
    UnknownCountry,
    calendar_of,
    require_country,
)

SHANGHAI = "Asia/Shanghai"
CHINA = calendar_of("CN", SHANGHAI)

OFF_2025 = """
01-01
01-28 01-29 01-30 01-31 02-01 02-02 02-03 02-04
04-04 04-05 04-06
05-01 05-02 05-03 05-04 05-05
05-31 06-01 06-02
10-01 10-02 10-03 10-04 10-05 10-06 10-07 10-08
"""
WORKING_2025 = "01-26 02-08 04-27 09-28 10-11"
OFF_2026 = """
01-01 01-02 01-03
02-15 02-16 02-17 02-18 02-19 02-20 02-21 02-22 02-23
04-04 04-05 04-06
05-01 05-02 05-03 05-04 05-05
06-19 06-20 06-21
09-25 09-26 09-27
10-01 10-02 10-03 10-04 10-05 10-06 10-07
"""
WORKING_2026 = "01-04 02-14 02-28 05-09 09-20 10-10"


def listed(year: int, days: str) -> set[date]:
    return {date.fromisoformat(f"{year}-{day}") for day in days.split()}


def days_of(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(n) for n in range((date(year + 1, 1, 1) - first).days)]


@pytest.mark.parametrize(("year", "off", "work"), [(2025, OFF_2025, WORKING_2025), (2026, OFF_2026, WORKING_2026)])
def test_china_as_announced(year: int, off: str, work: str) -> None:
    rests, works = listed(year, off), listed(year, work)
    by_hand = [day for day in days_of(year) if day in works or (day.weekday() < 5 and day not in rests)]
    assert [day for day in days_of(year) if CHINA.is_working_day(day)] == by_hand
    assert {day for day in days_of(year) if CHINA.kind(day) is DayKind.MAKE_UP} == works
    assert all(CHINA.kind(day) in (DayKind.OFF, DayKind.WEEKEND) for day in rests)
    assert len(by_hand) == 248


def test_china_2026_by_month() -> None:
    counts = [
        CHINA.working_days_between(date(2026, month, 1), date(2026 + month // 12, month % 12 + 1, 1) - timedelta(1))
        for month in range(1, 13)
    ]
    assert counts == [21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23]


def test_a_holiday_on_a_weekend_is_off() -> None:
    assert CHINA.kind(date(2026, 10, 3)) is DayKind.OFF
    assert CHINA.kind(date(2026, 10, 4)) is DayKind.WEEKEND


@pytest.mark.parametrize("country", ["CN", "DE-BY", "US", "AE", "IL", "JP", "HU"])
def test_the_days_are_those_of_the_library(country: str) -> None:
    code, _, subdivision = country.partition("-")
    library = holidays.country_holidays(code, subdiv=subdivision or None, years=range(2014, 2032))
    calendar = calendar_of(country, "UTC")
    for year in range(2014, 2031):
        if code == "AE" and year < 2022:
            continue  # its weekend has moved; today's is taken
        assert all(calendar.is_working_day(day) == library.is_working_day(day) for day in days_of(year)), year


def test_without_a_country_monday_to_friday_work() -> None:
    plain = calendar_of("", "UTC")
    assert [plain.kind(date(2026, 10, day)) for day in (1, 2, 3, 4)] == ["working", "working", "weekend", "weekend"]
    assert not plain.is_provisional(LAST_YEAR)
    assert plain.known_until() == date(LAST_YEAR, 12, 31)


@pytest.mark.parametrize("country", ["XX", "DE-ZZ", "cn", "CN;"])
def test_an_unknown_country_is_refused(country: str) -> None:
    with pytest.raises(UnknownCountry):
        require_country(country)
    with pytest.raises(UnknownCountry):
        calendar_of(country, "UTC")


def test_own_days_win_and_leave_the_other_calendar_alone() -> None:
    own = {
        date(2026, 10, 1): OwnKind.WORKING,
        date(2026, 10, 10): OwnKind.OFF,
        date(2026, 10, 17): OwnKind.WORKING,
        date(1800, 1, 1): OwnKind.OFF,
    }
    company = calendar_of("CN", SHANGHAI, own)
    kinds = {day: company.kind(date(2026, 10, day)).value for day in (1, 10, 17)}
    assert kinds == {1: "working", 10: "off", 17: "make_up"}
    assert CHINA.kind(date(2026, 10, 1)) is DayKind.OFF
    assert company.working_days_between(date(2026, 10, 1), date(2026, 10, 31)) == 19


def test_a_year_without_make_up_days_is_provisional_until_own_days_say_them() -> None:
    last = CHINA.known_until()
    assert last >= date(2026, 12, 31)
    coming = last.year + 1
    assert CHINA.is_provisional(coming)
    assert not CHINA.is_provisional(last.year)
    saturday = next(day for day in days_of(coming) if day.weekday() == 5)
    told = calendar_of("CN", SHANGHAI, {saturday: OwnKind.WORKING})
    assert not told.is_provisional(coming)
    assert told.known_until() == date(coming, 12, 31)
    assert not calendar_of("US", "UTC").is_provisional(2050), "a country without the custom"


@pytest.mark.parametrize(
    ("day", "days", "expected"),
    [
        ((2026, 2, 12), 2, (2026, 2, 14)),
        ((2026, 2, 13), 2, (2026, 2, 24)),
        ((2026, 10, 3), 0, (2026, 10, 3)),
        ((2026, 10, 8), -1, (2026, 9, 30)),
        ((2026, 9, 21), -1, (2026, 9, 20)),
        ((2026, 9, 21), -2, (2026, 9, 18)),
    ],
)
def test_working_days_are_added(day: tuple[int, int, int], days: int, expected: tuple[int, int, int]) -> None:
    assert CHINA.add_working_days(date(*day), days) == date(*expected)


def test_neighbours_and_where_a_date_on_a_rest_day_moves() -> None:
    assert CHINA.on_or_after(date(2026, 10, 1)) == date(2026, 10, 8)
    assert CHINA.on_or_after(date(2026, 2, 28)) == date(2026, 2, 28), "a make-up day stays"
    assert CHINA.on_or_before(date(2026, 10, 7)) == date(2026, 9, 30)
    assert CHINA.on_or_before(date(2026, 10, 8)) == date(2026, 10, 8)
    assert CHINA.next_working_day(date(2026, 10, 10)) == date(2026, 10, 12)
    assert CHINA.previous_working_day(date(2026, 10, 12)) == date(2026, 10, 10)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(SHANGHAI))


@pytest.mark.parametrize(
    ("start", "minutes", "end"),
    [
        ("2026-09-30 17:00", 16 * 60, "2026-10-09 17:00"),
        ("2026-09-30 17:00", 24 * 60, "2026-10-10 17:00"),
        ("2026-10-10 17:30", 60, "2026-10-12 09:30"),
        ("2026-10-08 09:00", 180, "2026-10-08 12:00"),
        ("2026-10-08 12:00", 1, "2026-10-08 13:01"),
        ("2026-10-03 03:00", 30, "2026-10-08 09:30"),
        ("2026-10-03 03:00", 0, "2026-10-08 09:00"),
        ("2026-10-08 18:00", 0, "2026-10-08 18:00"),
        ("2026-10-08 18:01", 0, "2026-10-09 09:00"),
    ],
)
def test_working_minutes_are_added(start: str, minutes: int, end: str) -> None:
    assert CHINA.add_working_minutes(at(start), minutes) == at(end)


def test_a_pause_moves_a_deadline_by_its_working_time_alone() -> None:
    worked = CHINA.working_minutes_between(at("2026-09-30 17:00"), at("2026-10-08 11:00"))
    assert worked == 180
    assert CHINA.add_working_minutes(at("2026-10-10 10:00"), 24 * 60 - worked) == at("2026-10-13 16:00")


def test_make_up_days_have_hours_of_their_own() -> None:
    short = calendar_of("CN", SHANGHAI, hours=Hours((OFFICE,) * 7, ((600, 660),)))
    assert short.working_minutes_between(at("2026-10-10 00:00"), at("2026-10-11 00:00")) == 60
    assert short.working_minutes_between(at("2026-10-09 00:00"), at("2026-10-10 00:00")) == 480


def test_other_hours_hold_from_their_day() -> None:
    mornings = Hours((((540, 720),),) * 7, ((540, 720),))
    nights = Hours((((0, 360), (1320, 1440)),) * 7, ((600, 660),))
    moved = calendar_of(
        "CN",
        SHANGHAI,
        later=[(date(2026, 10, 8), mornings), (date(2026, 10, 10), nights), (date(2199, 1, 1), mornings)],
    )
    minutes = [
        moved.working_minutes_between(at(f"2026-{day} 00:00"), at(f"2026-{day} 00:00") + timedelta(days=1))
        for day in ("09-30", "10-08", "10-09", "10-10", "10-11", "10-12")
    ]
    assert minutes == [480, 180, 180, 60, 0, 480]
    assert moved.add_working_minutes(at("2026-09-30 17:00"), 60 + 200) == at("2026-10-09 09:20")
    assert moved.add_working_minutes(at("2026-10-10 10:30"), 30 + 60) == at("2026-10-12 01:00")


BERLIN = calendar_of("", "Europe/Berlin", {date(2026, 3, 29): OwnKind.WORKING, date(2026, 10, 25): OwnKind.WORKING})


@pytest.mark.parametrize(
    ("day", "window", "minutes"),
    [
        ("2026-03-29", (60, 300), 180),  # 02:00 to 03:00 is skipped
        ("2026-10-25", (60, 300), 300),  # and comes twice in autumn
        ("2026-03-29", (120, 150), 0),
        ("2026-03-29", (60, 150), 60),
        ("2026-03-29", (150, 240), 60),
        ("2026-10-25", (0, 150), 150),  # a window ends where the clock first shows its end
        ("2026-10-25", (150, 240), 150),
        ("2026-10-25", (0, 1440), 1500),
    ],
)
def test_working_time_is_real_time_when_the_clock_is_set(day: str, window: tuple[int, int], minutes: int) -> None:
    calendar = calendar_of("", "Europe/Berlin", BERLIN.own, Hours((((window),),) * 7, (window,)))
    start = datetime.combine(date.fromisoformat(day), datetime.min.time(), ZoneInfo("Europe/Berlin"))
    assert calendar.working_minutes_between(start, start + timedelta(days=1)) == minutes


def test_dates_outside_are_refused() -> None:
    for call in (
        lambda: CHINA.kind(date(FIRST_YEAR - 1, 12, 31)),
        lambda: CHINA.is_working_day(date.max),
        lambda: CHINA.add_working_days(date(LAST_YEAR, 12, 31), 1),
        lambda: CHINA.add_working_days(date(FIRST_YEAR, 1, 1), -1),
        lambda: CHINA.add_working_minutes(at("2026-10-08 09:00"), 10**9),
        lambda: CHINA.working_time_between(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
        lambda: calendar_of("", "UTC", hours=Hours(((),) * 7, ())).add_working_minutes(at("2026-10-08 09:00"), 1),
    ):
        with pytest.raises(OutsideCalendar):
            call()
    with pytest.raises(ValueError, match="not taken away"):
        CHINA.add_working_minutes(at("2026-10-08 09:00"), -1)


@pytest.mark.parametrize("windows", [((60, 60),), ((60, 30),), ((0, 1441),), ((-1, 5),), ((0, 60), (30, 90))])
def test_odd_windows_are_refused(windows: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="windows"):
        Hours((windows,) * 7, ())
    with pytest.raises(ValueError, match="seven"):
        Hours(((),) * 5, ())


ZONES = (
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
)
NIGHT = Hours((((0, 150), (150, 400), (1300, MINUTES_A_DAY)),) * 7, ((30, 155),))
CALENDARS = [
    calendar_of(country, zone, hours=hours)
    for zone in ZONES
    for country, hours in (("CN", OFFICE_HOURS), ("", NIGHT), ("HU", Hours((((0, MINUTES_A_DAY),),) * 7, OFFICE)))
] + [
    calendar_of("CN", zone, later=[(date(2011, 3, 13), NIGHT), (date(2026, 11, 1), OFFICE_HOURS)]) for zone in ZONES[:2]
]
calendars = st.sampled_from(CALENDARS)
moments = st.datetimes(
    datetime.fromisoformat("1995-01-01"), datetime.fromisoformat("2060-01-01"), timezones=st.just(UTC)
)
durations = st.timedeltas(timedelta(0), timedelta(days=60))
dates = st.dates(date(1995, 1, 1), date(2060, 1, 1))
counts = st.integers(-400, 400)


@given(calendars, moments, durations)
def test_what_was_added_lies_between(calendar: Calendar, start: datetime, duration: timedelta) -> None:
    end = calendar.add_working_time(start, duration)
    assert end >= start
    assert calendar.working_time_between(start, end) == duration
    assert calendar.working_time_between(end, start) == -duration


@given(calendars, moments, durations, durations)
def test_adding_twice_is_adding_the_sum(calendar: Calendar, start: datetime, one: timedelta, two: timedelta) -> None:
    assert calendar.add_working_time(calendar.add_working_time(start, one), two) == calendar.add_working_time(
        start, one + two
    )


@given(calendars, moments, moments, durations)
def test_who_starts_later_does_not_end_before(
    calendar: Calendar, one: datetime, two: datetime, duration: timedelta
) -> None:
    first, second = sorted((one, two))
    assert calendar.add_working_time(first, duration) <= calendar.add_working_time(second, duration)


@given(calendars, st.lists(moments, min_size=3, max_size=3))
def test_working_time_is_additive_and_no_longer_than_time(calendar: Calendar, given: list[datetime]) -> None:
    one, two, three = sorted(given)
    between = calendar.working_time_between
    assert between(one, two) + between(two, three) == between(one, three)
    assert timedelta(0) <= between(one, two) <= two - one


@given(st.sampled_from(ZONES[:6]), moments, st.integers(0, 23), st.data())
def test_working_time_is_what_a_walk_by_the_wall_clock_counts(
    name: str, around: datetime, opens: int, data: st.DataObject
) -> None:
    """Windows that no step of the clock begins or ends in."""
    closes = data.draw(st.integers(opens + 1, 24))
    zone, window = ZoneInfo(name), ((opens * 60, closes * 60),)
    calendar = calendar_of("", name, hours=Hours((window,) * 7, ()))
    start = around.replace(minute=0, second=0, microsecond=0)
    walk = [(start + timedelta(minutes=30 * n)).astimezone(zone) for n in range(96)]
    if any(moment.utcoffset() != walk[0].utcoffset() and moment.hour in (opens, closes % 24) for moment in walk):
        return
    counted = sum(calendar.is_working_day(moment.date()) and opens <= moment.hour < closes for moment in walk)
    assert calendar.working_minutes_between(start, start + timedelta(days=2)) == counted * 30


@given(calendars, dates, counts, counts)
def test_working_days_are_inverse_and_additive(calendar: Calendar, day: date, one: int, two: int) -> None:
    there = calendar.add_working_days(day, one)
    assert one == 0 or calendar.is_working_day(there)
    if one > 0:
        assert calendar.working_days_between(day + timedelta(1), there) == one
    if one * two >= 0:
        assert calendar.add_working_days(there, two) == calendar.add_working_days(day, one + two)
    if calendar.is_working_day(day):
        assert calendar.add_working_days(there, -one) == day


@given(calendars, dates, dates)
def test_working_days_between_are_those_that_work(calendar: Calendar, one: date, two: date) -> None:
    last = min(two, one + timedelta(100))
    days = [one + timedelta(n) for n in range((last - one).days + 1)]
    assert calendar.working_days_between(one, last) == sum(map(calendar.is_working_day, days))
