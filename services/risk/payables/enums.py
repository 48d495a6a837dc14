"""Words of what is owed to partners."""

from __future__ import annotations

from enum import StrEnum


class PayableKind(StrEnum):
    """What moves it: a rebate that an order earned or lost again, one that somebody gave or took, one that was paid."""

    ACCRUED = "accrued"
    ADJUSTED = "adjusted"
    PAID = "paid"
