"""Promoting: what a plan has becomes what is active, all of it or nothing; periods that are over stay as they were."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import StateConflict
from kit.ids import new_id
from kit.records import Change, change, fresh, record
from kit.work import Work
from services.targets.decompositions import service as decompositions
from services.targets.decompositions.drivers import SCOPE
from services.targets.decompositions.enums import PERIODS
from services.targets.decompositions.models import DecompositionRow
from services.targets.decompositions.planning import balancing_child
from services.targets.decompositions.rules import OfTable
from services.targets.events_out import PlanPromoted, TargetAdjusted
from services.targets.plans import repository
from services.targets.plans.bases import settle_bases
from services.targets.plans.editing import changed_fast
from services.targets.plans.enums import Carry, TargetPlanState
from services.targets.plans.models import Plan
from services.targets.plans.repository import Standing
from services.targets.plans.rules import (
    AlreadyReported,
    EffectiveBeforeLast,
    NothingToChange,
    PlanNotApproved,
    PlanOutdated,
    check_standing,
    check_valid_from,
)
from services.targets.plans.schemas import PlanPromote
from services.targets.plans.service import PLANS, cells_of, require_plan, tree_of
from services.targets.plans.settling import Settled, settle
from services.targets.policies.enums import Approval
from services.targets.policies.service import policy_on
from services.targets.reports.service import reported_until
from services.targets.targets import service as targets
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target
from services.targets.targets.service import Below
from services.targets.two_way.models import TwoWayRow

_EDITED = ("period_end", "name", "owner_id", "stretch", "locked", "reason")
"""What beside the amount somebody sets of a target."""


@dataclass(slots=True)
class _Merge:
    """A branch on its way into the live tree: both as they are, live ids by those of the branch, what was shifted."""

    plan: Plan
    branch: Standing
    live: Mapping[UUID, Target]
    frozen: set[UUID] = field(default_factory=set)
    gone: set[UUID] = field(default_factory=set)
    ids: dict[UUID, UUID] = field(default_factory=dict)
    shifts: dict[UUID, int] = field(default_factory=dict)

    def origin(self, row: Target) -> Target | None:
        """The live target that a row of the branch is a copy of."""
        return None if row.origin_id is None else self.live[row.origin_id]


async def promote_plan(work: Work, plan_id: UUID, data: PlanPromote) -> Plan:
    """Write what a plan changes to its live tree, whose root is locked after the plan's own.

    Raises NotFound, PlanPromoted, StateConflict, PlanNotApproved, ValidFromOutside, AlreadyReported,
    EffectiveBeforeLast, PlanOutdated, NothingToChange, DecompositionInfeasible, TableInfeasible, OfTable (a gap over
    the rows or columns of a table), AmountTooLarge, BasesApart.
    """
    plan = await require_plan(work, plan_id, lock=True)
    check_standing(plan.state, "promote")
    root = await targets.require_target(work, plan.root_id, lock=True)
    await _check_approved(work, plan)
    if root.state is not TargetState.ACTIVE:
        raise StateConflict("target", "promote", root.state, [TargetState.ACTIVE])
    await _check_day(work, root, data.valid_from)
    live = await repository.list_tree(work.tx, root.id)
    branch = await repository.read_tree(work.tx, plan.branch_id)
    if root.revision != plan.base_revision:
        raise PlanOutdated([one for one in cells_of(branch.rows, live) if one.live != one.base])
    promoted: Plan = plan.model_copy(
        update={"promoted_by": work.actor.subject, "revision": root.revision + 1, **data.model_dump()}
    )
    merge = _Merge(promoted, branch, {one.id: one for one in live})
    _freeze(merge)
    if data.carry is Carry.GAP:
        await _carry(work, merge)
    settled = await _settle(merge)
    return await _write(work, plan, merge, settled)


async def _check_approved(work: Work, plan: Plan) -> None:
    policy = await policy_on(work, work.today)
    if policy.approval is Approval.REQUIRED and plan.state is not TargetPlanState.APPROVED:
        raise PlanNotApproved(extra={"policy_version": policy.version})


async def _check_day(work: Work, root: Target, valid_from: date) -> None:
    """Nothing that was reported or changed since is changed before it. Raises ValidFromOutside, AlreadyReported,
    EffectiveBeforeLast."""
    check_valid_from(valid_from, root.period_end)
    reported = await reported_until(work, root.id)
    if reported is not None and valid_from <= reported:
        raise AlreadyReported(reported)
    last = await repository.newest_valid_from(work.tx, root.id)
    if last is not None and valid_from < last:
        raise EffectiveBeforeLast(last)


def _freeze(merge: _Merge) -> None:
    """What stays as it is: periods that are over by then, and what is closed; nothing is added below the latter."""
    assert merge.plan.valid_from is not None, "asked for"
    for row in merge.branch.rows:
        origin = merge.origin(row)
        if origin is not None and (origin.state is TargetState.CLOSED or origin.period_end < merge.plan.valid_from):
            merge.frozen.add(row.id)
        merge.ids[row.id] = row.origin_id or new_id()
    closed = {row.id for row in merge.branch.rows if (one := merge.origin(row)) and one.state is TargetState.CLOSED}
    below: dict[UUID | None, list[UUID]] = {}
    for row in merge.branch.rows:
        if row.origin_id is None:
            below.setdefault(row.parent_id, []).append(row.id)
    waiting = [one for at in closed for one in below.get(at, ())]
    while waiting:
        at = waiting.pop()
        merge.gone.add(at)
        waiting += below.get(at, ())
    for split in merge.branch.splits:
        if split.target_id in merge.gone or (split.origin_id is None and split.target_id in closed):
            merge.gone.add(split.id)
        merge.ids[split.id] = split.origin_id or new_id()
    merge.ids |= {table.id: table.origin_id or new_id() for table in merge.branch.tables}


async def _carry(work: Work, merge: _Merge) -> None:
    """What ended parts of decompositions by time missed or brought beyond, for those that are left."""
    rows = {row.id: row for row in merge.branch.rows}
    sides = {
        one for table in merge.branch.tables for one in (table.row_decomposition_id, table.column_decomposition_id)
    }
    ended: dict[UUID, list[Target]] = {}
    children: dict[UUID, list[Target]] = {}
    for row in merge.branch.rows:
        if row.decomposition_id is not None:
            children.setdefault(row.decomposition_id, []).append(row)
    for split in merge.branch.splits:
        own = [one for one in children.get(split.id, ()) if not one.is_balancing]
        over = [one for one in own if one.id in merge.frozen]
        if split.dimension in PERIODS and split.target_id not in merge.frozen and over and len(over) < len(own):
            if split.id in sides or split.table_id is not None:
                raise OfTable
            ended[split.id] = over
    scopes = [
        {"key": str(one.id), "metric": one.metric, "first": one.period_start, "last": one.period_end}
        | {name: getattr(one, name) for name in SCOPE}
        for over in ended.values()
        for one in over
    ]
    actual = await decompositions.sum_credited(work, scopes) if scopes else {}
    for split in merge.branch.splits:
        if gone := ended.get(split.id):
            planned = sum(merge.live[one.origin_id].amount for one in gone if one.origin_id is not None)
            shift = sum(actual[str(one.id)] for one in gone) - planned - split.carried
            if shift and not any(one.is_balancing for one in children[split.id]):
                made = balancing_child(rows[split.target_id], split.id, children[split.id], 0, work.actor.subject)
                merge.branch.rows.append(made)
                merge.ids[made.id] = new_id()
            merge.shifts[split.id] = shift


async def _settle(merge: _Merge) -> Settled:
    tree = tree_of(merge.branch)
    held = {
        row.id: origin.amount
        for row in merge.branch.rows
        if row.id in merge.frozen and (origin := merge.origin(row)) is not None
    }
    top = merge.branch.rows[0].root_id
    return await asyncio.to_thread(settle, tree, top, tree.nodes[top].amount, held, merge.shifts)


def _changes(merge: _Merge, settled: Settled) -> list[Change[Target]]:
    """What becomes of live targets, by their ids."""
    found, now = [], clock.now()
    for row in merge.branch.rows:
        before = merge.origin(row)
        if before is None or row.id in merge.frozen:
            continue
        amount = settled.amounts[row.id]
        given: dict[str, Any] = {"amount": amount, "base": row.base}
        if row.authored_by is not None:
            given |= {name: getattr(row, name) for name in _EDITED}
        if amount != before.amount:
            shared = settled.shared.get(row.id)
            given |= {"computed": row.computed, "bound": row.bound} if shared is None else shared._asdict()
        stretch = given.get("stretch", before.stretch)
        given["stretch"] = None if stretch is None else max(stretch, amount)
        if any(getattr(before, name) != value for name, value in given.items()):
            persons = {
                "authored_by": row.authored_by or before.authored_by,
                "proposed_by": merge.plan.proposed_by,
                "approved_by": merge.plan.approved_by,
            }
            found.append(changed_fast(before, given | persons, now))
    return sorted(found, key=lambda one: one.after.id)


def _added(work: Work, merge: _Merge, settled: Settled, changes: Sequence[Change[Target]]) -> list[Below]:
    """Targets that are new, each with its parent as it will be."""
    parents = {one.id: one for one in merge.live.values()} | {one.after.id: one.after for one in changes}
    made: dict[UUID, Target] = {}
    waiting: list[Target] = []
    row: Target
    for row in merge.branch.rows:
        if row.origin_id is None and row.id not in merge.gone:
            own = {
                **fresh(),
                **{
                    name: _mapped(merge, getattr(row, name))
                    for name in ("id", "parent_id", "decomposition_id", "cross_id")
                },
                "root_id": merge.plan.root_id,
                "state": TargetState.ACTIVE,
                "amount": settled.amounts[row.id],
                "authored_by": row.authored_by or work.actor.subject,
                "proposed_by": merge.plan.proposed_by,
                "approved_by": merge.plan.approved_by,
                "plan_id": None,
                "commit_until": None,
            }
            new: Target = row.model_copy(update=own)
            made[new.id] = new
            waiting.append(new)
    parents |= made
    return [(parents[one.parent_id], one) for one in waiting if one.parent_id is not None]


def _rebase(merge: _Merge) -> None:
    """Denominators sum as they will be: what stays as it is keeps its own. Raises BasesApart."""
    kept = {
        row.id: origin.base
        for row in merge.branch.rows
        if row.id in merge.frozen and (origin := merge.origin(row)) is not None and origin.base is not None
    }
    standing = merge.branch._replace(
        rows=[row for row in merge.branch.rows if row.id not in merge.gone],
        splits=[split for split in merge.branch.splits if split.id not in merge.gone],
    )
    bases = settle_bases(standing, kept, [merge.plan.branch_id])
    row: Target
    rows = []
    for row in merge.branch.rows:
        rows.append(row.model_copy(update={"base": bases.get(row.id, row.base)}))
    merge.branch = merge.branch._replace(rows=rows)


def _mapped(merge: _Merge, branch_id: UUID | None) -> UUID | None:
    return None if branch_id is None else merge.ids[branch_id]


def _splits(merge: _Merge, settled: Settled) -> tuple[list[DecompositionRow], list[DecompositionRow]]:
    """Decompositions as they will be: those that stand, and new ones."""
    standing: list[DecompositionRow] = []
    new: list[DecompositionRow] = []
    split: DecompositionRow
    for split in merge.branch.splits:
        if split.id in merge.gone:
            continue
        own = {
            "id": merge.ids[split.id],
            "target_id": merge.ids[split.target_id],
            "root_id": merge.plan.root_id,
            "amount": settled.amounts[split.target_id],
            "table_id": _mapped(merge, split.table_id),
            "carried": split.carried + merge.shifts.get(split.id, 0),
            "children_sum": 0,
            "origin_id": None,
            "version": 1,
        }
        row: DecompositionRow = split.model_copy(update=own)
        (new if split.origin_id is None else standing).append(row)
    return standing, new


def _tables(merge: _Merge, settled: Settled) -> list[TwoWayRow]:
    """Tables that are new."""
    found = []
    table: TwoWayRow
    for table in merge.branch.tables:
        if (
            table.origin_id is None
            and table.row_decomposition_id not in merge.gone
            and table.target_id not in merge.gone
        ):
            own = {
                "id": merge.ids[table.id],
                "target_id": merge.ids[table.target_id],
                "root_id": merge.plan.root_id,
                "row_decomposition_id": merge.ids[table.row_decomposition_id],
                "column_decomposition_id": merge.ids[table.column_decomposition_id],
                "amount": settled.amounts[table.target_id],
                "version": 1,
            }
            made: TwoWayRow = table.model_copy(update=own)
            found.append(made)
    return found


async def _write(work: Work, plan: Plan, merge: _Merge, settled: Settled) -> Plan:
    """Targets, decompositions, tables and versions in one transaction, which compares the sums; and what is said."""
    _rebase(merge)
    changes = _changes(merge, settled)
    standing, new = _splits(merge, settled)
    below = _added(work, merge, settled, changes)
    is_marked = await repository.set_splits(work.tx, standing)
    if not changes and not new and not below and not is_marked:
        raise NothingToChange
    now, changed = clock.now(), [one.after.id for one in changes]
    versioned = [one.after.id for one in changes if {"amount", "base", "stretch"} & set(one.changed)]
    await repository.keep_first_versions(work.tx, versioned)
    await _say_adjusted(work, merge.plan, changes)
    await repository.restate(work.tx, changed, now)
    await repository.add_versions(work.tx, versioned, merge.plan, now)
    await repository.add_splits(work.tx, new)
    if below:
        await targets.add_below(work, below)
    else:
        await targets.note_change(work, plan.root_id)
    await repository.add_tables(work.tx, _tables(merge, settled))
    await decompositions.say_splits(work, new, [one for _, one in below])
    await repository.end_branch(work.tx, plan.branch_id, now)
    return await _end(work, plan, merge, changes, below)


async def _say_adjusted(work: Work, plan: Plan, changes: Sequence[Change[Target]]) -> None:
    """Write, announce and audit what was changed."""
    before = {one.after.id: one.before.amount for one in changes if one.before is not None}
    said = targets.saying(
        TargetAdjusted,
        amount_before=lambda row: before[row.id],
        plan_id=plan.id,
        valid_from=plan.valid_from,
        business_date=work.today,
    )
    await repository.write_planned(work.tx, changes)
    await record(work, said, changes, action="promote", reason=plan.reason or "")


async def _end(
    work: Work, plan: Plan, merge: _Merge, changes: Sequence[Change[Target]], below: Sequence[Below]
) -> Plan:
    """The plan is promoted, and says so."""
    amounts = {one.id: one.amount for one in merge.live.values()}
    amounts |= {one.after.id: one.after.amount for one in changes} | {one.id: one.amount for _, one in below}
    split = {merge.ids[one.target_id] for one in merge.branch.splits if one.id not in merge.gone}
    more = {
        "adjusted": len(changes),
        "added": len(below),
        "leaves_sha256": leaves_sha256({key: amount for key, amount in amounts.items() if key not in split}),
        "business_date": work.today,
    }
    said = replace(PLANS, said=lambda one: PlanPromoted.of(one.after, changed=list(one.changed), **more))
    promoted = ("promoted_by", "revision", "valid_from", "carry", "reason")
    given = {name: getattr(merge.plan, name) for name in promoted}
    return await change(
        work,
        said,
        plan,
        {"state": TargetPlanState.PROMOTED, **given},
        action="promote",
        reason=merge.plan.reason or "",
    )


def leaves_sha256(leaves: Mapping[UUID, int]) -> str:
    """What a tree is in the end, as one value."""
    lines = "".join(f"{key} {leaves[key]}\n" for key in sorted(leaves))
    return hashlib.sha256(lines.encode()).hexdigest()
