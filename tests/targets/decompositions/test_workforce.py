"""Capacity: working days by capacity share, ramp and what members bring a day; Monday to Friday here."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.decompositions.workforce import (
    Asked,
    Productivity,
    Result,
    Stay,
    capacity_of,
    joined_since,
    productivity_of,
    scaled,
    weigh,
)
from services.targets.members.enums import MemberRole

ANN, BEN, COMPANY, TEAM, OTHER = (UUID(int=number) for number in range(1, 6))
DAY = 10**12
START = date(2026, 1, 1)
WINDOW = date(2025, 1, 1), date(2025, 12, 31)


def days(first: date, last: date) -> int:
    return sum((first + timedelta(days=each)).weekday() < 5 for each in range((last - first).days + 1))


def stay(member: UUID = ANN, first: date = START, last: date | None = None, **more: object) -> Stay:
    path = (COMPANY, TEAM)
    values = {"role": MemberRole.SALES_REP, "capacity": 1_000_000, "joined": first, "path": path, "line": path}
    return Stay(**{"member_id": member, "first": first, "last": last, **values, **more})  # type: ignore[arg-type]


def test_days_weigh_by_capacity_and_ramp() -> None:
    january = date(2026, 1, 31)
    assert weigh(stay(), START, january, (), days) == 22 * DAY
    assert weigh(stay(capacity=500_000), START, january, (), days) == 11 * DAY
    assert weigh(stay(last=date(2026, 1, 9)), START, january, (), days) == 7 * DAY
    ramped = days(date(2026, 1, 31), date(2026, 3, 1))
    assert weigh(stay(), START, date(2026, 3, 1), [0, 500_000], days) == ramped * DAY // 2
    assert weigh(stay(), date(2026, 3, 2), date(2026, 3, 6), [0, 500_000], days) == 5 * DAY, "after 60 days whole"
    assert weigh(stay(joined=date(2025, 1, 1)), START, january, [0, 0], days) == 22 * DAY
    for role in (MemberRole.SALES_DIRECTOR, MemberRole.MARKET_SUPPORT):
        assert weigh(stay(role=role), START, january, (), days) == 0
    assert weigh(stay(), date(2025, 1, 1), date(2025, 12, 31), (), days) == 0


def test_what_members_bring_a_day_and_who_is_new() -> None:
    ann = stay(first=date(2025, 1, 1))
    ben = stay(BEN, first=date(2025, 12, 20))
    whole = days(*WINDOW)
    results = [Result(ANN, ann.line, 261_000), Result(BEN, ben.line, 40)]
    found = productivity_of([ann, ben], results, WINDOW, (), days)
    assert found.of(ann) == Fraction(261_000, whole)
    short = days(date(2025, 12, 20), WINDOW[1])
    assert found.of(ben) == Fraction(261_040, whole + short), "8 days say nothing: the mean of the unit"
    nobody = productivity_of([ann], [Result(ANN, ann.line, -5)], WINDOW, (), days)
    assert nobody.of(ann) is None, "net below 0 is no data"
    boss = stay(BEN, first=date(2025, 1, 1), role=MemberRole.SALES_DIRECTOR)
    alone = productivity_of([ann, boss], [Result(ANN, ann.line, 261), Result(BEN, ann.line, 10**9)], WINDOW, (), days)
    assert alone.means[TEAM] == Fraction(261, whole), "what a director sells is no mean of the sellers"
    elsewhere = stay(BEN, first=START, path=(COMPANY, OTHER), line=(COMPANY, OTHER))
    assert found.of(elsewhere) == found.means[COMPANY], "a unit of which nothing is known: the one above it"


def test_capacity_of_units_members_and_periods() -> None:
    ann, ben = stay(), stay(BEN, capacity=500_000)
    brings = Productivity({}, {TEAM: Fraction(100), COMPANY: Fraction(7)})
    january = {"first": START, "last": date(2026, 1, 31)}
    everybody = Asked("u", TEAM, None, **january)
    assert capacity_of(everybody, [ann, ben], brings, (), days) == 3_300
    assert capacity_of(Asked("m", None, BEN, **january), [ann, ben], brings, (), days) == 1_100
    assert capacity_of(Asked("o", OTHER, None, **january), [ann, ben], brings, (), days) is None
    assert capacity_of(everybody, [stay(role=MemberRole.SALES_DIRECTOR)], brings, (), days) == 0
    assert capacity_of(everybody, [ann], Productivity({}, {}), (), days) is None, "nothing is known"
    assert [scaled(each, is_by_time=True) for each in (None, Fraction(1, 3))] == [0, 333]
    assert [scaled(each, is_by_time=False) for each in (None, Fraction(1, 2000), Fraction(3, 2000))] == [None, 0, 2]


def test_a_join_is_the_first_day_without_a_gap_since() -> None:
    spans = [(date(2026, 1, day), date(2026, 1, after) if after else None) for day, after in ((1, 5), (5, 9), (12, 0))]
    assert joined_since(spans) == [date(2026, 1, 1), date(2026, 1, 1), date(2026, 1, 12)]


@given(st.integers(0, 400), st.integers(0, 400), st.lists(st.integers(0, 1_000_000), max_size=5), st.integers(0, 400))
def test_parts_of_a_period_sum_to_it(start: int, length: int, ramp: list[int], cut: int) -> None:
    one, first = stay(), START + timedelta(days=start)
    last, middle = first + timedelta(days=length), first + timedelta(days=min(cut, length))
    whole = weigh(one, first, last, ramp, days)
    rest = weigh(one, middle + timedelta(days=1), last, ramp, days) if middle < last else 0
    assert whole == weigh(one, first, middle, ramp, days) + rest
    assert 0 <= whole <= days(first, last) * DAY


@pytest.mark.parametrize("share", [1, 333_333, 1_000_000])
def test_a_ramp_of_one_share_is_that_share(share: int) -> None:
    last = START + timedelta(days=29)
    assert weigh(stay(), START, last, [share], days) == days(START, last) * share * 1_000_000
