"""Units as rows and as a table."""

from __future__ import annotations

from typing import Annotated, ClassVar
from uuid import UUID

import sqlalchemy as sa

from kit.db.columns import OwnedRow, identifier, identifiers, text
from kit.db.text_keys import CodeKeyed, TextKeyed, TextKeys, code_indexes, key_indexes
from services.targets.db import Base
from services.targets.units.enums import UnitKind


class Unit(OwnedRow):
    """A part of the sales organisation; `path` are the ids from the root down, its own last."""

    __tablename__ = "unit"
    __text_keys__: ClassVar = TextKeys(name="name", also=("code",), codes=("code",))

    code: Annotated[str, text(nullable=False, unique=True)]
    name: Annotated[str, text(nullable=False)]
    kind: Annotated[UnitKind, text(nullable=False)]
    parent_id: Annotated[UUID | None, identifier(nullable=True, foreign_key="unit.id", index=True)] = None
    path: Annotated[tuple[UUID, ...], identifiers(nullable=False)]


class UnitTable(Unit, TextKeyed, CodeKeyed, Base, table=True):
    """Units."""

    __table_args__ = (
        *key_indexes("unit", Unit.__text_keys__),
        *code_indexes("unit", "code"),
        sa.CheckConstraint("path[cardinality(path)] = id", name="path_ends_here"),
        sa.CheckConstraint("(parent_id IS NULL) = (cardinality(path) = 1)", name="root_path"),
        sa.Index("ix_unit_path", "path", postgresql_using="gin"),
    )
