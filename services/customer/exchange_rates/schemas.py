"""Bodies of exchange rates."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.lists import page_of
from kit.web.schema import BusinessDate, CurrencyCode, DecimalText, Schema


class ExchangeRateCreate(Schema):
    """Base units per unit of `currency`, from a business day on; at most 12 significant digits."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"currency": "CNY", "rate": "0.137", "valid_from": "2026-01-01"}}
    )

    currency: CurrencyCode
    rate: DecimalText
    valid_from: BusinessDate


class ExchangeRateRead(Schema):
    """A dated rate."""

    id: UUID
    currency: str
    base_currency: str
    rate: str
    valid_from: date
    created_by: str
    created_at: datetime


ExchangeRatePage = page_of(ExchangeRateRead)
