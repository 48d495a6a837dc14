"""Laws of memberships: they never overlap, and a move changes nothing outside of its time."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.members.rules import AlreadyThere, LaterMemberships, NotMember, Span, ended, moved

A, B, C = (UUID(int=n) for n in (1, 2, 3))
START = date(2026, 1, 1)


def day(number: int) -> date:
    return START + timedelta(days=number)


def unit_on(spans: list[Span], at: date) -> UUID | None:
    return next((span.unit_id for span in spans if span.covers(at)), None)


def test_a_move_ends_the_membership_and_begins_another() -> None:
    assert moved([Span(A, day(0))], B, day(10)) == [Span(A, day(0), day(10)), Span(B, day(10))]


def test_a_move_in_the_past_holds_until_the_next_one() -> None:
    spans = [Span(A, day(0), day(20)), Span(B, day(20))]
    assert moved(spans, C, day(10)) == [Span(A, day(0), day(10)), Span(C, day(10), day(20)), Span(B, day(20))]


def test_a_move_on_the_first_day_replaces_and_moving_back_leaves_no_seam() -> None:
    assert moved([Span(A, day(0))], B, day(0)) == [Span(B, day(0))]
    assert moved(moved([Span(A, day(0))], B, day(5)), A, day(5)) == [Span(A, day(0))]


def test_joining_earlier_and_again_after_leaving() -> None:
    assert moved([Span(A, day(5))], B, day(0)) == [Span(B, day(0), day(5)), Span(A, day(5))]
    assert moved([Span(A, day(0), day(5))], A, day(9)) == [Span(A, day(0), day(5)), Span(A, day(9))]


def test_moving_to_the_same_unit_is_refused() -> None:
    with pytest.raises(AlreadyThere):
        moved([Span(A, day(0))], A, day(3))


def test_leaving() -> None:
    assert ended([Span(A, day(0))], day(9)) == [Span(A, day(0), day(9))]
    with pytest.raises(LaterMemberships):
        ended([Span(A, day(0), day(9)), Span(B, day(9))], day(5))
    for spans, on in (([], 1), ([Span(A, day(0), day(3))], 3), ([Span(A, day(4))], 4)):
        with pytest.raises(NotMember):
            ended(spans, day(on))


def test_undoing_a_join() -> None:
    assert ended([Span(A, day(4))], day(4), may_undo=True) == []
    assert ended([Span(A, day(0), day(4)), Span(B, day(4))], day(4), may_undo=True) == [Span(A, day(0), day(4))]
    assert ended([Span(A, day(0))], day(4), may_undo=True) == [Span(A, day(0), day(4))]
    assert moved([], B, day(4)) == [Span(B, day(4))]


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.integers(0, 30)), max_size=12))
def test_any_moves_leave_sorted_spans_without_overlap(moves: list[tuple[UUID, int]]) -> None:
    spans = [Span(A, day(10))]
    for unit, number in moves:
        before = list(spans)
        try:
            spans = moved(spans, unit, day(number))
        except AlreadyThere:
            continue
        assert all(one.valid_to is not None and one.valid_to <= two.valid_from for one, two in pairwise(spans))
        assert all(span.valid_to is None or span.valid_from < span.valid_to for span in spans)
        assert unit_on(spans, day(number)) == unit
        changed = [n for n in range(45) if unit_on(spans, day(n)) != unit_on(before, day(n))]
        assert all(n >= number and unit_on(spans, day(n)) == unit for n in changed)
