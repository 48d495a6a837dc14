"""Bodies of entries about partners."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import ABSENT, BusinessDate, LongText, Schema
from services.channels.partner_logs.enums import PartnerLogKind, PartnerLogState

Note = Annotated[LongText, Field(min_length=1)]


class PartnerLogCreate(Schema):
    """What was said to a partner, or what it needs; what is to follow has a day."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
                "kind": "need",
                "happened_on": "2026-02-14",
                "note": "Asks for samples of the new line.",
                "follow_up_on": "2026-02-28",
            }
        }
    )

    partner_id: UUID
    contact_id: UUID | None = Field(default=None, description="a contact of the partner")
    kind: PartnerLogKind
    happened_on: BusinessDate
    note: Note
    follow_up_on: BusinessDate | None = None


class PartnerLogUpdate(Schema):
    """When something is to follow; what was written stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"follow_up_on": "2026-03-15"}})

    follow_up_on: BusinessDate = ABSENT


class PartnerLogClose(Schema):
    """What came of it."""

    model_config = ConfigDict(json_schema_extra={"example": {"outcome": "Samples were sent."}})

    outcome: Note


class PartnerLogRead(Schema):
    """An entry about a partner."""

    id: UUID
    partner_id: UUID
    contact_id: UUID | None
    kind: PartnerLogKind
    happened_on: date
    note: str
    follow_up_on: date | None
    state: PartnerLogState
    outcome: str
    written_by: str
    version: int
    created_at: datetime
    updated_at: datetime
