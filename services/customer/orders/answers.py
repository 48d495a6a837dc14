"""Answers about orders."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from kit.web.lists import page_of
from kit.web.schema import Schema
from services.customer.events_out import OrderCredit
from services.customer.orders.enums import CheckState, OrderState


class OrderLineRead(Schema):
    """A line with its amounts; base amounts are 0 before placement."""

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


class OrderCheckRead(Schema):
    """A check of one placement."""

    placement: int
    kind: str
    state: CheckState
    decision: str | None
    reason: str | None
    shortfall: int | None
    answered_at: datetime | None


class OrderSummary(Schema):
    """An order without its lines."""

    id: UUID
    version: int
    number: str
    stream_key: UUID
    account_id: UUID
    owner_id: UUID | None
    partner_id: UUID | None
    region: str | None
    customer_type: str | None
    state: OrderState
    placement: int
    order_date: date
    payment_terms_days: int
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
    placed_at: datetime | None
    cancel_reason: str | None
    external_source: str | None
    external_id: str | None
    created_at: datetime
    updated_at: datetime


class OrderRead(OrderSummary):
    """An order with lines, credits and checks."""

    lines: list[OrderLineRead]
    credits: list[OrderCredit]
    checks: list[OrderCheckRead]


OrderPage = page_of(OrderSummary)
