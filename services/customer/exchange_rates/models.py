"""Dated exchange rates."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field

from kit.db.columns import Identified, moment, text
from services.customer.db import Base


class ExchangeRate(Identified, Base, table=True):
    """Base units per unit of `currency` from a business date on; never changed, only followed by a later one."""

    __tablename__ = "exchange_rate"
    __table_args__ = (
        sa.UniqueConstraint("currency", "base_currency", "valid_from"),
        sa.CheckConstraint("rate::numeric > 0", name="positive"),
        sa.CheckConstraint("currency <> base_currency", name="foreign"),
        sa.Index("ix_exchange_rate_valid_from_id", "valid_from", "id"),
    )

    currency: str = text(nullable=False)
    base_currency: str = text(nullable=False)
    rate: str = text(nullable=False)
    valid_from: date = Field(nullable=False)
    created_by: str = text(nullable=False)
    created_at: datetime = moment(nullable=False)
