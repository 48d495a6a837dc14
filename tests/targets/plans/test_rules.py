"""Rules of plans."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from kit.calendar import calendar_of
from kit.errors import StateConflict
from services.targets.calendars.rules import working_days
from services.targets.plans.enums import TargetPlanState
from services.targets.plans.promoting import leaves_sha256
from services.targets.plans.rules import (
    Cell,
    LockOfRoot,
    LockUnequal,
    PlanOutdated,
    PlanPromoted,
    TransferApart,
    TransferOutside,
    ValidFromOutside,
    chains_of,
    check_standing,
    check_transfer,
    check_valid_from,
    conflicts_of,
    locked_amount,
    parted,
    paths_of,
)

A, B, C = (UUID(int=n) for n in range(1, 4))


def test_what_was_promoted_or_dropped_is_over() -> None:
    check_standing(TargetPlanState.OPEN, "promote")
    with pytest.raises(PlanPromoted):
        check_standing(TargetPlanState.PROMOTED, "rebase")
    with pytest.raises(StateConflict) as caught:
        check_standing(TargetPlanState.DROPPED, "promote")
    assert caught.value.code == "plan-state"


def test_a_plan_holds_from_a_day_of_its_period() -> None:
    check_valid_from(date(2026, 12, 31), date(2026, 12, 31))
    with pytest.raises(ValidFromOutside):
        check_valid_from(date(2027, 1, 1), date(2026, 12, 31))


def test_a_lock_is_the_amount() -> None:
    assert locked_amount({"locked": 5}, 9, None, is_root=False) == {"amount": 5, "locked": 5}
    assert locked_amount({"amount": 6}, 9, 9, is_root=False) == {"amount": 6, "locked": 6}
    assert locked_amount({"locked": None}, 9, 9, is_root=False) == {"amount": 9, "locked": None}
    assert locked_amount({"amount": 6}, 9, None, is_root=True) == {"amount": 6, "locked": None}
    with pytest.raises(LockUnequal):
        locked_amount({"locked": 5, "amount": 6}, 9, None, is_root=False)
    with pytest.raises(LockOfRoot):
        locked_amount({"locked": 5}, 9, None, is_root=True)


def test_a_target_is_parted_by_the_working_days_before_and_after() -> None:
    china = calendar_of("CN", "Asia/Shanghai")
    days = (
        working_days(china, date(2026, 1, 1), date(2026, 2, 14)),
        working_days(china, date(2026, 2, 15), date(2026, 3, 31)),
    )
    assert days == (32, 27)
    assert parted(1_200_000, days) == (650_847, 549_153)
    assert parted(-1_200_000, days) == (-650_847, -549_153)
    assert parted(7, (0, 0)) == (0, 7)
    check_transfer(date(2026, 1, 1), date(2026, 3, 31), date(2026, 3, 31))
    for day in (date(2026, 1, 1), date(2026, 4, 1)):
        with pytest.raises(TransferOutside):
            check_transfer(date(2026, 1, 1), date(2026, 3, 31), day)


def test_parents_change_up_to_what_both_have_in_common() -> None:
    north, south, root, split, other = (UUID(int=n) for n in range(10, 15))
    places = {A: (north, None), B: (south, None), north: (root, split), south: (root, split), root: (None, None)}
    assert chains_of(places, A, B) == ([north], [south], root)
    for wrong in ({south: (root, other)}, {B: (root, None)}, {south: (None, None)}):
        with pytest.raises(TransferApart):
            chains_of(places | wrong, A, B)


def test_keys_lead_from_the_root_down() -> None:
    assert paths_of({C: (B, "x"), B: (A, "y"), A: (None, None)}) == {A: (), B: ("y",), C: ("y", "x")}


def test_conflicts_are_what_both_sides_changed_to_something_else() -> None:
    cells = [Cell(A, (), 1, 2, 3), Cell(B, (), 1, 2, 2), Cell(C, (), 1, 1, 3)]
    assert conflicts_of(cells, {A, B, C}) == [cells[0]]
    assert conflicts_of(cells, {B, C}) == []


def test_a_problem_names_a_hundred_and_counts_all() -> None:
    found = PlanOutdated([Cell(A, (f"{n:03}",), 1, 2, 1) for n in range(150)]).extra
    assert (len(found["changed"]), found["count"], found["changed"][0]["keys"]) == (100, 150, ["000"])


def test_leaves_are_told_as_one_value_whatever_their_order() -> None:
    assert leaves_sha256({A: 1, B: 2}) == leaves_sha256({B: 2, A: 1}) != leaves_sha256({A: 2, B: 1})
