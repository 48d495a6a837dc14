"""Kinds and states of obligations."""

from __future__ import annotations

from enum import StrEnum


class ObligationKind(StrEnum):
    """What is owed under a contract."""

    DELIVERY = "delivery"
    PAYMENT = "payment"
    REPORT = "report"
    VOLUME = "volume"
    CONFIDENTIALITY = "confidentiality"


class Side(StrEnum):
    """Whose obligation it is."""

    US = "us"
    THEM = "them"


class ObligationState(StrEnum):
    """What was met may become open again."""

    PENDING = "pending"
    LATE = "late"
    MET = "met"
    WAIVED = "waived"


class BookStage(StrEnum):
    """Obligations are written while the contract is a draft, and judged once it is signed."""

    OPEN = "open"
    FIXED = "fixed"
    RUNNING = "running"


class FulfilmentKind(StrEnum):
    """What of an order counts for the obligations of its contract."""

    CONFIRMED = "confirmed"
    FULFILLED = "fulfilled"
    RETURNED_NET = "returned_net"
    RETURNED_GROSS = "returned_gross"
