"""Dimensions and drivers of decompositions."""

from __future__ import annotations

from enum import StrEnum


class Dimension(StrEnum):
    """Along what a target is split."""

    MONTH = "month"
    QUARTER = "quarter"
    UNIT = "unit"
    MEMBER = "member"
    PRODUCT_LINE = "product_line"
    REGION = "region"
    CUSTOMER_TYPE = "customer_type"


PERIODS = frozenset({Dimension.MONTH, Dimension.QUARTER})


class DriverKind(StrEnum):
    """What the weights come from: all the same, those given with the children, and by time the day profile or the
    number of working days."""

    EQUAL = "equal"
    CUSTOM = "custom"
    SEASONALITY = "seasonality"
    WORKING_DAYS = "working_days"


BY_TIME = frozenset({DriverKind.SEASONALITY, DriverKind.WORKING_DAYS})
