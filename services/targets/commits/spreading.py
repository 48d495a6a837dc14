"""Pure rules of reconciling: commits are locks, the drivers share what is left of the amount among the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.targets.decompositions.balancing import assigned, check_amounts, check_total
from services.targets.decompositions.filling import Bounds, ConstraintKind
from services.targets.decompositions.rules import (
    Cell,
    Child,
    Driver,
    DriversUnknown,
    bounds_of,
    decompose,
    mix_weights,
)

COMMITTED = "committed"
"""What decided the amount of a child whose commit was reconciled."""
_FIXING = (ConstraintKind.LOCKED, ConstraintKind.EXCLUDED)


class Spread(NamedTuple):
    """Children with their amounts, and what these are together."""

    cells: Sequence[Cell]
    total: int


def drivers_of(weights: Sequence[int], values: Mapping[str, tuple[int | None, ...] | None]) -> list[Driver]:
    """The drivers as they were kept: their weights, and by child what each gave. Raises DriversUnknown."""
    if any(row is None or len(row) != len(weights) for row in values.values()):
        raise DriversUnknown
    columns = [{key: row[at] for key, row in values.items() if row is not None} for at in range(len(weights))]
    return [Driver("custom", weight, column) for weight, column in zip(weights, columns, strict=True)]


def spread(
    amount: int, over: int, most: int, children: Sequence[Child], drivers: Sequence[Driver], about: object
) -> Spread:
    """Split an amount (minor units), over-assigned by `over`, among children. Where all are fixed they are what they
    are; where the least that they can be is more, it is that, as far as the policy allows (`most`; both 1e-6). Odd
    units go by a lot drawn for what is split (`about`).

    Raises DecompositionInfeasible, OverAssignment, AmountTooLarge.
    """
    planned, sign = assigned(amount, over), -1 if amount < 0 else 1
    weights = mix_weights([child.key for child in children], drivers)
    bounds = [bounds_of(child, sign, excluded=not weights[child.key]) for child in children]
    least = sum(bound.lower.value for bound in bounds)
    total = planned
    if least > sign * planned or all(_is_fixed(bound) for bound in bounds):
        total = sign * least
        if least > sign * planned:
            check_total(amount, total, most)
    check_amounts([total, amount - total])
    cells = decompose(total, children, drivers, about)
    check_amounts([each for cell in cells for each in (cell.amount, cell.computed)])
    return Spread(cells, total)


def _is_fixed(bound: Bounds) -> bool:
    return any(limit.source is not None and limit.source.kind in _FIXING for limit in bound.lowers)
