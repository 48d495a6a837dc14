"""The day profile: the year of a restaurant by weekdays and months, thin bases, and its laws."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.calendar import Calendar, OwnKind, calendar_of
from kit.money import allocate, ratio
from services.targets.day_profiles.enums import Basis
from services.targets.day_profiles.rules import (
    CLOSED,
    MAKE_UP,
    OFF,
    SUNDAY,
    WHOLE,
    DayProfile,
    base_of,
    class_of,
    day_profile,
    days_between,
    years_before,
)
from services.targets.decompositions.periods import split_period

YEAR = date(2015, 1, 1), date(2015, 12, 31)
NEXT = date(2016, 1, 1), date(2016, 12, 31)
PLAIN = calendar_of("", "Asia/Shanghai")
CHINA = calendar_of("CN", "Asia/Shanghai")


def pizzaplace() -> dict[date, int]:
    """Net sales by day of the open data set of that name, in cents."""
    with (Path(__file__).parent / "pizzaplace_2015.csv").open() as file:
        return {date.fromisoformat(row["date"]): int(row["cents"]) for row in csv.DictReader(file)}


def profile_of(results: dict[date, int], calendar: Calendar, first: date, last: date) -> DayProfile:
    return day_profile(results, partial(class_of, calendar), first, last)


def by_months(total: int, profile: DayProfile, calendar: Calendar = PLAIN) -> dict[str, int]:
    months = split_period(*NEXT, 1)
    weights = [profile.weight(calendar, month.first, month.last) for month in months]
    keys = [month.key for month in months]
    return dict(zip(keys, allocate(total, weights, keys), strict=True))


def test_the_year_of_the_restaurant() -> None:
    sales = pizzaplace()
    assert (len(sales), sum(sales.values())) == (358, 81_786_005)
    profile = profile_of(sales, PLAIN, *YEAR)
    assert profile.basis is Basis.PROFILE
    assert (profile.classes[0], profile.classes[4]) == (921_149, 1_167_845)
    assert (profile.months[0], profile.months[9]) == (995_813, 913_548)
    months = by_months(88_000_000, profile)
    wanted = {"2016-01": 7_439_014, "2016-02": 7_217_210, "2016-10": 6_770_290, "2016-12": 6_997_152}
    assert {key: months[key] for key in wanted} == wanted
    assert sum(months.values()) == 88_000_000


def test_plain_shares_would_say_something_else() -> None:
    sales = Counter[str]()
    for day, cents in pizzaplace().items():
        sales[f"{day:%m}"] += cents
    assert allocate(88_000_000, [sales[key] for key in sorted(sales)])[0] == 7_509_611


def test_known_closing_days_are_left_out_and_weigh_nothing() -> None:
    sales = pizzaplace()
    closed = [day for day in days_between(*YEAR) if day not in sales]
    own = {**dict.fromkeys(closed, OwnKind.OFF), date(2016, 1, 4): OwnKind.OFF}
    calendar = calendar_of("", "Asia/Shanghai", own)
    profile, without = profile_of(sales, calendar, *YEAR), profile_of(sales, PLAIN, *YEAR)
    assert len(closed) == 7
    assert profile.weight(calendar, date(2016, 1, 4), date(2016, 1, 4)) == 0
    assert profile.classes[0] > without.classes[0], "most of them were Mondays"


def test_the_weight_of_a_period_is_the_sum_over_its_days() -> None:
    profile = profile_of(pizzaplace(), PLAIN, *YEAR)
    days = days_between(*NEXT)
    assert profile.weight(PLAIN, *NEXT) == sum(profile.weight(PLAIN, day, day) for day in days)
    friday = date(2016, 10, 7)
    assert profile.weight(PLAIN, friday, friday) == 1_167_845 * 913_548


@pytest.mark.parametrize(
    ("days", "basis"),
    [(55, Basis.WORKING_DAYS), (56, Basis.WEEKDAYS), (364, Basis.WEEKDAYS), (365, Basis.PROFILE)],
)
def test_a_thin_base_says_less(days: int, basis: Basis) -> None:
    first = YEAR[1] - timedelta(days=days - 1)
    results = dict.fromkeys(days_between(first, YEAR[1]), 100)
    profile = profile_of(results, PLAIN, first, YEAR[1])
    assert profile.basis is basis
    if basis is Basis.WORKING_DAYS:
        assert profile.weight(CHINA, date(2026, 2, 1), date(2026, 2, 28)) == 16 * WHOLE * WHOLE
    else:
        assert set(profile.months) == {WHOLE}


def test_a_month_that_brought_nothing_leaves_the_weekdays() -> None:
    results = dict.fromkeys(days_between(*YEAR), 100) | {
        day: -1 if day.day == 1 else 0 for day in days_between(date(2015, 8, 1), date(2015, 8, 31))
    }
    assert profile_of(results, PLAIN, *YEAR).basis is Basis.WEEKDAYS
    assert profile_of(dict.fromkeys(days_between(*YEAR), -100), PLAIN, *YEAR).basis is Basis.WORKING_DAYS
    assert profile_of({}, PLAIN, *YEAR).basis is Basis.WORKING_DAYS


def test_rare_classes_borrow_from_weekdays() -> None:
    """2025 has 33 public days off in China and 5 make-up days, which are less than ten."""
    first, last = date(2025, 1, 1), date(2025, 12, 31)
    results = {day: 300 if CHINA.is_working_day(day) else 90 for day in days_between(first, last)}
    profile = profile_of(results, CHINA, first, last)
    numbers = Counter(class_of(CHINA, day) for day in days_between(first, last))
    assert (numbers[OFF] >= 10, 0 < numbers[MAKE_UP] < 10) == (True, True)
    assert profile.classes[MAKE_UP] == ratio(sum(profile.classes[:5]), 1, 5)
    quiet = profile_of(results, CHINA, date(2025, 11, 1), last)
    assert quiet.classes[OFF] == quiet.classes[SUNDAY]
    assert quiet.classes[CLOSED] == 0


def test_a_class_that_lost_weighs_nothing() -> None:
    results = {day: -5 if day.weekday() == SUNDAY else 100 for day in days_between(*YEAR)}
    assert profile_of(results, PLAIN, *YEAR).classes[SUNDAY] == 0


def test_days_beyond_the_calendar_have_their_weekday() -> None:
    profile = profile_of(pizzaplace(), CHINA, *YEAR)
    assert profile.weight(CHINA, date(2100, 1, 1), date(2100, 1, 1)) == profile.classes[4] * profile.months[0]


@pytest.mark.parametrize(
    ("start", "today", "known", "base"),
    [
        (date(2016, 1, 1), date(2026, 1, 1), date(2015, 1, 1), YEAR),
        (date(2016, 1, 1), date(2026, 1, 1), date(2015, 1, 2), (date(2015, 1, 2), YEAR[1])),
        (date(2016, 1, 1), date(2026, 1, 1), date(1999, 1, 1), (date(2013, 1, 1), YEAR[1])),
        (date(2016, 1, 1), date(2026, 1, 1), date(2013, 1, 2), (date(2014, 1, 1), YEAR[1])),
        (date(2027, 1, 1), date(2026, 11, 29), date(2025, 3, 1), (date(2025, 11, 29), date(2026, 11, 28))),
        (date(2024, 2, 29), date(2026, 1, 1), date(2023, 2, 28), (date(2023, 2, 28), date(2024, 2, 28))),
        (date(2016, 1, 1), date(2026, 1, 1), date(2016, 1, 1), None),
        (date(2016, 1, 1), date(2026, 1, 1), None, None),
    ],
)
def test_the_base_is_whole_years_before_the_period_and_today(
    start: date, today: date, known: date | None, base: tuple[date, date] | None
) -> None:
    assert base_of(start, today, known) == base


def test_a_year_before_a_leap_day() -> None:
    assert [years_before(date(2024, 2, 29), years) for years in (1, 4)] == [date(2023, 2, 28), date(2020, 2, 29)]


@given(st.data(), st.integers(56, 800), st.sampled_from((PLAIN, CHINA)))
def test_weights_are_never_negative_and_the_scale_does_not_matter(
    data: st.DataObject, days: int, calendar: Calendar
) -> None:
    last = date(2025, 12, 31)
    first = last - timedelta(days=days - 1)
    pattern = data.draw(st.lists(st.integers(-50, 1_000), min_size=5, max_size=23))
    results = {day: pattern[number % len(pattern)] for number, day in enumerate(days_between(first, last))}
    profile = profile_of(results, calendar, first, last)
    assert min(*profile.classes, *profile.months) >= 0
    larger = profile_of({day: amount * 1_000 for day, amount in results.items()}, calendar, first, last)
    assert larger == profile


@given(st.integers(1, 10**9))
def test_even_results_weigh_every_day_the_same(amount: int) -> None:
    profile = profile_of(dict.fromkeys(days_between(*YEAR), amount), PLAIN, *YEAR)
    assert (set(profile.classes[:CLOSED]), set(profile.months)) == ({WHOLE}, {WHOLE})
