"""Schemas of obligations."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import ABSENT, BusinessDate, Label, LongText, PositiveAmount, Schema
from services.risk.obligations.enums import ObligationKind, ObligationState, Side

LeadDays = Annotated[int, Field(strict=True, ge=0, le=365)]
EXAMPLE: dict[str, Any] = {
    "contract_id": "01989f2e-0000-7000-8000-000000000014",
    "kind": "volume",
    "side": "them",
    "title": "Purchases of the first quarter",
    "falls_on": "2026-03-31",
    "amount": 100000,
    "lead_days": 7,
    "recurrence": {"every_months": 3, "until": "2026-12-31"},
}


class Recurrence(Schema):
    """The same again every so many months, counted from the first day."""

    every_months: Annotated[int, Field(strict=True, ge=1, le=120)]
    until: BusinessDate


class ObligationCreate(Schema):
    """An obligation of a contract that is a draft; deliveries, payments and volumes have an amount."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    contract_id: UUID
    kind: ObligationKind
    side: Side
    title: Label
    falls_on: BusinessDate
    amount: PositiveAmount | None = None
    lead_days: LeadDays = 7
    recurrence: Recurrence | None = None


class ObligationUpdate(Schema):
    """Another day, sum or recurrence, while the contract is a draft."""

    model_config = ConfigDict(json_schema_extra={"example": {"title": "Until April", "falls_on": "2026-04-30"}})

    title: Label = ABSENT
    falls_on: BusinessDate = ABSENT
    amount: PositiveAmount | None = ABSENT
    lead_days: LeadDays = ABSENT
    recurrence: Recurrence | None = ABSENT


class ObligationMeet(Schema):
    """The day on which an obligation was met, and where that can be seen."""

    model_config = ConfigDict(json_schema_extra={"example": {"on": "2026-03-28", "evidence": "Report received"}})

    on: BusinessDate
    evidence: LongText


class ObligationWaive(Schema):
    """Why an obligation need not be met."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "The report is no longer needed"}})

    reason: Label


class ObligationRead(Schema):
    """An obligation; `due_on` is the working day to which `falls_on` moves."""

    id: UUID
    contract_id: UUID
    series_id: UUID
    ordinal: int
    account_id: UUID | None
    filed_account_id: UUID | None
    partner_id: UUID | None
    owner_id: UUID | None
    kind: ObligationKind
    side: Side
    title: str
    falls_on: date
    due_on: date
    amount: int | None
    lead_days: int
    every_months: int | None
    until: date | None
    author: str
    state: ObligationState
    occurrence: int
    late_on: date | None
    met_on: date | None
    days_late: int | None
    evidence: str
    waived_by: str | None
    waive_reason: str
    ended_on: date | None = Field(
        description="Last day of the contract, of what is due later: days until then meet it, or nothing does."
    )
    version: int
    created_at: datetime
    updated_at: datetime
