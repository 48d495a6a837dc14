"""Whole numbers with exact margins near fitted cells: minimum-cost flows, solved as linear programmes.

The matrix of a flow is totally unimodular, so that a vertex of the programme is whole (Hoffman and Kruskal 1956); what
the solver gives is rounded and its sums are compared in integers before anybody sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

WHOLE_WITHIN = (1e-6, 0.0)
"""So near to a whole number a fitted cell is one; if there is no table then, none is."""


COST_DIGITS = 6


class Bounded(NamedTuple):
    """Fitted cells, their margins, and the whole numbers between which each lies."""

    fitted: Floats
    rows: Integers
    columns: Integers
    low: Integers
    high: Integers


class _Arcs(NamedTuple):
    """Steps from a table of whole numbers: where, by how much per unit, up to how many units, at what cost."""

    row: Integers
    column: Integers
    by: Integers
    most: Floats
    cost: Floats


def controlled(asked: Bounded) -> Integers | None:
    """Each cell the floor or the ceiling of its fitted value, with the least sum of squares; None where none exists."""
    import numpy as np

    for within in WHOLE_WITHIN:
        near = np.rint(asked.fitted)
        is_whole = np.abs(asked.fitted - near) <= within
        base = np.where(is_whole, near, np.floor(asked.fitted))
        rest = np.where(is_whole, 0.0, asked.fitted - base)
        row, column = np.nonzero((rest > 0) & (base < asked.high))
        steps = _Arcs(row, column, np.ones_like(row), np.ones(len(row)), _cost(rest[row, column]))
        found = _cheapest(asked, base.astype(np.int64), steps)
        if found is not None:
            return found
    return None


def nearest(asked: Bounded) -> Integers | None:
    """The least sum of differences from the fitted cells within the bounds; None where the solver finds none."""
    import numpy as np

    base = np.clip(np.floor(asked.fitted).astype(np.int64), asked.low, asked.high)
    rest = np.clip(asked.fitted - base, 0.0, 1.0)
    room_down, room_up = base - asked.low, asked.high - base
    down, mid, up = room_down > 0, room_up > 0, room_up > 1
    parts = []
    for flags, by, most, cost in (
        (down, -1, room_down.astype(float), np.ones_like(rest)),
        (mid, 1, np.ones_like(rest), _cost(rest)),
        (up, 1, (room_up - 1).astype(float), np.ones_like(rest)),
    ):
        row, column = np.nonzero(flags)
        parts.append(_Arcs(row, column, np.full_like(row, by), most[flags], cost[flags]))
    return _cheapest(asked, base, _Arcs(*(np.concatenate(each) for each in zip(*parts, strict=True))))


def _cost(rest: Floats) -> Floats:
    """What one unit more adds to the sum of squares, or of differences: what differs by less than the fit is sure of is
    equal, and goes by the order of the rows and columns."""
    import numpy as np

    return np.asarray(np.round(1 - 2 * rest, COST_DIGITS))


def _cheapest(asked: Bounded, base: Integers, steps: _Arcs) -> Integers | None:
    """The table that the cheapest steps from `base` lead to; None unless it has the margins within the bounds."""
    import numpy as np
    from scipy import optimize, sparse

    n, m = base.shape
    need = np.concatenate([asked.rows - base.sum(axis=1), asked.columns - base.sum(axis=0)])
    made, count = base.copy(), len(steps.row)
    if count:
        index = np.arange(count)
        places = (np.concatenate([steps.row, n + steps.column]), np.concatenate([index, index]))
        by = np.concatenate([steps.by, steps.by]).astype(float)
        sums = sparse.csr_array((by, places), shape=(n + m, count))
        bounds = np.column_stack([np.zeros(count), steps.most])
        # What presolve leaves of such a programme took a hundred times as long.
        options = {"presolve": False}
        found = optimize.linprog(steps.cost, A_eq=sums, b_eq=need, bounds=bounds, method="highs-ds", options=options)
        if found.x is None:
            return None
        np.add.at(made, (steps.row, steps.column), np.rint(found.x).astype(np.int64) * steps.by)
    return made if _holds(asked, made) else None


def _holds(asked: Bounded, made: Integers) -> bool:
    import numpy as np

    return bool(
        np.array_equal(made.sum(axis=1), asked.rows)
        and np.array_equal(made.sum(axis=0), asked.columns)
        and (made >= asked.low).all()
        and (made <= asked.high).all()
    )
