"""From draft to history: proposing, deciding by a second person, activating and closing a target and all below it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from uuid import UUID

from kit import clock
from kit.records import Change, record, require
from kit.transitions import next_state
from kit.work import Work
from services.targets.events_out import TargetActivated, TargetApproved, TargetClosed, TargetProposed
from services.targets.policies.enums import Approval
from services.targets.policies.service import policy_on
from services.targets.targets import repository
from services.targets.targets.models import Target
from services.targets.targets.rules import MOVES, NOUN, NotApproved, SecondPersonNeeded, TargetOfPlan, check_parent
from services.targets.targets.service import TARGETS, announce, keep_closing, require_target, saying, void_above
from services.targets.units import service as units

_STATE = ("state",)


async def _begin(work: Work, target_id: UUID, action: str) -> Target:
    """The target, its tree locked, in a state that allows the action; raises NotFound, TargetOfPlan, StateConflict."""
    before = await require_target(work, target_id, lock=True)
    if before.plan_id is not None:
        raise TargetOfPlan
    next_state(NOUN, MOVES, action, before.state)
    return before


def _apart(rows: Sequence[Target], target_id: UUID) -> tuple[Target, list[Target]]:
    """The target itself, and what is below it in the order of the ids."""
    first, *below = sorted(rows, key=lambda row: (row.id != target_id, row.id))
    return first, below


async def propose_target(work: Work, target_id: UUID) -> Target:
    """Propose a draft and the drafts below it; raises NotFound, StateConflict."""
    before = await _begin(work, target_id, "propose")
    rows = await repository.propose(work.tx, target_id, clock.now(), work.actor.subject)
    after, below = _apart(rows, target_id)
    more = {"proposed_by": attrgetter("proposed_by"), "business_date": work.today}
    changed = (*_STATE, "proposed_by")
    await record(work, saying(TargetProposed, **more), [Change(before, after, changed)], action="propose")
    await announce(work, below, TargetProposed, changed, **more)
    return after


async def approve_target(work: Work, target_id: UUID) -> Target:
    """Approve a proposal of others; raises NotFound, StateConflict, SecondPersonNeeded."""
    before = await _begin(work, target_id, "approve")
    await _check_second(work, before)
    rows = await repository.approve(work.tx, target_id, clock.now(), work.actor.subject)
    after, below = _apart(rows, target_id)
    more = {name: attrgetter(name) for name in ("proposed_by", "approved_by")}
    changed = (*_STATE, "approved_by")
    said = saying(TargetApproved, **more, business_date=work.today)
    await record(work, said, [Change(before, after, changed)], action="approve")
    await announce(work, below, TargetApproved, changed, **more, business_date=work.today)
    return after


async def _check_second(work: Work, target: Target) -> None:
    """Whoever approves has proposed, written last and owns nothing of it, and leads the parent's unit or one above it;
    a root is approved by who sees everything. Raises SecondPersonNeeded."""
    visible = await units.visible_to(work)
    if not visible.everything:
        parent = None if target.parent_id is None else await require(work, TARGETS, target.parent_id)
        if parent is None or parent.unit_id not in visible.units:
            raise SecondPersonNeeded
    if await repository.is_involved(work.tx, target.id, work.actor.subject):
        raise SecondPersonNeeded


async def propose_branch(work: Work, root_id: UUID) -> None:
    """Let the drafts of a plan, its tree locked, wait for a second person; the plan says so."""
    await repository.propose(work.tx, root_id, clock.now(), work.actor.subject)


async def approve_branch(work: Work, root_id: UUID) -> None:
    """Approve what is proposed of a plan, its tree locked; raises SecondPersonNeeded."""
    await _check_second(work, await require(work, TARGETS, root_id))
    await repository.approve(work.tx, root_id, clock.now(), work.actor.subject)


async def take_back_target(work: Work, target_id: UUID, action: str, reason: str = "") -> Target:
    """Make a draft again of what was proposed, by `withdraw` or `reject`; what is above it is no longer proposed or
    approved either. Raises NotFound, StateConflict."""
    before = await _begin(work, target_id, action)
    await void_above(work, target_id)
    after, _below = _apart(await repository.take_back(work.tx, target_id, clock.now()), target_id)
    await record(work, TARGETS, [Change(before, after, (*_STATE, "proposed_by"))], action=action, reason=reason)
    return after


async def activate_target(work: Work, target_id: UUID) -> Target:
    """Let a target and all below it count from now on; raises NotFound, StateConflict, NotApproved."""
    before = await _begin(work, target_id, "activate")
    if before.parent_id is not None:
        check_parent((await require(work, TARGETS, before.parent_id)).state)
    policy = await policy_on(work, work.today)
    if policy.approval is Approval.REQUIRED:
        missing = await repository.count_unapproved(work.tx, target_id)
        if missing:
            raise NotApproved(extra={"unapproved": missing, "policy_version": policy.version})
    rows = await repository.activate(work.tx, target_id, clock.now(), policy.close_after_days)
    after, below = _apart(rows, target_id)
    await keep_closing(work, after.root_id, [row.id for row in rows])
    await record(work, saying(TargetActivated), [Change(before, after, _STATE)], action="activate")
    await announce(work, below, TargetActivated, _STATE)
    return after


async def close_target(work: Work, target_id: UUID) -> Target:
    """Close a target and all below it, each with what was credited to it; raises NotFound, StateConflict."""
    before = await _begin(work, target_id, "close")
    after, below = _apart(await repository.close(work.tx, target_id, clock.now(), work.today), target_id)
    await keep_closing(work, after.root_id)
    await record(work, TARGETS, [Change(before, after, (*_STATE, "closed_value"))], action="close")
    await _say_closed(work, [after, *below])
    return after


async def close_part(work: Work, target: Target, decomposition_id: UUID) -> None:
    """Close the children of a decomposition and all below them; the tree is locked."""
    rows = await repository.close_part(work.tx, decomposition_id, clock.now(), work.today)
    await keep_closing(work, target.root_id)
    closed = [Change(None, row, (*_STATE, "closed_value")) for row in sorted(rows, key=attrgetter("id"))]
    await record(work, TARGETS, closed, action="close")
    await _say_closed(work, [one.after for one in closed])


async def close_due(work: Work, root_id: UUID, limit: int) -> None:
    """Close those of a tree whose day has come, so many at most; the others are as due as they were."""
    rows = await repository.close_due(work.tx, root_id, clock.now(), work.today, limit)
    await keep_closing(work, root_id)
    closed = [Change(None, row, (*_STATE, "closed_value")) for row in sorted(rows, key=attrgetter("id"))]
    await record(work, TARGETS, closed, action="close")
    await _say_closed(work, [one.after for one in closed])


async def _say_closed(work: Work, rows: Sequence[Target]) -> None:
    """What never counted was never heard of."""
    counted = [row for row in rows if row.closed_value is not None]
    more = {"value": attrgetter("closed_value"), "business_date": work.today}
    await announce(work, counted, TargetClosed, (*_STATE, "closed_value"), **more)
