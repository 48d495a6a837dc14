"""Redirects heard from customer, and where accounts lead, as rows and as tables."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa

from kit.db.columns import FrozenRow, identifier
from kit.db.redirects import RedirectRow, redirect_indexes
from services.channels.db import Base


class AccountRedirect(RedirectRow):
    """A merge of two accounts, which stands until it is taken back."""

    __tablename__ = "account_redirect"


class AccountRedirectTable(AccountRedirect, Base, table=True):
    """Merges."""

    __table_args__ = redirect_indexes("account_redirect")


class AccountRoot(FrozenRow):
    """Where a merged account leads; one that leads nowhere has no row."""

    __tablename__ = "account_root"

    account_id: Annotated[UUID, identifier(primary_key=True)]
    root_id: Annotated[UUID, identifier(nullable=False)]


class AccountRootTable(AccountRoot, Base, table=True):
    """Where merged accounts lead."""

    __table_args__ = (sa.Index("ix_account_root_root_id", "root_id"),)
