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
    """What the weights come from: all the same, or those given with the children."""

    EQUAL = "equal"
    CUSTOM = "custom"
