"""Bodies of adjustments of rebates; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.web.schema import Amount, BusinessDate, LongText, Schema


def _not_zero(value: int) -> int:
    if value == 0:
        raise ValueError("an adjustment of 0 changes nothing")
    return value


class RebateAdjustmentCreate(Schema):
    """What a partner is given, or loses (below zero), and why; posted today where no day is given."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
                "amount": -1250,
                "reason": "Agreed in the mediation of a conflict.",
            }
        }
    )

    partner_id: UUID
    amount: Annotated[Amount, AfterValidator(_not_zero)]
    posting_date: BusinessDate | None = Field(default=None, description="today at the latest")
    reason: Annotated[LongText, Field(min_length=1)]


class RebateAdjustmentRead(Schema):
    """An adjustment."""

    id: UUID
    partner_id: UUID
    amount: int
    currency: str
    posting_date: date
    reason: str
    created_by: str
    version: int
    created_at: datetime
    updated_at: datetime
