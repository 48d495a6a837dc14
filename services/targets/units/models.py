"""Units as rows and as a table."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa

from kit.db.columns import OwnedRow, identifier, identifiers, text
from services.targets.db import Base
from services.targets.units.enums import UnitKind


class Unit(OwnedRow):
    """A part of the sales organisation; `path` are the ids from the root down, its own last."""

    __tablename__ = "unit"

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    kind: Annotated[UnitKind, text(nullable=False)]
    parent_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="unit.id", index=True)] = None
    path: Annotated[tuple[UUID, ...], identifiers(nullable=False)]


class UnitTable(Unit, Base, table=True):
    """Units."""

    __table_args__ = (
        sa.CheckConstraint("path[cardinality(path)] = id", name="path_ends_here"),
        sa.CheckConstraint("(parent_id IS NULL) = (cardinality(path) = 1)", name="root_path"),
        sa.Index("ix_unit_path", "path", postgresql_using="gin"),
    )
