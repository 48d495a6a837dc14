"""Words of contacts of partners."""

from __future__ import annotations

from enum import StrEnum


class PartnerContactRole(StrEnum):
    """What somebody does at a partner."""

    OWNER = "owner"
    SALES = "sales"
    TECHNICAL = "technical"
    SERVICE = "service"
    FINANCE = "finance"
    LEGAL = "legal"
    LOGISTICS = "logistics"
    OTHER = "other"
