"""Splitting a draft again by what its drivers give today: constraints stay, so do the children."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import StateConflict
from kit.records import Change, changed_row
from kit.work import Work
from services.targets.decompositions import repository, service
from services.targets.decompositions.enums import Dimension, DriverKind
from services.targets.decompositions.filling import ConstraintKind
from services.targets.decompositions.models import Decomposition
from services.targets.decompositions.planning import Split, plan_split
from services.targets.decompositions.rules import ChildDecomposed, DriversUnknown, OfTable
from services.targets.decompositions.schemas import ChildCreate, DriverCreate, DriverParams, SplitCreate
from services.targets.targets import service as targets
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target
from services.targets.targets.rules import NOUN

_NAMED = {Dimension.UNIT: "unit_id", Dimension.MEMBER: "member_id"}
_TAKEN = ("amount", "base", "computed", "bound", "driver_values")


async def recompute(work: Work, target_id: UUID, decomposition_id: UUID) -> Decomposition:
    """Let the drivers of a draft decomposition, or of one in a plan, say again what its children are; what comes out
    the same stays as it is.

    Changes of a tree take turns under its root. Raises NotFound, StateConflict (a target that is no draft), OfTable,
    DriversUnknown (the growth of single children is not kept), ChildDecomposed, and what plan_split raises.
    """
    target = await targets.require_target(work, target_id, lock=True)
    split = await service.require_decomposition(work, target_id, decomposition_id)
    if split.table_id is not None:
        raise OfTable
    if any(part.kind is DriverKind.GROWTH_UNIFORM for part in split.drivers):
        raise DriversUnknown("the growth of each child is not kept")
    children = await targets.children_of(work, decomposition_id)
    for one in (target, *children):
        if one.state is not TargetState.DRAFT:
            raise StateConflict(NOUN, "recompute", one.state, [TargetState.DRAFT])
    owned = [one for one in children if not one.is_balancing]
    made = await plan_split(
        work,
        target,
        _asked(split, owned),
        is_crediting=split.is_crediting,
        over_assignment=split.over_assignment,
    )
    changes = _changes(work, made, children)
    await _check_below(work, changes)
    written = [one for one in changes if one.changed]
    if written or made.row.drivers != split.drivers:
        await targets.change_together(work, target.id, written, action="recompute")
        await repository.redrive(work.tx, split.id, made.row.drivers, clock.now())
        after = await service.require_decomposition(work, target_id, decomposition_id)
        await service.say_split(work, after, await targets.children_of(work, split.id))
    return await service.require_decomposition(work, target_id, decomposition_id)


def _asked(split: Decomposition, children: Sequence[Target]) -> SplitCreate:
    drivers = [
        DriverCreate(
            kind=part.kind,
            weight=part.weight,
            params=None if part.params is None else DriverParams.model_validate(part.params),
        )
        for part in split.drivers
    ]
    return SplitCreate(
        dimension=split.dimension, drivers=drivers, children=[_child(split.dimension, one) for one in children]
    )


def _child(dimension: Dimension, target: Target) -> ChildCreate:
    """What was asked of a child; a rate that it keeps is the one it has."""
    name = _NAMED.get(dimension)
    named = {"key": target.child_key} if name is None else {name: getattr(target, name)}
    keeps_rate = target.base is not None and target.bound == ConstraintKind.LOCKED and target.locked is None
    given = {each: getattr(target, each) for each in ("weight", "locked", "floor", "cap", "reason")}
    return ChildCreate(**named, **given, rate=target.rate if keeps_rate else None)


def _changes(work: Work, made: Split, children: Sequence[Target]) -> list[Change[Target]]:
    """The children with what they are now; one that holds the difference holds what is left."""
    planned = {one.child_key: one for one in made.children if not one.is_balancing}
    difference = made.row.amount - sum(one.amount for one in planned.values())
    changes = []
    for one in children:
        if one.is_balancing:
            given: dict[str, Any] = {"amount": difference, "computed": difference}
        else:
            given = {name: getattr(planned[one.child_key], name) for name in _TAKEN}
            if given["bound"] == ConstraintKind.LOCKED:
                given["bound"] = one.bound
        given["stretch"] = None if one.stretch is None else max(one.stretch, given["amount"])
        found = changed_row(one, given)
        changes.append(changed_row(one, given | targets.written(work)) if found.changed else found)
    return changes


async def _check_below(work: Work, changes: Sequence[Change[Target]]) -> None:
    """What is split below a child sums to what it is."""
    moved = {one.after.id: str(one.after.child_key) for one in changes if {"amount", "base"} & set(one.changed)}
    if below := await service.decomposed(work, moved):
        keys = sorted(moved[one] for one in below)
        raise ChildDecomposed(f"decomposed: {', '.join(keys[:5])}", extra={"children": keys})
