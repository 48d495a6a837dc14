"""Column mixins of the event tables; each service declares its own tables from them.

Table names are fixed (`outbox`, `inbox`, `consumer_offset`, `parked_event`, `projection_state`): kit's SQL uses them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from kit.db.columns import big_int, identifier, moment, text


class OutboxRow(SQLModel):
    """An event that waits for the relay, or was sent. `id` is drawn in the transaction of the effect."""

    __tablename__ = "outbox"

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        return (
            sa.Index("ix_outbox_waiting", "id", postgresql_where=sa.text("published_at IS NULL")),
            sa.Index("ix_outbox_published_at", "published_at"),
        )

    id: int | None = Field(
        default=None, primary_key=True, sa_type=sa.BigInteger, sa_column_args=(sa.Identity(always=True),)
    )
    topic: str = text(nullable=False)
    event_id: UUID = identifier(nullable=False, unique=True)
    type: str = text(nullable=False)
    source: str = text(nullable=False)
    subject: str = text(nullable=False)
    key: str = text(nullable=False)
    sequence: int = big_int(nullable=False)
    time: datetime = moment(nullable=False)
    correlation_id: str = text(nullable=False)
    causation_id: str = text(nullable=False)
    traceparent: str = text(nullable=False)
    data: str = text(nullable=False)
    published_at: datetime | None = moment(default=None, nullable=True)


class InboxRow(SQLModel):
    """An event that a group has handled."""

    __tablename__ = "inbox"

    grp: str = text(primary_key=True)
    event_id: UUID = identifier(primary_key=True)
    handled_at: datetime = moment(nullable=False, index=True, sa_column_kwargs={"server_default": sa.text("now()")})


class ConsumerOffsetRow(SQLModel):
    """The next offset a group reads; written in the transaction of the effects."""

    __tablename__ = "consumer_offset"

    grp: str = text(primary_key=True)
    topic: str = text(primary_key=True)
    partition: int = Field(primary_key=True, sa_type=sa.Integer)
    next_offset: int = big_int(nullable=False)


class ProjectionStateRow(SQLModel):
    """Whether a projection stands, at which version. `failed_keys`: keys it failed on since it last succeeded;
    `done` of `total` records are read while it is being built."""

    __tablename__ = "projection_state"

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        return (sa.CheckConstraint("state IN ('live', 'building', 'aside')", name="state"),)

    name: str = text(primary_key=True)
    version: int = Field(sa_type=sa.Integer, nullable=False)
    state: str = text(nullable=False)
    reason: str = text(nullable=False, sa_column_kwargs={"server_default": ""})
    failed_keys: list[str] = Field(
        sa_type=sa.ARRAY(sa.Text), nullable=False, sa_column_kwargs={"server_default": sa.text("'{}'")}
    )
    done: int = big_int(nullable=False, sa_column_kwargs={"server_default": "0"})
    total: int = big_int(nullable=False, sa_column_kwargs={"server_default": "0"})
    since: datetime = moment(nullable=False, sa_column_kwargs={"server_default": sa.text("now()")})


class ParkedEventRow(SQLModel):
    """An event that could not be handled, or that waits behind one of its key."""

    __tablename__ = "parked_event"

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        return (
            sa.Index("ix_parked_event_grp_key", "grp", "key", "id"),
            sa.UniqueConstraint("grp", "event_id"),
        )

    id: int | None = Field(
        default=None, primary_key=True, sa_type=sa.BigInteger, sa_column_args=(sa.Identity(always=True),)
    )
    grp: str = text(nullable=False)
    key: str = text(nullable=False)
    event_id: UUID = identifier(nullable=False)
    type: str = text(nullable=False)
    topic: str = text(nullable=False)
    partition: int = Field(sa_type=sa.Integer, nullable=False)
    log_offset: int = big_int(nullable=False)
    headers: str = text(nullable=False)
    value: str = text(nullable=False)
    error: str = text(nullable=False)
    attempts: int = Field(sa_type=sa.Integer, nullable=False)
    parked_at: datetime = moment(nullable=False, sa_column_kwargs={"server_default": sa.text("now()")})
    discarded_at: datetime | None = moment(default=None, nullable=True)
