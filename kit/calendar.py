"""The business calendar: which days work, and working time in the company's zone.

Pure functions over an immutable value. Public holidays and make-up days come from the library `holidays`, a company's
own closing and working days are handed in and win. Years FIRST_YEAR to LAST_YEAR are known; beyond them every function
raises OutsideCalendar. Days are counted by arrays made once per calendar, so nothing here takes longer for a longer
stretch.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from itertools import accumulate
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from kit.errors import Invalid

FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2069
MINUTES_A_DAY: Final = 24 * 60
CUSTOMARY_YEARS: Final = 5
"""A country whose weekends were made working days in so many years announces them year by year."""

_FIRST: Final = date(FIRST_YEAR, 1, 1).toordinal()
_DAYS: Final = date(LAST_YEAR, 12, 31).toordinal() - _FIRST + 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)


class OutsideCalendar(Invalid):
    code, title = "outside-calendar", f"The calendar knows the years {FIRST_YEAR} to {LAST_YEAR}"


class UnknownCountry(Exception):
    """CRMESH_CALENDAR_COUNTRY is no country or subdivision that the library knows."""


class DayKind(StrEnum):
    """`working` and `make_up` (a weekend day that works) are working days; `off` is a holiday or an own closing day."""

    WORKING = "working"
    WEEKEND = "weekend"
    OFF = "off"
    MAKE_UP = "make_up"


class OwnKind(StrEnum):
    """What a company says of a day itself."""

    OFF = "off"
    WORKING = "working"


_KINDS: Final = tuple(DayKind)
_WORKS: Final = (True, False, False, True)
_WORKING, _WEEKEND, _OFF, _MAKE_UP = range(4)

Windows = tuple[tuple[int, int], ...]
"""(opens, closes) in minutes after midnight by the wall clock, 0 to 1440, in order; they may touch."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Working hours of a working day by its weekday, Monday first, and of a make-up day; raises ValueError."""

    weekdays: tuple[Windows, ...]
    make_up: Windows

    def __post_init__(self) -> None:
        if len(self.weekdays) != 7:
            raise ValueError("working hours name seven weekdays")
        for windows in (*self.weekdays, self.make_up):
            ends = [minute for window in windows for minute in window]
            is_within = all(0 <= opens < closes <= MINUTES_A_DAY for opens, closes in windows)
            if ends != sorted(ends) or not is_within:
                raise ValueError("windows of a day are within it, in order and apart")


OFFICE: Final[Windows] = ((9 * 60, 12 * 60), (13 * 60, 18 * 60))
OFFICE_HOURS: Final = Hours((OFFICE,) * 7, OFFICE)
"""Which weekdays work is the country's business: a weekend has no working hours whatever stands here."""


