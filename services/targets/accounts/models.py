"""Accounts of customer: a projection of their events."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier
from services.targets.db import Base

Codes = Annotated[tuple[str, ...], Field(sa_type=sa.ARRAY(sa.Text), nullable=False)]


class AccountEntry(FrozenRow):
    """An account as its latest version says; `places` and `branches` are the codes of regions and of industries
    (`scheme:code`) that hold it, the widest first."""

    __tablename__ = "account_directory"

    id: Annotated[UUID, identifier(primary_key=True)]
    owner_id: Annotated[UUID | None, identifier(nullable=True)]
    places: Codes
    branches: Codes
    is_archived: Annotated[bool, Field(nullable=False)]
    version: Annotated[int, Field(nullable=False)]


class AccountDirectory(AccountEntry, Base, table=True):
    """Accounts by id."""


class Located(FrozenRow):
    """An account as territories see it; `id` is the one that it reads as, `members` are all that are one with it."""

    id: UUID
    owner_id: UUID | None
    places: tuple[str, ...]
    branches: tuple[str, ...]
    members: tuple[UUID, ...] = ()
