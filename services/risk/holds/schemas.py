"""Schemas of holds."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import BusinessDate, Code, Schema
from services.risk.holds.enums import HoldState
from services.risk.profiles.enums import HoldReason, SubjectKind


class CreditHoldCreate(Schema):
    """A hold by hand, of an account or of a partner, through `until` where it is to end by itself."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": "01989f2e-0000-7000-8000-000000000001",
                "reason": "insolvency_rumour",
                "until": None,
            }
        }
    )

    account_id: UUID | None = None
    partner_id: UUID | None = None
    reason: Code
    until: BusinessDate | None = None


class CreditHoldLift(Schema):
    """Why a hold is lifted. A rule's is not placed again through `until` (without it: for as long as the policy
    allows)."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "payment_promised"}})

    reason: Code
    until: BusinessDate | None = None


class CreditHoldRead(Schema):
    """A hold: placed and lifted by people, or (null) by its rule; `reason` and `lift_reason` are their words,
    `waived_until` the last day on which the rule does not place it again."""

    id: UUID
    subject_kind: SubjectKind
    account_id: UUID | None
    filed_account_id: UUID | None
    partner_id: UUID | None
    name: str | None
    owner_id: UUID | None
    hold_reason: HoldReason
    state: HoldState
    until: date | None
    reason: str | None
    placed_by: str | None
    placed_on: date
    placed_at: datetime
    lift_reason: str | None
    lifted_by: str | None
    lifted_on: date | None
    lifted_at: datetime | None
    waived_until: date | None
    version: int
