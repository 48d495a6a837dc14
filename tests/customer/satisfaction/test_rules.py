"""The mean of a year, day by day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.customer.accounts.enums import SatisfactionLevel
from services.customer.satisfaction.rules import Day, next_turn, standing_on, walk

DAY = date(2026, 2, 14)
HIGH, MID, LOW = SatisfactionLevel


def on(days: int) -> date:
    return DAY + timedelta(days=days)


def test_an_answer_counts_on_its_day_and_364_days_after() -> None:
    days = [Day(DAY, 1200, 1)]
    assert [standing_on(days, on(n)).level for n in (-1, 0, 364, 365)] == [None, HIGH, HIGH, None]
    assert (next_turn(days, on(-1)), next_turn(days, on(364)), next_turn(days, on(365))) == (None, on(365), None)


def test_the_mean_decides_and_the_score_is_the_percent_it_reaches() -> None:
    found = standing_on([Day(DAY, 960, 1), Day(on(1), 950, 1)], on(1))
    assert (found.level, found.score, found.sample_size) == (MID, 79, 2)
    assert standing_on([Day(DAY, 960, 1)], DAY).score == 80


def test_what_was_missed_is_walked_through() -> None:
    days = [Day(DAY, 0, 1), Day(on(10), 2400, 2)]
    found = walk(days, on(20), on(800))
    assert [(one.on, one.level) for one in found] == [(on(365), HIGH), (on(375), None), (on(800), None)]
    assert [(one.on, one.level) for one in walk(days, None, on(20))] == [(DAY, LOW), (on(10), MID), (on(20), MID)]


DAYS = st.dictionaries(st.integers(0, 900), st.integers(0, 1200), max_size=12)


@given(DAYS, st.integers(0, 1500), st.integers(0, 400))
def test_a_look_at_the_end_tells_what_daily_looks_tell(given_days: dict[int, int], start: int, more: int) -> None:
    days = [Day(on(n), twelfths, 1) for n, twelfths in sorted(given_days.items())]

    def moves(first: int, last: int) -> list[tuple[date, SatisfactionLevel | None]]:
        at, found = standing_on(days, on(first)), []
        for one in walk(days, on(first), on(last)):
            if one.level is not at.level:
                found.append((one.on, one.level))
            at = one
        return found

    daily = [move for n in range(start, start + more) for move in moves(n, n + 1)]
    assert moves(start, start + more) == daily
