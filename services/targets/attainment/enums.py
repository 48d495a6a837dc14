"""What results are broken down by and compared with."""

from __future__ import annotations

from enum import StrEnum


class GroupBy(StrEnum):
    """What results are broken down by."""

    MEMBER = "member"
    UNIT = "unit"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    PRODUCT_LINE = "product_line"
    REGION = "region"
    CUSTOMER_TYPE = "customer_type"
    CHANNEL = "channel"


BY_TIME = frozenset({GroupBy.DAY, GroupBy.WEEK, GroupBy.MONTH, GroupBy.QUARTER, GroupBy.YEAR})


class Compare(StrEnum):
    """With the same days a year earlier, or with the period of the same length before."""

    YEAR = "year"
    PREVIOUS = "previous"
