"""A table before it is stored: its decompositions and its cells, out of what was solved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from kit.records import fresh
from services.targets.decompositions.enums import PERIODS, Dimension
from services.targets.decompositions.models import DecompositionRow
from services.targets.decompositions.planning import OF_ITSELF
from services.targets.targets.models import Target
from services.targets.targets.service import Below
from services.targets.two_way.models import TwoWayRow
from services.targets.two_way.rules import Place, TableCell
from services.targets.two_way.schemas import CellConstraintCreate
from services.targets.two_way.seeds import Seeded, Side, Sides


class Planned(NamedTuple):
    """The decompositions of a table, and its cells with their rows."""

    rows: Sequence[DecompositionRow]
    below: Sequence[Below]


class Asked(NamedTuple):
    """What was asked of a table: constraints by cell, the parts of its seed, which of its rows and columns have a
    decomposition already, and who asks."""

    constraints: Mapping[Place, CellConstraintCreate]
    seeded: Sequence[Seeded]
    decomposed: Collection[UUID]
    author: str


def plan_table(sides: Sides, table: TwoWayRow, cells: Sequence[TableCell], asked: Asked) -> Planned:
    """The decompositions and cells of a table. Like any, the first decomposition of a target is its crediting one."""
    of_rows = _decompositions(table, sides.rows, sides.columns.dimension, asked.decomposed, is_cross=False)
    of_columns = _decompositions(table, sides.columns, sides.rows.dimension, asked.decomposed, is_cross=True)
    below = []
    for cell in cells:
        row, column = sides.rows.targets[cell.place.row], sides.columns.targets[cell.place.column]
        values = tuple(one.part.values.get(cell.place) for one in asked.seeded)
        own = _own(sides, row, column, asked.constraints.get(cell.place)) | {
            "decomposition_id": of_rows[cell.place.row].id,
            "child_key": cell.place.column,
            "cross_id": of_columns[cell.place.column].id,
            "cross_key": cell.place.row,
            "authored_by": asked.author,
            "amount": cell.amount,
            "computed": cell.seed,
            "fitted": cell.fitted,
            "bound": cell.bound,
            "driver_values": values or None,
        }
        below.append((row, row.model_copy(update=own)))
    return Planned([*of_rows.values(), *of_columns.values()], below)


def _decompositions(
    table: TwoWayRow, side: Side, dimension: Dimension, decomposed: Collection[UUID], *, is_cross: bool
) -> dict[str, DecompositionRow]:
    return {
        key: DecompositionRow(
            **fresh(),
            target_id=one.id,
            root_id=one.root_id,
            dimension=dimension,
            amount=one.amount,
            drivers=table.drivers,
            is_crediting=one.id not in decomposed,
            table_id=table.id,
            is_cross=is_cross,
        )
        for key, one in side.targets.items()
    }


def _own(sides: Sides, row: Target, column: Target, given: CellConstraintCreate | None) -> dict[str, Any]:
    """What a cell does not take over from its row: what its column is about, and what was asked of it."""
    dimension = sides.columns.dimension
    names = ("period_start", "period_end") if dimension in PERIODS else (_field(dimension),)
    narrowed = {name: getattr(column, name) for name in names}
    by_member = Dimension.MEMBER in (dimension, sides.rows.dimension)
    asked = {name: getattr(given, name, None) for name in ("locked", "floor", "cap", "reason")}
    return {
        **fresh(),
        **OF_ITSELF,
        **narrowed,
        **asked,
        "weight": None,
        "owner_id": (narrowed.get("member_id") or row.member_id) if by_member else None,
        "parent_id": row.id,
        "name": f"{row.name} / {column.name.removeprefix(f'{sides.target.name} / ')}",
    }


def _field(dimension: Dimension) -> str:
    return {Dimension.UNIT: "unit_id", Dimension.MEMBER: "member_id"}.get(dimension, dimension.value)
