"""Bodies of tasks of partners."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import ABSENT, BusinessDate, Label, LongText, Schema
from services.channels.partner_tasks.enums import PartnerTaskState


class PartnerTaskCreate(Schema):
    """Something to be done with a partner; while a mandatory one is open the partner is not activated."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
                "subject": "Introduce the order desk",
                "due_on": "2026-03-31",
            }
        }
    )

    partner_id: UUID
    subject: Label
    is_mandatory: bool = False
    due_on: BusinessDate | None = None
    note: LongText = ""


class PartnerTaskUpdate(Schema):
    """Fields to change; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"due_on": "2026-04-15"}})

    subject: Label = ABSENT
    is_mandatory: bool = ABSENT
    due_on: BusinessDate | None = None
    note: LongText = ABSENT


class PartnerTaskRead(Schema):
    """A task of a partner."""

    id: UUID
    partner_id: UUID
    subject: str
    is_mandatory: bool
    due_on: date | None
    note: str
    state: PartnerTaskState
    done_on: date | None
    done_by: str | None
    version: int
    created_at: datetime
    updated_at: datetime
