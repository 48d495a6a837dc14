"""Projections of other services' facts: accounts and principals."""

from __future__ import annotations

from uuid import UUID

from kit.db.columns import FrozenRow, identifier, text
from kit.security.principals import PrincipalRow
from services.risk.db import Base


class Principal(PrincipalRow, Base, table=True):
    """Memberships, for record scope."""


class AccountEntry(FrozenRow):
    """Owner and label of an account."""

    __tablename__ = "account_directory"

    id: UUID = identifier(primary_key=True)
    name: str | None = text(nullable=True, default=None)
    owner_id: UUID | None = identifier(nullable=True, default=None, index=True)


class AccountDirectory(AccountEntry, Base, table=True):
    """Owner and label of every account."""
