"""Bodies and answers of opportunities."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.web.batch import BatchBody
from kit.web.lists import page_of
from kit.web.schema import (
    ABSENT,
    BusinessDate,
    Code,
    CurrencyCode,
    Label,
    Moment,
    NonNegativeAmount,
    Schema,
    Share,
)
from services.customer.accounts.schemas import ExternalRef
from services.customer.opportunities.enums import OpportunityState
from services.customer.pipelines.enums import ForecastCategory, OpenCategory

Competitors = Annotated[list[Code], Field(max_length=20)]
At = Annotated[Moment | None, Field(description="not after now; before now with `opportunities:backdate`")]

_EXAMPLE: dict[str, Any] = {
    "name": "Range for the new branch",
    "account_id": "018f2a64-0000-7000-8000-0000000000a1",
    "amount": 1000000,
    "currency": "USD",
    "expected_close": "2026-04-30",
    "next_step": "Send the offer",
    "competitors": ["acme"],
}


class OpportunityContent(Schema):
    """What an opportunity begins with besides its account."""

    name: Label
    contact_id: UUID | None = Field(default=None, description="a contact of the account")
    owner_id: UUID | None = None
    amount: NonNegativeAmount
    currency: CurrencyCode
    expected_close: BusinessDate | None = None
    pipeline: Code = "default"
    stage: Code | None = Field(default=None, description="the first of the pipeline unless said")
    probability: Share | None = Field(default=None, description="the stage's unless said")
    forecast_category: OpenCategory | None = Field(default=None, description="the stage's unless said")
    next_step: Label | None = None
    competitors: Competitors = Field(default_factory=list)
    partner_id: UUID | None = Field(default=None, description="an active partner")
    deal_id: UUID | None = None
    opened_at: At = None


class OpportunityCreate(OpportunityContent):
    """A new opportunity of an account; without `owner_id` it is the caller's, or of who has the account."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    account_id: UUID
    external_id: ExternalRef | None = None


class OpportunityRow(OpportunityContent):
    """A row of a batch, known again by its external id; fields not given stay as they are. Names the account by
    `account_id` or `account_ref`. Another `stage` is a move as of now; account, pipeline and `opened_at` stay, and of
    what is won or lost `probability` and `forecast_category`."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**_EXAMPLE, "external_id": {"source": "crm", "id": "D-1001"}}}
    )

    account_id: UUID | None = None
    account_ref: ExternalRef | None = None
    external_id: ExternalRef

    @model_validator(mode="after")
    def _one_account(self) -> OpportunityRow:
        if (self.account_id is None) == (self.account_ref is None):
            raise ValueError("give account_id or account_ref")
        return self


class OpportunityBatch(BatchBody):
    """Opportunities by external id."""

    row_model = OpportunityRow


class OpportunityUpdate(Schema):
    """Fields to change; `competitors` replaces the former ones. The stage changes by a move, the account never; what is
    won or lost keeps `probability` and `forecast_category`."""

    model_config = ConfigDict(json_schema_extra={"example": {"expected_close": "2026-05-31"}})

    name: Label = ABSENT
    contact_id: UUID | None = None
    owner_id: UUID = ABSENT
    amount: NonNegativeAmount = ABSENT
    currency: CurrencyCode = ABSENT
    expected_close: BusinessDate | None = None
    probability: Share = ABSENT
    forecast_category: OpenCategory = ABSENT
    next_step: Label | None = None
    competitors: Competitors = ABSENT
    partner_id: UUID | None = None
    deal_id: UUID | None = None


class OpportunityMove(Schema):
    """The stage it came to, and when. With `from_stage` only from there (409 `opportunity-stage`)."""

    model_config = ConfigDict(json_schema_extra={"example": {"stage": "need_analysis"}})

    stage: Code
    from_stage: Code | None = None
    at: At = None


class OpportunityWin(Schema):
    """The order of the account that it became, and when it was won."""

    model_config = ConfigDict(json_schema_extra={"example": {}})

    order_id: UUID | None = None
    at: At = None


class OpportunityLose(Schema):
    """Why it was lost, to whom, and when."""

    model_config = ConfigDict(json_schema_extra={"example": {"lost_reason": "price", "competitor": "acme"}})

    lost_reason: Code
    competitor: Code | None = None
    at: At = None


class OpportunityReopen(Schema):
    """The stage it goes on in."""

    model_config = ConfigDict(json_schema_extra={"example": {"stage": "solution"}})

    stage: Code


class OpportunityRead(Schema):
    """An opportunity; `probability` in millionths.

    `pipeline_id` is the version of the pipeline that it was opened under. `previous_stage` is the stage before this
    one, `days_in_stage` the days spent there. `amount_base` is at the rate of the day on which amount or currency were
    given; `weighted_base` is that by `probability`. It is `overdue` when it is open after `expected_close`.
    """

    id: UUID
    name: str
    account_id: UUID
    filed_account_id: UUID
    contact_id: UUID | None
    owner_id: UUID | None
    state: OpportunityState
    pipeline: str
    pipeline_id: UUID
    stage: str
    stage_since: datetime
    previous_stage: str | None
    days_in_stage: int | None
    amount: int
    currency: str
    amount_base: int
    base_currency: str
    probability: int
    weighted_base: int
    forecast_category: ForecastCategory
    expected_close: date | None
    overdue: bool
    next_step: str | None
    competitors: list[str]
    partner_id: UUID | None
    deal_id: UUID | None
    opened_at: datetime
    opened_on: date
    closed_at: datetime | None
    closed_on: date | None
    order_id: UUID | None
    lost_reason: str | None
    lost_to: str | None
    external_source: str | None
    external_id: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class StepRead(Schema):
    """A step: from which stage to which, in which state since, and who said so."""

    seq: int
    from_stage: str | None
    to_stage: str
    state: OpportunityState
    entered_at: datetime
    entered_by: str


OpportunityPage = page_of(OpportunityRead)
StepPage = page_of(StepRead)
