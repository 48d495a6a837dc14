"""A split before it is stored: the decomposition and its children, out of a target and a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from kit.records import fresh
from kit.work import Work
from services.targets.decompositions.balancing import KEY, assigned, check_amounts, free_key
from services.targets.decompositions.children import Part, parts_of
from services.targets.decompositions.drivers import SCOPE, Asked, mix_of
from services.targets.decompositions.enums import PERIODS
from services.targets.decompositions.models import DecompositionRow
from services.targets.decompositions.rules import Cell, Child, decompose, values_of
from services.targets.decompositions.schemas import SplitCreate
from services.targets.metrics.rules import check_dimensions
from services.targets.targets.models import Target

OF_ITSELF = {
    **dict.fromkeys(
        (
            *("stretch", "external_id", "proposed_by", "approved_by", "commit_until", "closes_on", "due_at"),
            *("closed_value", "cross_id", "cross_key", "fitted", "origin_id", "base_amount"),
        )
    ),
    "revision": 0,
}
"""What a child does not take over from its parent."""


class Split(NamedTuple):
    """A decomposition and the targets that it makes."""

    row: DecompositionRow
    children: Sequence[Target]


async def plan_split(
    work: Work, target: Target, data: SplitCreate, *, is_crediting: bool, over_assignment: int = 0
) -> Split:
    """Split a target; over-assigned, a balancing child holds the difference. Raises AmountTooLarge, DimensionFixed,
    DimensionNotSupported, ChildrenInvalid, DecompositionInvalid, DecompositionInfeasible, DriverDataInsufficient."""
    if data.dimension not in PERIODS:
        check_dimensions(target.metric, {data.dimension: "/dimension"})
    parts = await parts_of(work, target, data.dimension, data.children)
    mix = await mix_of(work, Asked(target, data.dimension, parts), data.drivers)
    drivers = [driver for driver, _ in mix]
    total = assigned(target.amount, over_assignment)
    check_amounts([total])
    cells = decompose(total, [_child(part) for part in parts], drivers, target.id)
    row = DecompositionRow(
        **fresh(),
        target_id=target.id,
        root_id=target.root_id,
        amount=target.amount,
        dimension=data.dimension,
        over_assignment=over_assignment,
        drivers=tuple(part for _, part in mix),
        is_crediting=is_crediting,
    )
    columns = [values_of(driver, [part.key for part in parts]) for driver in drivers]
    children = [
        _child_target(target, row.id, part, cell, tuple(column[part.key] for column in columns), work.actor.subject)
        for part, cell in zip(parts, cells, strict=True)
    ]
    if over_assignment:
        children.append(balancing_child(target, row.id, children, target.amount - total, work.actor.subject))
    check_amounts([one.amount for one in children])
    return Split(row, children)


def balancing_child(
    target: Target, decomposition_id: UUID, siblings: Sequence[Target], difference: int, author: str
) -> Target:
    """A child that holds a difference: about nothing, and nobody's."""
    own = {
        **fresh(),
        **OF_ITSELF,
        **dict.fromkeys(SCOPE),
        **dict.fromkeys(("weight", "locked", "floor", "cap", "bound", "reason", "driver_values", "owner_id")),
        "authored_by": author,
        "parent_id": target.id,
        "decomposition_id": decomposition_id,
        "child_key": free_key({str(one.child_key) for one in siblings}),
        "name": f"{target.name} / {KEY}",
        "amount": difference,
        "computed": difference,
        "is_balancing": True,
    }
    return target.model_copy(update=own)


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
        **OF_ITSELF,
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
