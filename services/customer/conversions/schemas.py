"""Bodies and answers of conversions."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.web.schema import ABSENT, Code, Country, Label, NonNegativeAmount, Schema, Text
from services.customer.accounts.enums import AccountKind
from services.customer.accounts.schemas import (
    Employees,
    ExternalIds,
    ExternalRef,
    GivenPhone,
    GivenRegion,
    IndustryBody,
    Tags,
    TaxId,
    Website,
)
from services.customer.contacts.schemas import Emails, Language, Phones, ReachWord, Roles
from services.customer.opportunities.schemas import OpportunityContent

_EXAMPLE: dict[str, Any] = {
    "create_account": {"region": "CN-SH"},
    "create_contact": {"title": "Head of purchasing"},
    "opportunity": {"name": "Range for the new branch", "amount": 1000000, "currency": "USD"},
}
Many = Annotated[int, Field(ge=0, le=1_000_000)]


class LeadAccount(Schema):
    """A new account. Unless said it is an organisation with the name of the lead's company, or the person; its country
    is the lead's, the owner too unless they have left."""

    kind: AccountKind = ABSENT
    name: Label = ABSENT
    local_name: Text | None = None
    tax_id: TaxId | None = None
    country: Country | None = None
    region: GivenRegion | None = None
    business_type: Code | None = None
    industry: IndustryBody | None = None
    employees: Employees | None = None
    annual_revenue_base: NonNegativeAmount | None = None
    website: Website | None = None
    phone: GivenPhone | None = None
    owner_id: UUID | None = None
    external_ids: ExternalIds = ABSENT
    tags: Tags = ABSENT


class LeadContact(Schema):
    """A new contact of the account. Unless said it has the name of the lead's person, its address and number."""

    name: Label = ABSENT
    title: Label | None = None
    roles: Roles = ABSENT
    emails: Emails = ABSENT
    phones: Phones = ABSENT
    language: Language | None = None
    preferred_channel: ReachWord | None = None
    external_ids: ExternalIds = ABSENT


class LeadOpportunity(OpportunityContent):
    """A new opportunity of the account. Unless said it is of the lead's contact, and of its owner unless they have
    left."""

    external_id: ExternalRef | None = None


class LeadConvert(Schema):
    """What a lead becomes: an account that is there or a new one, a contact likewise or none, an opportunity or none. A
    contact that is there says its account. With `dry_run` nothing is done."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    account_id: UUID | None = None
    create_account: LeadAccount | None = None
    contact_id: UUID | None = None
    create_contact: LeadContact | None = None
    opportunity: LeadOpportunity | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _one_of_each(self) -> LeadConvert:
        if self.account_id is not None and self.create_account is not None:
            raise ValueError("give account_id or create_account")
        if self.contact_id is not None and (self.create_contact is not None or self.create_account is not None):
            raise ValueError("a contact that is there has its account")
        if self.account_id is None and self.create_account is None and self.contact_id is None:
            raise ValueError("give account_id, create_account or contact_id")
        return self


class LeadConversion(Schema):
    """What a lead became; of a dry run, what it would: ids of what would be made are null then. `activities` and
    `consents` went along; `consents_left` would have revived what the contact withdrew, and stay with the lead."""

    lead_id: UUID
    dry_run: bool
    account_id: UUID | None
    contact_id: UUID | None
    opportunity_id: UUID | None
    is_account_created: bool
    is_contact_created: bool
    is_opportunity_created: bool
    activities: Many
    consents: Many
    consents_left: Many
    days_to_convert: Annotated[int, Field(ge=0, le=1_000_000)]
