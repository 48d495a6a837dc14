"""Use cases of action plans: made, changed, activated, worked on step by step, completed, dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import FieldError, NotFound, StateConflict, UnknownReference
from kit.events.contract import Published
from kit.records import Change, Resource, add, change, changed_row, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.targets.action_plans.enums import ActionPlanState
from services.targets.action_plans.laws import (
    check_keys,
    count_overdue,
    merged,
    moved,
    next_day,
    noted,
    open_keys,
    progress_of,
)
from services.targets.action_plans.models import ActionItem, ActionPlan, ActionStep
from services.targets.action_plans.rules import CHANGEABLE, MOVES, NOUN, STEP, StepsOpen
from services.targets.action_plans.schemas import ActionPlanCreate, ActionPlanUpdate
from services.targets.events_out.action_plans import (
    ActionPlanActivated,
    ActionPlanCompleted,
    ActionPlanDropped,
    ActionPlanOverdue,
    ActionPlanUpdated,
)
from services.targets.members import service as members
from services.targets.targets import service as targets
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target

_ACTIVE = ActionPlanState.ACTIVE
_FACTS: Mapping[str, type[Published]] = {
    "activate": ActionPlanActivated,
    "complete": ActionPlanCompleted,
    "drop": ActionPlanDropped,
}


def _saying(work: Work, fact: type[Published] | None = None, **more: Any) -> Resource[ActionPlan]:
    """The resource whose changes are announced as `fact`; None: nobody is told."""

    def said(one: Change[ActionPlan]) -> Published | None:
        if fact is None:
            return None
        changed = [name for name in one.changed if name in fact.model_fields]
        return fact.of(one.after, **{"changed": changed, "business_date": work.today, **more})

    return Resource(NOUN, ActionPlan, said, audited=tuple(ActionPlanCreate.model_fields))


async def require_action_plan(
    work: Work, plan_id: UUID, *, version: Versions | None = None, lock: bool = False
) -> ActionPlan:
    """A plan of a target that the caller sees; raises NotFound, VersionMismatch."""
    found = await require(work, _saying(work), plan_id, version=version, lock=lock)
    try:
        await targets.require_target(work, found.target_id)
    except NotFound:
        raise NotFound(what=NOUN) from None
    return found


async def add_action_plan(work: Work, data: ActionPlanCreate) -> ActionPlan:
    """Make a draft; raises UnknownReference (target), StateConflict (a closed one), MemberUnknown, KeyTwice."""
    target = await named_target(work, data.target_id)
    given = {name: getattr(data, name) for name in ActionPlanCreate.model_fields}
    given["steps"] = tuple(ActionStep(**one.model_dump()) for one in data.steps)
    row = ActionPlan.model_validate(
        {**fresh(), **_plain(given), "root_id": target.root_id, "state": ActionPlanState.DRAFT}
    )
    await _check(work, row)
    return await add(work, _saying(work), _counted(work, row))


async def named_target(work: Work, target_id: UUID) -> Target:
    """The live target that a body names; raises UnknownReference, StateConflict (closed)."""
    try:
        target = await targets.require_counted(work, target_id)
    except NotFound:
        detail = "no such target"
        raise UnknownReference(errors=[FieldError("/target_id", UnknownReference.code, detail)]) from None
    if target.state is TargetState.CLOSED:
        standing = [each for each in TargetState if each is not TargetState.CLOSED]
        raise StateConflict("target", "an action", target.state, standing)
    return target


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a body as a row takes them."""
    lists = {name: tuple(one.model_dump() for one in given[name]) for name in ("resources", "risks") if name in given}
    return {**given, **lists}


async def _check(work: Work, row: ActionPlan, before: ActionPlan | None = None) -> None:
    check_keys(row.steps, "/steps")
    await members.check_owner(work, row.owner_id, "/owner_id", before.owner_id if before else None)
    await check_owners(work, row.steps, "/steps", before.steps if before else ())


