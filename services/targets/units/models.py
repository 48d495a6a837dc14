"""Units as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa

from kit.db.columns import DECODED, OwnedRow, document, identifier, identifiers, moment, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.targets.db import Base
from services.targets.units.enums import UnitKind
from services.targets.units.rules import Lead


class Unit(OwnedRow):
    """A part of the sales organisation; `path` are the ids from the root down, its own last.

    It is there from `valid_from` to `valid_to`, both included (null: ever); `successor_id` is what it went on as.
    `leads` are in the order of their days and never overlap; `due_at` is when the next one begins or ends."""

    __tablename__ = "unit"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    kind: Annotated[UnitKind, text(nullable=False)]
    parent_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="unit.id", index=True)] = None
    path: Annotated[tuple[UUID, ...], identifiers(nullable=False)]
    valid_from: date | None = None
    valid_to: date | None = None
    successor_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="unit.id", index=True)] = None
    leads: Annotated[
        tuple[Lead, ...], DECODED, document(nullable=False, sa_column_kwargs={"server_default": "[]"})
    ] = ()
    due_at: Annotated[datetime | None, moment(nullable=True)] = None


class UnitTable(Unit, TextKeyed, CodeKeyed, Base, table=True):
    """Units."""

    __table_args__ = (
        *key_indexes("unit", Unit.__text_keys__),
        *code_indexes("unit", "code"),
        sa.CheckConstraint("path[cardinality(path)] = id", name="path_ends_here"),
        sa.CheckConstraint("(parent_id IS NULL) = (cardinality(path) = 1)", name="root_path"),
        sa.CheckConstraint("valid_to >= valid_from", name="period"),
        sa.CheckConstraint("successor_id IS NULL OR valid_to IS NOT NULL", name="succeeded"),
        sa.Index("ix_unit_path", "path", postgresql_using="gin"),
        sa.Index("ix_unit_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )
