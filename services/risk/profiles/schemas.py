"""Schemas of credit profiles; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.batch import BatchBody
from kit.web.schema import Label, NonNegativeAmount, Schema, Text


class CreditProfileUpdate(Schema):
    """A new limit, and why."""

    model_config = ConfigDict(json_schema_extra={"example": {"credit_limit": 2500000, "reason": "Yearly review"}})

    credit_limit: NonNegativeAmount
    reason: Label


class CreditProfileRow(Schema):
    """One row of a batch of limits."""

    account_id: UUID
    credit_limit: NonNegativeAmount
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
    is_on_hold: bool
    exposure: int
    use: int
    headroom: int
    version: int
    created_at: datetime
    updated_at: datetime
