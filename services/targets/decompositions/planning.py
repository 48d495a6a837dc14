"""A split before it is stored: the decomposition and its children, out of a target and a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from kit.records import fresh
from kit.work import Work
from services.targets.decompositions.children import Part, parts_of
from services.targets.decompositions.drivers import Asked, mix_of
from services.targets.decompositions.models import DecompositionRow
from services.targets.decompositions.rules import Cell, Child, decompose, values_of
from services.targets.decompositions.schemas import SplitCreate
from services.targets.targets.models import Target

_OF_ITSELF = dict.fromkeys(
    ("stretch", "external_id", "proposed_by", "approved_by", "commit_until", "closes_on", "due_at", "closed_value")
)
"""What a child does not take over from its parent."""


class Split(NamedTuple):
    """A decomposition and the targets that it makes."""

    row: DecompositionRow
    children: Sequence[Target]


async def plan_split(work: Work, target: Target, data: SplitCreate, *, is_crediting: bool) -> Split:
    """Split a target. Raises DimensionFixed, ChildrenInvalid, DecompositionInvalid, DecompositionInfeasible,
    DriverDataInsufficient."""
    parts = await parts_of(work, target, data.dimension, data.children)
    mix = await mix_of(work, Asked(target, data.dimension, parts), data.drivers)
    drivers = [driver for driver, _ in mix]
    cells = decompose(target.amount, [_child(part) for part in parts], drivers)
    row = DecompositionRow(
        **fresh(),
        target_id=target.id,
        root_id=target.root_id,
        amount=target.amount,
        dimension=data.dimension,
        drivers=tuple(part for _, part in mix),
        is_crediting=is_crediting,
    )
    columns = [values_of(driver, [part.key for part in parts]) for driver in drivers]
    children = [
        _child_target(target, row.id, part, cell, tuple(column[part.key] for column in columns), work.actor.subject)
        for part, cell in zip(parts, cells, strict=True)
    ]
    return Split(row, children)


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
