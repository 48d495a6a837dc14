"""Classes, sources and states of risks."""

from __future__ import annotations

from enum import StrEnum


class RiskClass(StrEnum):
    """What kind of a risk it is."""

    MARKET = "market"
    CUSTOMER = "customer"
    COMPETITION = "competition"
    POLICY = "policy"
    OPERATION = "operation"
    CREDIT = "credit"
    SUPPLY = "supply"
    COMPLIANCE = "compliance"


class RiskSource(StrEnum):
    """How a risk was found."""

    MARKET_SURVEY = "market_survey"
    COMPETITOR_ANALYSIS = "competitor_analysis"
    INDUSTRY_TRACKING = "industry_tracking"
    CREDIT_REVIEW = "credit_review"
    SATISFACTION = "satisfaction"
    RELATIONSHIP = "relationship"
    RIVAL_WATCH = "rival_watch"
    LAW_WATCH = "law_watch"
    PROCESS = "process"
    STRATEGY = "strategy"
    TEAM_REVIEW = "team_review"
    INDICATOR = "indicator"
    INCIDENT = "incident"


class RiskState(StrEnum):
    """From the first sight to the end."""

    IDENTIFIED = "identified"
    ASSESSED = "assessed"
    TREATED = "treated"
    MONITORED = "monitored"
    CLOSED = "closed"


class LinkKind(StrEnum):
    """What a risk is about."""

    ACCOUNT = "account"
    PARTNER = "partner"
    CONTRACT = "contract"
    TARGET = "target"
    INDICATOR = "indicator"
    PRODUCT_LINE = "product_line"
    REGION = "region"
    UNIT = "unit"


class ReassessCause(StrEnum):
    """Why a risk must be assessed again."""

    REVIEW_DUE = "review_due"
    REOPENED = "reopened"
    RED_ALERT = "red_alert"
    ACCEPTANCE_EXPIRED = "acceptance_expired"
