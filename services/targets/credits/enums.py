"""Kinds of credit facts."""

from __future__ import annotations

from enum import StrEnum


class CreditKind(StrEnum):
    """What a fact is about: an order counts, pieces came back, or lines moved to another unit."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"
    CORRECTED = "corrected"
