"""Use cases of adjustments: made, changed, proposed, decided by a second person, executed measure by measure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import FieldError, Forbidden, NotFound, NotHeardYet, UnknownReference
from kit.events.contract import Published
from kit.records import Change, Resource, add, change, changed_row, fresh, require
from kit.transitions import next_state
from kit.versions import Versions
from kit.work import Work
from services.targets.action_plans.laws import check_keys, count_overdue, moved, noted, open_keys
from services.targets.action_plans.models import ActionItem
from services.targets.action_plans.service import check_owners, due_moment, named_target
from services.targets.adjustments.effects import last_day
from services.targets.adjustments.enums import SalesAdjustmentState
from services.targets.adjustments.models import Adjustment
from services.targets.adjustments.rules import MEASURE, MOVES, NOUN, WORKED, MeasuresOpen, check_second, check_trigger
from services.targets.adjustments.schemas import AdjustmentCreate, AdjustmentExecute, AdjustmentUpdate
from services.targets.alerts import service as alerts
from services.targets.calendars.service import company_calendar
from services.targets.events_out.adjustments import (
    AdjustmentApproved,
    AdjustmentDropped,
    AdjustmentExecuted,
    AdjustmentOverdue,
    AdjustmentProposed,
    AdjustmentStarted,
    AdjustmentUpdated,
)
from services.targets.members import service as members
from services.targets.plans import service as plans
from services.targets.plans.promoting import promote_plan
from services.targets.plans.rules import check_standing
from services.targets.plans.schemas import PlanPromote
from services.targets.risk_alerts.service import find_risk_alert
from services.targets.targets import service as targets

PROMOTE = "plans:promote"

_EXECUTING = SalesAdjustmentState.EXECUTING
_VOID: Mapping[str, Any] = {"state": SalesAdjustmentState.DRAFT, "proposed_by": None, "approved_by": None}


def saying(work: Work, fact: type[Published] | None = None, **more: Any) -> Resource[Adjustment]:
    """The resource whose changes are announced as `fact`; None: nobody is told."""

    def said(one: Change[Adjustment]) -> Published | None:
        if fact is None:
            return None
        changed = [name for name in one.changed if name in fact.model_fields]
        return fact.of(one.after, **{"changed": changed, "business_date": work.today, **more})

    return Resource(NOUN, Adjustment, said, audited=tuple(AdjustmentCreate.model_fields))


async def require_adjustment(
    work: Work, adjustment_id: UUID, *, version: Versions | None = None, lock: bool = False
) -> Adjustment:
    """An adjustment of a target that the caller sees; raises NotFound, VersionMismatch."""
    found = await require(work, saying(work), adjustment_id, version=version, lock=lock)
    try:
        await targets.require_target(work, found.target_id)
    except NotFound:
        raise NotFound(what=NOUN) from None
    return found


async def add_adjustment(work: Work, data: AdjustmentCreate) -> Adjustment:
    """Make a draft.

    Raises UnknownReference (target, alert, plan), StateConflict (a closed target, a plan that was dropped),
    PlanPromoted, TriggerUnnamed, MemberUnknown, KeyTwice.
    """
    target = await named_target(work, data.target_id)
    check_trigger(data.trigger, data.alert_id, data.risk_alert_id)
    given = {name: getattr(data, name) for name in AdjustmentCreate.model_fields}
    row = Adjustment.model_validate(
        {
            **{**fresh(), **given, "measures": _items(data)},
            **{"root_id": target.root_id, "state": SalesAdjustmentState.DRAFT, "authored_by": work.actor.subject},
        }
    )
    await _check_alerts(work, row)
    await _check(work, row)
    return await add(work, saying(work), row)


def _items(data: AdjustmentCreate | AdjustmentUpdate) -> tuple[ActionItem, ...]:
    return tuple(ActionItem(**one.model_dump()) for one in data.measures)


async def _check_alerts(work: Work, row: Adjustment) -> None:
    """What called for it is about the target's tree; an alert of risk may be about no target."""
    if row.alert_id is not None:
        try:
            alert = await alerts.require_alert(work, row.alert_id)
        except NotFound:
            raise _unknown("alert_id", "no such alert") from None
        if alert.root_id != row.root_id:
            raise _unknown("alert_id", "it is about another tree")
    if row.risk_alert_id is not None:
        heard = await find_risk_alert(work, row.risk_alert_id)
        if heard is None:
            raise NotHeardYet(errors=[FieldError("/risk_alert_id", UnknownReference.code, "no such alert")])
        if heard.target_id is not None:
            await _check_tree(work, heard.target_id, row.root_id)


async def _check_tree(work: Work, target_id: UUID, root_id: UUID) -> None:
    try:
        found = await targets.require_target(work, target_id)
    except NotFound:
        raise _unknown("risk_alert_id", "it is about another target") from None
    if found.root_id != root_id:
        raise _unknown("risk_alert_id", "it is about another tree")


async def _check(work: Work, row: Adjustment, before: Adjustment | None = None) -> None:
    check_keys(row.measures, "/measures")
    if row.owner_id is not None:
        await members.check_owner(work, row.owner_id, "/owner_id", before.owner_id if before else None)
    await check_owners(work, row.measures, "/measures", before.measures if before else ())
    if row.plan_id is None:
        return
    try:
        plan = await plans.require_plan(work, row.plan_id)
    except NotFound:
        raise _unknown("plan_id", "no such plan") from None
    if plan.root_id != row.root_id:
        raise _unknown("plan_id", "it is of another tree")
    check_standing(plan.state, "promote")


