"""Laws of what somebody does by a day: progress exact, late said once, states kept."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.errors import NotFound, StateConflict
from services.targets.action_plans.enums import ActionItemState, ActionStepKind
from services.targets.action_plans.laws import check_keys, count_overdue, merged, moved, next_day, noted, progress_of
from services.targets.action_plans.models import ActionStep
from services.targets.action_plans.rules import STEP, KeyTwice

OPEN, DONE, DROPPED = ActionItemState
MARCH = date(2026, 3, 1)


def step(
    key: str, weight: int = 1, state: ActionItemState = OPEN, due: int = 10, overdue_on: date | None = None
) -> ActionStep:
    return ActionStep(
        key=key,
        name=key,
        owner_id=UUID(int=1),
        due_on=MARCH + timedelta(days=due),
        state=state,
        overdue_on=overdue_on,
        kind=ActionStepKind.MILESTONE,
        weight=weight,
    )


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([], None),
        ([step("a", 0), step("b", 0, DONE)], None),
        ([step("a", 1, DONE), step("b", 2)], 333_333),
        ([step("a", 2, DONE), step("b", 1)], 666_667),
        ([step("a", 1, DONE), step("b", 1), step("c", 6, DROPPED)], 500_000),
        ([step("a", 1, DONE), step("b", 0)], 1_000_000),
        ([step("a", 1, DROPPED)], None),
    ],
)
def test_progress_is_the_weighted_share_done(steps: list[ActionStep], expected: int | None) -> None:
    assert progress_of(steps) == expected


STEPS = st.lists(st.tuples(st.integers(0, 1_000_000), st.sampled_from(ActionItemState), st.integers(0, 30)), max_size=8)


def drawn(values: list[tuple[int, ActionItemState, int]]) -> list[ActionStep]:
    return [step(f"k{number}", *one) for number, one in enumerate(values)]


@given(STEPS)
def test_progress_is_exact_to_half_a_millionth(values: list[tuple[int, ActionItemState, int]]) -> None:
    counted = [(weight, state) for weight, state, _ in values if state is not DROPPED]
    whole, done = sum(weight for weight, _ in counted), sum(weight for weight, state in counted if state is DONE)
    found = progress_of(drawn(values))
    if whole:
        assert found is not None
        assert abs(found - Fraction(done * 1_000_000, whole)) <= Fraction(1, 2)
        assert (found == 1_000_000) >= (done == whole)
    else:
        assert found is None


@given(STEPS)
def test_day_by_day_each_late_step_is_said_once_on_its_day(values: list[tuple[int, ActionItemState, int]]) -> None:
    items: tuple[ActionStep, ...] = tuple(drawn(values))
    said: list[tuple[str, date]] = []
    while day := next_day(items):
        items, late = noted(items, day)
        assert late, "a due day has something to say"
        said += [(key, day) for key in late]
    late_ones = [one for one in items if one.state is OPEN]
    assert sorted(said) == sorted((one.key, one.due_on + timedelta(days=1)) for one in late_ones)
    assert count_overdue(items) == len(late_ones)


def test_a_step_goes_between_its_states() -> None:
    done = moved([step("a")], "a", "complete", MARCH, STEP)
    assert (done[0].state, done[0].settled_on) == (DONE, MARCH)
    again = moved(done, "a", "reopen", MARCH, STEP)
    assert (again[0].state, again[0].settled_on) == (OPEN, None)
    assert moved(again, "a", "drop", MARCH, STEP)[0].state is DROPPED
    with pytest.raises(StateConflict, match="complete is not possible"):
        moved(done, "a", "complete", MARCH, STEP)
    with pytest.raises(NotFound):
        moved(done, "b", "complete", MARCH, STEP)


def test_what_is_replaced_keeps_its_state_and_another_day_was_never_late() -> None:
    before = [step("a", state=DONE), step("b", overdue_on=MARCH), step("c", overdue_on=MARCH)]
    after = merged(before, [step("c", due=20), step("b"), step("new"), step("a", 5)])
    assert [(one.key, one.state, one.overdue_on) for one in after] == [
        ("c", OPEN, None),
        ("b", OPEN, MARCH),
        ("new", OPEN, None),
        ("a", DONE, None),
    ]
    assert after[3].weight == 5


def test_a_key_names_one_step() -> None:
    with pytest.raises(KeyTwice) as refused:
        check_keys([step("a"), step("b"), step("a")], "/steps")
    assert refused.value.errors[0].pointer == "/steps/2/key"
