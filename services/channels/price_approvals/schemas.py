"""Bodies of standing approvals: amounts are minor units of `currency`."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import BusinessDate, Code, CurrencyCode, NonNegativeAmount, Schema
from services.channels.price_approvals.enums import PriceApprovalState


class PriceApprovalCreate(Schema):
    """For an account or for a partner: the least net of a piece of a product, in the days from `valid_from` to
    `valid_to` (both included; without an end it stays open)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": "01989f2e-0000-7000-8000-000000000001",
                "sku": "CD-ROCK",
                "currency": "USD",
                "min_unit_net": 850,
                "valid_from": "2026-01-01",
                "valid_to": "2026-12-31",
            }
        }
    )

    account_id: UUID | None = None
    partner_id: UUID | None = None
    sku: Code
    currency: CurrencyCode
    min_unit_net: NonNegativeAmount
    valid_from: BusinessDate
    valid_to: BusinessDate | None = None


class PriceApprovalRead(Schema):
    """A standing approval."""

    id: UUID
    account_id: UUID | None
    partner_id: UUID | None
    sku: str
    currency: str
    min_unit_net: int
    valid_from: date
    valid_to: date | None
    state: PriceApprovalState
    granted_by: str
    version: int
    created_at: datetime
    updated_at: datetime
