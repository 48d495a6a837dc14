"""States, metrics and horizons of targets."""

from __future__ import annotations

from enum import StrEnum


class TargetState(StrEnum):
    """A draft may change, what is proposed waits for a second person, an active one counts, a closed one is history."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    ACTIVE = "active"
    CLOSED = "closed"


class Metric(StrEnum):
    """What a target measures, of what the catalogue of metrics has."""

    REVENUE = "revenue"
    GROSS_MARGIN = "gross_margin"
    NEW_PRODUCT_REVENUE = "new_product_revenue"
    UNITS = "units"
    NEW_CUSTOMERS = "new_customers"
    VISIT_COUNT = "visit_count"
    COLLECTED_CASH = "collected_cash"
    CONVERSION_RATE = "conversion_rate"
    CSAT = "csat"
    NPS = "nps"
    RETENTION_RATE = "retention_rate"
    ACTIVE_CUSTOMERS = "active_customers"
    MARKET_SHARE = "market_share"


class Horizon(StrEnum):
    """How far a target looks: at most 366 days, at most 1,096, or further."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"
