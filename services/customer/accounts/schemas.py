"""Bodies of accounts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from kit.web.batch import BatchBody
from kit.web.lists import page_of
from kit.web.schema import ABSENT, BusinessDate, Code, Country, Label, NonNegativeAmount, Schema, Text
from services.customer.accounts.enums import (
    AccountKind,
    CustomerType,
    IndustryScheme,
    LifecycleStage,
    SatisfactionLevel,
    SizeClass,
    SourceChannel,
    TenureClass,
)
from services.customer.custom_fields.schemas import CustomGiven, CustomShown
from services.customer.persons.enums import LawfulBasis
from services.customer.policies.enums import Grade

GivenRegion = Annotated[
    Label,
    Field(
        max_length=50, description="ISO 3166-2, or a province of China: CN-SH, CN-31, 310000, 上海市, Shanghai are one"
    ),
]
GivenPhone = Annotated[
    Label, Field(max_length=64, description="read as in the account's country (China without one), kept in E.164")
]


def _website(written: str) -> str:
    """Of http or https, or without a scheme: a host, and nobody's password. Empty stays."""
    parts = urlsplit(written if "://" in written else f"//{written}")
    is_one = parts.scheme in ("", "http", "https") and (parts.hostname or "").strip(".") != ""
    if written and (not is_one or "@" in parts.netloc or parts.port == 0 or any(map(str.isspace, written))):
        raise ValueError("no address of a website")
    return written


Website = Annotated[Text, AfterValidator(_website)]
Address = Annotated[Label, Field(max_length=200)]
IndustryCode = Annotated[str, StringConstraints(min_length=1, max_length=5, pattern=r"^[A-Za-z]?[0-9]{0,4}$")]
Employees = Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
TaxId = Annotated[Label, Field(max_length=40, description="in any spelling; shown as its country writes it")]
ExternalIds = Annotated[dict[Code, Code], Field(max_length=20, description="id of the account per source system")]
GivenType = Annotated[
    Code | None, Field(description="decided by the dates of orders; one that differs is refused, see business_type")
]
Tags = Annotated[list[Label], Field(max_length=50)]

_EXAMPLE: dict[str, Any] = {
    "kind": "organization",
    "name": "Blue Harbour Trading",
    "country": "CN",
    "tax_id": "91110000600037341L",
    "region": "CN-SH",
    "industry": {"scheme": "gbt4754", "code": "51"},
    "employees": 40,
    "business_type": "retail",
    "external_ids": {"erp": "C-1001"},
    "tags": ["import"],
}


class IndustryBody(Schema):
    """A code of GB/T 4754-2017 or ISIC Rev.4: a section, division, group or class."""

    scheme: IndustryScheme
    code: IndustryCode


class SourceBody(Schema):
    """Where what a write says came from: with it, also what stays as it was counts as known anew."""

    channel: SourceChannel
    collected_on: BusinessDate | None = None
    lawful_basis: LawfulBasis | None = None


class ExternalRef(Schema):
    """A thing by its id in another system."""

    source: Code
    id: Code

    @property
    def pair(self) -> tuple[str, str]:
        """(source, id)."""
        return self.source, self.id


class AccountCreate(Schema):
    """A new account; without `owner_id` a seller becomes the owner."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    kind: AccountKind
    name: Label
    local_name: Text | None = None
    tax_id: TaxId | None = None
    country: Country | None = None
    region: GivenRegion | None = None
    customer_type: GivenType = None
    business_type: Code | None = None
    industry: IndustryBody | None = None
    employees: Employees | None = None
    annual_revenue_base: NonNegativeAmount | None = None
    website: Website | None = None
    phone: GivenPhone | None = None
    address: Address | None = None
    owner_id: UUID | None = None
    external_ids: ExternalIds = Field(default_factory=dict)
    tags: Tags = Field(default_factory=list)
    custom: CustomGiven | None = None
    source: SourceBody | None = None


class AccountRow(AccountCreate):
    """A row of a batch: found again by any of its external ids; fields not given stay as they are."""

    external_ids: Annotated[dict[Code, Code], Field(min_length=1, max_length=20)]


class AccountBatch(BatchBody):
    """Accounts by external id."""

    row_model = AccountRow


class AccountUpdate(Schema):
    """Fields to change; `external_ids` and `tags` replace the former ones, of `custom` only what is given changes."""

    model_config = ConfigDict(json_schema_extra={"example": {"region": "CN-BJ"}})

    name: Label = ABSENT
    local_name: Text | None = None
    tax_id: TaxId | None = None
    country: Country | None = None
    region: GivenRegion | None = None
    customer_type: GivenType = None
    business_type: Code | None = None
    industry: IndustryBody | None = None
    employees: Employees | None = None
    annual_revenue_base: NonNegativeAmount | None = None
    website: Website | None = None
    phone: GivenPhone | None = None
    address: Address | None = None
    owner_id: UUID | None = None
    external_ids: ExternalIds = ABSENT
    tags: Tags = ABSENT
    custom: CustomGiven = ABSENT
    source: SourceBody | None = None


class AccountRedirected(Schema):
    """The account was merged: `merged_into` is where it leads, by which merge."""

    merged_into: UUID
    merge_id: UUID


class AccountRead(Schema):
    """An account; one that was merged (`merged_into`) is found in no list but by that."""

    id: UUID
    version: int
    stream_key: UUID
    kind: AccountKind
    name: str
    local_name: str | None
    tax_id: str | None
    country: str | None
    region: str | None
    customer_type: CustomerType | None
    business_type: str | None
    last_order_date: date | None
    industry: IndustryBody | None
    employees: int | None
    annual_revenue_base: int | None
    size_class: SizeClass | None
    website: str | None
    domain: str | None
    phone: str | None
    address: str | None
    owner_id: UUID | None
    external_ids: dict[str, str]
    tags: list[str]
    custom: CustomShown
    is_archived: bool
    merged_into: UUID | None
    quality_score: float | None
    grade: Grade | None
    revenue_grade: Grade | None
    profit_grade: Grade | None
    tenure_class: TenureClass | None
    satisfaction_level: SatisfactionLevel | None
    lifecycle_stage: LifecycleStage
    created_at: datetime
    updated_at: datetime


class AccountFactRead(Schema):
    """A write of an account: the fields, what was known then (nothing personal), and where it came from."""

    id: UUID
    account_id: UUID
    filed_account_id: UUID
    account_version: int
    fields: list[str]
    known: dict[str, Any]
    channel: SourceChannel | None
    collected_on: date | None
    lawful_basis: LawfulBasis | None
    recorded_by: str
    recorded_at: datetime


class AccountOwnerRead(Schema):
    """Who has an account from `since` until `until` (null: still), given to them by whom; `transfer_id` is the
    hand-over of many accounts that did it. `owner_id` is null while it is nobody's, `recorded_by` where that is not
    known."""

    id: UUID
    account_version: int
    owner_id: UUID | None
    since: datetime
    until: datetime | None
    recorded_by: str | None
    transfer_id: UUID | None


AccountPage = page_of(AccountRead)
AccountOwnerPage = page_of(AccountOwnerRead)
AccountFactPage = page_of(AccountFactRead)
