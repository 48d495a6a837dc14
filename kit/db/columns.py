"""Columns and metadata that every service's tables share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Self, cast
from uuid import UUID

import orjson
import sqlalchemy as sa
from pydantic import BaseModel, BeforeValidator, ConfigDict
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from kit.db.text_keys import GRAMS

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_registry() -> registry:
    """A registry of one service's own: tables of other services never share its metadata."""
    metadata = sa.MetaData(naming_convention=NAMING)
    sa.event.listen(metadata, "before_create", cast(Any, sa.DDL)(GRAMS))  # indexes of names need it
    return registry(metadata=metadata)


CODE_RANGE = 'CREATE TYPE code_range AS RANGE (subtype = text, collation = "C")'
"""Ranges over codes in the order of their characters, as `[cn, cn.)` is of every code that `cn-` begins."""


def with_code_ranges(table: type[SQLModel]) -> None:
    """The table uses `code_range`: where it is made of its model, the type is made first (migrations make it too)."""
    sa.event.listen(cast(Any, table).__table__, "before_create", cast(Any, sa.DDL)(CODE_RANGE))


def identifier(**options: Any) -> Any:
    """A uuid column."""
    return Field(sa_type=sa.Uuid, **options)


def big_int(**options: Any) -> Any:
    """A bigint column (minor units, counters)."""
    return Field(sa_type=sa.BigInteger, **options)


def moment(**options: Any) -> Any:
    """A timestamptz column."""
    return Field(sa_type=sa.DateTime(timezone=True), **options)


def text(**options: Any) -> Any:
    """A text column."""
    return Field(sa_type=sa.Text, **options)


def document(**options: Any) -> Any:
    """A jsonb column; it reads back as JSON text."""
    return Field(sa_type=JSONB, **options)


def identifiers(**options: Any) -> Any:
    """A uuid[] column."""
    return Field(sa_type=ARRAY(sa.Uuid), **options)


class FrozenRow(SQLModel):
    """A row as code holds it: typed and never changed in place.

    The plain class has the fields (and `__tablename__`); the table is declared once from it:
    `class PartnerTable(Partner, Base, table=True)` adds the constraints.
    """

    # not by a class keyword, which every subclass would repeat
    model_config = cast(Any, ConfigDict(frozen=True, defer_build=True))
    if not TYPE_CHECKING:  # SQLModel's own serve objects of an ORM, and make a row three times as slow
        __init__ = BaseModel.__init__
        model_validate = BaseModel.__dict__["model_validate"]
        model_dump = BaseModel.model_dump

        def __new__(cls, *_args: object, **_values: object) -> Self:
            return object.__new__(cls)

        def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
            """The row with other values, half as dear as pydantic's: a row has no extra and no private ones."""
            if deep or not update:
                return super().model_copy(update=update, deep=deep)
            row, put = object.__new__(type(self)), object.__setattr__
            put(row, "__dict__", {**self.__dict__, **update})
            put(row, "__pydantic_fields_set__", self.__pydantic_fields_set__ | update.keys())
            put(row, "__pydantic_extra__", None)
            put(row, "__pydantic_private__", None)
            return row


class OwnedRow(FrozenRow):
    """A row that commands change (id UUIDv7): its UPDATE carries `version` in WHERE; the ETag is the version."""

    id: Annotated[UUID, identifier(primary_key=True)]
    version: Annotated[int, Field(sa_column_kwargs={"server_default": "1"}, nullable=False)] = 1
    created_at: Annotated[datetime, moment(nullable=False, sa_column_kwargs={"server_default": sa.text("now()")})]
    updated_at: Annotated[datetime, moment(nullable=False, sa_column_kwargs={"server_default": sa.text("now()")})]


def one_of(column: str, words: type[StrEnum]) -> sa.CheckConstraint:
    """The CHECK that a text column holds a word of an enum, or nothing."""
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def _decoded(value: object) -> object:
    return orjson.loads(value) if isinstance(value, str | bytes) else value


DECODED = BeforeValidator(_decoded)
"""Of a jsonb column: `Annotated[tuple[Tier, ...], DECODED]` decodes once, into its own type."""


class Identified(SQLModel):
    """Primary key of an owned row (UUIDv7)."""

    id: Annotated[UUID, identifier(primary_key=True)]


class Versioned(SQLModel):
    """An owned row changed by commands: its UPDATE carries `version` in WHERE; the ETag is the version."""

    version: Annotated[int, Field(sa_column_kwargs={"server_default": "1"}, nullable=False)] = 1
    created_at: Annotated[datetime, moment(nullable=False, sa_column_kwargs={"server_default": sa.text("now()")})]
    updated_at: Annotated[datetime, moment(nullable=False, sa_column_kwargs={"server_default": sa.text("now()")})]
