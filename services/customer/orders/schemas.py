"""Bodies and answers of orders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from kit.web.batch import BatchBody
from kit.web.schema import (
    ABSENT,
    BusinessDate,
    Code,
    Count,
    CurrencyCode,
    NonNegativeAmount,
    PositiveShare,
    Schema,
    Share,
)
from services.customer.accounts.schemas import ExternalRef, GivenRegion, GivenType
from services.customer.events_out import OrderSplit
from services.customer.events_out.orders import OrderPromotion
from services.customer.orders.enums import CheckState, OrderState, PricePolicy

MAX_LINES = 500
MAX_GIVEN = 5_000
"""Most promotions that are read at all: 422 `too-many-parts` says that they are too many."""

_CONTENT: dict[str, Any] = {
    "currency": "CNY",
    "partner_id": None,
    "lines": [{"sku": "CD-ROCK", "quantity": 3, "unit_price": 1000, "discount": 1, "tax_rate": 130000}],
    "credits": [
        {"member_id": "01989f2e-0000-7000-8000-0000000000a1", "share": 600000},
        {"member_id": "01989f2e-0000-7000-8000-0000000000a2", "share": 400000},
    ],
}
_EXAMPLE: dict[str, Any] = {"account_id": "01989f2e-0000-7000-8000-000000000001", **_CONTENT}


class OrderLineCreate(Schema):
    """A line: price of one piece and discount of the whole line in minor units, tax rate in millionths."""

    sku: Code
    quantity: Count
    unit_price: NonNegativeAmount
    discount: NonNegativeAmount = 0
    tax_rate: Share = 0


class OrderSplitCreate(Schema):
    """A credited seller."""

    member_id: UUID
    share: PositiveShare


class OrderPromotionCreate(Schema):
    """What of the discount of a line is a promotion's, in minor units; `line_no` counts the lines from 1."""

    promotion_id: UUID
    line_no: Annotated[int, Field(strict=True, ge=1, le=MAX_LINES)]
    discount: NonNegativeAmount


Lines = Annotated[list[OrderLineCreate], Field(min_length=1, max_length=MAX_LINES)]
Credits = Annotated[list[OrderSplitCreate], Field(max_length=50, description="shares sum to 1000000")]
Promotions = Annotated[
    list[OrderPromotionCreate],
    Field(
        max_length=MAX_GIVEN,
        description="promotions that give discounts of lines, 500 pairs at most; only a quote makes them hold",
    ),
]
Points = Annotated[
    NonNegativeAmount | None, Field(description="points that the order redeems; only a quote makes them hold")
]
Terms = Annotated[int, Field(strict=True, ge=0, le=365)]
TermsGiven = Annotated[
    Terms, Field(description="without it the days that the account has by its credit, else 30; of a quote 30 at most")
]
QuoteId = Annotated[
    UUID | None, Field(description="the quote that the order is made from; it is placed only as it was quoted")
]

ContactId = Annotated[UUID | None, Field(description="a contact of the account")]
ChannelId = Annotated[UUID | None, Field(description="an active channel, through which it is sold")]
DealId = Annotated[UUID | None, Field(description="a deal of a partner, kept as it is given")]
ContractId = Annotated[
    UUID | None, Field(description="a contract that the order fulfils, kept as it is given; obligations count by it")
]


class OrderContent(Schema):
    """What a draft says: without `order_date` it is of the day of each placement, without `credits` its owner is
    credited; `total`, when given, must be the gross amount, `customer_type` what the account is on that day."""

    currency: CurrencyCode
    order_date: BusinessDate | None = None
    partner_id: UUID | None = None
    region: GivenRegion | None = None
    customer_type: GivenType = None
    payment_terms_days: TermsGiven = ABSENT
    contact_id: ContactId = None
    channel_id: ChannelId = None
    deal_id: DealId = None
    quote_id: QuoteId = None
    contract_id: ContractId = None
    promotions: Promotions = Field(default_factory=list)
    points: Points = None
    lines: Lines
    credits: Credits = Field(default_factory=list)
    total: NonNegativeAmount | None = None


