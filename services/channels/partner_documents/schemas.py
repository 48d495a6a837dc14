"""Bodies of documents of partners."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import ABSENT, BusinessDate, Code, Schema, Text
from services.channels.agreements.schemas import Sha256


class PartnerDocumentCreate(Schema):
    """A paper of a partner, valid up to and with its last day; `reference` says where it is kept, `sha256` what is kept
    there."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
                "kind": "business_licence",
                "number": "BL-2026-0001",
                "is_mandatory": True,
                "valid_to": "2099-12-31",
                "reference": "archive/partners/P-001/licence.pdf",
            }
        }
    )

    partner_id: UUID
    kind: Code
    number: Code
    is_mandatory: bool = False
    valid_to: BusinessDate | None = None
    reference: Text = ""
    sha256: Sha256 | None = None


class PartnerDocumentUpdate(Schema):
    """Fields to change; what is left out stays. With another last day it is warned of anew."""

    model_config = ConfigDict(json_schema_extra={"example": {"valid_to": "2100-12-31"}})

    is_mandatory: bool = ABSENT
    valid_to: BusinessDate | None = None
    reference: Text = ABSENT
    sha256: Sha256 | None = None


class PartnerDocumentRead(Schema):
    """A document of a partner; `warned_on` is the day on which was warned of its end."""

    id: UUID
    partner_id: UUID
    kind: str
    number: str
    is_mandatory: bool
    valid_to: date | None
    reference: str
    sha256: str | None
    warned_on: date | None
    version: int
    created_at: datetime
    updated_at: datetime
