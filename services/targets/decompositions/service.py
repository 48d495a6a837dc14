"""Use cases of the decompositions: split a target into child targets that sum to it exactly."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.errors import NotFound
from kit.events import outbox
from kit.records import fresh
from kit.security import audit
from kit.work import Work
from services.targets.decompositions import repository
from services.targets.decompositions.children import Part, parts_of
from services.targets.decompositions.drivers import mix_of
from services.targets.decompositions.models import Decomposition, DecompositionRow
from services.targets.decompositions.rules import Cell, Child, decompose, values_of
from services.targets.decompositions.schemas import DecompositionCreate
from services.targets.events_out import DecompositionChild, TargetDecomposed
from services.targets.targets import service as targets
from services.targets.targets.models import Target

_OF_ITSELF = dict.fromkeys(
    ("stretch", "external_id", "proposed_by", "approved_by", "closes_on", "due_at", "closed_value")
)
"""What a child does not take over from its parent."""


async def add_decomposition(work: Work, target_id: UUID, data: DecompositionCreate) -> Decomposition:
    """Split a target; children of an active target are active at once.

    Raises NotFound, StateConflict (closed), NeedsPlan, DimensionFixed, ChildrenInvalid, DecompositionInvalid,
    DecompositionInfeasible.
    """
    target = await targets.begin_split(work, target_id)
    parts = await parts_of(work, target, data.dimension, data.children)
    mix = await mix_of(work, target, data, parts)
    drivers = [driver for driver, _ in mix]
    cells = decompose(target.amount, [_child(part) for part in parts], drivers)
    row = DecompositionRow(
        **fresh(),
        target_id=target_id,
        root_id=target.root_id,
        amount=target.amount,
        dimension=data.dimension,
        drivers=tuple(part for _, part in mix),
        is_crediting=await _takes_crediting(work, target_id, data.is_crediting),
    )
    await repository.add_decomposition(work.tx, row)
    columns = [values_of(driver, [part.key for part in parts]) for driver in drivers]
    children = [
        _child_target(target, row.id, part, cell, tuple(column[part.key] for column in columns), work.actor.subject)
        for part, cell in zip(parts, cells, strict=True)
    ]
    await _say(work, row, children, data)
    await targets.add_children(work, target, children)
    return await _require(work, target_id, row.id)


async def require_decomposition(work: Work, target_id: UUID, decomposition_id: UUID) -> Decomposition:
    """A decomposition with its children; raises NotFound (the target, the decomposition)."""
    await targets.require_target(work, target_id)
    return await _require(work, target_id, decomposition_id)


async def _require(work: Work, target_id: UUID, decomposition_id: UUID) -> Decomposition:
    found = await repository.get_decomposition(work.tx, target_id, decomposition_id)
    if found is None:
        raise NotFound(what="decomposition")
    return found


async def _takes_crediting(work: Work, target_id: UUID, wanted: bool | None) -> bool:
    """Whether a new decomposition is the crediting one: the first unless it says otherwise, a later one on demand."""
    if wanted is None:
        return await repository.count_decompositions(work.tx, target_id) == 0
    if wanted:
        await repository.clear_crediting(work.tx, target_id)
    return wanted


def _child(part: Part) -> Child:
    return Child(part.key, part.given.locked, part.given.floor, part.given.cap)


def _child_target(
    target: Target, decomposition_id: UUID, part: Part, cell: Cell, driver_values: tuple[int | None, ...], author: str
) -> Target:
    """What the child does not say, and its dimension does not narrow, is that of the target."""
    own = {
        **fresh(),
        **part.narrowed,
        **part.given.model_dump(include={"weight", "locked", "floor", "cap", "reason"}),
        **_OF_ITSELF,
        "owner_id": part.narrowed.get("member_id"),
        "authored_by": author,
        "parent_id": target.id,
        "decomposition_id": decomposition_id,
        "child_key": part.key,
        "name": part.given.name or f"{target.name} / {part.label}",
        "amount": cell.amount,
        "computed": cell.computed,
        "bound": cell.bound,
        "driver_values": driver_values,
    }
    return target.model_copy(update=own)


async def _say(work: Work, row: DecompositionRow, children: Sequence[Target], data: DecompositionCreate) -> None:
    """Announce a decomposition; it is audited with its target."""
    named = [DecompositionChild(target_id=one.id, key=str(one.child_key), amount=one.amount) for one in children]
    await outbox.say(work, [(TargetDecomposed.of(row, children=named), row.version)])
    await audit.record(
        work.tx,
        actor=work.actor.subject,
        roles=sorted(work.actor.roles),
        action="decompose",
        resource="target",
        resource_id=str(row.target_id),
        before=None,
        after={"decomposition_id": str(row.id), **data.model_dump(mode="json", exclude={"children"})},
        key=work.secret,
    )
