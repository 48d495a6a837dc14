"""Measures of indicators, as whatever moves them knows them."""

from __future__ import annotations

from enum import StrEnum


class IndicatorMeasure(StrEnum):
    """What an indicator measures; nobody posts a value."""

    OVERDUE_RATIO = "overdue_ratio"
    DSO = "dso"
    CUSTOMER_CONCENTRATION = "customer_concentration"
    CHANNEL_CONCENTRATION = "channel_concentration"
    COMPLAINT_RATE = "complaint_rate"
    SLA_BREACH_RATE = "sla_breach_rate"
    OBLIGATIONS_OVERDUE = "obligations_overdue"
    TARGET_SHORTFALL = "target_shortfall"
    RETURN_RATE = "return_rate"
    CANCELLATION_RATE = "cancellation_rate"
    REFUSAL_RATE = "refusal_rate"
    SATISFACTION = "satisfaction"
    CHURN_WARNINGS = "churn_warnings"
    PARTNER_CONFLICTS = "partner_conflicts"
    FLOOR_BREACHES = "floor_breaches"
    DISCOUNT_DEPTH = "discount_depth"
