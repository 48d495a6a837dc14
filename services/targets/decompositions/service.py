"""Use cases of the decompositions: split a target into child targets that sum to it exactly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit import clock
from kit.errors import NotFound
from kit.events import outbox
from kit.security import audit
from kit.work import Work
from services.targets.decompositions import repository
from services.targets.decompositions.models import Decomposition
from services.targets.decompositions.planning import Split, plan_split
from services.targets.decompositions.schemas import (
    CellShown,
    DecompositionCreate,
    DecompositionShown,
    DriverRead,
    SplitCreate,
)
from services.targets.events_out import DecompositionChild, TargetDecomposed
from services.targets.targets import service as targets
from services.targets.targets.models import Target
from services.targets.targets.rules import check_open


async def add_decomposition(work: Work, target_id: UUID, data: DecompositionCreate) -> Decomposition:
    """Split a target; children of an active target are active at once.

    Raises NotFound, StateConflict (closed), NeedsPlan, and what plan_split raises.
    """
    target = await targets.begin_split(work, target_id)
    is_crediting = await takes_crediting(work, target_id, data.is_crediting)
    split = await plan_split(work, target, data, is_crediting=is_crediting)
    await store(work, target, split, data)
    return await _require(work, target_id, split.row.id)


async def show_split(work: Work, target_id: UUID, data: DecompositionCreate) -> DecompositionShown:
    """What a decomposition would be, without any effect; raises as add_decomposition."""
    target = await targets.require_target(work, target_id)
    await targets.check_split(work, target)
    split = await plan_split(work, target, data, is_crediting=False)
    cells = [CellShown.model_validate(one) for one in sorted(split.children, key=lambda one: str(one.child_key))]
    drivers = [DriverRead.model_validate(part) for part in split.row.drivers]
    return DecompositionShown(
        target_id=target_id, dimension=data.dimension, amount=target.amount, drivers=drivers, children=cells
    )


async def mark_crediting(work: Work, target_id: UUID, decomposition_id: UUID) -> Decomposition:
    """Let a decomposition be the crediting one of its target; marked already, nothing changes. Raises NotFound,
    StateConflict (closed)."""
    check_open((await targets.require_target(work, target_id, lock=True)).state)
    before = await _require(work, target_id, decomposition_id)
    if before.is_crediting:
        return before
    await repository.clear_crediting(work.tx, target_id)
    await repository.set_crediting(work.tx, decomposition_id, clock.now())
    await _audit(work, target_id, "mark_crediting", {"decomposition_id": str(decomposition_id)})
    return await _require(work, target_id, decomposition_id)


async def store(work: Work, target: Target, split: Split, data: SplitCreate) -> Sequence[Target]:
    """Write and announce a split of a target; returns the children as they are then."""
    await repository.add_decomposition(work.tx, split.row)
    await _say(work, split, data)
    return await targets.add_children(work, target, split.children)


async def require_decomposition(work: Work, target_id: UUID, decomposition_id: UUID) -> Decomposition:
    """A decomposition with its children; raises NotFound (the target, the decomposition)."""
    await targets.require_target(work, target_id)
    return await _require(work, target_id, decomposition_id)


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


async def _say(work: Work, split: Split, data: SplitCreate) -> None:
    """Announce a decomposition; it is audited with its target."""
    row = split.row
    named = [DecompositionChild(target_id=one.id, key=str(one.child_key), amount=one.amount) for one in split.children]
    await outbox.say(work, [(TargetDecomposed.of(row, children=named), row.version)])
    asked = data.model_dump(mode="json", exclude={"children"})
    await _audit(work, row.target_id, "decompose", {"decomposition_id": str(row.id), **asked})


async def _audit(work: Work, target_id: UUID, action: str, after: Mapping[str, Any]) -> None:
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
