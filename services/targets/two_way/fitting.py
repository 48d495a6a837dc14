"""The fit of a seed to two margins within bounds: iterative proportional fitting.

Rows and columns are scaled in turn, each by the one factor at which its cells, none beyond its floor or cap, sum to the
margin: what is at a bound stays there while the rest is scaled, and comes off it when the rest asks for that. Without
bounds the factor is margin / sum (Deming and Stephan 1940). It is the projection of the seed by relative entropy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

MAX_ROUNDS = 1_000
ENOUGH = 1e-6
"""Sum of the errors of the margins, in minor units, with which a fit ends."""
HUGE = 1e150


class Fit(NamedTuple):
    """The fitted cells, how many rounds they took, and the sum of the errors of all margins in minor units."""

    cells: Floats
    rounds: int
    error: float


def fit(seed: Floats, rows: Floats, columns: Floats, low: Floats, high: Floats) -> Fit:
    """Fit a seed >= 0 to margins; cells lie in `low`..`high` (inf: open), those of seed 0 or one value are at `low`."""
    import numpy as np

    moving = (seed > 0) & (low < high)
    still = np.where(moving, 0.0, low)
    rows, columns = rows - still.sum(axis=1), columns - still.sum(axis=0)
    floor, cap = np.where(moving, low, 0.0), np.where(moving, high, 0.0)
    free = np.where(moving, seed, 0.0)
    bounded = moving & ((floor > 0) | np.isfinite(cap))
    cells, error, rounds = np.clip(free, floor, cap), np.inf, 0
    while rounds < MAX_ROUNDS:
        rounds, before = rounds + 1, error
        free = _scaled(free, _factors(free, floor, cap, rows, bounded)[:, None])
        free = _scaled(free, _factors(free.T, floor.T, cap.T, columns, bounded.T))
        now = np.clip(free, floor, cap)
        error = float(np.abs(now.sum(axis=1) - rows).sum() + np.abs(now.sum(axis=0) - columns).sum())
        if error >= before:
            error = before
            break
        cells = now
        if error <= ENOUGH:
            break
    return Fit(cells + still, rounds, error)


def _scaled(free: Floats, factors: Floats) -> Floats:
    """Where no fit exists on the cells, some grow and others vanish from round to round without an end."""
    import numpy as np

    with np.errstate(over="ignore", under="ignore"):
        scaled = np.minimum(free * factors, HUGE)
    return np.where(scaled < 1 / HUGE, 0.0, scaled)


def _factors(free: Floats, floor: Floats, cap: Floats, margins: Floats, bounded: Flags) -> Floats:
    """The factor of each row of `free`, at which its cells within their bounds sum to its margin, or come closest."""
    import numpy as np

    sums = free.sum(axis=1)
    plain: Floats = np.divide(np.maximum(margins, 0), sums, out=np.ones_like(sums), where=sums > 0)
    some = np.flatnonzero(bounded.any(axis=1))
    if len(some):
        plain[some] = _levels(free[some], floor[some], cap[some], margins[some])
    return plain


def _levels(free: Floats, floor: Floats, cap: Floats, margins: Floats) -> Floats:
    """While the factor rises, a cell starts to move past floor / free and stops past cap / free: the sum of a row is
    linear between these points, and the last of them at which it is not above the margin begins the right piece."""
    import numpy as np

    active = free > 0
    starts = np.divide(floor, free, out=np.full_like(free, np.inf), where=active)
    ends = np.divide(cap, free, out=np.full_like(free, np.inf), where=active)
    points = np.concatenate([starts, ends], axis=1)
    order = np.argsort(points, axis=1, kind="stable")
    points = np.take_along_axis(points, order, axis=1)
    closing = np.isfinite(ends)
    speed = np.concatenate([np.where(active, free, 0.0), np.where(closing, -free, 0.0)], axis=1)
    fixed = np.concatenate([np.where(active, -floor, 0.0), np.where(closing, cap, 0.0)], axis=1)
    speed = np.cumsum(np.take_along_axis(speed, order, axis=1), axis=1)
    fixed = np.cumsum(np.take_along_axis(fixed, order, axis=1), axis=1) + floor.sum(axis=1)[:, None]
    finite = np.isfinite(points)
    sums = np.where(finite, fixed + np.where(finite, points, 0.0) * speed, np.inf)
    last = np.maximum((sums <= margins[:, None]).sum(axis=1) - 1, 0)
    point = np.take_along_axis(points, last[:, None], axis=1)
    runs = (starts <= point) & (ends > point)
    rest = margins - np.where(starts > point, floor, 0.0).sum(axis=1) - np.where(ends <= point, cap, 0.0).sum(axis=1)
    pace = np.where(runs, free, 0.0).sum(axis=1)
    at = np.where(np.isfinite(point[:, 0]), point[:, 0], 1.0)
    found: Floats = np.divide(rest, pace, out=at.copy(), where=pace > 0)
    highest: Floats = np.maximum(found, at)
    return highest
