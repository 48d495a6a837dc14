"""Bodies of trainings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import ABSENT, BusinessDate, Code, Label, Schema


class TrainingCreate(Schema):
    """A training of partners on a day; with a `certificate_kind` who passes gets a certificate of that kind."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "SE-2026-02",
                "name": "Sales engineer, Shanghai",
                "held_on": "2026-02-14",
                "certificate_kind": "sales_engineer",
            }
        }
    )

    code: Code
    name: Label
    held_on: BusinessDate
    certificate_kind: Code | None = None


class TrainingUpdate(Schema):
    """Fields to change; what is left out stays. The day stays once who came is known."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Sales engineer, Shanghai and Hangzhou"}})

    name: Label = ABSENT
    held_on: BusinessDate = ABSENT


class AttendanceBody(Schema):
    """Whether a partner, or one of its contacts, came and passed; until when the certificate holds (null: without an
    end)."""

    partner_id: UUID
    contact_id: UUID | None = None
    attended: bool
    passed: bool = False
    certificate_to: BusinessDate | None = None


class TrainingAttendanceSet(Schema):
    """Everybody who was expected; who has a certificate of the training stays."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "attendance": [
                    {
                        "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
                        "attended": True,
                        "passed": True,
                        "certificate_to": "2028-02-13",
                    }
                ]
            }
        }
    )

    attendance: Annotated[list[AttendanceBody], Field(max_length=100)]


class AttendanceRead(Schema):
    """Whether a partner, or one of its contacts, came and passed, and the certificate that this gave."""

    partner_id: UUID
    contact_id: UUID | None
    attended: bool
    passed: bool
    certificate_to: date | None
    certificate_id: UUID | None


class TrainingRead(Schema):
    """A training of partners."""

    id: UUID
    code: str
    name: str
    held_on: date
    certificate_kind: str | None
    attendance: list[AttendanceRead]
    version: int
    created_at: datetime
    updated_at: datetime
