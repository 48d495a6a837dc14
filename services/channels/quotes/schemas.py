"""Bodies of quotes: amounts in minor units of the quote's currency, `_base` of the base currency; shares millionths."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import (
    BusinessDate,
    Code,
    Count,
    CurrencyCode,
    Label,
    LongText,
    Moment,
    NonNegativeAmount,
    Schema,
    Text,
)
from services.channels.evaluator.results import QuoteApproval, Reason
from services.channels.quotes.enums import QuoteState

MAX_LINES = 500
Days = Annotated[int, Field(strict=True, ge=1, le=90)]
Terms = Annotated[int, Field(strict=True, ge=0, le=365)]
Codes = Annotated[list[Code], Field(max_length=100)]
_CONTENT: dict[str, Any] = {
    "currency": "USD",
    "payment_terms_days": 30,
    "lines": [{"sku": "CD-ROCK", "quantity": 3}, {"sku": "CD-ROCK", "quantity": 2, "manual_discount": 5}],
}
_EXAMPLE: dict[str, Any] = {"account_id": "01989f2e-0000-7000-8000-000000000001", **_CONTENT}


class QuoteLineBody(Schema):
    """Units of a product, what the seller takes off the whole line, and why. The price is never the client's."""

    sku: Code
    quantity: Count
    manual_discount: NonNegativeAmount = 0
    reason: Text = ""


class QuoteContent(Schema):
    """What is asked for, and how it is bought. `gifts` are codes of the promotions whose gift is taken, `declined`
    codes of those that are not wanted; an unknown code declines nothing. `coupon_codes` are read without case, spaces
    and hyphens. `points` of the account are redeemed: of the programme that is named, or the first by its code that has
    enough."""

    channel_id: UUID | None = None
    currency: CurrencyCode
    payment_terms_days: Terms = 30
    lines: list[QuoteLineBody] = Field(min_length=1, max_length=MAX_LINES)
    gifts: Codes = Field(default_factory=list)
    declined: Codes = Field(default_factory=list)
    coupon_codes: Annotated[list[Label], Field(max_length=5)] = Field(default_factory=list)
    points: Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)] = 0
    points_programme_id: UUID | None = None
    valid_days: Days = 30


class QuoteReplace(QuoteContent):
    """The next version of a quote: all of its terms. Without `quote_date` it is of today."""

    model_config = ConfigDict(json_schema_extra={"example": _CONTENT})

    quote_date: BusinessDate | None = None


class QuoteCreate(QuoteReplace):
    """What an account asks for, itself or through a partner. Without `quote_date` the quote is of today; one of an
    earlier day, which needs `quotes:backdate`, is priced as at the beginning of that day, and must still hold today."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    account_id: UUID
    partner_id: UUID | None = None


class QuotePreview(QuoteContent):
    """What a quote would be at any moment (`at`, now by default)."""

    model_config = ConfigDict(json_schema_extra={"example": {**_EXAMPLE, "at": "2026-02-12T20:00:00+08:00"}})

    account_id: UUID
    partner_id: UUID | None = None
    at: Moment | None = None


class QuoteApprove(Schema):
    """The version that is agreed to (`revision` of the quote)."""

    model_config = ConfigDict(json_schema_extra={"example": {"revision": 1}})

    revision: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class QuoteReject(Schema):
    """Why a quote is not agreed to."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "The margin of the second line is too small."}})

    note: LongText = ""


class PartRead(Schema):
    """What a promotion takes off a line; `discount_base` is what of its budget that takes (a gift: its cost)."""

    promotion_id: UUID
    code: str
    discount: int
    discount_base: int


class LineRead(Schema):
    """A line: quantity x unit_price = discount + net; the discount is that of `promotions`, the manual one and what
    points take off.

    `floor` is the least net that full cost and the least markup leave (0: no cost is known), `margin` is
    (net_base - cost) / net_base; these and `unit_cost_base` need `costs:read`, else they are null.
    """

    line_no: int
    sku: str
    product_line: str
    is_gift: bool
    quantity: int
    list_price: int
    unit_price: int
    discount: int
    manual_discount: int
    reason: str
    net: int
    net_base: int
    promotions: list[PartRead]
    approvals: list[QuoteApproval]
    approval_id: UUID | None
    points_discount: int
    unit_cost_base: int | None
    floor: int | None
    margin: int | None


class StepRead(Schema):
    """What a line cost before and after a step: `price` (code: book and entry; before is the list price), then
    promotions by the step they take effect in, then `manual`, then `points`."""

    step: str
    code: str
    version: int
    before: int
    after: int


class TracedLineRead(LineRead):
    """A line with its steps."""

    steps: list[StepRead]


class NotAppliedRead(Schema):
    """A promotion that gave nothing: the first reason, and what a quantity or a spend is short of."""

    code: str
    reason: Reason
    missing: int | None


class OfferedRead(Schema):
    """A gift that may be taken, by the code of its promotion."""

    code: str
    sku: str
    quantity: int


class QuoteSummary(Schema):
    """A quote without its lines; `cost_base` needs `costs:read`, else it is null, as where a cost is not known."""

    id: UUID
    number: str
    revision: int
    state: QuoteState
    account_id: UUID
    partner_id: UUID | None
    channel_id: UUID | None
    owner_id: UUID | None
    quote_date: date
    valid_until: date
    payment_terms_days: int
    currency: str
    exchange_rate: str
    gross: int
    discount: int
    net: int
    net_base: int
    cost_base: int | None
    gifts: list[str]
    declined: list[str]
    coupon_ids: list[UUID]
    points: int
    points_account_id: UUID | None
    points_value: int
    approvals: list[QuoteApproval]
    written_by: str
    decided_by: str | None
    decision_note: str
    order_id: UUID | None
    version: int
    created_at: datetime
    updated_at: datetime


class QuoteRead(QuoteSummary):
    """A quote: its lines sum to its totals, gifts after what was asked for. `approvals` are what a second person must
    agree to."""

    margin: int | None
    lines: list[LineRead]


class QuoteTraceRead(Schema):
    """How a version of a quote was found: steps of each line, why promotions gave nothing, gifts that are offered."""

    id: UUID
    number: str
    revision: int
    lines: list[TracedLineRead]
    not_applied: list[NotAppliedRead]
    offered: list[OfferedRead]


class QuotePreviewRead(Schema):
    """What a quote would be, with its trace."""

    quote_date: date
    valid_until: date
    currency: str
    exchange_rate: str
    gross: int
    discount: int
    net: int
    net_base: int
    cost_base: int | None
    margin: int | None
    points: int
    points_value: int
    approvals: list[QuoteApproval]
    lines: list[TracedLineRead]
    not_applied: list[NotAppliedRead]
    offered: list[OfferedRead]


class TraceQuery(Schema):
    """Which version of a quote: the latest by default."""

    revision: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
