"""States of an order's credit, and the kinds of entries and decisions."""

from __future__ import annotations

from enum import StrEnum


class CreditState(StrEnum):
    """Where the credit of an order stands; `none`: money moved before any placement was known."""

    NONE = "none"
    RESERVED = "reserved"
    REFUSED = "refused"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"


class EntryKind(StrEnum):
    """What moved an exposure; the last two are money on account and of no order."""

    RESERVED = "reserved"
    PAID = "paid"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    REFUNDED = "refunded"
    DEPOSITED = "deposited"
    DEPOSIT_USED = "deposit_used"


class Decision(StrEnum):
    """The rule's answer to a placement, or an officer's against a refusal."""

    AUTOMATIC = "automatic"
    REFUSED = "refused"
    OVERRIDE = "override"
