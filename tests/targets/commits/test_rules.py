"""Commits against what is planned, in numbers."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ids import new_id
from services.targets.commits.rules import CommitsClosed, Planned, check_taken, committed, gaps_of
from services.targets.targets.enums import TargetState

A, B, C, D = (Planned(new_id(), key, key.upper(), 250_000) for key in "abcd")
DAY = date(2026, 3, 31)


def test_what_is_committed_and_what_is_missing() -> None:
    gaps = gaps_of([A, B, C, D], {A.target_id: 300_000, C.target_id: 250_000, D.target_id: None})
    assert [(one.key, one.commit, one.difference) for one in gaps] == [
        ("a", 300_000, 50_000),
        ("b", None, None),
        ("c", 250_000, 0),
        ("d", None, None),
    ]
    assert committed(gaps) == 550_000


@given(st.lists(st.none() | st.integers(-(10**13), 10**13), max_size=20))
def test_the_differences_sum_to_the_gap_of_those_that_committed(amounts: list[int | None]) -> None:
    children = [Planned(new_id(), str(index), "", 7 * index) for index in range(len(amounts))]
    gaps = gaps_of(children, {one.target_id: amount for one, amount in zip(children, amounts, strict=True)})
    planned = sum(one.amount for one in gaps if one.commit is not None)
    assert sum(one.difference for one in gaps if one.difference is not None) == committed(gaps) - planned


def test_drafts_take_commits_to_the_end_of_the_last_day() -> None:
    check_taken(TargetState.DRAFT, None, DAY)
    check_taken(TargetState.DRAFT, DAY, DAY)
    with pytest.raises(CommitsClosed):
        check_taken(TargetState.DRAFT, date(2026, 3, 30), DAY)
    for state in set(TargetState) - {TargetState.DRAFT}:
        with pytest.raises(CommitsClosed):
            check_taken(state, None, DAY)
