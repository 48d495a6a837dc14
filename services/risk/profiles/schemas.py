"""Schemas of credit profiles; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, model_validator

from kit.web.batch import BatchBody
from kit.web.schema import ABSENT, Label, NonNegativeAmount, Schema, Share, Text


class CreditProfileUpdate(Schema):
    """New terms, and why: the limit, and what share of an order has to lie on account when it is placed (1000000:
    prepayment)."""

    model_config = ConfigDict(json_schema_extra={"example": {"credit_limit": 2500000, "reason": "Yearly review"}})

    credit_limit: NonNegativeAmount = ABSENT
    deposit_share: Share = ABSENT
    reason: Label

    @model_validator(mode="after")
    def _something(self) -> CreditProfileUpdate:
        if not {"credit_limit", "deposit_share"} & self.model_fields_set:
            raise ValueError("give credit_limit or deposit_share")
        return self


class CreditProfileRow(Schema):
    """One row of a batch of limits."""

    account_id: UUID
    credit_limit: NonNegativeAmount
    deposit_share: Share = ABSENT
    reason: Text = ""


class CreditProfileBatch(BatchBody):
    """Limits by account."""

    row_model = CreditProfileRow


class CreditProfileRead(Schema):
    """A profile with its use: use = max(0, exposure), headroom = max(0, credit_limit - use)."""

    id: UUID
    account_id: UUID
    name: str | None
    owner_id: UUID | None
    credit_limit: int
    deposit_share: int
    is_on_hold: bool
    exposure: int
    use: int
    headroom: int
    version: int
    created_at: datetime
    updated_at: datetime
