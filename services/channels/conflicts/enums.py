"""Kinds, states and outcomes of conflicts."""

from __future__ import annotations

from enum import StrEnum


class ConflictKind(StrEnum):
    """What channels are in conflict about."""

    SAME_CUSTOMER = "same_customer"
    PARTNER_DIRECT = "partner_direct"
    TERRITORY_BREACH = "territory_breach"
    CROSS_REGION = "cross_region"
    EXCLUSIVITY_BREACH = "exclusivity_breach"
    PRICE_UNDERCUT = "price_undercut"


class ConflictState(StrEnum):
    """A conflict is assessed, heard, proposed on; then the parties agree, or a second person decides; then closed."""

    OPENED = "opened"
    ASSESSED = "assessed"
    MEDIATION = "mediation"
    PROPOSED = "proposed"
    AGREED = "agreed"
    ARBITRATED = "arbitrated"
    CLOSED = "closed"
    DISMISSED = "dismissed"


class ConflictOutcome(StrEnum):
    """What is decided of a conflict."""

    KEEP = "keep"
    TRANSFER = "transfer"
    SPLIT = "split"
    COMPENSATION = "compensation"
    POLICY_CHANGE = "policy_change"


class ConflictSubject(StrEnum):
    """What a piece of evidence is about."""

    ORDER = "order"
    OPPORTUNITY = "opportunity"
    DEAL = "deal"


class SellingMode(StrEnum):
    """How an order was sold, as agreements tell modes apart."""

    ONLINE = "online"
    OFFLINE = "offline"
