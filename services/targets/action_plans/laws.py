"""Pure rules of what somebody does by a day: the steps of action plans and the measures of adjustments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

from kit.errors import FieldError, NotFound
from kit.money import SHARE_WHOLE, ratio
from kit.transitions import next_state
from services.targets.action_plans.enums import ActionItemState
from services.targets.action_plans.models import ActionItem, ActionStep
from services.targets.action_plans.rules import ITEM_MOVES, KeyTwice

Item = TypeVar("Item", bound=ActionItem)

_OPEN = ActionItemState.OPEN
_ONE = timedelta(days=1)


def progress_of(steps: Sequence[ActionStep]) -> int | None:
    """The weighted share of the steps that is done, in 1e-6, half-even; what was dropped is left out. None where
    nothing has a weight."""
    weights = [(step.weight, step.state) for step in steps if step.state is not ActionItemState.DROPPED]
    whole = sum(weight for weight, _ in weights)
    done = sum(weight for weight, state in weights if state is ActionItemState.DONE)
    return ratio(done, SHARE_WHOLE, whole) if whole else None


def next_day(items: Sequence[ActionItem]) -> date | None:
    """The first day on which something becomes overdue that was not seen to be: that after the day by which it was
    to be done."""
    return min((one.due_on + _ONE for one in items if one.state is _OPEN and one.overdue_on is None), default=None)


def count_overdue(items: Sequence[ActionItem]) -> int:
    """How many open ones were seen to be late."""
    return sum(one.state is _OPEN and one.overdue_on is not None for one in items)


def noted(items: Sequence[Item], day: date) -> tuple[tuple[Item, ...], list[str]]:
    """The items as of a day, what is overdue noted, and the keys of what was not noted before."""
    late = [one.key for one in items if one.state is _OPEN and one.overdue_on is None and one.due_on < day]
    return tuple(_with(one, overdue_on=day) if one.key in late else one for one in items), late


def moved(items: Sequence[Item], key: str, action: str, today: date, noun: str) -> tuple[Item, ...]:
    """The items after an action on one of them; raises NotFound (`<noun>-not-found`), StateConflict."""
    found = next((one for one in items if one.key == key), None)
    if found is None:
        raise NotFound(what=noun)
    state = next_state(noun, ITEM_MOVES, action, found.state)
    after = _with(found, state=state, settled_on=None if state is _OPEN else today)
    return tuple(after if one is found else one for one in items)


def merged(before: Sequence[Item], given: Sequence[Item]) -> tuple[Item, ...]:
    """What is given, each in the state that one of its key had; what is due on another day was never late."""
    standing = {one.key: one for one in before}
    return tuple(_standing(one, standing[one.key]) if one.key in standing else one for one in given)


def _standing(item: Item, before: Item) -> Item:
    late = before.overdue_on if item.due_on == before.due_on else None
    return _with(item, state=before.state, settled_on=before.settled_on, overdue_on=late)


def check_keys(items: Sequence[ActionItem], pointer: str) -> None:
    """Keys are apart; raises KeyTwice, which names the second."""
    seen: set[str] = set()
    for number, one in enumerate(items):
        if one.key in seen:
            raise KeyTwice(errors=[FieldError(f"{pointer}/{number}/key", KeyTwice.code, f"{one.key} is there already")])
        seen.add(one.key)


def open_keys(items: Sequence[ActionItem]) -> list[str]:
    """Keys of what is neither done nor dropped."""
    return [one.key for one in items if one.state is _OPEN]


def _with(item: Item, **changes: object) -> Item:
    after: Item = item.model_copy(update=changes)
    return after