async def check_owners(
    work: Work, items: Sequence[ActionItem], pointer: str, before: Sequence[ActionItem] = ()
) -> None:
    """Who does something is a member who has not left, unless they did something of it before; raises MemberUnknown,
    OwnerLeft, which name the first."""
    owners = {one.owner_id for one in items}
    known = await members.known_members(work, owners) if items else {}
    left = await members.left_members(work, owners - {one.owner_id for one in before})
    for number, one in enumerate(items):
        if one.owner_id not in known:
            raise members.MemberUnknown(f"{pointer}/{number}/owner_id")
        if one.owner_id in left:
            raise members.OwnerLeft(f"{pointer}/{number}/owner_id")


def _counted(work: Work, row: ActionPlan) -> ActionPlan:
    """The row with what follows from its steps."""
    doers = tuple(sorted({one.owner_id for one in row.steps}))
    more = {"progress": progress_of(row.steps), "overdue": count_overdue(row.steps), "due_at": _due(work, row)}
    counted: ActionPlan = row.model_copy(update={**more, "doers": doers})
    return counted


def _due(work: Work, row: ActionPlan) -> datetime | None:
    return due_moment(work, row.steps) if row.state is _ACTIVE else None


def due_moment(work: Work, items: Sequence[ActionItem]) -> datetime | None:
    """The start of the first day on which something of it becomes overdue."""
    day = next_day(items)
    return None if day is None else clock.start_of_day(work.settings.timezone, day)


async def _write(
    work: Work, before: ActionPlan, given: Mapping[str, Any], said: Resource[ActionPlan], action: str, reason: str = ""
) -> ActionPlan:
    """Write what is given and what follows from it."""
    after = _counted(work, changed_row(before, given).after)
    follows = {name: getattr(after, name) for name in ("doers", "progress", "overdue", "due_at")}
    return await change(work, said, before, {**given, **follows}, action=action, reason=reason)


async def update_action_plan(work: Work, plan_id: UUID, version: Versions, data: ActionPlanUpdate) -> ActionPlan:
    """Change a plan that is not over; raises NotFound, VersionMismatch, StateConflict, MemberUnknown, KeyTwice."""
    before = await require_action_plan(work, plan_id, version=version)
    if before.state not in CHANGEABLE:
        raise StateConflict(NOUN, "update", before.state, CHANGEABLE)
    given = _plain({name: getattr(data, name) for name in data.model_fields_set})
    if "steps" in given:
        asked = [ActionStep(**one.model_dump()) for one in data.steps]
        check_keys(asked, "/steps")
        given["steps"] = merged(before.steps, asked)
    await _check(work, changed_row(before, given).after, before)
    said = _saying(work, ActionPlanUpdated if before.state is _ACTIVE else None)
    return await _write(work, before, given, said, "update")


async def move_action_plan(work: Work, plan_id: UUID, action: str, reason: str = "") -> ActionPlan:
    """Activate, complete or drop a plan; raises NotFound, StateConflict, StepsOpen (complete)."""
    before = await require_action_plan(work, plan_id, lock=True)
    state = next_state(NOUN, MOVES, action, before.state)
    if state is ActionPlanState.DONE and (left := open_keys(before.steps)):
        raise StepsOpen(extra={"open": left})
    return await _write(work, before, {"state": state}, _saying(work, _FACTS[action]), action, reason)


async def move_step(work: Work, plan_id: UUID, key: str, action: str) -> ActionPlan:
    """Complete, drop or reopen a step of an active plan; raises NotFound (plan, step), StateConflict (plan, step)."""
    before = await require_action_plan(work, plan_id, lock=True)
    if before.state is not _ACTIVE:
        raise StateConflict(NOUN, f"{action} a step", before.state, [_ACTIVE])
    steps = moved(before.steps, key, action, work.today, STEP)
    return await _write(work, before, {"steps": steps}, _saying(work, ActionPlanUpdated), f"{action}-step")


async def note_overdue(work: Work, rows: Sequence[ActionPlan]) -> None:
    """Say of each plan what became overdue on the day on which it was due, and wait for the next such day."""
    for row in rows:
        assert row.due_at is not None, "due rows have a moment"
        day = clock.business_date(work.settings.timezone, row.due_at)
        steps, late = noted(row.steps, day)
        said = _saying(work, ActionPlanOverdue, overdue_keys=late, business_date=day)
        await _write(work, row, {"steps": steps}, said, "note-overdue")
