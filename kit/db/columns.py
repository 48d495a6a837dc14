"""Columns and metadata that every service's tables share."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def new_registry() -> registry:
    """A registry of one service's own: tables of other services never share its metadata."""
    return registry(metadata=sa.MetaData(naming_convention=NAMING))


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


class Identified(SQLModel):
    """Primary key of an owned row (UUIDv7)."""

    id: UUID = identifier(primary_key=True)


class Versioned(SQLModel):
    """An owned row changed by commands: its UPDATE carries `version` in WHERE; the ETag is the version."""

    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"}, nullable=False)
    created_at: datetime = moment(nullable=False, sa_column_kwargs={"server_default": sa.text("now()")})
    updated_at: datetime = moment(nullable=False, sa_column_kwargs={"server_default": sa.text("now()")})
