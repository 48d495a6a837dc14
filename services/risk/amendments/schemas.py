"""Schemas of amendments."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import ABSENT, BusinessDate, Label, NonNegativeAmount, Schema
from services.risk.amendments.enums import AmendmentState
from services.risk.contracts.enums import Renewal
from services.risk.contracts.schemas import DocumentBody, NoticeDays, RenewMonths


class AmendmentCreate(Schema):
    """Other terms from a day on, and why; terms that are left out stay."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"effective_on": "2026-03-01", "value": 12000000, "reason": "More volume"}}
    )

    effective_on: BusinessDate
    reason: Label
    value: NonNegativeAmount = ABSENT
    ends_on: BusinessDate | None = ABSENT
    notice_days: NoticeDays = ABSENT
    renewal: Renewal = ABSENT
    renew_months: RenewMonths | None = ABSENT
    document: DocumentBody = ABSENT


class AmendmentSign(Schema):
    """The day on which an amendment was signed."""

    model_config = ConfigDict(json_schema_extra={"example": {"signed_on": "2026-02-14"}})

    signed_on: BusinessDate


class AmendmentRead(Schema):
    """An amendment; `terms` names those that it changes."""

    id: UUID
    contract_id: UUID
    effective_on: date
    reason: str
    terms: list[str]
    value: int | None
    ends_on: date | None
    notice_days: int | None
    renewal: Renewal | None
    renew_months: int | None
    document: DocumentBody | None
    state: AmendmentState
    author: str
    approved_by: str | None
    approved_at: datetime | None
    signed_on: date | None
    version: int
    created_at: datetime
    updated_at: datetime
