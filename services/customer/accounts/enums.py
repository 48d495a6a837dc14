"""Kinds of accounts, and of customers."""

from __future__ import annotations

from enum import StrEnum


class AccountKind(StrEnum):
    """An organisation, or a person: whose name never leaves this service."""

    ORGANIZATION = "organization"
    PERSON = "person"


class CustomerType(StrEnum):
    """By its confirmed orders: has none yet, has ordered, has not for long."""

    NEW = "new"
    EXISTING = "existing"
    DORMANT = "dormant"


class IndustryScheme(StrEnum):
    """Classifications of industries: China's, and that of the United Nations."""

    GBT4754 = "gbt4754"
    ISIC = "isic"


class SizeClass(StrEnum):
    """Of enterprises, as statistics of China have it."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    MICRO = "micro"


class SourceChannel(StrEnum):
    """Where somebody learnt something of a customer."""

    INTERNAL_SALES = "internal_sales"
    INTERNAL_FEEDBACK = "internal_feedback"
    AFTER_SALES = "after_sales"
    EXTERNAL_REPORT = "external_report"
    MEDIA = "media"
    VISIT = "visit"
    PHONE = "phone"
    INTERNET = "internet"
    PARTNER = "partner"
    IMPORT = "import"


class LifecycleStage(StrEnum):
    """Where an account stands in its life as a customer."""

    POTENTIAL = "potential"
    NEW = "new"
    ACTIVE = "active"
    AT_RISK = "at_risk"
    CHURNED = "churned"
    WON_BACK = "won_back"


class TenureClass(StrEnum):
    """How long an account has been buying."""

    LONG = "long"
    SHORT = "short"


class SatisfactionLevel(StrEnum):
    """How satisfied an account is, by the answers of a year."""

    HIGH = "high"
    MID = "mid"
    LOW = "low"
