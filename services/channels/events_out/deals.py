"""Deals that partners register. Key: the partner's id."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import KeyedHash, Part, Published, ReasonCode, sample_id

RejectionReason = Literal[
    "duplicate", "existing_customer", "too_early", "outside_territory", "incomplete", "direct_active"
]


class DealSnapshot(Part):
    """A deal; the end customer by `identity_hashes` and, when it is known, `account_id`.

    `protected_until` is its last protected day, None before it is approved.
    """

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "partner_id"

    id: UUID
    number: str
    partner_id: UUID
    account_id: UUID | None
    identity_hashes: list[KeyedHash]
    owner_id: UUID | None
    state: Literal["registered", "approved", "rejected", "won", "expired", "withdrawn"]
    product_lines: list[str]
    value: int
    value_base: int
    currency: str
    base_currency: str
    registered_on: date
    registered_at: datetime
    protected_until: date | None
    expected_close: date | None
    extensions: int
    version: int
    changed: list[str]
    business_date: date


_DEAL: dict[str, Any] = {
    "id": sample_id("b3"),
    "number": "DL-2026-000001",
    "partner_id": sample_id("b1"),
    "account_id": sample_id("1"),
    "identity_hashes": ["6f1ed002ab5595859014ebf0951522d96f1ed002ab5595859014ebf0951522d9"],
    "owner_id": sample_id("a1"),
    "state": "registered",
    "product_lines": ["rock"],
    "value": 1000000,
    "value_base": 137000,
    "currency": "CNY",
    "base_currency": "USD",
    "registered_on": "2026-02-14",
    "registered_at": "2026-02-14T03:04:05.123456Z",
    "protected_until": None,
    "expected_close": "2026-04-30",
    "extensions": 0,
    "version": 1,
    "changed": [],
    "business_date": "2026-02-14",
}
_PROTECTED: dict[str, Any] = {
    **_DEAL,
    "state": "approved",
    "protected_until": "2026-05-31",
    "version": 2,
    "changed": ["state"],
    "business_date": "2026-03-02",
}


class DealRegistered(Published, DealSnapshot):
    """A partner claims an end customer; the claim holds while it is reviewed."""

    TYPE: ClassVar[str] = "channels.deal.registered.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _DEAL


class DealApproved(Published, DealSnapshot):
    """A claim is protected until `protected_until`."""

    TYPE: ClassVar[str] = "channels.deal.approved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _PROTECTED


class DealRejected(Published, DealSnapshot):
    """A claim was refused."""

    reason: RejectionReason

    TYPE: ClassVar[str] = "channels.deal.rejected.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_DEAL,
        "state": "rejected",
        "version": 2,
        "changed": ["state"],
        "reason": "existing_customer",
    }


class DealExtended(Published, DealSnapshot):
    """A protection was prolonged."""

    TYPE: ClassVar[str] = "channels.deal.extended.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_PROTECTED,
        "protected_until": "2026-08-29",
        "extensions": 1,
        "version": 3,
        "changed": ["protected_until"],
        "business_date": "2026-05-20",
    }


class DealExpiring(Published, DealSnapshot):
    """A protection ends in `days_left` days; said 14 and 3 days before."""

    days_left: int

    TYPE: ClassVar[str] = "channels.deal.expiring.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_PROTECTED,
        "version": 3,
        "changed": [],
        "business_date": "2026-05-17",
        "days_left": 14,
    }


class DealExpired(Published, DealSnapshot):
    """A protection ended; an order dated within it may still win the deal."""

    TYPE: ClassVar[str] = "channels.deal.expired.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_PROTECTED,
        "state": "expired",
        "version": 3,
        "business_date": "2026-06-01",
    }


class DealWithdrawn(Published, DealSnapshot):
    """A claim was given up."""

    reason: ReasonCode

    TYPE: ClassVar[str] = "channels.deal.withdrawn.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_PROTECTED,
        "state": "withdrawn",
        "version": 3,
        "reason": "customer_lost",
    }


class DealWon(Published, DealSnapshot):
    """An order came of a deal; `realised_base` is the net of its orders so far, less returns."""

    order_id: UUID
    realised_base: int

    TYPE: ClassVar[str] = "channels.deal.won.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_PROTECTED,
        "state": "won",
        "version": 3,
        "order_id": sample_id("2"),
        "realised_base": 411,
    }


PUBLISHED: tuple[type[Published], ...] = (
    DealRegistered,
    DealApproved,
    DealRejected,
    DealExtended,
    DealExpiring,
    DealExpired,
    DealWithdrawn,
    DealWon,
)
AGREED: tuple[type[Published], ...] = ()
