"""Where what a book holds stands, and what it is counted in."""

from __future__ import annotations

from enum import StrEnum


class Bucket(StrEnum):
    """Of a promotion: `granted` is what it has given to orders (negative), `reserved` and `committed` where that is.
    Of points: `issued` is what a programme has given (negative), `available`, `reserved` (for an order), `redeemed`,
    `expired` and `drawn` (for tickets of draws) where that is.
    """

    GRANTED = "granted"
    RESERVED = "reserved"
    COMMITTED = "committed"
    ISSUED = "issued"
    AVAILABLE = "available"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    DRAWN = "drawn"


class Unit(StrEnum):
    """Minor units of the base currency, uses, or points."""

    MONEY = "money"
    USE = "use"
    POINT = "point"
