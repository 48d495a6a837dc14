"""A split before it is stored: the decomposition and its children, out of a target and a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from kit.money import SHARE_WHOLE, ratio
from kit.records import fresh
from kit.work import Work
from services.targets.decompositions.balancing import KEY, assigned, check_amounts, free_key
from services.targets.decompositions.children import Part, parts_of
from services.targets.decompositions.drivers import SCOPE, Asked, mix_of
from services.targets.decompositions.enums import PERIODS, DriverKind
from services.targets.decompositions.models import DecompositionRow
from services.targets.decompositions.rules import Cell, Child, DecompositionInvalid, Driver, decompose, values_of
from services.targets.decompositions.schemas import SplitCreate
from services.targets.metrics.lists import LEVELS
from services.targets.metrics.rules import MetricNotDivisible, check_dimensions, check_rate
from services.targets.targets.models import Target

OF_ITSELF = {
    **dict.fromkeys(
        (
            *("stretch", "external_id", "proposed_by", "approved_by", "commit_until", "closes_on", "due_at"),
            *("closed_value", "cross_id", "cross_key", "fitted", "origin_id", "base_amount", "base"),
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
    DimensionNotSupported, MetricNotDivisible, ChildrenInvalid, DecompositionInvalid, DecompositionInfeasible,
    DriverDataInsufficient, RateOutside (a child of a ratio)."""
    if data.dimension in PERIODS and target.metric in LEVELS:
        raise MetricNotDivisible("what is read off a day has no parts by time")
    if data.dimension not in PERIODS:
        check_dimensions(target.metric, {data.dimension: "/dimension"})
    parts = await parts_of(work, target, data.dimension, data.children)
    mix = await mix_of(work, Asked(target, data.dimension, parts), data.drivers)
    drivers = [driver for driver, _ in mix]
    total = assigned(target.amount, over_assignment)
    check_amounts([total])
    cells, bases = _cells(target, total, parts, drivers)
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
        _child_target(
            target, row.id, part, cell, base, tuple(column[part.key] for column in columns), work.actor.subject
        )
        for part, cell, base in zip(parts, cells, bases, strict=True)
    ]
    if over_assignment:
        children.append(balancing_child(target, row.id, children, target.amount - total, work.actor.subject))
    check_amounts([one.amount for one in children])
    return Split(row, children)


def _cells(
    target: Target, total: int, parts: Sequence[Part], drivers: Sequence[Driver]
) -> tuple[list[Cell], Sequence[int | None]]:
    """The cells, and of a ratio the parts of its base: that is split by the drivers, and the amount goes by it, but
    where a rate is kept."""
    if target.base is None:
        if any(part.given.rate is not None for part in parts):
            raise DecompositionInvalid("only a child of a ratio keeps a rate")
        return decompose(total, [_child(part) for part in parts], drivers, target.id), [None] * len(parts)
    bases = [cell.amount for cell in decompose(target.base, [Child(part.key) for part in parts], drivers, target.id)]
    children = []
    for part, base in zip(parts, bases, strict=True):
        child = _child(part)
        if part.given.rate is not None:
            check_rate(target.metric, part.given.rate, SHARE_WHOLE, "/children")
            child = replace(child, locked=ratio(base, part.given.rate, SHARE_WHOLE))
        children.append(child)
    by_base = Driver(DriverKind.CUSTOM, 1, {part.key: base for part, base in zip(parts, bases, strict=True)})
    cells = decompose(total, children, [by_base], target.id)
    for cell, base in zip(cells, bases, strict=True):
        check_rate(target.metric, cell.amount, base, "/children")
    return cells, bases


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
    target: Target,
    decomposition_id: UUID,
    part: Part,
    cell: Cell,
    base: int | None,
    driver_values: tuple[int | None, ...],
    author: str,
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
        "base": base,
        "computed": cell.computed,
        "bound": cell.bound,
        "driver_values": driver_values,
    }
    return target.model_copy(update=own)
