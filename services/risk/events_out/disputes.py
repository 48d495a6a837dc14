"""Disputes about contracts and orders. Key: the account's stream key, or the partner's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from kit.events.contract import Part, Published, sample_id


class DisputedOrder(Part):
    """What of an order is disputed, in base currency."""

    order_id: UUID
    amount_base: int


class DisputeSnapshot(Part):
    """A dispute; `side` is who claims, amounts in minor units of the base currency."""

    SUBJECT: ClassVar[str] = "id"
    KEY: ClassVar[str] = "stream_key"

    id: UUID
    number: str
    stream_key: UUID
    account_id: UUID | None
    partner_id: UUID | None
    owner_id: UUID | None
    contract_id: UUID | None
    orders: list[DisputedOrder]
    side: Literal["us", "them"]
    state: Literal["opened", "negotiating", "mediated", "litigated", "settled", "judged", "closed"]
    claim_base: int
    currency: str
    opened_on: date
    version: int
    changed: list[str]
    business_date: date


_DISPUTE: dict[str, Any] = {
    "id": sample_id("98"),
    "number": "DP-2026-000001",
    "stream_key": sample_id("1"),
    "account_id": sample_id("1"),
    "partner_id": None,
    "owner_id": sample_id("a1"),
    "contract_id": sample_id("14"),
    "orders": [{"order_id": sample_id("2"), "amount_base": 155}],
    "side": "them",
    "state": "opened",
    "claim_base": 155,
    "currency": "USD",
    "opened_on": "2026-03-05",
    "version": 1,
    "changed": [],
    "business_date": "2026-03-05",
}


class DisputeOpened(Published, DisputeSnapshot):
    """A dispute was opened."""

    TYPE: ClassVar[str] = "risk.dispute.opened.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = _DISPUTE


class DisputeClosed(Published, DisputeSnapshot):
    """A dispute is over; `outcome_base` is what the company pays (positive) or gets (negative)."""

    outcome_base: int

    TYPE: ClassVar[str] = "risk.dispute.closed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_DISPUTE,
        "state": "closed",
        "version": 4,
        "changed": ["state"],
        "business_date": "2026-05-05",
        "outcome_base": 100,
    }


PUBLISHED: tuple[type[Published], ...] = (DisputeOpened, DisputeClosed)
AGREED: tuple[type[Published], ...] = ()