@dataclass(frozen=True, eq=False)
class Calendar:
    """See calendar_of. Moments are aware; those that come back are UTC."""

    zone: ZoneInfo
    hours: Hours
    later: tuple[tuple[date, Hours], ...]
    own: Mapping[date, OwnKind]
    _kinds: bytes = field(repr=False)
    _announced: int | None = field(repr=False)

    def kind(self, day: date) -> DayKind:
        """What the day is; a holiday on a weekend is `off`."""
        return _KINDS[self._kinds[_index(day)]]

    def is_working_day(self, day: date) -> bool:
        """Whether the day works, make-up days included."""
        return _WORKS[self._kinds[_index(day)]]

    def is_provisional(self, year: int) -> bool:
        """Whether the year's make-up days are not known yet: neither the library has them nor an own day is one."""
        if self._announced is None or year <= self._announced:
            return False
        days = range(_index(date(year, 1, 1)), _index(date(year, 12, 31)) + 1)
        return all(self._kinds[index] != _MAKE_UP for index in days)

    def known_until(self) -> date:
        """The last day before the first provisional year."""
        first = next((year for year in range(FIRST_YEAR, LAST_YEAR + 1) if self.is_provisional(year)), LAST_YEAR + 1)
        return date(first - 1, 12, 31)

    def add_working_days(self, day: date, days: int) -> date:
        """The `days`-th working day after `day` (before it when negative); 0 is the day itself, working or not."""
        index = _index(day)
        if days == 0:
            return day
        place = self._counts[index + 1] + days - 1 if days > 0 else self._counts[index] + days
        if not 0 <= place < len(self._working):
            raise OutsideCalendar
        return date.fromordinal(_FIRST + self._working[place])

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return self.add_working_days(day, 1)

    def previous_working_day(self, day: date) -> date:
        """The last working day before `day`."""
        return self.add_working_days(day, -1)

    def on_or_after(self, day: date) -> date:
        """The day itself when it works, else the next that does: where a date on a rest day moves to."""
        return day if self.is_working_day(day) else self.next_working_day(day)

    def on_or_before(self, day: date) -> date:
        """The day itself when it works, else the last that did."""
        return day if self.is_working_day(day) else self.previous_working_day(day)

    def working_days_between(self, first: date, last: date) -> int:
        """How many days from `first` to `last`, both included, work; 0 when `last` is before `first`."""
        return max(0, self._counts[_index(last) + 1] - self._counts[_index(first)])

    def add_working_minutes(self, start: datetime, minutes: int) -> datetime:
        """As add_working_time, in minutes."""
        return self.add_working_time(start, timedelta(minutes=minutes))

    def add_working_time(self, start: datetime, duration: timedelta) -> datetime:
        """The moment at which `duration` (not negative) of working time has passed since `start`.

        A start outside the windows moves to the next opening; ending exactly at a window's end stays there.
        """
        ticks = duration // _TICK
        if ticks < 0:
            raise ValueError("working time is added, not taken away")
        if ticks == 0:
            return self._opening(start)
        rest = self._worked(start) + ticks
        index = bisect_left(self._before, rest) - 1
        if index >= _DAYS:
            raise OutsideCalendar
        rest -= self._before[index]
        for opens, closes in self._windows(index):
            if rest <= closes - opens:
                return _moment(opens + rest)
            rest -= closes - opens
        raise AssertionError("a day has the working time of its windows")

    def working_minutes_between(self, start: datetime, end: datetime) -> int:
        """Whole working minutes from `start` to `end`; negative, rounded down, when `end` is before `start`."""
        return self.working_time_between(start, end) // timedelta(minutes=1)

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`, exact; negative when `end` is before `start`."""
        return timedelta(microseconds=self._worked(end) - self._worked(start))

    def _opening(self, start: datetime) -> datetime:
        at = _ticks(start)
        if any(opens <= at <= closes for opens, closes in self._windows(self._index_at(start))):
            return _moment(at)
        return self.add_working_time(start, _TICK) - _TICK

    def _worked(self, moment: datetime) -> int:
        """Working time from the calendar's first day to the moment, in microseconds."""
        index, at = self._index_at(moment), _ticks(moment)
        return self._before[index] + sum(max(0, min(at, closes) - opens) for opens, closes in self._windows(index))

    def _index_at(self, moment: datetime) -> int:
        """The day of the moment. A clock set back over midnight shows the day before again: that is the new day's."""
        if not FIRST_YEAR - 1 <= moment.year <= LAST_YEAR + 1:
            raise OutsideCalendar
        index = _index(moment.astimezone(self.zone).date())
        return index + (_ticks(moment) >= _instant(self.zone, index, MINUTES_A_DAY))

    def _windows(self, index: int) -> Iterator[tuple[int, int]]:
        for opens, closes in self._plan(index):
            yield _instant(self.zone, index, opens), _instant(self.zone, index, closes)

    def _plan(self, index: int) -> Windows:
        kind = self._kinds[index]
        if not _WORKS[kind]:
            return ()
        began = bisect_right(self._begins, index)
        hours = self.later[began - 1][1] if began else self.hours
        return hours.weekdays[(_FIRST + index - 1) % 7] if kind == _WORKING else hours.make_up

    @cached_property
    def _begins(self) -> list[int]:
        return [day.toordinal() - _FIRST for day, _hours in self.later]

    @cached_property
    def _counts(self) -> array[int]:
        """Working days before each day, and of all."""
        return array("q", accumulate((_WORKS[kind] for kind in self._kinds), initial=0))

    @cached_property
    def _working(self) -> array[int]:
        return array("q", (index for index, kind in enumerate(self._kinds) if _WORKS[kind]))

    @cached_property
    def _before(self) -> array[int]:
        """Working time before each day, and of all, in microseconds: on most days what the wall clock says."""
        plans: set[Windows] = {()}
        for hours in (self.hours, *(hours for _day, hours in self.later)):
            plans |= {*hours.weekdays, hours.make_up}
        usual = {windows: sum(map(_length, windows)) * 60_000_000 for windows in plans}
        steps = _steps(self.zone)
        lengths = (
            sum(map(_length, self._windows(index))) if index in steps else usual[self._plan(index)]
            for index in range(_DAYS)
        )
        return array("q", accumulate(lengths, initial=0))


def calendar_of(
    country: str,
    timezone: str,
    own: Mapping[date, OwnKind] = MappingProxyType({}),
    hours: Hours = OFFICE_HOURS,
    later: Sequence[tuple[date, Hours]] = (),
) -> Calendar:
    """A company's calendar.

    `later`: the hours that hold in the place of `hours` from a day on, in the order of their days.

    `country`: ISO 3166 (`CN`, `DE-BY`), or empty for Monday to Friday without holidays; `own`: its own days, of which
    those in years that the calendar does not know are left out. Raises UnknownCountry.
    """
    kinds, announced = _public(country)
    changed = bytearray(kinds)
    for day, kind in own.items():
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            index = _index(day)
            changed[index] = _OFF if kind is OwnKind.OFF else _works_on(country, index)
    return Calendar(ZoneInfo(timezone), hours, tuple(later), MappingProxyType(dict(own)), bytes(changed), announced)


def require_country(country: str) -> None:
    """Raises UnknownCountry for what the library does not know; empty is known."""
    if country:
        import holidays

        code, _, subdivision = country.partition("-")
        known = holidays.list_supported_countries()
        if code not in known or (subdivision and subdivision not in known[code]):
            raise UnknownCountry(
                f"CRMESH_CALENDAR_COUNTRY is {country!r}: no country that the library `holidays` knows"
            )


@lru_cache(maxsize=8)
def _public(country: str) -> tuple[bytes, int | None]:
    """Kind of every day, and the last year whose make-up days are published where a country has them."""
    weekend = _weekends(country)
    if not country:
        return bytes(weekend), None
    import holidays

    require_country(country)
    code, _, subdivision = country.partition("-")
    # a notice may make a day of the December before work
    years = range(FIRST_YEAR, LAST_YEAR + 2)
    found = holidays.country_holidays(code, subdiv=subdivision or None, years=years)
    kinds = bytearray(weekend)
    for marked, kind in ((found, _OFF), (found.weekend_workdays, _MAKE_UP)):
        for day in marked:
            if FIRST_YEAR <= day.year <= LAST_YEAR:
                kinds[_index(day)] = kind
    made_up = {day.year for day in found.weekend_workdays}
    return bytes(kinds), max(made_up) if len(made_up) >= CUSTOMARY_YEARS else None


@lru_cache(maxsize=8)
def _weekends(country: str) -> bytes:
    """Weekends of a country without its holidays."""
    if not country:
        return bytes(_WEEKEND if (_FIRST + index - 1) % 7 >= 5 else _WORKING for index in range(_DAYS))
    import holidays

    require_country(country)
    found = holidays.country_holidays(country.partition("-")[0], years=FIRST_YEAR)
    return bytes(_WEEKEND if found.is_weekend(_day(index)) else _WORKING for index in range(_DAYS))


def _works_on(country: str, index: int) -> int:
    return _MAKE_UP if _weekends(country)[index] == _WEEKEND else _WORKING


@lru_cache(maxsize=8)
def _steps(zone: ZoneInfo) -> frozenset[int]:
    """Days in which the clock is set."""
    offsets = [datetime.combine(_day(index), time(), zone).utcoffset() for index in range(_DAYS + 1)]
    return frozenset(index for index in range(_DAYS) if offsets[index] != offsets[index + 1])


def _instant(zone: ZoneInfo, index: int, minute: int) -> int:
    """When the wall clock first shows a minute of a day; one that is skipped is the moment of the step."""
    wall = datetime.combine(_day(index), time(), zone) + timedelta(minutes=minute)
    before, after = _ticks(wall), _ticks(wall.replace(fold=1))
    if before <= after:
        return before
    low, high = after // 1_000_000, before // 1_000_000
    new = wall.replace(fold=1).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == new:
            high = middle
        else:
            low = middle
    return high * 1_000_000


def _length(window: tuple[int, int]) -> int:
    return window[1] - window[0]


def _index(day: date) -> int:
    index = day.toordinal() - _FIRST
    if not 0 <= index < _DAYS:
        raise OutsideCalendar
    return index


def _day(index: int) -> date:
    return date.fromordinal(_FIRST + index)


def _ticks(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK


def _moment(ticks: int) -> datetime:
    return _EPOCH + timedelta(microseconds=ticks)
