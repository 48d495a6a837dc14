"""Words of statements of rebates."""

from __future__ import annotations

from enum import StrEnum


class RebateStatementState(StrEnum):
    """Calculated, approved by a second person, paid; disputed until it is calculated again; cancelled: its entries are
    free."""

    CALCULATED = "calculated"
    APPROVED = "approved"
    PAID = "paid"
    DISPUTED = "disputed"
    CANCELLED = "cancelled"


class RebateLineKind(StrEnum):
    """What stands in a statement."""

    ACCRUAL = "accrual"
    ADJUSTMENT = "adjustment"
