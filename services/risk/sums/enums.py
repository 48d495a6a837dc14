"""What sums are kept of, and for what."""

from __future__ import annotations

from enum import StrEnum


class SumFamily(StrEnum):
    """Sums that are read from the same rows: what days have counted, discounts by day, what was sold on credit by day,
    what is owed by due day, and what each account bought of late."""

    TALLY = "tally"
    DISCOUNT = "discount"
    SOLD = "sold"
    OWED = "owed"
    SHARE = "share"
