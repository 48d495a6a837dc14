"""States of a price book, and how a price is found."""

from __future__ import annotations

from enum import StrEnum


class BookState(StrEnum):
    """A draft may change; a published version never does and counts from its day until the next one's."""

    DRAFT = "draft"
    PUBLISHED = "published"


class PriceMethod(StrEnum):
    """Fixed: written down. Cost plus: full cost and a markup on it. Market: the median of what competitors ask, moved
    by a position. Differentiated: the list price, adjusted."""

    FIXED = "fixed"
    COST_PLUS = "cost_plus"
    MARKET = "market"
    DIFFERENTIATED = "differentiated"
