"""Pure rules of tables: what is asked, what contradicts, and whole amounts with both margins exact.

A table has an amount per row and per column, which have one total, and a seed per cell. Its cells are the fit of the
seed to both margins within the bounds, rounded so that every row and every column sums to the unit (controlled
rounding: Bacharach 1966, Cox 1987). Rows and columns go by their keys, so their order has no influence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import NamedTuple

from kit.errors import Conflict, Invalid
from services.targets.decompositions.filling import ConstraintKind
from services.targets.two_way.enums import Rounding

MAX_CELLS = 20_000
MAX_NAMED = 100


class Place(NamedTuple):
    """A cell by the keys of its row and its column."""

    row: str
    column: str


@dataclass(frozen=True, slots=True)
class CellLimits:
    """What was asked of a cell, in minor units."""

    locked: int | None = None
    floor: int | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the seed: `share` > 0 relative to the other parts, values >= 0 by cell in any common unit.

    Without a value (or None) a cell takes part with row x column / total, 0 excludes it from the whole table."""

    share: int
    values: Mapping[Place, int | None]


@dataclass(frozen=True, slots=True)
class Question:
    """Amounts by key of the rows and of the columns, the seed, and limits by cell. A lock wins over an exclusion. What
    could be either way goes by a lot that is drawn for what is split (`about`)."""

    rows: Mapping[str, int]
    columns: Mapping[str, int]
    parts: Sequence[Part] = ()
    limits: Mapping[Place, CellLimits] = field(default_factory=dict)
    about: object = None


@dataclass(frozen=True, slots=True)
class TableCell:
    """A cell: the seed at the scale of the total, the fitted value in thousandths, the amount, what decided it."""

    place: Place
    seed: int
    fitted: int
    amount: int
    bound: ConstraintKind | None


@dataclass(frozen=True, slots=True)
class Solved:
    """The cells in the order of their keys; `error` is what the fit left of the margins, in millionths of a unit."""

    cells: Sequence[TableCell]
    rounding: Rounding
    rounds: int
    error: int


@dataclass(frozen=True, slots=True)
class CellConstraint:
    """A constraint of a cell as it was given."""

    row: str
    column: str
    kind: ConstraintKind
    value: int


class MarginsUnrelated(Invalid):
    code, title = "margins-unrelated", "The decompositions are no two margins of one table"


class TooManyCells(Invalid):
    code, title = "too-many-cells", f"A table has at most {MAX_CELLS} cells"


class TableInvalid(Invalid):
    code, title = "table-invalid", "The table is not valid"


class TableInfeasible(Conflict):
    """No table has these margins within the constraints. They are those of a minimum cut between the rows and the
    columns: `missing` of what `rows` and `columns` on its smaller side sum to cannot be met with `constraints`."""

    code, title = "table-infeasible", "The margins and the constraints contradict each other"

    def __init__(
        self, rows: Sequence[str], columns: Sequence[str], constraints: Sequence[CellConstraint], missing: int
    ) -> None:
        named = ", ".join(f"{one.kind} {one.value} of {one.row} x {one.column}" for one in constraints[:5])
        more = f" and {len(constraints) - 5} more" if len(constraints) > 5 else ""
        super().__init__(
            f"{missing} cannot be placed with {named or 'these amounts'}{more}",
            extra={
                "rows": list(rows[:MAX_NAMED]),
                "columns": list(columns[:MAX_NAMED]),
                "constraints": [asdict(one) for one in constraints[:MAX_NAMED]],
                "count": len(constraints),
                "missing": missing,
            },
        )


def source_of(limits: CellLimits, *, is_excluded: bool, is_upper: bool, sign: int) -> tuple[ConstraintKind, int] | None:
    """What sets the upper or the lower end of a cell's amount, and how it was given; None is the default of zero. Of a
    negative total (`sign`) the ends are those of the mirror image."""
    if limits.locked is not None:
        return ConstraintKind.LOCKED, limits.locked
    is_cap = is_upper == (sign > 0)
    given = limits.cap if is_cap else limits.floor
    if is_excluded and is_upper and (given is None or sign * given >= 0):
        return ConstraintKind.EXCLUDED, 0
    if given is None:
        return None
    return (ConstraintKind.CAP if is_cap else ConstraintKind.FLOOR), given


def contradictions(place: Place, limits: CellLimits, *, is_excluded: bool) -> list[CellConstraint]:
    """Constraints of a cell that no amount meets: a lock outside the bounds, a floor above the cap, a floor where
    nothing may be. Needs one: the ends of the cell contradict each other."""
    given = [
        (ConstraintKind.LOCKED, limits.locked),
        (ConstraintKind.FLOOR, limits.floor),
        (ConstraintKind.CAP, limits.cap),
    ]
    found = [CellConstraint(*place, kind, value) for kind, value in given if value is not None]
    if is_excluded and limits.locked is None:
        found.append(CellConstraint(*place, ConstraintKind.EXCLUDED, 0))
    return found
