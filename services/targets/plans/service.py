"""Use cases of plans: open one, propose, approve and drop it, and say what it changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from kit import clock
from kit.errors import BadQuery, FieldError, NotFound, StateConflict, UnknownReference
from kit.records import Resource, add, change, fresh, require
from kit.transitions import next_state
from kit.work import Work
from services.targets.decompositions import service as decompositions
from services.targets.plans import repository
from services.targets.plans.enums import TargetPlanState
from services.targets.plans.models import Plan
from services.targets.plans.repository import Standing
from services.targets.plans.rules import MAX_ITEMS, MAX_OPEN, MOVES, NOUN, Cell, TooManyPlans, paths_of
from services.targets.plans.schemas import PlanCreate, PlanDiffCell, PlanDiffRead, PlanDiffSum
from services.targets.plans.settling import Margins, Node, Split, Tree
from services.targets.targets import moves
from services.targets.targets import service as targets
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target

PLANS = Resource(NOUN, Plan, lambda _one: None, audited=("root_id", "name", "base_revision"))


async def open_plan(work: Work, data: PlanCreate) -> Plan:
    """Copy the active tree of a root as a plan. Plans of a tree are opened one after another; live rows are read only.

    Raises UnknownReference (also for what is out of scope, a child, or a branch), StateConflict, TooManyPlans.
    """
    try:
        root = await targets.require_target(work, data.root_id)
    except NotFound:
        raise _no_root("no such target") from None
    if root.parent_id is not None or root.plan_id is not None:
        raise _no_root("it is the root of no live tree")
    if root.state is not TargetState.ACTIVE:
        raise StateConflict("target", "a plan", root.state, [TargetState.ACTIVE])
    await decompositions.hold_opening(work, root.id)
    if await repository.count_standing(work.tx, root.id) >= MAX_OPEN:
        raise TooManyPlans
    row = fresh()
    copied = await repository.copy_tree(work.tx, root.id, row["id"], clock.now())
    assert copied is not None, "roots are never deleted"
    plan = Plan(
        **row,
        **data.model_dump(),
        branch_id=copied.branch_id,
        base_revision=copied.revision,
        state=TargetPlanState.OPEN,
        authored_by=work.actor.subject,
    )
    return await add(work, PLANS, plan)


def _no_root(detail: str) -> UnknownReference:
    return UnknownReference(errors=[FieldError("/root_id", "unknown-reference", detail)])


async def require_plan(work: Work, plan_id: UUID, *, lock: bool = False) -> Plan:
    """A plan whose root is visible, it and its branch locked on request; raises NotFound."""
    plan = await require(work, PLANS, plan_id)
    try:
        await targets.require_target(work, plan.root_id)
    except NotFound:
        raise NotFound(what=NOUN) from None
    if not lock:
        return plan
    await targets.require_target(work, plan.branch_id, lock=True)
    return await require(work, PLANS, plan_id, lock=True)


async def propose_plan(work: Work, plan_id: UUID) -> Plan:
    """Propose what is planned to a second person; raises NotFound, StateConflict."""
    before = await require_plan(work, plan_id, lock=True)
    state = next_state(NOUN, MOVES, "propose", before.state)
    await moves.propose_branch(work, before.branch_id)
    changes = {"state": state, "proposed_by": work.actor.subject, "approved_by": None}
    return await change(work, PLANS, before, changes, action="propose")


async def approve_plan(work: Work, plan_id: UUID) -> Plan:
    """Approve what others planned and proposed; raises NotFound, StateConflict, SecondPersonNeeded."""
    before = await require_plan(work, plan_id, lock=True)
    state = next_state(NOUN, MOVES, "approve", before.state)
    await moves.approve_branch(work, before.branch_id)
    return await change(work, PLANS, before, {"state": state, "approved_by": work.actor.subject}, action="approve")


async def drop_plan(work: Work, plan_id: UUID) -> Plan:
    """Give a plan up; what it was stays to be read. Raises NotFound, StateConflict."""
    before = await require_plan(work, plan_id, lock=True)
    state = next_state(NOUN, MOVES, "drop", before.state)
    await repository.end_branch(work.tx, before.branch_id, clock.now())
    return await change(work, PLANS, before, {"state": state}, action="drop")


def tree_of(standing: Standing) -> Tree:
    """A tree as amounts are shared out in it."""
    splits = [Split(one.id, one.target_id, one.amount, one.over_assignment, one.table_id) for one in standing.splits]
    tables = [
        Margins(one.id, one.target_id, one.row_decomposition_id, one.column_decomposition_id) for one in standing.tables
    ]
    weighted = _untouched(standing.rows)
    return Tree.of([_node_of(one, weighted) for one in standing.rows], splits, tables)


def _untouched(rows: Sequence[Target]) -> set[UUID | None]:
    """Decompositions none of whose children that may change was set by somebody: what these were copied with tells
    their shares, as no rounding has touched it."""
    return {one.decomposition_id for one in rows} - {
        one.decomposition_id
        for one in rows
        if one.locked is None
        and not one.is_balancing
        and one.state is not TargetState.CLOSED
        and (one.authored_by is not None or one.base_amount is None)
    }


def _node_of(one: Target, weighted: Collection[UUID | None]) -> Node:
    return Node(
        one.id,
        one.decomposition_id,
        str(one.child_key),
        one.amount,
        one.locked,
        one.floor,
        one.cap,
        one.is_balancing,
        one.cross_id,
        one.cross_key,
        one.base_amount if one.decomposition_id in weighted else None,
    )


def cells_of(branch: Sequence[Target], live: Sequence[Target]) -> list[Cell]:
    """Live targets and what is new of them, with what a plan has copied and made of each."""
    copies = {one.origin_id: one for one in branch if one.origin_id is not None}
    paths = paths_of({one.id: (one.parent_id, one.child_key) for one in live})
    found = []
    for one in live:
        copy = copies.get(one.id)
        base, plan = (None, None) if copy is None else (copy.base_amount, copy.amount)
        found.append(Cell(one.id, paths[one.id], base, one.amount, plan))
    return found


async def read_diff(work: Work, plan_id: UUID) -> PlanDiffRead:
    """What a plan changes of what it was copied from. Raises NotFound, BadQuery (too many groups)."""
    plan = await require_plan(work, plan_id)
    standing = await repository.read_tree(work.tx, plan.branch_id)
    rows = standing.rows
    paths = paths_of({one.id: (one.parent_id, one.child_key) for one in rows})
    changed = [one for one in rows if one.amount != one.base_amount]
    changed.sort(key=lambda one: paths[one.id])
    items = [
        PlanDiffCell(
            target_id=one.id,
            origin_id=one.origin_id,
            keys=list(paths[one.id]),
            before=one.base_amount,
            after=one.amount,
            delta=one.amount - (one.base_amount or 0),
            reason=one.reason,
        )
        for one in changed[:MAX_ITEMS]
    ]
    leaves = _leaves(standing)
    return PlanDiffRead(
        plan_id=plan.id,
        count=len(changed),
        items=items,
        units=_sums([(None if one.unit_id is None else str(one.unit_id), one) for one in leaves]),
        months=_sums([(_month(one.period_start, one.period_end), one) for one in leaves]),
    )


def _leaves(standing: Standing) -> list[Target]:
    """What is at the end of the crediting decompositions: together it is the root."""
    rows, crediting = standing.rows, {one.target_id: one for one in standing.splits if one.is_crediting}
    below: dict[UUID, list[Target]] = defaultdict(list)
    for one in rows:
        for split_id in (one.decomposition_id, one.cross_id):
            if split_id is not None:
                below[split_id].append(one)
    waiting, found = [one for one in rows if one.parent_id is None], []
    while waiting:
        at = waiting.pop()
        split = crediting.get(at.id)
        if split is None:
            found.append(at)
        else:
            waiting += below[split.id]
    return found


def _sums(keyed: Sequence[tuple[str | None, Target]]) -> list[PlanDiffSum]:
    sums: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
    for key, one in keyed:
        sums[key][0] += one.base_amount or 0
        sums[key][1] += one.amount
    found = [
        PlanDiffSum(key=key, before=before, after=after, delta=after - before)
        for key, (before, after) in sums.items()
        if before != after
    ]
    if len(found) > MAX_ITEMS:
        raise BadQuery(errors=[FieldError("plan_id", "too-many", f"there are more than {MAX_ITEMS} groups")])
    return sorted(found, key=lambda one: (one.key is None, one.key or ""))


def _month(first: date, last: date) -> str | None:
    return first.strftime("%Y-%m") if (first.year, first.month) == (last.year, last.month) else None
