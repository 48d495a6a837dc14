"""Kinds and states of channels."""

from __future__ import annotations

from enum import StrEnum


class ChannelKind(StrEnum):
    """How a channel sells."""

    FIELD = "field"
    OWN_SITE = "own_site"
    MARKETPLACE = "marketplace"
    SHOP = "shop"
    DISTRIBUTOR = "distributor"
    DEALER = "dealer"
    AGENT = "agent"
    RESELLER = "reseller"
    LIVESTREAM = "livestream"
    SOCIAL = "social"


class ChannelState(StrEnum):
    """Whether a channel is offered for new sales."""

    ACTIVE = "active"
    ARCHIVED = "archived"


ONLINE_KINDS = frozenset({ChannelKind.OWN_SITE, ChannelKind.MARKETPLACE, ChannelKind.LIVESTREAM, ChannelKind.SOCIAL})
"""Kinds of channels that sell online."""
