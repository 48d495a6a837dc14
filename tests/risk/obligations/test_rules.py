"""Days of obligations and what fills them, with the figures of the requirement."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.calendar import calendar_of
from kit.ids import new_id
from services.risk.obligations.enums import ObligationState
from services.risk.obligations.rules import (
    Claim,
    Dated,
    RecurrenceTooLong,
    days_late,
    met_days,
    next_day,
    occurrences,
    warn_day,
)

FIRST = date(2026, 1, 1)
MOVES = st.lists(
    st.builds(Dated, st.integers(0, 60).map(lambda n: FIRST + timedelta(n)), st.integers(-100, 200)), max_size=20
)
CLAIMS = st.lists(
    st.builds(
        Claim, st.uuids(), st.integers(0, 60).map(lambda n: FIRST + timedelta(n)), st.integers(1, 200), st.none()
    ),
    max_size=6,
    unique_by=lambda claim: claim.id,
)


def test_two_of_a_hundred() -> None:
    first, second = Claim(new_id(), date(2026, 3, 31), 100), Claim(new_id(), date(2026, 6, 30), 100)
    paid = [Dated(date(2026, 3, 20), 150)]
    assert met_days([first, second], paid) == {first.id: date(2026, 3, 20)}
    paid.append(Dated(date(2026, 7, 5), 50))
    assert met_days([second, first], paid) == {first.id: date(2026, 3, 20), second.id: date(2026, 7, 5)}
    assert days_late(date(2026, 7, 5), second.due_on) == 5
    assert days_late(date(2026, 3, 20), first.due_on) == 0


def test_what_was_taken_back_meets_nothing_until_it_is_made_good() -> None:
    claim = Claim(new_id(), date(2026, 3, 31), 100)
    moves = [Dated(date(2026, 3, 1), 100), Dated(date(2026, 3, 10), -40)]
    assert met_days([claim], moves) == {}
    assert met_days([claim], [*moves, Dated(date(2026, 3, 20), 40)]) == {claim.id: date(2026, 3, 20)}
    assert met_days([claim], [*moves, Dated(date(2026, 3, 10), 40)]) == {claim.id: date(2026, 3, 1)}, "of one day"


def test_recurring_days_count_from_the_anchor() -> None:
    days = occurrences(date(2026, 1, 31), 1, date(2026, 4, 30))
    assert days == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]
    assert len(occurrences(date(2026, 1, 31), 1, date(2035, 12, 31))) == 120
    with pytest.raises(RecurrenceTooLong):
        occurrences(date(2026, 1, 31), 1, date(2036, 1, 31))


def test_a_rest_day_moves_to_the_next_working_day() -> None:
    china = calendar_of("CN", "Asia/Shanghai")
    assert china.on_or_after(date(2026, 10, 1)) == date(2026, 10, 8)
    assert china.on_or_after(date(2026, 2, 28)) == date(2026, 2, 28), "a Saturday that is a make-up day"


def test_when_something_is_said() -> None:
    due_on = date(2026, 3, 31)
    assert warn_day(due_on, 7) == date(2026, 3, 24)
    assert next_day(ObligationState.PENDING, due_on, 7, is_warned=False) == date(2026, 3, 24)
    assert next_day(ObligationState.PENDING, due_on, 7, is_warned=True) == date(2026, 4, 1)
    assert next_day(ObligationState.LATE, due_on, 7, is_warned=True) is None


def by_hand(claims: list[Claim], moves: list[Dated]) -> dict[UUID, date]:
    """The same, day by day."""
    found: dict[UUID, date] = {}
    needed = 0
    for claim in sorted(claims, key=lambda one: (one.due_on, one.id)):
        needed += claim.amount
        found.pop(claim.id, None)
        for day in sorted({move.day for move in moves}):
            if sum(move.amount for move in moves if move.day <= day) >= needed:
                found.setdefault(claim.id, day)
            else:
                found.pop(claim.id, None)
    return found


@given(CLAIMS, MOVES, st.data())
def test_claims_are_met_as_by_hand_in_any_order_of_arrival(
    claims: list[Claim], moves: list[Dated], data: st.DataObject
) -> None:
    met = met_days(claims, moves)
    assert met == by_hand(claims, moves)
    shuffled = data.draw(st.permutations(moves))
    assert met_days(reversed(claims), shuffled) == met


@given(CLAIMS, MOVES)
def test_earlier_claims_are_met_no_later_than_later_ones(claims: list[Claim], moves: list[Dated]) -> None:
    met = met_days(claims, moves)
    days = [met.get(claim.id, date.max) for claim in sorted(claims, key=lambda one: (one.due_on, one.id))]
    assert days == sorted(days)


@given(CLAIMS, MOVES, st.integers(0, 60).map(lambda n: FIRST + timedelta(n)))
def test_what_is_due_after_the_end_is_met_by_days_until_then(
    claims: list[Claim], moves: list[Dated], last: date
) -> None:
    ended = [claim._replace(until=last) if claim.due_on > last else claim for claim in claims]
    whole, until = met_days(claims, moves), met_days(claims, [move for move in moves if move.day <= last])
    expected = {claim.id: (until if claim.due_on > last else whole).get(claim.id) for claim in claims}
    assert met_days(ended, moves) == {each: day for each, day in expected.items() if day is not None}
