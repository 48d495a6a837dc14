"""Metadata of the customer service's tables."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from sqlmodel import SQLModel

from kit.db.columns import identifier, new_registry


class Base(SQLModel, registry=new_registry()):
    """Base of every table of the service."""


class OfAccount(SQLModel):
    """Of a row below an order or a payment: the account of that, which the database fills in."""

    account_id: Annotated[UUID | None, identifier(nullable=True)] = None


class OfOwner(SQLModel):
    """Of a row that is filed under an account: who owns that account, by which lists find it in their order. The
    database fills it in; it follows when the account is handed over (`ownership`)."""

    account_owner_id: Annotated[UUID | None, identifier(nullable=True)] = None
