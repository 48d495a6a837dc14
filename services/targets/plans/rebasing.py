"""Rebasing: what became active since a plan was copied comes into it, what somebody set in the plan stays."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from kit import clock
from kit.ids import new_id
from kit.records import Change, change, changed_row, fresh, require
from kit.work import Work
from services.targets.decompositions.models import DecompositionRow
from services.targets.decompositions.rules import DecompositionInfeasible
from services.targets.plans import repository
from services.targets.plans.bases import settle_bases
from services.targets.plans.enums import Prefer, TargetPlanState
from services.targets.plans.models import Plan
from services.targets.plans.repository import Standing
from services.targets.plans.rules import BasesApart, PlanConflicts, check_standing, conflicts_of
from services.targets.plans.service import PLANS, cells_of, require_plan, tree_of
from services.targets.plans.settling import Settled, settle
from services.targets.targets import service as targets
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target
from services.targets.two_way.models import TwoWayRow
from services.targets.two_way.rules import TableInfeasible

_NAMED = ("name", "owner_id", "stretch", "reason")
_LIVE = (*_NAMED, "period_end", "locked", "floor", "cap", "weight", "computed", "bound", "driver_values", "fitted")
"""What of a target that nobody set in the plan is as the live one has it."""


@dataclass(slots=True)
class _Merge:
    """Both trees, the live one by id, the copies by what they are of, and the copies that somebody set."""

    plan: Plan
    branch: Standing
    live: Standing
    copies: dict[UUID, UUID]
    chosen: set[UUID]
    twins: set[UUID] = field(default_factory=set)


async def rebase_plan(work: Work, plan_id: UUID, prefer: Prefer | None) -> Plan:
    """Let a plan rest on the live tree as it is now; sums are restored with what somebody set as locks, where these
    leave room for the rest. The live root is locked, so that no promotion comes between.

    Raises NotFound, PlanPromoted, StateConflict, PlanConflicts, DecompositionInfeasible, TableInfeasible, BasesApart.
    """
    plan = await require_plan(work, plan_id, lock=True)
    check_standing(plan.state, "rebase")
    root = await targets.require_target(work, plan.root_id, lock=True)
    branch = await repository.read_tree(work.tx, plan.branch_id)
    live = await repository.read_tree(work.tx, plan.root_id)
    chosen = {one.origin_id for one in branch.rows if one.origin_id is not None and _is_set(one)}
    found = conflicts_of(cells_of(branch.rows, live.rows), chosen)
    if found and prefer is None:
        raise PlanConflicts(found)
    if prefer is Prefer.LIVE:
        chosen -= {one.target_id for one in found}
    closed = {one.id for one in live.rows if one.state is TargetState.CLOSED}
    merge = _Merge(plan, branch, live, _copies(branch), chosen - closed)
    await _write(work, merge, closed)
    await repository.reopen_branch(work.tx, plan.branch_id, clock.now())
    changes = {"base_revision": root.revision, "state": TargetPlanState.OPEN, "proposed_by": None, "approved_by": None}
    return await change(work, PLANS, await require(work, PLANS, plan.id), changes, action="rebase")


def _is_set(row: Target) -> bool:
    """Whether somebody said in the plan how much a target is."""
    is_said = row.amount != row.base_amount or row.locked is not None
    return row.authored_by is not None and is_said and not row.is_balancing


def _copies(branch: Standing) -> dict[UUID, UUID]:
    pairs = [(one.origin_id, one.id) for one in branch.rows]
    pairs += [(one.origin_id, one.id) for one in branch.splits] + [(one.origin_id, one.id) for one in branch.tables]
    return {origin_id: copy_id for origin_id, copy_id in pairs if origin_id is not None}


async def _write(work: Work, merge: _Merge, closed: Collection[UUID]) -> None:
    """Take over what is new, then let every copy be what it has to be; one transaction, which compares the sums."""
    copies = merge.copies
    was, merge = merge.branch, _with_twins(merge)
    new_rows = [one for one in merge.live.rows if one.id not in copies]
    new_splits = [one for one in merge.live.splits if one.id not in copies]
    new_tables = [one for one in merge.live.tables if one.id not in copies]
    copies |= {one.id: new_id() for one in (*new_rows, *new_splits, *new_tables)}
    made = [_copied(merge, one) for one in new_rows]
    splits = [_copied_split(merge, one) for one in new_splits]
    tables = [_copied_table(merge, one) for one in new_tables]
    standing = {one.id: one for one in merge.live.rows}
    rows = [_as_live(merge, one, standing) for one in merge.branch.rows]
    whole = Standing([*rows, *made], [*_splits(merge), *splits], [*merge.branch.tables, *tables])
    bases = _settle_bases(merge, whole, {copies[one] for one in closed})
    rows, made = ([_based(one, bases) for one in side] for side in (rows, made))
    settled = await _settle(merge, whole, {copies[one]: standing[one].amount for one in closed})
    before = {one.id: one for one in was.rows}
    changes = [_changed(before[one.id], one, settled.amounts[one.id]) for one in rows]
    changed = [one.after for one in changes if one.changed]
    await repository.write_targets(work.tx, changed)
    await repository.set_splits(
        work.tx, [one for one in whole.splits if one.origin_id is not None and one not in splits]
    )
    await repository.add_splits(work.tx, [_amounting(one, settled) for one in splits])
    await repository.add_targets(work.tx, [_settled(one, settled) for one in made])
    await repository.add_tables(work.tx, tables)
    restated = [*(one.id for one in changed), *(one.target_id for one in tables)]
    await repository.restate(work.tx, restated, clock.now())


def _changed(before: Target, after: Target, amount: int) -> Change[Target]:
    """A target of the plan as it becomes; its stretch is no less than its amount."""
    names = (*_LIVE, "base", "base_amount", "origin_id", "state", "authored_by")
    stretch = None if after.stretch is None else max(after.stretch, amount)
    given = {name: getattr(after, name) for name in names} | {"amount": amount, "stretch": stretch}
    return changed_row(before, given)


def _with_twins(merge: _Merge) -> _Merge:
    """A decomposition has one balancing child: of two that are new on both sides the plan's becomes the copy, and holds
    both."""
    own = {one.decomposition_id: one for one in merge.branch.rows if one.is_balancing and one.origin_id is None}
    twins: dict[UUID, Target] = {}
    twin: Target | None
    for one in merge.live.rows:
        if one.is_balancing and one.id not in merge.copies and one.decomposition_id is not None:
            twin = own.get(merge.copies.get(one.decomposition_id))
            if twin is not None:
                merge.copies[one.id] = twin.id
                both = {"origin_id": one.id, "base_amount": one.amount, "amount": twin.amount + one.amount}
                row: Target = twin.model_copy(update=both)
                twins[twin.id] = row
    rows = [twins.get(one.id, one) for one in merge.branch.rows]
    return replace(merge, branch=merge.branch._replace(rows=rows), twins=set(twins))


def _splits(merge: _Merge) -> list[DecompositionRow]:
    """The decompositions of the branch with what the live ones carry by now; each splits what its target's row has."""
    live = {one.id: one for one in merge.live.splits}
    marked = {merge.copies[one.target_id] for one in merge.live.splits if one.is_crediting}
    found = []
    for split in merge.branch.splits:
        origin = None if split.origin_id is None else live[split.origin_id]
        more: dict[str, Any] = {"is_crediting": split.is_crediting and split.target_id not in marked}
        if origin is not None:
            more = {name: getattr(origin, name) for name in ("carried", "amount", "is_crediting")}
        row: DecompositionRow = split.model_copy(update=more)
        found.append(row)
    return found


