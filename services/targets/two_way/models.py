"""Tables and their cells as rows."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, big_int, document, identifier, one_of, text
from services.targets.db import Base
from services.targets.decompositions.enums import Dimension
from services.targets.decompositions.models import DriverPart
from services.targets.targets.enums import TargetState
from services.targets.two_way.enums import Rounding


class TwoWayRow(OwnedRow):
    """A table: two decompositions of a target whose children meet in its cells. `error` is what the fit left of the
    margins, in millionths of a unit."""

    __tablename__ = "two_way_table"

    target_id: Annotated[UUID, identifier(nullable=False, foreign_key="target.id")]
    root_id: Annotated[UUID, identifier(nullable=False)]
    row_decomposition_id: Annotated[UUID, identifier(nullable=False, foreign_key="decomposition.id")]
    column_decomposition_id: Annotated[UUID, identifier(nullable=False, foreign_key="decomposition.id")]
    row_dimension: Annotated[Dimension, text(nullable=False)]
    column_dimension: Annotated[Dimension, text(nullable=False)]
    amount: Annotated[int, big_int(nullable=False)]
    drivers: Annotated[tuple[DriverPart, ...], DECODED, document(nullable=False)]
    rounding: Annotated[Rounding, text(nullable=False)]
    rounds: Annotated[int, Field(nullable=False)]
    error: Annotated[int, big_int(nullable=False)]
    origin_id: Annotated[UUID | None, identifier(nullable=True)] = None


class TwoWayTable(TwoWayRow, Base, table=True):
    """Tables."""

    __table_args__ = (one_of("rounding", Rounding), sa.Index("ix_two_way_table_target_id", "target_id", "created_at"))


class Cell(FrozenRow):
    """A cell as its table shows it."""

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
    driver_values: tuple[int | None, ...] | None


class TwoWay(TwoWayRow):
    """A table with its cells, by row and column."""

    cells: Annotated[tuple[Cell, ...], DECODED]
