"""Credit: what was reserved, refused, released and charged for an order. Key: the order's stream key."""

from __future__ import annotations

from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode

_ORDER_ID = "01989f2e-0000-7000-8000-000000000002"


_ACCOUNT_ID = "01989f2e-0000-7000-8000-000000000001"


_CAUSE = "01989f2e-0000-7000-8000-0000000000e1"


class CreditFact(Part):
    """Common part: the order, the placement it answers, what caused it (event id, ordinal within it)."""

    SUBJECT: ClassVar[str] = "order_id"
    KEY: ClassVar[str] = "stream_key"

    order_id: UUID
    account_id: UUID
    stream_key: UUID
    placement: int
    amount: int
    currency: str
    source_event_id: UUID
    source_ordinal: int


_FACT: dict[str, Any] = {
    "order_id": _ORDER_ID,
    "account_id": _ACCOUNT_ID,
    "stream_key": _ACCOUNT_ID,
    "placement": 1,
    "amount": 464,
    "currency": "USD",
    "source_event_id": _CAUSE,
    "source_ordinal": 0,
}


class CreditReserved(Published, CreditFact):
    """`amount` of exposure was reserved for a placement; an officer's decision is an override."""

    decision: Literal["automatic", "override"]
    approved_by: str | None
    reason: ReasonCode | None
    limit: int
    exposure_before: int

    TYPE: ClassVar[str] = "risk.credit.reserved.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "decision": "automatic",
        "approved_by": None,
        "reason": None,
        "limit": 100000,
        "exposure_before": 0,
    }


class CreditRefused(Published, CreditFact):
    """Nothing was reserved; `shortfall` is what the limit lacks."""

    reason: Literal["limit_exceeded", "no_profile"]
    shortfall: int
    limit: int | None
    exposure_before: int

    TYPE: ClassVar[str] = "risk.credit.refused.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "reason": "limit_exceeded",
        "shortfall": 64,
        "limit": 400,
        "exposure_before": 0,
    }


class CreditReleased(Published, CreditFact):
    """Exposure went down by `amount` (>= 0); never changes an order."""

    reason: Literal["paid", "returned", "cancelled", "superseded"]

    TYPE: ClassVar[str] = "risk.credit.released.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_FACT, "amount": 137, "reason": "paid"}


class CreditCharged(Published, CreditFact):
    """Exposure went up again by `amount`: money that had paid the order went back."""

    reason: Literal["refunded"]

    TYPE: ClassVar[str] = "risk.credit.charged.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_FACT, "amount": 137, "reason": "refunded"}


PUBLISHED: tuple[type[Published], ...] = (
    CreditReserved,
    CreditRefused,
    CreditReleased,
    CreditCharged,
)
