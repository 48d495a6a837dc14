"""Accounts and their ids in other systems, as rows and as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import DECODED, FrozenRow, OwnedRow, identifier, moment, one_of, text
from services.customer.accounts.enums import AccountKind
from services.customer.db import Base


class AccountColumns(OwnedRow):
    """What the table of accounts has."""

    __tablename__ = "account"

    stream_key: Annotated[UUID, identifier(nullable=False)]
    kind: Annotated[AccountKind, text(nullable=False)]
    name: Annotated[str, text(nullable=False)]
    local_name: Annotated[str | None, text(nullable=True)] = None
    tax_id: Annotated[str | None, text(nullable=True)] = None
    country: Annotated[str | None, text(nullable=True)] = None
    region: Annotated[str | None, text(nullable=True)] = None
    customer_type: Annotated[str | None, text(nullable=True)] = None
    website: Annotated[str | None, text(nullable=True)] = None
    owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
    tags: Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]
    archived_at: Annotated[datetime | None, moment(nullable=True)] = None


class AccountTable(AccountColumns, Base, table=True):
    """Accounts."""

    __table_args__ = (
        sa.Index(
            "uq_account_tax_id_country",
            "tax_id",
            "country",
            unique=True,
            postgresql_where=sa.text("kind = 'organization'"),
        ),
        one_of("kind", AccountKind),
        sa.CheckConstraint("tax_id IS NULL OR country IS NOT NULL", name="tax_id_has_country"),
        sa.Index("ix_account_name_id", "name", "id"),
        sa.Index("ix_account_created_at_id", "created_at", "id"),
        sa.Index("ix_account_owner_id_created_at_id", "owner_id", "created_at", "id"),
        sa.Index("ix_account_owner_id_name_id", "owner_id", "name", "id"),
    )


class AccountExternalId(FrozenRow):
    """The account's id in another system, at most one per system."""

    __tablename__ = "account_external_id"

    source: Annotated[str, text(primary_key=True)]
    external_id: Annotated[str, text(primary_key=True)]
    account_id: Annotated[
        UUID,
        identifier(
            nullable=False, sa_column_args=(sa.ForeignKey("account.id", deferrable=True, initially="DEFERRED"),)
        ),
    ]


class AccountExternalIdTable(AccountExternalId, Base, table=True):
    """Ids of accounts in other systems."""

    __table_args__ = (sa.UniqueConstraint("account_id", "source"),)


class Account(AccountColumns):
    """A customer; `stream_key` keys all its events and never changes, `external_ids` maps source -> id there."""

    external_ids: Annotated[dict[str, str], DECODED]

    @property
    def is_archived(self) -> bool:
        """Whether it takes no more changes and orders."""
        return self.archived_at is not None

    @property
    def is_organization(self) -> bool:
        """Whether its name and tax id are no person's."""
        return self.kind is AccountKind.ORGANIZATION
