"""Leads. They belong to no account: the key is the lead's own id, also after its conversion."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id


class LeadSnapshot(Part):
    """A lead; `score` 0 to 100."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "id"

    id: UUID
    owner_id: UUID | None
    state: Literal["new", "working", "qualified", "converted", "disqualified"]
    source: ReasonCode | None
    campaign: ReasonCode | None
    score: int | None
    version: int
    changed: list[str]
    business_date: date


_LEAD: dict[str, Any] = {
    "id": sample_id("7"),
    "owner_id": sample_id("a1"),
    "state": "new",
    "source": "trade_fair",
    "campaign": "spring-2026",
    "score": 40,
    "version": 1,
    "changed": [],
    "business_date": "2026-02-14",
}


class LeadCreated(Published, LeadSnapshot):
    """A lead was entered."""

    TYPE: ClassVar[str] = "customer.lead.created.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _LEAD


class LeadConverted(Published, LeadSnapshot):
    """A lead became an account; `days_to_convert` lie between the business dates of creation and conversion."""

    account_id: UUID
    contact_id: UUID | None
    opportunity_id: UUID | None
    days_to_convert: int

    TYPE: ClassVar[str] = "customer.lead.converted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_LEAD,
        "state": "converted",
        "version": 3,
        "changed": ["state"],
        "account_id": sample_id("1"),
        "contact_id": sample_id("6"),
        "opportunity_id": sample_id("8"),
        "days_to_convert": 12,
    }


class LeadDisqualified(Published, LeadSnapshot):
    """Nothing will come of a lead."""

    reason: ReasonCode

    TYPE: ClassVar[str] = "customer.lead.disqualified.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_LEAD,
        "state": "disqualified",
        "version": 3,
        "changed": ["state"],
        "reason": "no_budget",
    }


class LeadReopened(Published, LeadSnapshot):
    """A disqualified lead is worked on again."""

    TYPE: ClassVar[str] = "customer.lead.reopened.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_LEAD, "state": "working", "version": 4, "changed": ["state"]}


PUBLISHED: tuple[type[Published], ...] = (LeadCreated, LeadConverted, LeadDisqualified, LeadReopened)
AGREED: tuple[type[Published], ...] = ()
