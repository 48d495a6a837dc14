"""Bodies of certificates of partners."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import ABSENT, BusinessDate, Code, Schema


class PartnerCertificateCreate(Schema):
    """A certificate of a partner, valid on both its first and its last day; without a last one it stays valid."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
                "kind": "sales_engineer",
                "number": "SE-2026-0001",
                "valid_from": "2026-01-01",
                "valid_to": "2027-12-31",
            }
        }
    )

    partner_id: UUID
    kind: Code
    number: Code
    valid_from: BusinessDate
    valid_to: BusinessDate | None = None


class PartnerCertificateUpdate(Schema):
    """Days to correct, or to end it on; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"valid_to": "2026-12-31"}})

    valid_from: BusinessDate = ABSENT
    valid_to: BusinessDate | None = None


class PartnerCertificateRead(Schema):
    """A certificate of a partner."""

    id: UUID
    partner_id: UUID
    kind: str
    number: str
    valid_from: date
    valid_to: date | None
    version: int
    created_at: datetime
    updated_at: datetime
