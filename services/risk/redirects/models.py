"""Redirects heard from customer, and where accounts lead, as rows and as tables."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, moment
from services.risk.db import Base


class AccountRedirect(FrozenRow):
    """A merge, which stands until it is taken back; one that was never stands again."""

    __tablename__ = "account_redirect"

    merge_id: Annotated[UUID, identifier(primary_key=True)]
    survivor_id: Annotated[UUID, identifier(nullable=False)]
    merged_id: Annotated[UUID, identifier(nullable=False)]
    merged_at: Annotated[datetime, moment(nullable=False)]
    stands: Annotated[bool, Field(nullable=False)]


class AccountRedirectTable(AccountRedirect, Base, table=True):
    """Merges."""

    __table_args__ = (
        sa.Index("ix_account_redirect_survivor_id", "survivor_id", postgresql_where=sa.text("stands")),
        sa.Index("ix_account_redirect_merged_id", "merged_id", postgresql_where=sa.text("stands")),
    )


class AccountRoot(FrozenRow):
    """Where a merged account leads; one that leads nowhere has no row."""

    __tablename__ = "account_root"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    root_id: Annotated[UUID, identifier(nullable=False)]


class AccountRootTable(AccountRoot, Base, table=True):
    """Where merged accounts lead."""

    __table_args__ = (sa.Index("ix_account_root_root_id", "root_id"),)
