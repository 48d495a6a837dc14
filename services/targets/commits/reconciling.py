"""Reconciling a draft decomposition with the commits to its children: share out what is left, or add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from kit.errors import StateConflict
from kit.records import Change, changed_row
from kit.work import Work
from services.targets.commits import repository
from services.targets.commits.enums import ReconcileMode
from services.targets.commits.spreading import COMMITTED, drivers_of, spread
from services.targets.decompositions import service as decompositions
from services.targets.decompositions.balancing import check_amounts
from services.targets.decompositions.models import Decomposition
from services.targets.decompositions.planning import balancing_child
from services.targets.decompositions.rules import Child, ChildDecomposed, OfTable
from services.targets.targets import service as targets
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target
from services.targets.targets.rules import NOUN

Commits = Mapping[UUID, int | None]


class _Agreed(NamedTuple):
    """What becomes of the children, of the amount that they split, and of its over-assignment."""

    children: Sequence[Change[Target]]
    amount: int
    over_assignment: int


async def reconcile(work: Work, target_id: UUID, decomposition_id: UUID, mode: ReconcileMode) -> Decomposition:
    """Let the newest commits decide a draft decomposition; what agrees already stays as it is.

    Commits, changes and splits of a tree take turns under its root. Raises NotFound, StateConflict (a target that is no
    draft), OfTable, ChildDecomposed, TargetDecomposed (roll up of what others sum to), AmountTooLarge, and what spread
    and drivers_of raise.
    """
    target = await targets.require_target(work, target_id, lock=True)
    split = await decompositions.require_decomposition(work, target_id, decomposition_id)
    if split.table_id is not None:
        raise OfTable
    children = await targets.children_of(work, decomposition_id)
    for one in (target, *children):
        if one.state is not TargetState.DRAFT:
            raise StateConflict(NOUN, "reconcile", one.state, [TargetState.DRAFT])
    commits = await repository.list_newest(work.tx, decomposition_id)
    owned = [one for one in children if not one.is_balancing]
    if mode is ReconcileMode.ROLL_UP:
        agreed = _roll_up(work, owned, commits)
    else:
        agreed = await _redistribute(work, target, split, owned, commits)
    await _check_below(work, target, split, agreed)
    standing = next((one for one in children if one.is_balancing), None)
    await _write(work, target, split, agreed, standing)
    return await decompositions.require_decomposition(work, target_id, decomposition_id)


async def _redistribute(
    work: Work, target: Target, split: Decomposition, children: Sequence[Target], commits: Commits
) -> _Agreed:
    """Commits are locks; a lock that came from a commit that was taken back is none."""
    asked = [Child(str(one.child_key), _lock(one, commits.get(one.id)), one.floor, one.cap) for one in children]
    drivers = drivers_of(
        [part.weight for part in split.drivers], {str(one.child_key): one.driver_values for one in children}
    )
    most = await decompositions.over_assignment_max(work)
    found = spread(target.amount, split.over_assignment, most, asked, drivers, target.id)
    changes = []
    for one, child, cell in zip(children, asked, found.cells, strict=True):
        bound = cell.bound if commits.get(one.id) is None else COMMITTED
        more = {"locked": child.locked, "computed": cell.computed, "bound": bound}
        changes.append(_changed(work, one, cell.amount, more))
    return _Agreed(changes, target.amount, split.over_assignment)


def _roll_up(work: Work, children: Sequence[Target], commits: Commits) -> _Agreed:
    """Without a commit a child stays what it is."""
    changes = []
    for one in children:
        commit = commits.get(one.id)
        more = {} if commit is None else {"locked": commit, "bound": COMMITTED}
        changes.append(_changed(work, one, one.amount if commit is None else commit, more))
    amount = sum(one.after.amount for one in changes)
    check_amounts([amount])
    return _Agreed(changes, amount, 0)


def _lock(child: Target, commit: int | None) -> int | None:
    if commit is not None:
        return commit
    return None if child.bound == COMMITTED else child.locked


def _changed(work: Work, target: Target, amount: int, more: Mapping[str, Any]) -> Change[Target]:
    """A target with another amount; its stretch is no less than that."""
    stretch = None if target.stretch is None else max(target.stretch, amount)
    changes = {"amount": amount, "stretch": stretch, **more}
    found = changed_row(target, changes)
    return changed_row(target, changes | targets.written(work)) if found.changed else found


async def _check_below(work: Work, target: Target, split: Decomposition, agreed: _Agreed) -> None:
    """What is split below a child, or above or beside this decomposition, sums to what it is."""
    moved = {one.after.id: str(one.after.child_key) for one in agreed.children if "amount" in one.changed}
    if below := await decompositions.decomposed(work, moved):
        keys = sorted(moved[one] for one in below)
        raise ChildDecomposed(f"decomposed: {', '.join(keys[:5])}", extra={"children": keys})
    if agreed.amount == target.amount:
        return
    if target.parent_id is not None:
        raise targets.TargetDecomposed("a child's amount comes from its decomposition")
    if await decompositions.has_other(work, target.id, split.id):
        raise targets.TargetDecomposed("another decomposition sums to the amount")


async def _write(work: Work, target: Target, split: Decomposition, agreed: _Agreed, standing: Target | None) -> None:
    """Children, the balancing one, the target and the decomposition in one transaction, which compares their sums."""
    difference = agreed.amount - sum(one.after.amount for one in agreed.children)
    changes = list(agreed.children)
    siblings = [one.after for one in changes]
    made = []
    if standing is not None:
        changes.append(_changed(work, standing, difference, {"computed": difference}))
    elif difference:
        made = [balancing_child(target, split.id, siblings, difference, work.actor.subject)]
    changes.append(_changed(work, target, agreed.amount, {}))
    written = [one for one in changes if one.changed]
    if not written and not made and agreed.over_assignment == split.over_assignment:
        return
    await targets.add_children(work, target, made)
    await targets.change_together(work, target.id, written, action="reconcile")
    await decompositions.restate(work, split, agreed.amount, agreed.over_assignment)
