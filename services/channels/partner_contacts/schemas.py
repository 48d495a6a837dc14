"""Bodies of contacts of partners."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict

from kit.web.schema import ABSENT, Label, Schema
from services.channels.partner_contacts.enums import PartnerContactRole


class PartnerContactCreate(Schema):
    """Somebody who works for a partner; a phone number without a country is one of China, and kept in E.164."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
                "name": "Li Na",
                "title": "Head of sales",
                "role": "sales",
                "email": "li.na@harbour.example",
                "phone": "138 1234 5678",
            }
        }
    )

    partner_id: UUID
    name: Label
    title: Label | None = None
    role: PartnerContactRole = PartnerContactRole.OTHER
    email: Label | None = None
    phone: Label | None = None


class PartnerContactUpdate(Schema):
    """Fields to change; what is left out stays. A contact stays with its partner."""

    model_config = ConfigDict(json_schema_extra={"example": {"title": "Managing director", "role": "owner"}})

    name: Label = ABSENT
    title: Label | None = None
    role: PartnerContactRole = ABSENT
    email: Label | None = None
    phone: Label | None = None


class PartnerContactRead(Schema):
    """A contact of a partner; without `partner-pii:read` address and number are masked."""

    id: UUID
    partner_id: UUID
    name: str
    title: str | None
    role: PartnerContactRole
    email: str | None
    phone: str | None
    is_archived: bool
    version: int
    created_at: datetime
    updated_at: datetime
