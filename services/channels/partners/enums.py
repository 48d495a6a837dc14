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
    """Whether a partner may sell."""

    APPLIED = "applied"
    ACTIVE = "active"
    SUSPENDED = "suspended"
