"""Bodies and answers of contacts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from kit.web.batch import BatchBody
from kit.web.lists import page_of
from kit.web.schema import ABSENT, BusinessDate, Code, Label, Schema
from services.customer.accounts.schemas import ExternalIds, ExternalRef
from services.customer.contacts.enums import ContactRole
from services.customer.contacts.rules import primary_of
from services.customer.custom_fields.schemas import CustomGiven, CustomShown

ReachWord = Annotated[Code, AfterValidator(str.lower)]
"""A channel or a purpose, as the company calls it; letters in small, so that a word means one thing."""
Language = Annotated[
    str, StringConstraints(min_length=2, max_length=35, pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}$")
]
Digits = Annotated[str, StringConstraints(min_length=1, max_length=8, pattern=r"^[0-9]+$")]
Written = TypeVar("Written", bound="EmailBody")


class EmailBody(Schema):
    """An e-mail address; without a primary one the first is it."""

    value: Label
    label: Label | None = None
    is_primary: bool = False


class PhoneBody(EmailBody):
    """A phone number, read as in the account's country (China without one); kept in E.164. An extension (转, ext, #)
    may stand behind it."""

    extension: Digits | None = None


def _distinct(roles: list[ContactRole]) -> list[ContactRole]:
    if len(set(roles)) != len(roles):
        raise ValueError("each role once")
    return roles


def _one_primary(points: list[Written]) -> list[Written]:
    primary_of([point.is_primary for point in points])
    return points


Roles = Annotated[list[ContactRole], Field(max_length=6), AfterValidator(_distinct)]
Emails = Annotated[list[EmailBody], Field(max_length=20), AfterValidator(_one_primary)]
Phones = Annotated[list[PhoneBody], Field(max_length=20), AfterValidator(_one_primary)]

_EXAMPLE: dict[str, Any] = {
    "account_id": "01989f2e-0000-7000-8000-000000000001",
    "name": "Zhang Wei",
    "title": "Head of purchasing",
    "roles": ["decision_maker"],
    "emails": [{"value": "zhang.wei@harbour.example", "label": "work"}],
    "phones": [{"value": "021 6288 1234 转 801", "label": "desk"}],
    "language": "zh-CN",
    "preferred_channel": "email",
}
_ROW: dict[str, Any] = {**_EXAMPLE, "external_ids": {"erp": "K-1001"}}


class _Fields(Schema):
    """What a contact begins with besides its account."""

    name: Label
    title: Label | None = None
    roles: Roles = Field(default_factory=list)
    emails: Emails = Field(default_factory=list)
    phones: Phones = Field(default_factory=list)
    birthday: BusinessDate | None = None
    address: Label | None = None
    language: Language | None = None
    preferred_channel: ReachWord | None = None
    custom: CustomGiven | None = None
    external_ids: ExternalIds = Field(default_factory=dict)


class ContactCreate(_Fields):
    """A new contact of an account."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    account_id: UUID


class ContactRow(_Fields):
    """A row of a batch: found again by any of its external ids; fields not given stay as they are. Names the account by
    `account_id` or `account_ref`."""

    model_config = ConfigDict(json_schema_extra={"example": _ROW})

    account_id: UUID | None = None
    account_ref: ExternalRef | None = None
    external_ids: Annotated[dict[Code, Code], Field(min_length=1, max_length=20)]

    @model_validator(mode="after")
    def _one_account(self) -> ContactRow:
        if (self.account_id is None) == (self.account_ref is None):
            raise ValueError("give account_id or account_ref")
        return self


class ContactBatch(BatchBody):
    """Contacts by external id."""

    row_model = ContactRow


class ContactUpdate(Schema):
    """Fields to change; lists and `external_ids` replace the former ones, of `custom` only what is given changes. A
    contact stays with its account."""

    model_config = ConfigDict(json_schema_extra={"example": {"title": "Chief buyer"}})

    name: Label = ABSENT
    title: Label | None = None
    roles: Roles = ABSENT
    emails: Emails = ABSENT
    phones: Phones = ABSENT
    birthday: BusinessDate | None = None
    address: Label | None = None
    language: Language | None = None
    preferred_channel: ReachWord | None = None
    custom: CustomGiven = ABSENT
    external_ids: ExternalIds = ABSENT


class EmailRead(Schema):
    """An e-mail address, `z***@x.com` for who may not read it."""

    value: str
    label: str | None
    is_primary: bool


class PhoneRead(EmailRead):
    """A phone number, `***5678` for who may not read it."""

    extension: str | None


class AllowedRead(Schema):
    """Where and for what the contact may be written to."""

    channel: str
    purpose: str


class ContactRead(Schema):
    """A contact; without `pii:read` addresses are masked, and birthday and address are left out (null)."""

    id: UUID
    version: int
    account_id: UUID
    filed_account_id: UUID
    owner_id: UUID | None
    name: str
    title: str | None
    roles: list[ContactRole]
    emails: list[EmailRead]
    phones: list[PhoneRead]
    birthday: date | None
    address: str | None
    language: str | None
    preferred_channel: str | None
    channels: list[AllowedRead]
    custom: CustomShown
    external_ids: dict[str, str]
    is_archived: bool
    created_at: datetime
    updated_at: datetime


ContactPage = page_of(ContactRead)
