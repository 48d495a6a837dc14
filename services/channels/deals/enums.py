"""States of deals, and why one is refused."""

from __future__ import annotations

from enum import StrEnum


class DealState(StrEnum):
    """A claim is reviewed, then protected until its last day; an order wins it, also after it has expired."""

    REGISTERED = "registered"
    APPROVED = "approved"
    REJECTED = "rejected"
    WON = "won"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class DealRejection(StrEnum):
    """Why a claim is refused."""

    DUPLICATE = "duplicate"
    EXISTING_CUSTOMER = "existing_customer"
    TOO_EARLY = "too_early"
    OUTSIDE_TERRITORY = "outside_territory"
    INCOMPLETE = "incomplete"
    DIRECT_ACTIVE = "direct_active"
