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


class ExchangeRateTable(ExchangeRate, Base, table=True):
    """Exchange rates."""

    __table_args__ = (
        sa.UniqueConstraint("currency", "base_currency", "valid_from"),
        sa.CheckConstraint("rate::numeric > 0", name="positive"),
        sa.CheckConstraint("currency <> base_currency", name="foreign"),
        sa.Index("ix_exchange_rate_valid_from_id", "valid_from", "id"),
    )
