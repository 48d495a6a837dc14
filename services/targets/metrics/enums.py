"""Words of the catalogue of metrics."""

from __future__ import annotations

from enum import StrEnum


class MetricName(StrEnum):
    """What a target can be about."""

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


class Unit(StrEnum):
    """What amounts are counted in: minor units of the base currency, or thousandths of a piece."""

    MINOR_UNIT = "minor_unit"
    THOUSANDTH = "thousandth"


class Combined(StrEnum):
    """How the values of parts make that of the whole: their sum, the sum of numerators over that of denominators, the
    value of the last part, or not at all."""

    SUM = "sum"
    RATIO = "ratio"
    LAST = "last"
    NOT = "not_divisible"
