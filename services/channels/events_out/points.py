"""Points of members. Key: the order's stream key where an order moves them, else the points account's id."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from kit.events.contract import Part, Published, ReasonCode, sample_id


class PointsLot(Part):
    """What moves in a lot, always positive."""

    lot_id: UUID
    points: int
    expires_on: date | None


class PointsFact(Part):
    """A movement of `points` (positive); the ledger is the fold of these facts.

    `account_id` is the member's, `balance_after` what is available then; negative only after a return.
    """

    SUBJECT: ClassVar[str] = "points_account_id"
    KEY: ClassVar[str] = "stream_key"

    points_account_id: UUID
    programme_id: UUID
    account_id: UUID
    owner_id: UUID | None
    stream_key: UUID
    order_id: UUID | None
    points: int
    lots: list[PointsLot]
    balance_after: int
    source_event_id: UUID | None
    source_ordinal: int
    business_date: date


_FACT: dict[str, Any] = {
    "points_account_id": sample_id("b8"),
    "programme_id": sample_id("b9"),
    "account_id": sample_id("1"),
    "owner_id": sample_id("a1"),
    "stream_key": sample_id("1"),
    "order_id": sample_id("2"),
    "points": 300,
    "lots": [{"lot_id": sample_id("ba"), "points": 300, "expires_on": "2027-02-14"}],
    "balance_after": 300,
    "source_event_id": sample_id("e2"),
    "source_ordinal": 0,
    "business_date": "2026-02-14",
}


class PointsEarned(Published, PointsFact):
    """An order that was fulfilled earned points; usable from `usable_from` on."""

    usable_from: date

    TYPE: ClassVar[str] = "channels.points.earned.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {**_FACT, "usable_from": "2026-02-21"}


class PointsRedeemed(Published, PointsFact):
    """An order used points, worth `value_base`."""

    value_base: int

    TYPE: ClassVar[str] = "channels.points.redeemed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "points": 100,
        "lots": [{"lot_id": sample_id("ba"), "points": 100, "expires_on": "2027-02-14"}],
        "balance_after": 200,
        "value_base": 14,
    }


class PointsExpired(Published, PointsFact):
    """What remained of lots ended with their last day."""

    TYPE: ClassVar[str] = "channels.points.expired.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "stream_key": sample_id("b8"),
        "order_id": None,
        "points": 200,
        "lots": [{"lot_id": sample_id("ba"), "points": 200, "expires_on": "2027-02-14"}],
        "balance_after": 0,
        "source_event_id": None,
        "business_date": "2027-02-15",
    }


class PointsReversed(Published, PointsFact):
    """A return or cancellation took back what was earned (`is_earned`), or gave back what was redeemed."""

    is_earned: bool
    reason: ReasonCode

    TYPE: ClassVar[str] = "channels.points.reversed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "points": 100,
        "lots": [{"lot_id": sample_id("ba"), "points": 100, "expires_on": "2027-02-14"}],
        "balance_after": 200,
        "is_earned": True,
        "reason": "returned",
        "business_date": "2026-03-01",
    }


PUBLISHED: tuple[type[Published], ...] = ()
AGREED: tuple[type[Published], ...] = (PointsEarned, PointsRedeemed, PointsExpired, PointsReversed)
