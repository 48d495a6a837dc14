"""Accounts and their ids in other systems."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import Identified, Versioned, identifier, moment, text
from services.customer.db import Base


class Account(Identified, Versioned, Base, table=True):
    """A customer; `stream_key` keys all its events and never changes."""

    __tablename__ = "account"
    __table_args__ = (
        sa.Index(
            "uq_account_tax_id_country",
            "tax_id",
            "country",
            unique=True,
            postgresql_where=sa.text("kind = 'organization'"),
        ),
        sa.CheckConstraint("kind IN ('organization', 'person')", name="kind"),
        sa.CheckConstraint("tax_id IS NULL OR country IS NOT NULL", name="tax_id_has_country"),
        sa.Index("ix_account_name_id", "name", "id"),
        sa.Index("ix_account_created_at_id", "created_at", "id"),
        sa.Index("ix_account_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_account_owner_id_name_id", "owner_id", "name", "id"),
    )

    stream_key: UUID = identifier(nullable=False)
    kind: str = text(nullable=False)
    name: str = text(nullable=False)
    local_name: str | None = text(default=None, nullable=True)
    tax_id: str | None = text(default=None, nullable=True)
    country: str | None = text(default=None, nullable=True)
    region: str | None = text(default=None, nullable=True)
    customer_type: str | None = text(default=None, nullable=True)
    website: str | None = text(default=None, nullable=True)
    owner_id: UUID | None = identifier(default=None, nullable=True)
    tags: list[str] = Field(sa_type=sa.ARRAY(sa.Text), nullable=False)
    archived_at: datetime | None = moment(default=None, nullable=True)


class AccountExternalId(Base, table=True):
    """The account's id in another system, at most one per system."""

    __tablename__ = "account_external_id"
    __table_args__ = (sa.UniqueConstraint("account_id", "source"),)

    source: str = text(primary_key=True)
    external_id: str = text(primary_key=True)
    account_id: UUID = identifier(
        nullable=False, sa_column_args=(sa.ForeignKey("account.id", deferrable=True, initially="DEFERRED"),)
    )