def _unknown(name: str, detail: str) -> UnknownReference:
    return UnknownReference(errors=[FieldError(f"/{name}", UnknownReference.code, detail)])


async def update_adjustment(work: Work, adjustment_id: UUID, version: Versions, data: AdjustmentUpdate) -> Adjustment:
    """Change what is not executed yet: it is a draft of who does, and a proposal or approval of it is void.

    Raises NotFound, VersionMismatch, StateConflict, and what a new one raises.
    """
    before = await require_adjustment(work, adjustment_id, version=version)
    next_state(NOUN, MOVES, "update", before.state)
    given = {name: getattr(data, name) for name in data.model_fields_set}
    if "measures" in given:
        given["measures"] = _items(data)
    one = changed_row(before, given)
    if not one.changed:
        return before
    await _check(work, one.after, before)
    return await change(
        work, saying(work), before, {**given, **_VOID, "authored_by": work.actor.subject}, action="update"
    )


async def propose_adjustment(work: Work, adjustment_id: UUID) -> Adjustment:
    """Propose a draft to a second person; raises NotFound, StateConflict."""
    before = await require_adjustment(work, adjustment_id, lock=True)
    state = next_state(NOUN, MOVES, "propose", before.state)
    changes = {"state": state, "proposed_by": work.actor.subject}
    return await change(work, saying(work, AdjustmentProposed), before, changes, action="propose")


async def reject_adjustment(work: Work, adjustment_id: UUID, reason: str) -> Adjustment:
    """Make a draft again of what was proposed; raises NotFound, StateConflict."""
    before = await require_adjustment(work, adjustment_id, lock=True)
    next_state(NOUN, MOVES, "reject", before.state)
    return await change(work, saying(work), before, _VOID, action="reject", reason=reason)


async def approve_adjustment(work: Work, adjustment_id: UUID) -> Adjustment:
    """Approve what others wrote, proposed and own; raises NotFound, StateConflict, AdjustmentUnapproved."""
    before = await require_adjustment(work, adjustment_id, lock=True)
    state = next_state(NOUN, MOVES, "approve", before.state)
    owner = None if before.owner_id is None else (await members.require_member(work, before.owner_id)).subject
    check_second(work.actor.subject, (before.authored_by, before.proposed_by, owner))
    changes = {"state": state, "approved_by": work.actor.subject}
    return await change(work, saying(work, AdjustmentApproved), before, changes, action="approve")


async def start_adjustment(work: Work, adjustment_id: UUID) -> Adjustment:
    """Begin the measures; raises NotFound, StateConflict."""
    before = await require_adjustment(work, adjustment_id, lock=True)
    state = next_state(NOUN, MOVES, "start", before.state)
    changes = {"state": state, "started_on": work.today, "due_at": due_moment(work, before.measures)}
    return await change(work, saying(work, AdjustmentStarted), before, changes, action="start")


async def execute_adjustment(work: Work, adjustment_id: UUID, data: AdjustmentExecute) -> Adjustment:
    """All is done, and the plan is promoted in the same transaction; raises NotFound, StateConflict, MeasuresOpen,
    Forbidden (a plan, without the permission to promote), and what promote_plan raises."""
    before = await require_adjustment(work, adjustment_id, lock=True)
    state = next_state(NOUN, MOVES, "execute", before.state)
    if left := open_keys(before.measures):
        raise MeasuresOpen(extra={"open": left})
    if before.plan_id is not None:
        if not work.actor.may(PROMOTE):
            raise Forbidden(f"needs the permission {PROMOTE}")
        promotion = PlanPromote(valid_from=data.valid_from or work.today, reason=before.reason, carry=data.carry)
        await promote_plan(work, before.plan_id, promotion)
    measured = last_day(await company_calendar(work), work.today) + timedelta(days=1)
    changes = {
        **{"state": state, "executed_on": work.today, "executed_by": work.actor.subject},
        **{"started_on": before.started_on or work.today, "overdue": 0},
        "due_at": clock.start_of_day(work.settings.timezone, measured),
    }
    return await change(work, saying(work, AdjustmentExecuted), before, changes, action="execute")


async def drop_adjustment(work: Work, adjustment_id: UUID, reason: str) -> Adjustment:
    """Give up what is not executed; raises NotFound, StateConflict."""
    before = await require_adjustment(work, adjustment_id, lock=True)
    state = next_state(NOUN, MOVES, "drop", before.state)
    changes = {"state": state, "due_at": None}
    return await change(work, saying(work, AdjustmentDropped), before, changes, action="drop", reason=reason)


async def move_measure(work: Work, adjustment_id: UUID, key: str, action: str) -> Adjustment:
    """Complete, drop or reopen a measure while it is executed; raises NotFound (also of a measure), StateConflict."""
    before = await require_adjustment(work, adjustment_id, lock=True)
    next_state(NOUN, WORKED, action, before.state)
    measures = moved(before.measures, key, action, work.today, MEASURE)
    changes = {"measures": measures, "overdue": count_overdue(measures), "due_at": due_moment(work, measures)}
    return await change(work, saying(work, AdjustmentUpdated), before, changes, action=f"{action}-measure")


async def note_overdue(work: Work, row: Adjustment) -> None:
    """Say which measures became overdue on the day on which it was due, and wait for the next such day."""
    assert row.due_at is not None, "due rows have a moment"
    day = clock.business_date(work.settings.timezone, row.due_at)
    measures, late = noted(row.measures, day)
    changes = {"measures": measures, "overdue": count_overdue(measures), "due_at": due_moment(work, measures)}
    said = saying(work, AdjustmentOverdue, overdue_keys=late, business_date=day)
    await change(work, said, row, changes, action="note-overdue")