class OrderCreate(OrderContent):
    """A draft, with `place` placed at once. The account is named by `account_id` or `account_ref`; what a body with
    `quote_id` leaves out (account, currency, partner, channel, days to pay, lines without tax, with the lines their
    promotions and the points) is the quote's.
    Without `credits` its owner is credited; without `order_date` it is of the day of each placement, a given date
    in the past needs `orders:backdate`, also of who places it; `total`, when given, must be the gross amount."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    currency: CurrencyCode = ABSENT
    lines: Lines = ABSENT
    account_id: UUID | None = None
    account_ref: ExternalRef | None = None
    external_id: ExternalRef | None = None
    place: bool = False

    @model_validator(mode="after")
    def _one_account(self) -> OrderCreate:
        has_other = self.account_ref is not None
        if (self.account_id is not None) == has_other and (has_other or self.quote_id is None):
            raise ValueError("give account_id or account_ref")
        return self


class OrderRow(OrderCreate):
    """A row of a batch, known again by its external id; with `place` it is placed at once. Of an order that is there,
    credits and references that the row does not name stay (null takes one away)."""

    model_config = ConfigDict(
        json_schema_extra={"example": {**_EXAMPLE, "external_id": {"source": "shop", "id": "O-1"}, "place": True}}
    )

    currency: CurrencyCode
    lines: Lines
    external_id: ExternalRef

    @model_validator(mode="after")
    def _an_account(self) -> OrderRow:
        if self.account_id is None and self.account_ref is None:
            raise ValueError("give account_id or account_ref")
        return self


class OrderBatch(BatchBody):
    """Orders by external id."""

    row_model = OrderRow


class OrderUpdate(Schema):
    """Fields of a draft, or of an order on hold, to change; lines, credits and promotions replace the former ones.

    An `order_date` of null takes a given date back.
    """

    model_config = ConfigDict(json_schema_extra={"example": {"payment_terms_days": 45}})

    currency: CurrencyCode = ABSENT
    order_date: BusinessDate | None = None
    partner_id: UUID | None = None
    region: GivenRegion | None = None
    customer_type: GivenType = None
    payment_terms_days: Terms = ABSENT
    contact_id: ContactId = None
    channel_id: ChannelId = None
    deal_id: DealId = None
    quote_id: QuoteId = None
    contract_id: ContractId = None
    promotions: Promotions = ABSENT
    points: Points = None
    lines: Lines = ABSENT
    credits: Credits = ABSENT
    total: NonNegativeAmount | None = None


class OrderCancel(Schema):
    """Why the order is given up, as a code: events carry no free text."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "customer_request"}})

    reason: Code


class OrderLineRead(Schema):
    """A line with its amounts; base amounts are 0 before placement. The discount in base currency, the price of a piece
    by the list (as the quote of the order has it), cost and margin are fixed then; the last two are null where the cost
    is not known, and without `costs:read`."""

    line_no: int
    sku: str
    product_line: str | None
    quantity: int
    returned: int
    unit_price: int
    discount: int
    tax_rate: int
    net: int
    tax: int
    gross: int
    net_base: int
    tax_base: int
    gross_base: int
    list_price: int | None
    discount_base: int | None
    unit_cost_base: int | None
    margin_base: int | None


class OrderCheckRead(Schema):
    """A check of one placement; `cause` says more than the closed words of `reason`."""

    placement: int
    kind: str
    state: CheckState
    decision: str | None
    reason: str | None
    cause: str | None
    shortfall: int | None
    answered_at: datetime | None


class OrderSummary(Schema):
    """An order without its lines.

    `returned` is the gross amount of what came back, `open_amount` what is owed in the order's currency (0 before
    it is confirmed); it is overdue from the day after `due_on` while something is open. `days_late` are the days
    since then, or by which the latest money for it came late, whichever are more.
    """

    id: UUID
    version: int
    number: str
    stream_key: UUID
    account_id: UUID
    filed_account_id: UUID
    owner_id: UUID | None
    partner_id: UUID | None
    region: str | None
    customer_type: str | None
    state: OrderState
    placement: int
    order_date: date
    is_dated: bool | None
    payment_terms_days: int
    contact_id: UUID | None
    channel_id: UUID | None
    deal_id: UUID | None
    quote_id: UUID | None
    contract_id: UUID | None
    points: int | None
    price_policy: PricePolicy | None
    currency: str
    base_currency: str
    exchange_rate: str | None
    net: int
    tax: int
    gross: int
    net_base: int
    tax_base: int
    gross_base: int
    paid: int
    paid_base: int
    returned: int
    open_amount: int
    due_on: date
    is_overdue: bool
    days_late: int
    is_first_order: bool | None
    placed_at: datetime | None
    placed_by: str | None
    cancel_reason: str | None
    external_source: str | None
    external_id: str | None
    former_external_source: str | None
    former_external_id: str | None
    created_at: datetime
    updated_at: datetime


class OrderRead(OrderSummary):
    """An order with lines, promotions, credits and checks."""

    promotions: list[OrderPromotion]
    lines: list[OrderLineRead]
    credits: list[OrderSplit]
    checks: list[OrderCheckRead]
