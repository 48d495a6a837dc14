"""What an event does to the cash of an order."""

from __future__ import annotations

from enum import StrEnum


class CashKind(StrEnum):
    """Money came, went back, or never was there."""

    PAID = "paid"
    REFUNDED = "refunded"
    VOIDED = "voided"
