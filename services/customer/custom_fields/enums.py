"""Words of custom fields."""

from __future__ import annotations

from enum import StrEnum


class CustomResource(StrEnum):
    """What has fields of the company's own."""

    ACCOUNT = "account"
    CONTACT = "contact"


class CustomType(StrEnum):
    """What a field holds."""

    TEXT = "text"
    INT = "int"
    DECIMAL = "decimal"
    MONEY = "money"
    DATE = "date"
    BOOL = "bool"
    ENUM = "enum"
    MULTI_ENUM = "multi_enum"
