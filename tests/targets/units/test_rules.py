"""Days and leads of units."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.targets.units.rules import Lead, LeadHeld, is_there, lead_on, led_from, next_lead_day, parted_leads

A, B, C = (UUID(int=number) for number in (1, 2, 3))
START = date(2026, 1, 1)


def day(offset: int) -> date:
    return START + timedelta(days=offset)


def test_a_lead_holds_until_the_next_change_that_is_known() -> None:
    first = led_from((), A, day(0))
    assert first == (Lead(A, day(0)),)
    later = led_from(first, B, day(31))
    assert later == (Lead(A, day(0), day(30)), Lead(B, day(31)))
    between = led_from(later, C, day(10))
    assert between == (Lead(A, day(0), day(9)), Lead(C, day(10), day(30)), Lead(B, day(31)))
    nobody = led_from(between, None, day(10))
    assert nobody == (Lead(A, day(0), day(9)), Lead(B, day(31)))
    assert [lead_on(nobody, day(each)) for each in (-1, 9, 10, 30, 31)] == [None, A, None, None, B]
    assert led_from(nobody, A, day(10)) == (Lead(A, day(0), day(30)), Lead(B, day(31))), "one who goes on is one"
    assert led_from((), B, day(5)) == (Lead(B, day(5)),)
    for leads, who in ((first, A), ((), None)):
        with pytest.raises(LeadHeld):
            led_from(leads, who, day(3))


changes = st.lists(st.tuples(st.sampled_from([A, B, None]), st.integers(0, 40)), max_size=8)


@given(changes, st.integers(0, 40))
def test_leads_never_overlap_and_part_without_a_rest(steps: list[tuple[UUID | None, int]], at: int) -> None:
    leads: tuple[Lead, ...] = ()
    for who, offset in steps:
        before = leads
        try:
            leads = led_from(leads, who, day(offset))
        except LeadHeld:
            assert lead_on(before, day(offset)) == who
            continue
        assert lead_on(leads, day(offset)) == who
        assert [lead_on(leads, day(each)) for each in range(offset)] == [
            lead_on(before, day(each)) for each in range(offset)
        ], "nothing before changes"
    assert all(one.valid_to is not None and one.valid_to < two.valid_from for one, two in pairwise(leads))
    old, new = parted_leads(leads, day(at))
    for offset in range(50):
        held = [lead_on(side, day(offset)) for side in (old, new)]
        whole = lead_on(leads, day(offset))
        assert held == ([whole, None] if offset < at else [None, whole])
    following = next_lead_day(leads, day(at))
    moved = [each for each in range(at + 1, 60) if lead_on(leads, day(each)) != lead_on(leads, day(each - 1))]
    if moved:
        assert following is not None
        assert following <= day(moved[0])


def test_a_unit_is_there_on_all_days_or_not() -> None:
    assert is_there((None, None), date.min, None)
    assert is_there((day(0), day(9)), day(0), day(9))
    assert not is_there((day(0), day(9)), day(-1), day(9))
    assert not is_there((day(0), day(9)), day(0), None)
    assert not is_there((None, day(9)), day(0), day(10))
