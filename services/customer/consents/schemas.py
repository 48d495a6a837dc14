"""Bodies and answers of consents."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.lists import page_of
from kit.web.schema import LongText, Moment, Schema
from services.customer.contacts.schemas import ReachWord
from services.customer.persons.enums import LawfulBasis


class ConsentCreate(Schema):
    """A consent; one that was withdrawn is given again only by a later one, with evidence."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "purpose": "marketing",
                "channel": "email",
                "lawful_basis": "consent",
                "given_at": "2026-02-14T09:30:00Z",
                "evidence": "Form 118, signed at the fair",
            }
        }
    )

    purpose: ReachWord
    channel: ReachWord
    lawful_basis: LawfulBasis
    given_at: Moment = Field(description="not after now")
    evidence: LongText | None = None


class ConsentWithdraw(Schema):
    """When it was withdrawn: now unless said."""

    model_config = ConfigDict(json_schema_extra={"example": {}})

    withdrawn_at: Moment | None = Field(default=None, description="not after now, not before the consent")


class ConsentRead(Schema):
    """A consent, or the withdrawal of one (`withdraws`); `evidence` is for who may read personal values."""

    id: UUID
    purpose: str
    channel: str
    is_granted: bool
    at: datetime
    lawful_basis: LawfulBasis | None
    evidence: str | None
    withdraws: UUID | None
    recorded_at: datetime


class AllowedAnswer(Schema):
    """Whether the contact may be written to by this channel for this purpose, and the entry that decides it."""

    contact_id: UUID
    purpose: str
    channel: str
    is_allowed: bool
    consent_id: UUID | None


ConsentPage = page_of(ConsentRead)
