"""Bodies of deals: amounts are minor units, `_base` of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.web.schema import BusinessDate, Code, Country, CurrencyCode, Label, LongText, PositiveAmount, Schema
from services.channels.deals.enums import DealRejection, DealState


def _distinct(values: list[Any]) -> list[Any]:
    if len(set(values)) != len(values):
        raise ValueError("each value once")
    return values


TaxId = Annotated[Label, Field(max_length=64)]
Domain = Annotated[Label, Field(description="a domain or a website of it")]
Lines = Annotated[list[Code], Field(max_length=100), AfterValidator(_distinct)]
Evidence = Annotated[LongText, Field(min_length=1)]
Days = Annotated[int, Field(strict=True, ge=1, le=90)]


class DealCreate(Schema):
    """A partner's claim on an end customer (an organisation). Of a tax id the keyed hash alone is kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "partner_id": "01989f2e-0000-7000-8000-0000000000b1",
                "customer_name": "Blue Harbour Trading Co., Ltd.",
                "country": "CN",
                "domain": "blueharbour.example",
                "value": 1000000,
                "currency": "USD",
                "evidence": "Meeting with their buyer on 10 February, offer asked for.",
            }
        }
    )

    partner_id: UUID
    customer_name: Label
    country: Country
    tax_id: TaxId | None = None
    domain: Domain | None = None
    product_lines: Lines = Field(default_factory=list)
    value: PositiveAmount
    currency: CurrencyCode
    expected_close: BusinessDate | None = None
    evidence: LongText = ""


class DealApprove(Schema):
    """What is said of an approval."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "New to us."}})

    note: LongText = ""


class DealReject(Schema):
    """Why a claim is refused."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "existing_customer"}})

    reason: DealRejection
    note: LongText = ""


class DealExtend(Schema):
    """By how many days a protection is prolonged, and what speaks for it."""

    model_config = ConfigDict(json_schema_extra={"example": {"days": 60, "evidence": "Tender moved to July."}})

    days: Days
    evidence: Evidence


class DealWithdraw(Schema):
    """Why a claim is given up, as a word of the company's list."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "customer_lost"}})

    reason: Code
    note: LongText = ""


class DealRead(Schema):
    """A deal. `is_review_late` says that its review took longer than two working days; the claim stays.

    `protected_until` is its last protected day; `realised_base` the net of its orders, less returns.
    `account_id` is the account that the end customer is, as that reads now; `filed_account_id` as it was registered.
    """

    id: UUID
    number: str
    partner_id: UUID
    account_id: UUID | None
    filed_account_id: UUID | None
    owner_id: UUID | None
    state: DealState
    customer_name: str
    country: str
    domain: str | None
    product_lines: list[str]
    value: int
    currency: str
    value_base: int
    expected_close: date | None
    evidence: str
    registered_by: str
    registered_on: date
    registered_at: datetime
    review_due_on: date
    is_review_late: bool
    decided_by: str | None
    rejection: DealRejection | None
    decision_note: str
    protected_until: date | None
    extensions: int
    next_warning: int | None
    realised_base: int
    won_order_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class OrderedRead(Schema):
    """An account that is the same customer and has ordered in the last 365 days; `partner_orders` through partners."""

    account_id: UUID
    filed_account_id: UUID
    orders: int
    partner_orders: int
    last_order_date: date


class OpenedRead(Schema):
    """An open opportunity of an account that is the same customer; without a partner it is the company's own."""

    opportunity_id: UUID
    account_id: UUID
    filed_account_id: UUID
    owner_id: UUID | None
    partner_id: UUID | None
    stage: str
    opened_on: date


class ActiveRead(Schema):
    """How often somebody of the company was active in 60 days at an account that is the same customer."""

    account_id: UUID
    filed_account_id: UUID
    activities: int
    last_on: date


class DealFindingsRead(Schema):
    """What a reviewer should know of an end customer, of accounts that they may see."""

    deal_id: UUID
    number: str
    after: date
    until: date
    ordered: list[OrderedRead]
    open_opportunities: list[OpenedRead]
    active: list[ActiveRead]
