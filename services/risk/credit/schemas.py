"""Schemas of credit; amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import Code, Count, Schema
from services.risk.credit.enums import CreditState, Decision, EntryKind


class CreditDecisionCreate(Schema):
    """An officer releases an order that was refused: the placement that they judged, the first unless they name one."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "order_id": "01989f2e-0000-7000-8000-000000000002",
                "placement": 1,
                "decision": "override",
                "reason": "bank_guarantee",
            }
        }
    )

    order_id: UUID
    placement: Count = 1
    decision: Literal["override"]
    reason: Code


class CreditDecisionRead(Schema):
    """An answer to a placement with its inputs; `named` is what of the money on account waited for this order,
    `named_elsewhere` what waited for others, `terms_days` how many days to pay were allowed (null: any), `cause` the
    first check that failed (null: of an earlier release, which had `reason` alone). Of the partner that the order
    named, `partner_limit` (null: none binds) and `partner_exposure` are those of the moment."""

    id: UUID
    order_id: UUID
    account_id: UUID
    filed_account_id: UUID
    placement: int
    decision: Decision
    amount: int
    credit_limit: int | None
    deposit_share: int
    named: int
    named_elsewhere: int
    terms_days: int | None
    exposure_before: int
    shortfall: int
    decided_under: UUID | None
    partner_id: UUID | None
    partner_limit: int | None
    partner_exposure: int | None
    reason: str | None
    cause: str | None
    approved_by: str | None
    source_event_id: UUID
    decided_at: datetime


class ExposureRead(Schema):
    """An account's own exposure, less its money on account; use = max(0, balance). One that was merged is decided about
    with the account that it leads to (`merged_into`)."""

    account_id: UUID
    merged_into: UUID | None
    name: str | None
    owner_id: UUID | None
    balance: int
    use: int
    credit_limit: int | None


class ExposureEntryRead(Schema):
    """One move of an exposure; positive raises it. Money on account (`deposited`, `deposit_used`) is of no order;
    `payment_id` is the payment that moved it (null also of an earlier release)."""

    id: UUID
    account_id: UUID
    filed_account_id: UUID
    order_id: UUID | None
    payment_id: UUID | None
    placement: int
    kind: EntryKind
    amount: int
    source_event_id: UUID
    source_ordinal: int
    fact_event_id: UUID
    recorded_at: datetime


class OrderCreditRead(Schema):
    """Where an order's credit stands. Whoever placed it (`placed_by`, null: it was not said) does not release it, and
    nobody does once the terms of that placement were refused (`terms_refused`, the number of the placement)."""

    order_id: UUID
    account_id: UUID
    filed_account_id: UUID
    owner_id: UUID | None
    placement: int
    state: CreditState
    currency: str
    asked: int
    reserved: int
    exposure: int
    shortfall: int
    partner_id: UUID | None
    placed_by: str | None
    terms_refused: int | None
