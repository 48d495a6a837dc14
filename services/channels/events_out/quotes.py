"""Quotes an order may be made from, and those it may not any more. Key: the partner's id, without one the quote's."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, sample_id


class QuotePromotion(Part):
    """What a promotion takes off a line."""

    promotion_id: UUID
    discount: int


class QuoteLine(Part):
    """One line; net = quantity x unit_price - discount, all in the quote's currency. A gift's net is 0."""

    line_no: int
    sku: str
    quantity: int
    list_price: int
    unit_price: int
    discount: int
    net: int
    promotions: list[QuotePromotion]


class QuoteSnapshot(Part):
    """A version of a quote; `points` are those that it redeems, `valid_until` its last day."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    number: str
    stream_key: UUID
    account_id: UUID
    partner_id: UUID | None
    channel_id: UUID | None
    owner_id: UUID | None
    state: Literal["pending_approval", "issued", "accepted", "expired", "withdrawn", "rejected"]
    quote_date: date
    valid_until: date
    payment_terms_days: int
    currency: str
    base_currency: str
    exchange_rate: str
    points: int
    lines: list[QuoteLine]
    net: int
    net_base: int
    version: int
    changed: list[str]
    business_date: date


_QUOTE: dict[str, Any] = {
    "id": sample_id("b4"),
    "number": "QU-2026-000001",
    "stream_key": sample_id("b1"),
    "account_id": sample_id("1"),
    "partner_id": sample_id("b1"),
    "channel_id": sample_id("b2"),
    "owner_id": sample_id("a1"),
    "state": "issued",
    "quote_date": "2026-02-10",
    "valid_until": "2026-03-12",
    "payment_terms_days": 30,
    "currency": "CNY",
    "base_currency": "USD",
    "exchange_rate": "0.137",
    "points": 0,
    "lines": [
        {
            "line_no": 1,
            "sku": "CD-ROCK",
            "quantity": 3,
            "list_price": 1100,
            "unit_price": 1000,
            "discount": 1,
            "net": 2999,
            "promotions": [{"promotion_id": sample_id("b5"), "discount": 1}],
        }
    ],
    "net": 2999,
    "net_base": 411,
    "version": 1,
    "changed": [],
    "business_date": "2026-02-10",
}


class QuoteIssued(Published, QuoteSnapshot):
    """A quote may become an order until `valid_until`."""

    TYPE: ClassVar[str] = "channels.quote.issued.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _QUOTE


class QuoteExpired(Published, QuoteSnapshot):
    """A quote was not taken in time."""

    TYPE: ClassVar[str] = "channels.quote.expired.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_QUOTE,
        "state": "expired",
        "version": 2,
        "changed": ["state"],
        "business_date": "2026-03-13",
    }


class QuoteWithdrawn(Published, QuoteSnapshot):
    """No order may be made from a quote any more: it was taken back, or its next version waits for approval."""

    TYPE: ClassVar[str] = "channels.quote.withdrawn.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_QUOTE,
        "state": "withdrawn",
        "version": 2,
        "changed": ["state"],
        "business_date": "2026-02-12",
    }


class QuoteAccepted(Published, QuoteSnapshot):
    """A placed order has the terms of the quote; no other order may be made from it."""

    order_id: UUID

    TYPE: ClassVar[str] = "channels.quote.accepted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_QUOTE,
        "state": "accepted",
        "version": 2,
        "changed": ["order_id", "state"],
        "business_date": "2026-02-14",
        "order_id": sample_id("2"),
    }


PUBLISHED: tuple[type[Published], ...] = (QuoteIssued, QuoteAccepted, QuoteExpired, QuoteWithdrawn)
AGREED: tuple[type[Published], ...] = ()
