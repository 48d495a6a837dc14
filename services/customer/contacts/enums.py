"""Words of contacts."""

from __future__ import annotations

from enum import StrEnum


class ContactRole(StrEnum):
    """What somebody has to do with what their company buys."""

    DECISION_MAKER = "decision_maker"
    USER = "user"
    FINANCE = "finance"
    TECHNICAL = "technical"
    LEGAL = "legal"
    OTHER = "other"


class PointKind(StrEnum):
    """By what a contact is found."""

    EMAIL = "email"
    PHONE = "phone"
