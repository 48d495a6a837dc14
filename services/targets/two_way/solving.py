"""From a question to whole cells: constraints, feasibility, fit, rounding.

Of a negative total the mirror image is solved: bounds change sides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from kit.money import MAX_AMOUNT, lots
from services.targets.decompositions.filling import ConstraintKind
from services.targets.two_way.enums import Rounding
from services.targets.two_way.fitting import Fit, fit
from services.targets.two_way.flows import Transport, transport
from services.targets.two_way.rounding import Bounded, controlled, nearest
from services.targets.two_way.rules import (
    CellConstraint,
    CellLimits,
    Part,
    Place,
    Question,
    Solved,
    TableCell,
    TableInfeasible,
    contradictions,
    source_of,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]
    Flags = NDArray[np.bool_]

THOUSANDTHS, MILLIONTHS = 1_000, 1_000_000
MOST_ERROR = MAX_AMOUNT * MILLIONTHS // 100
_NOTHING = CellLimits()


class _Grid(NamedTuple):
    """The question as arrays, by keys in the order of their lots, mirrored where the total is negative (`sign`)."""

    row_keys: list[str]
    column_keys: list[str]
    sign: int
    rows: Integers
    columns: Integers
    seed: Floats
    excluded: Flags
    low: Integers
    high: Integers
    is_open: Flags


def solve(asked: Question) -> Solved:
    """The table of a question whose rows and columns have one total. Raises TableInfeasible."""
    grid = _grid(asked)
    _check_cells(grid, asked)
    flow = _check_margins(grid, asked)
    fitted = _fit(grid)
    bounded = Bounded(fitted.cells, grid.rows, grid.columns, grid.low, grid.high)
    made, rounding = controlled(bounded), Rounding.CONTROLLED
    if made is None:
        made, rounding = nearest(bounded), Rounding.NEAREST
    if made is None:
        made = grid.low + flow.amounts
    return _solved(grid, asked, fitted, made, rounding)


def _grid(asked: Question) -> _Grid:
    import numpy as np

    row_keys, column_keys = _drawn(asked, "rows", asked.rows), _drawn(asked, "columns", asked.columns)
    sign = -1 if sum(asked.rows.values()) < 0 else 1
    rows = np.array([sign * asked.rows[key] for key in row_keys], dtype=np.int64)
    columns = np.array([sign * asked.columns[key] for key in column_keys], dtype=np.int64)
    shape = (len(row_keys), len(column_keys))
    places = [Place(row, column) for row in row_keys for column in column_keys]
    parts = [_known(part, places, shape) for part in asked.parts or (Part(1, {}),)]
    excluded = np.logical_or.reduce([known == 0 for known in parts])
    shares = [part.share for part in asked.parts] or [1]
    seed = sum(
        share * _scaled(np.where(excluded, 0.0, known), rows, columns)
        for share, known in zip(shares, parts, strict=True)
    ) / float(sum(shares))
    low, high = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    is_open = ~excluded
    row_at, column_at = ({key: at for at, key in enumerate(keys)} for keys in (row_keys, column_keys))
    for place, limits in asked.limits.items():
        at = row_at[place.row], column_at[place.column]
        if limits.locked is not None:
            low[at] = high[at] = sign * limits.locked
            is_open[at] = False
            continue
        floor, cap = limits.floor, limits.cap
        if sign < 0:
            floor, cap = (None if cap is None else -cap), (None if floor is None else -floor)
        low[at] = 0 if floor is None else floor
        if cap is not None:
            high[at] = cap if is_open[at] else min(cap, 0)
            is_open[at] = False
    most = int(max(0, rows.sum() - low.sum(), rows.max(), columns.max()))
    high = np.where(is_open, np.minimum(low + most, MAX_AMOUNT), high)
    is_open &= low + most <= MAX_AMOUNT
    return _Grid(row_keys, column_keys, sign, rows, columns, np.asarray(seed), excluded, low, high, is_open)


def _drawn(asked: Question, side: str, keys: Iterable[str]) -> list[str]:
    named = sorted(keys)
    return [key for _lot, key in sorted(zip(lots(asked.about, side, named), named, strict=True))]


def _known(part: Part, places: Sequence[Place], shape: tuple[int, int]) -> Floats:
    import numpy as np

    values = [part.values.get(place) for place in places]
    return np.array([np.nan if one is None else float(one) for one in values]).reshape(shape)


def _scaled(known: Floats, rows: Integers, columns: Integers) -> Floats:
    """A part of the seed with the total of the margins: what is not known is row x column / total, at the scale at
    which the known cells have that on the whole."""
    import numpy as np

    r, c = np.maximum(rows, 0).astype(float), np.maximum(columns, 0).astype(float)
    even = np.outer(r, c) / max(float(r.sum()), 1.0)
    given = np.nan_to_num(known, nan=0.0)
    likely = float(even[given > 0].sum())
    scale = float(given.sum()) / likely if likely > 0 else 1.0
    seed = np.where(np.isnan(known), even * scale, given)
    whole = float(seed.sum())
    return seed * (float(r.sum()) / whole) if whole > 0 and r.any() else seed


def _check_cells(grid: _Grid, asked: Question) -> None:
    """Every cell by itself has an amount within its bounds. Raises TableInfeasible with the first that has none."""
    row_at, column_at = ({key: at for at, key in enumerate(keys)} for keys in (grid.row_keys, grid.column_keys))
    for place in sorted(asked.limits):
        limits, at = asked.limits[place], (row_at[place.row], column_at[place.column])
        given = limits.locked
        outside = given is not None and (
            (limits.floor is not None and given < limits.floor) or (limits.cap is not None and given > limits.cap)
        )
        if outside or grid.low[at] > grid.high[at]:
            found = contradictions(place, limits, is_excluded=bool(grid.excluded[at]))
            missing = abs(int(grid.low[at] - grid.high[at]))
            raise TableInfeasible([place.row], [place.column], found, missing)


def _check_margins(grid: _Grid, asked: Question) -> Transport:
    """A flow from the rows to the columns beyond the floors. Raises TableInfeasible with the minimum cut."""
    import numpy as np

    rows, columns = grid.rows - grid.low.sum(axis=1), grid.columns - grid.low.sum(axis=0)
    if (rows < 0).any():
        others = np.arange(len(rows)) != int(np.argmax(rows < 0))
        _refuse(grid, asked, others, np.ones(len(columns), dtype=bool))
    if (columns < 0).any():
        _refuse(grid, asked, np.zeros(len(rows), dtype=bool), np.arange(len(columns)) == int(np.argmax(columns < 0)))
    flow = transport(rows, columns, grid.high - grid.low)
    if int(flow.amounts.sum()) < int(rows.sum()):
        _refuse(grid, asked, flow.rows, flow.columns)
    return flow


def _refuse(grid: _Grid, asked: Question, rows: Flags, columns: Flags) -> NoReturn:
    """The cut: the rows on its side need more than its columns have beyond the floors of the other rows there, and than
    its rows may put elsewhere. Either side says the same; the smaller one is named."""
    import numpy as np

    upper, lower = np.outer(rows, ~columns), np.outer(~rows, columns) & (grid.low > 0)
    missing = int(grid.rows[rows].sum() - grid.columns[columns].sum())
    missing += int(grid.low[np.outer(~rows, columns)].sum() - grid.high[upper].sum())
    found = []
    for flags, is_upper in ((upper, True), (lower, False)):
        for row, column in zip(*(each.tolist() for each in np.nonzero(flags)), strict=True):
            place = Place(grid.row_keys[row], grid.column_keys[column])
            source = source_of(
                asked.limits.get(place, _NOTHING),
                is_excluded=bool(grid.excluded[row, column]),
                is_upper=is_upper,
                sign=grid.sign,
            )
            if source is not None:
                found.append(CellConstraint(*place, *source))
    if 2 * int(rows.sum() + columns.sum()) > len(rows) + len(columns):
        rows, columns = ~rows, ~columns
    found.sort(key=lambda one: (one.row, one.column, one.kind))
    raise TableInfeasible(_named(grid.row_keys, rows), _named(grid.column_keys, columns), found, missing)


def _named(keys: Sequence[str], flags: Flags) -> list[str]:
    return sorted(key for key, flag in zip(keys, flags.tolist(), strict=True) if flag)


def _fit(grid: _Grid) -> Fit:
    """Cells of the fit are >= 0, but where a cap or a lock is below."""
    import numpy as np

    low = np.minimum(np.maximum(grid.low, 0), grid.high).astype(float)
    high = np.where(grid.is_open, np.inf, grid.high.astype(float))
    return fit(grid.seed, grid.rows.astype(float), grid.columns.astype(float), low, high)


def _solved(grid: _Grid, asked: Question, fitted: Fit, made: Integers, rounding: Rounding) -> Solved:
    cells = []
    seeds, fits, amounts, excluded = (each.tolist() for each in (grid.seed, fitted.cells, made, grid.excluded))
    for row, row_key in enumerate(grid.row_keys):
        for column, column_key in enumerate(grid.column_keys):
            place = Place(row_key, column_key)
            amount, exact = grid.sign * amounts[row][column], grid.sign * fits[row][column]
            limits = asked.limits.get(place, _NOTHING)
            bound = _decided(limits, amount, None if rounding is Rounding.NEAREST else exact, excluded[row][column])
            seed = grid.sign * round(seeds[row][column])
            cells.append(TableCell(place, seed, round(exact * THOUSANDTHS), amount, bound))
    cells.sort(key=lambda one: one.place)
    return Solved(cells, rounding, fitted.rounds, min(round(fitted.error * MILLIONTHS), MOST_ERROR))


def _decided(limits: CellLimits, amount: int, exact: float | None, is_excluded: bool) -> ConstraintKind | None:
    """What decided an amount: a bound that the fit (None: the amount alone) is at."""
    if limits.locked is not None:
        return ConstraintKind.LOCKED
    for kind, value in ((ConstraintKind.FLOOR, limits.floor), (ConstraintKind.CAP, limits.cap)):
        if value is not None and amount == value and (exact is None or exact == value):
            return kind
    return ConstraintKind.EXCLUDED if is_excluded else None
