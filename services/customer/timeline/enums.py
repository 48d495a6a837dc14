"""What a timeline is made of."""

from __future__ import annotations

from enum import StrEnum


class TimelineKind(StrEnum):
    """A step of an order, goods that came back, money that came or went, a person who was added, a write."""

    ORDER = "order"
    RETURN = "return"
    PAYMENT = "payment"
    REFUND = "refund"
    CONTACT = "contact"
    FACT = "fact"
