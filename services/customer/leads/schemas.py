"""Bodies and answers of leads."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.batch import BatchBody
from kit.web.lists import page_of
from kit.web.schema import Code, Country, Label, Schema
from services.customer.accounts.schemas import ExternalRef, GivenPhone
from services.customer.leads.enums import LeadState

GivenEmail = Annotated[Label, Field(max_length=320, description="kept as it is written, found however it is written")]

_EXAMPLE: dict[str, Any] = {
    "company": "Blue Harbour Trading",
    "person_name": "Zhang Wei",
    "email": "zhang.wei@harbour.example",
    "phone": "138 1234 5678",
    "country": "CN",
    "source": "trade_fair",
    "campaign": "spring-2026",
}


class LeadContent(Schema):
    """What is known of a lead; `company` or `person_name` is given."""

    company: Label | None = None
    person_name: Label | None = None
    email: GivenEmail | None = None
    phone: GivenPhone | None = None
    country: Country | None = None
    source: Code | None = None
    campaign: Code | None = None
    owner_id: UUID | None = None


class LeadCreate(LeadContent):
    """A new lead; without `owner_id` it is of the seller who adds it."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    external_id: ExternalRef | None = None


class LeadRow(LeadContent):
    """A row of a batch, known again by its external id; fields not given stay as they are."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**_EXAMPLE, "external_id": {"source": "site", "id": "L-1001"}}}
    )

    external_id: ExternalRef


class LeadBatch(BatchBody):
    """Leads by external id."""

    row_model = LeadRow


class LeadUpdate(LeadContent):
    """Fields to change; what was converted takes none (409 `lead-converted`)."""

    model_config = ConfigDict(json_schema_extra={"example": {"campaign": "summer-2026"}})


class LeadDisqualify(Schema):
    """Why nothing will come of it."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "no_budget"}})

    reason: Code


class LeadRead(Schema):
    """A lead; without `pii:read` address and number are masked. `score` is of version `score_version` of the policy
    `lead_score`, given by the rules of the labels `score_rules`."""

    id: UUID
    version: int
    name: str
    company: str | None
    person_name: str | None
    email: str | None
    phone: str | None
    country: str | None
    source: str | None
    campaign: str | None
    owner_id: UUID | None
    state: LeadState
    score: int
    score_version: int
    score_rules: list[str]
    created_on: date
    disqualified_reason: str | None
    account_id: UUID | None
    filed_account_id: UUID | None
    contact_id: UUID | None
    opportunity_id: UUID | None
    converted_at: datetime | None
    converted_on: date | None
    days_to_convert: int | None
    external_source: str | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime


LeadPage = page_of(LeadRead)