def _as_live(merge: _Merge, row: Target, live: dict[UUID, Target]) -> Target:
    """A copy with what the live target has, unless somebody set it here."""
    if row.origin_id is None or row.id in merge.twins:
        return row
    origin = live[row.origin_id]
    state = TargetState.CLOSED if origin.state is TargetState.CLOSED else TargetState.DRAFT
    if row.origin_id in merge.chosen:
        kept: Target = row.model_copy(update={"base_amount": origin.amount, "state": state})
        return kept
    taken: dict[str, Any] = {
        **{"base_amount": origin.amount, "amount": origin.amount, "base": origin.base, "state": state}
    }
    is_edited = row.authored_by is not None and row.amount == row.base_amount
    taken |= {name: getattr(origin, name) for name in _LIVE if not (is_edited and name in _NAMED)}
    taken |= {"authored_by": row.authored_by if is_edited else None}
    found: Target = row.model_copy(update=taken)
    return found


async def _settle(merge: _Merge, whole: Standing, closed: dict[UUID, int]) -> Settled:
    """Sums with what was set as locks; where that leaves no room, in proportion to it."""
    tree, top = tree_of(whole), merge.plan.branch_id
    held = {merge.copies[one]: tree.nodes[merge.copies[one]].amount for one in merge.chosen} | closed
    amount = tree.nodes[top].amount
    try:
        return await asyncio.to_thread(settle, tree, top, amount, held)
    except (DecompositionInfeasible, TableInfeasible):
        return await asyncio.to_thread(settle, tree, top, amount, closed)


