"""Kinds and states of partners."""

from __future__ import annotations

from enum import StrEnum


class PartnerKind(StrEnum):
    """How a partner sells."""

    DISTRIBUTOR = "distributor"
    DEALER = "dealer"
    AGENT = "agent"
    RESELLER = "reseller"
    MARKETPLACE = "marketplace"


class PartnerState(StrEnum):
    """Whether a partner may sell: an active one does."""

    APPLIED = "applied"
    SCREENING = "screening"
    APPROVED = "approved"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"
