"""Dated exchange rates as rows and as a table."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import FrozenRow, identifier, moment, text
from services.customer.db import Base


class ExchangeRate(FrozenRow):
    """Base units per unit of `currency` from a business date on; never changed, only followed by a later one."""

    __tablename__ = "exchange_rate"

    id: Annotated[UUID, identifier(primary_key=True)]
    currency: Annotated[str, text(nullable=False)]
    base_currency: Annotated[str, text(nullable=False)]
    rate: Annotated[str, text(nullable=False)]
    valid_from: Annotated[date, Field(nullable=False)]
    created_by: Annotated[str, text(nullable=False)]
    created_at: Annotated[datetime, moment(nullable=False)]


class DueRate(ExchangeRate):
    """A rate, and since when it waits to be said: one that was entered by a release without its event does."""

    __tablename__ = "exchange_rate"

    due_at: Annotated[datetime | None, moment(nullable=True, sa_column_kwargs={"server_default": sa.func.now()})] = None


class ExchangeRateTable(DueRate, Base, table=True):
    """Exchange rates. What writes no `due_at` does not say them, so a worker does."""

    __table_args__ = (
        sa.UniqueConstraint("currency", "base_currency", "valid_from"),
        sa.CheckConstraint("rate::numeric > 0", name="positive"),
        sa.CheckConstraint("currency <> base_currency", name="foreign"),
        sa.Index("ix_exchange_rate_valid_from_id", "valid_from", "id"),
        sa.Index("ix_exchange_rate_due_at", "due_at", postgresql_where=sa.text("due_at IS NOT NULL")),
    )