def _settle_bases(merge: _Merge, whole: Standing, closed: Collection[UUID]) -> dict[UUID, int]:
    """As amounts: what was set here stays where that leaves room for the rest."""
    chosen = {merge.copies[one] for one in merge.chosen}
    bases = {one.id: one.base for one in whole.rows if one.base is not None}
    mine = {one.id for one in whole.rows if one.id in chosen or one.origin_id is None}
    top = merge.plan.branch_id
    try:
        return settle_bases(whole, {one: bases[one] for one in bases.keys() & (mine | set(closed))}, [top])
    except BasesApart:
        return settle_bases(whole, {one: bases[one] for one in bases.keys() & set(closed)}, [top])


def _based(target: Target, bases: dict[UUID, int]) -> Target:
    row: Target = target.model_copy(update={"base": bases.get(target.id, target.base)})
    return row


def _copied(merge: _Merge, one: Target) -> Target:
    own = {
        **fresh(),
        **{
            name: _mapped(merge, getattr(one, name))
            for name in ("id", "root_id", "parent_id", "decomposition_id", "cross_id")
        },
        **dict.fromkeys(("authored_by", "proposed_by", "approved_by", "commit_until", "closes_on")),
        **dict.fromkeys(("external_id", "due_at", "closed_value")),
        "state": TargetState.CLOSED if one.state is TargetState.CLOSED else TargetState.DRAFT,
        "plan_id": merge.plan.id,
        "origin_id": one.id,
        "base_amount": one.amount,
        "revision": 0,
    }
    row: Target = one.model_copy(update=own)
    return row


def _mapped(merge: _Merge, live_id: UUID | None) -> UUID | None:
    return None if live_id is None else merge.copies[live_id]


def _copied_split(merge: _Merge, one: DecompositionRow) -> DecompositionRow:
    own = {
        **fresh(),
        **{name: _mapped(merge, getattr(one, name)) for name in ("id", "target_id", "root_id", "table_id")},
        "children_sum": 0,
        "origin_id": one.id,
    }
    row: DecompositionRow = one.model_copy(update=own)
    return row


def _copied_table(merge: _Merge, one: TwoWayRow) -> TwoWayRow:
    names = ("id", "target_id", "root_id", "row_decomposition_id", "column_decomposition_id")
    own = {**fresh(), **{name: _mapped(merge, getattr(one, name)) for name in names}, "origin_id": one.id}
    row: TwoWayRow = one.model_copy(update=own)
    return row


def _amounting(split: DecompositionRow, settled: Settled) -> DecompositionRow:
    row: DecompositionRow = split.model_copy(update={"amount": settled.amounts[split.target_id]})
    return row


def _settled(target: Target, settled: Settled) -> Target:
    row: Target = target.model_copy(update={"amount": settled.amounts[target.id]})
    return row
