"""Use cases of the decompositions: split a target into child targets that sum to it exactly."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import NotFound
from kit.events import outbox
from kit.security import audit
from kit.work import Work
from services.targets.decompositions import repository
from services.targets.decompositions.balancing import check_share
from services.targets.decompositions.models import ChildTarget, Decomposition, DecompositionRow, DriverPart
from services.targets.decompositions.planning import Split, plan_split
from services.targets.decompositions.rules import Retired
from services.targets.decompositions.schemas import (
    CellShown,
    DecompositionCreate,
    DecompositionShown,
    DriverRead,
    SplitCreate,
)
from services.targets.events_out import DecompositionChild, TargetDecomposed
from services.targets.metrics.service import hides_drivers, knows_costs
from services.targets.policies.service import policy_on
from services.targets.targets import service as targets
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target
from services.targets.targets.rules import check_open
from services.targets.targets.service import Below


async def add_decomposition(work: Work, target_id: UUID, data: DecompositionCreate) -> Decomposition:
    """Split a target; children of an active target are active at once.

    Raises NotFound, BalancingTarget, StateConflict (closed), NeedsPlan, OverAssignment, and what plan_split raises.
    """
    target = await targets.begin_split(work, target_id)
    await _check_share(work, data.over_assignment)
    is_crediting = await takes_crediting(work, target_id, data.is_crediting)
    split = await plan_split(work, target, data, is_crediting=is_crediting, over_assignment=data.over_assignment)
    await store(work, target, split, data)
    return await _require(work, target_id, split.row.id)


async def show_split(work: Work, target_id: UUID, data: DecompositionCreate) -> DecompositionShown:
    """What a decomposition would be, without any effect; raises as add_decomposition."""
    target = await targets.require_target(work, target_id)
    await targets.check_split(work, target)
    await _check_share(work, data.over_assignment)
    split = await plan_split(work, target, data, is_crediting=False, over_assignment=data.over_assignment)
    cells = [CellShown.model_validate(one) for one in sorted(split.children, key=lambda one: str(one.child_key))]
    drivers = [DriverRead.model_validate(part) for part in split.row.drivers]
    return DecompositionShown(
        target_id=target_id, dimension=data.dimension, amount=target.amount, drivers=drivers, children=cells
    )


async def _check_share(work: Work, over_assignment: int) -> None:
    if over_assignment:
        check_share(over_assignment, await over_assignment_max(work))


async def over_assignment_max(work: Work) -> int:
    """The share of its amount (1e-6) by which the children of a target may pass it together today."""
    return (await policy_on(work, work.today)).over_assignment_max


async def mark_crediting(work: Work, target_id: UUID, decomposition_id: UUID) -> Decomposition:
    """Let a decomposition be the crediting one of its target; marked already, nothing changes. Raises NotFound,
    Retired, StateConflict (closed)."""
    target = await targets.require_target(work, target_id, lock=True)
    check_open(target.state)
    before = await _require(work, target_id, decomposition_id)
    if before.retired_on is not None:
        raise Retired
    if before.is_crediting:
        return before
    await repository.clear_crediting(work.tx, target_id)
    await repository.set_crediting(work.tx, decomposition_id, clock.now())
    if target.state is TargetState.ACTIVE:
        await targets.note_change(work, target.root_id)
    await note(work, target_id, "mark_crediting", {"decomposition_id": str(decomposition_id)})
    return await _require(work, target_id, decomposition_id)


async def store(work: Work, target: Target, split: Split, data: SplitCreate) -> Sequence[Target]:
    """Write and announce a split of a target; returns the children as they are then."""
    await repository.add_decompositions(work.tx, [split.row])
    await _say(work, split, data)
    return await targets.add_children(work, target, split.children)


async def require_decomposition(work: Work, target_id: UUID, decomposition_id: UUID) -> Decomposition:
    """A decomposition with its children; raises NotFound (the target, the decomposition)."""
    await targets.require_target(work, target_id)
    return await _require(work, target_id, decomposition_id)


async def shown(work: Work, row: Decomposition) -> Decomposition:
    """A decomposition as the caller may see it: what margins gave its drivers needs `costs:read`."""
    if not await hides_split(work, row.target_id, row.drivers):
        return row
    children = tuple(_bare(child) for child in row.children)
    found: Decomposition = row.model_copy(update={"children": children})
    return found


def _bare(child: ChildTarget) -> ChildTarget:
    return child.model_copy(update={"driver_values": None})


async def hides_split(work: Work, target_id: UUID, drivers: Sequence[DriverPart]) -> bool:
    """Whether the caller may not see what a split or a table was made from."""
    if knows_costs(work):
        return False
    named = {str(part.params.get("metric")) for part in drivers if part.params}
    return hides_drivers(work, {(await targets.require_target(work, target_id)).metric, *named})


async def sum_credited(work: Work, scopes: Sequence[Mapping[str, object]], *, volume: bool = False) -> dict[str, int]:
    """Results by key of scopes: each has a key, a metric, a period (first, last) and the dimensions that narrow it; on
    request what shares go by, which of a ratio is its denominator."""
    return await repository.sum_scopes(work.tx, scopes, volume=volume)


async def decomposed(work: Work, target_ids: Collection[UUID]) -> set[UUID]:
    """Those of the targets that are decomposed."""
    return await repository.list_decomposed(work.tx, target_ids)


async def has_other(work: Work, target_id: UUID, decomposition_id: UUID) -> bool:
    """Whether a target has another decomposition than this one."""
    return await repository.has_other(work.tx, target_id, decomposition_id)


async def hold_opening(work: Work, root_id: UUID) -> None:
    """Plans of a tree are opened one after another, and not while a part of it is retired; no live row is locked."""
    await repository.lock_opening(work.tx, root_id)


async def restate(work: Work, row: DecompositionRow, amount: int, over_assignment: int) -> None:
    """Note that the children of a decomposition, written before, share this amount otherwise; announce it again."""
    after = row.model_copy(update={"amount": amount, "version": row.version + 1})
    await repository.restate(work.tx, row.id, amount, over_assignment, clock.now())
    await say_split(work, after, await targets.children_of(work, row.id))


async def add_cells(work: Work, rows: Sequence[DecompositionRow], below: Sequence[Below]) -> None:
    """Write and announce decompositions that share cells: those of the rows of a table, whose children the cells are,
    and the cross ones of its columns."""
    await repository.add_decompositions(work.tx, rows)
    if below[0][1].plan_id is None:
        await say_splits(work, rows, [one for _, one in below])
    await targets.add_below(work, below)


async def say_splits(work: Work, rows: Sequence[DecompositionRow], children: Sequence[Target]) -> None:
    """Announce decompositions, each with those of the children that it is about."""
    named: dict[UUID, list[DecompositionChild]] = {row.id: [] for row in rows}
    for one in children:
        for split_id, key in ((one.decomposition_id, one.child_key), (one.cross_id, one.cross_key)):
            if split_id in named:
                named[split_id].append(
                    DecompositionChild(target_id=one.id, key=str(key), amount=one.amount, is_balancing=one.is_balancing)
                )
    await outbox.say(work, [(TargetDecomposed.of(row, children=named[row.id]), row.version) for row in rows])


async def _require(work: Work, target_id: UUID, decomposition_id: UUID) -> Decomposition:
    found = await repository.get_decomposition(work.tx, target_id, decomposition_id)
    if found is None:
        raise NotFound(what="decomposition")
    return found


async def takes_crediting(work: Work, target_id: UUID, wanted: bool | None) -> bool:
    """Whether a new decomposition is the crediting one: the first unless it says otherwise, a later one on demand."""
    if wanted is None:
        return await repository.count_decompositions(work.tx, target_id) == 0
    if wanted:
        await repository.clear_crediting(work.tx, target_id)
    return wanted


async def say_split(work: Work, row: DecompositionRow, children: Sequence[Target]) -> None:
    """Announce a decomposition with its children; nobody is told of a plan's."""
    if all(one.plan_id is None for one in children):
        await say_splits(work, [row], children)


async def _say(work: Work, split: Split, data: SplitCreate) -> None:
    """Announce a decomposition; it is audited with its target."""
    row = split.row
    await say_split(work, row, split.children)
    asked = data.model_dump(mode="json", exclude={"children"})
    await note(work, row.target_id, "decompose", {"decomposition_id": str(row.id), **asked})


async def note(work: Work, target_id: UUID, action: str, after: Mapping[str, Any]) -> None:
    """A change of a decomposition is audited with its target."""
    await audit.record(
        work.tx,
        actor=work.actor.subject,
        roles=sorted(work.actor.roles),
        action=action,
        resource="target",
        resource_id=str(target_id),
        before=None,
        after=after,
        key=work.secret,
    )
