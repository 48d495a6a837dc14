"""Schemas of incidents."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.batch import BatchBody
from kit.web.schema import ABSENT, BusinessDate, Code, LongText, NonNegativeAmount, Schema
from services.risk.incidents.enums import IncidentState
from services.risk.risks.enums import RiskClass

EXAMPLE: dict[str, Any] = {
    "occurred_on": "2025-11-03",
    "discovered_on": "2025-11-17",
    "class": "credit",
    "risk_id": "01989f2e-0000-7000-8000-000000000095",
    "cause": "Two invoices of an insolvent customer were never paid",
    "gross_loss": 1250000,
    "recoveries": 200000,
    "lessons": "",
}
_CLASS: Any = Field(alias="class")


class IncidentCreate(Schema):
    """What happened and what it cost, in base currency; `class` is its own, also where it names a risk of the register.

    Without an owner it is seen by those who see everything.
    """

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    external_id: Code | None = None
    occurred_on: BusinessDate
    discovered_on: BusinessDate
    risk_class: Annotated[RiskClass, _CLASS]
    risk_id: UUID | None = None
    owner_id: UUID | None = None
    cause: LongText = ""
    gross_loss: NonNegativeAmount
    recoveries: NonNegativeAmount = 0
    lessons: LongText = ""


class IncidentRow(IncidentCreate):
    """A row of a batch: `external_id` names it."""

    model_config = ConfigDict(json_schema_extra={"example": {**EXAMPLE, "external_id": "loss-4711"}})

    external_id: Code


class IncidentBatch(BatchBody):
    """Incidents by external id."""

    row_model = IncidentRow


class IncidentUpdate(Schema):
    """Fields to correct; what is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"recoveries": 450000, "lessons": "Ask for a deposit from grade B on"}}
    )

    occurred_on: BusinessDate = ABSENT
    discovered_on: BusinessDate = ABSENT
    risk_class: Annotated[RiskClass, _CLASS] = ABSENT
    risk_id: UUID | None = ABSENT
    owner_id: UUID | None = ABSENT
    cause: LongText = ABSENT
    gross_loss: NonNegativeAmount = ABSENT
    recoveries: NonNegativeAmount = ABSENT
    lessons: LongText = ABSENT


class IncidentFactsRead(Schema):
    """What is recorded of an incident."""

    occurred_on: date
    discovered_on: date
    risk_class: Annotated[RiskClass, _CLASS]
    risk_id: UUID | None
    owner_id: UUID | None
    cause: str
    gross_loss: int
    recoveries: int
    lessons: str
    state: IncidentState
    version: int


class IncidentRead(IncidentFactsRead):
    """An incident as it stands."""

    id: UUID
    external_id: str | None
    created_at: datetime
    updated_at: datetime


class IncidentVersionRead(IncidentFactsRead):
    """What a version says, who wrote it and when."""

    incident_id: UUID
    written_by: str
    written_at: datetime
