"""Dimensions and drivers of decompositions."""

from __future__ import annotations

from enum import StrEnum


class Dimension(StrEnum):
    """Along what a target is split."""

    YEAR = "year"
    HALF_YEAR = "half_year"
    QUARTER = "quarter"
    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    UNIT = "unit"
    MEMBER = "member"
    PRODUCT_LINE = "product_line"
    REGION = "region"
    CUSTOMER_TYPE = "customer_type"
    CHANNEL = "channel"


PERIODS = frozenset(
    {Dimension.YEAR, Dimension.HALF_YEAR, Dimension.QUARTER, Dimension.MONTH, Dimension.WEEK, Dimension.DAY}
)


class DriverKind(StrEnum):
    """What the weights come from: all the same, those given with the children, what was credited in the children's
    scopes earlier, that and its growth, what their markets are worth, what those who sell there can bring, and by time
    the day profile or the number of working days."""

    EQUAL = "equal"
    CUSTOM = "custom"
    HISTORICAL_SHARE = "historical_share"
    GROWTH_UNIFORM = "growth_uniform"
    MARKET_POTENTIAL = "market_potential"
    CAPACITY = "capacity"
    SEASONALITY = "seasonality"
    WORKING_DAYS = "working_days"


BY_TIME = frozenset({DriverKind.SEASONALITY, DriverKind.WORKING_DAYS})
