"""Bodies of the tables."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import MAX_AMOUNT
from kit.web.schema import Amount, Label, Schema
from services.targets.decompositions.enums import Dimension
from services.targets.decompositions.schemas import DriverCreate, DriverRead
from services.targets.targets.enums import TargetState
from services.targets.two_way.enums import Rounding
from services.targets.two_way.rules import MAX_CELLS

_IDS = {
    "row_decomposition_id": "01989f2e-0000-7000-8000-0000000000b1",
    "column_decomposition_id": "01989f2e-0000-7000-8000-0000000000b2",
}


class CellSeed(Schema):
    """The seed of a cell, by the keys of its row and its column; null is no input, 0 excludes."""

    row: Label
    column: Label
    value: int | None = Field(strict=True, ge=0, le=MAX_AMOUNT)


class CellConstraintCreate(Schema):
    """A constraint of a cell, by the keys of its row and its column."""

    row: Label
    column: Label
    locked: Amount | None = None
    floor: Amount | None = None
    cap: Amount | None = None
    reason: Label | None = None


class TableCreate(Schema):
    """A table of two decompositions of the target, along two dimensions; not both of time, nor units and members.

    The seed comes from `drivers` (`equal`, `historical_share` of the scope of each cell, by time `seasonality` and
    `working_days`) or from `values`; a cell without one takes part with row x column / total, which is all that counts
    without any. Keys are those of the children. With `dry_run` the cells are answered and nothing is kept.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": _IDS
            | {
                "values": [{"row": "books", "column": "2026-01", "value": 120}],
                "cells": [{"row": "books", "column": "2026-02", "cap": 100000, "reason": "No launch"}],
            }
        }
    )

    row_decomposition_id: UUID
    column_decomposition_id: UUID
    drivers: list[DriverCreate] = Field(default=[], max_length=10)
    values: list[CellSeed] = Field(default=[], max_length=MAX_CELLS)
    cells: list[CellConstraintCreate] = Field(default=[], max_length=MAX_CELLS)
    dry_run: bool = Field(default=False, strict=True)


class TableItem(Schema):
    """A table without its cells. `rounding` is `controlled` (each cell the floor or the ceiling of its fitted value) or
    `nearest` (the fit stalled `error` millionths of a unit from the margins: the nearest table that has them)."""

    id: UUID
    target_id: UUID
    root_id: UUID
    row_decomposition_id: UUID
    column_decomposition_id: UUID
    row_dimension: Dimension
    column_dimension: Dimension
    amount: int
    drivers: list[DriverRead]
    rounding: Rounding
    rounds: int
    error: int
    version: int
    created_at: datetime
    updated_at: datetime


class TableCellRead(Schema):
    """A cell, a target below its row's: `seed` at the scale of the table's amount, `fitted` in thousandths of a unit,
    `bound` the constraint that decided, `driver_values` what each driver gave."""

    target_id: UUID
    row: str
    column: str
    name: str
    state: TargetState
    period_start: date
    period_end: date
    unit_id: UUID | None
    member_id: UUID | None
    amount: int
    seed: int
    fitted: int
    locked: int | None
    floor: int | None
    cap: int | None
    bound: str | None
    reason: str | None
    driver_values: list[int | None] | None


class TableRead(TableItem):
    """A table with its cells, by row and column."""

    cells: list[TableCellRead]


class TableCellShown(Schema):
    """A cell that is not kept."""

    row: str
    column: str
    amount: int
    seed: int
    fitted: int
    bound: str | None


class TableShown(Schema):
    """What a table would be."""

    target_id: UUID
    amount: int
    rounding: Rounding
    rounds: int
    error: int
    cells: list[TableCellShown]
