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
    earned_on: date | None = None
    usable_from: date | None = None


class PointsLine(Part):
    """What a line of an order earned (`points`) by its net and factor (millionths); `taken`: of what came back."""

    line_no: int
    sku: str
    quantity: int
    net_base: int
    factor: int
    points: int
    taken: int


class PointsTaken(Part):
    """What of a line's points is taken back with this return."""

    line_no: int
    points: int


class PointsUsed(Part):
    """What of the points that an order redeems is a line's of `quantity` pieces."""

    line_no: int
    quantity: int
    points: int


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


_LOT: dict[str, Any] = {
    "lot_id": sample_id("ba"),
    "points": 300,
    "expires_on": "2027-02-14",
    "earned_on": "2026-02-14",
    "usable_from": "2026-02-21",
}
_FACT: dict[str, Any] = {
    "points_account_id": sample_id("b8"),
    "programme_id": sample_id("b9"),
    "account_id": sample_id("1"),
    "owner_id": sample_id("a1"),
    "stream_key": sample_id("1"),
    "order_id": sample_id("2"),
    "points": 300,
    "lots": [_LOT | {"points": 300}],
    "balance_after": 300,
    "source_event_id": sample_id("e2"),
    "source_ordinal": 0,
    "business_date": "2026-02-14",
}


class PointsEarned(Published, PointsFact):
    """An order that was fulfilled earned points, usable from `usable_from` on; `lines` say all they follow from.

    What a member owed after a return is settled first: only the rest is in the lot.
    """

    usable_from: date
    lines: list[PointsLine] | None = None

    TYPE: ClassVar[str] = "channels.points.earned.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "usable_from": "2026-02-21",
        "lots": [_LOT],
        "lines": [
            {
                "line_no": 1,
                "sku": "CD-ROCK",
                "quantity": 3,
                "net_base": 300000,
                "factor": 1000000,
                "points": 300,
                "taken": 0,
            }
        ],
    }


class PointsRedeemed(Published, PointsFact):
    """An order uses points, worth `value_base`: they are reserved with its terms, in `lots` as they were taken.

    `redemption_id` is that of the placement; what is given back names it again. Points of another member that is one
    with the placement's by a merge are a redemption of their own beside it (`main_redemption_id`).
    """

    value_base: int
    redemption_id: UUID | None = None
    main_redemption_id: UUID | None = None
    lines: list[PointsUsed] | None = None

    TYPE: ClassVar[str] = "channels.points.redeemed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "points": 100,
        "lots": [_LOT | {"points": 100}],
        "balance_after": 200,
        "value_base": 14,
        "redemption_id": sample_id("bc"),
        "main_redemption_id": None,
        "lines": [{"line_no": 1, "quantity": 3, "points": 100}],
    }


class PointsExpired(Published, PointsFact):
    """What remained of lots ended with their last day."""

    TYPE: ClassVar[str] = "channels.points.expired.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "stream_key": sample_id("b8"),
        "order_id": None,
        "points": 200,
        "lots": [_LOT | {"points": 200}],
        "balance_after": 0,
        "source_event_id": None,
        "business_date": "2027-02-15",
    }


class PointsReversed(Published, PointsFact):
    """A return or cancellation took back what was earned (`is_earned`), or gave back what was redeemed.

    What a member owed is settled first: only the rest is in lots, those that had ended live on (`expires_on`).
    """

    is_earned: bool
    reason: ReasonCode
    lines: list[PointsTaken] | None = None
    redemption_id: UUID | None = None

    TYPE: ClassVar[str] = "channels.points.reversed.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "points": 100,
        "lots": [_LOT | {"points": 100}],
        "balance_after": 200,
        "is_earned": True,
        "reason": "returned",
        "lines": [{"line_no": 1, "points": 100}],
        "redemption_id": None,
        "business_date": "2026-03-01",
    }


class PointsAdjusted(Published, PointsFact):
    """Two people gave points (`is_added`), or took some."""

    is_added: bool
    adjustment_id: UUID

    TYPE: ClassVar[str] = "channels.points.adjusted.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "stream_key": sample_id("b8"),
        "order_id": None,
        "points": 50,
        "lots": [_LOT | {"points": 50}],
        "balance_after": 250,
        "source_event_id": None,
        "is_added": True,
        "adjustment_id": sample_id("bb"),
    }


class PointsDrawn(Published, PointsFact):
    """A ticket of a draw, by its number there, was paid for; `prize_code` is what it won (null: nothing).

    Where members that are one by a merge pay together each says its own part.
    """

    draw_id: UUID
    ticket_id: UUID
    number: int
    prize_code: str | None

    TYPE: ClassVar[str] = "channels.points.drawn.v1"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        **_FACT,
        "stream_key": sample_id("b8"),
        "order_id": None,
        "points": 50,
        "lots": [_LOT | {"points": 50}],
        "balance_after": 250,
        "source_event_id": None,
        "draw_id": sample_id("d8"),
        "ticket_id": sample_id("d9"),
        "number": 17,
        "prize_code": "MUG",
    }


PUBLISHED: tuple[type[Published], ...] = (
    PointsEarned,
    PointsRedeemed,
    PointsExpired,
    PointsReversed,
    PointsAdjusted,
    PointsDrawn,
)
AGREED: tuple[type[Published], ...] = ()
