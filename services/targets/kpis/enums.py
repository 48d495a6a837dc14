"""Words of KPIs: measures, what they count, dimensions, directions, and why there is no value."""

from __future__ import annotations

from enum import StrEnum


class KpiMeasure(StrEnum):
    """What a KPI divides, or is divided by."""

    SIGNED_AMOUNT = "signed_amount"
    REVENUE = "revenue"
    REVENUE_BEFORE = "revenue_before"
    REVENUE_CHANGE = "revenue_change"
    REVENUE_YEAR_BEFORE = "revenue_year_before"
    REVENUE_YEAR_CHANGE = "revenue_year_change"
    GROSS_MARGIN = "gross_margin"
    COSTED_REVENUE = "costed_revenue"
    DUE_AMOUNT = "due_amount"
    COLLECTED_AMOUNT = "collected_amount"
    ORDERS = "orders"
    CUSTOMERS = "customers"
    REPEAT_CUSTOMERS = "repeat_customers"
    NEW_CUSTOMERS = "new_customers"
    HEADS = "heads"
    SPEND = "spend"
    VISITS = "visits"
    MATURE_VISITS = "mature_visits"
    CONVERTED_VISITS = "converted_visits"
    WON_OPPORTUNITIES = "won_opportunities"
    CLOSED_OPPORTUNITIES = "closed_opportunities"
    WON_AMOUNT = "won_amount"
    WON_CYCLES = "won_cycles"
    WON_CYCLE_DAYS = "won_cycle_days"
    CSAT_ANSWERS = "csat_answers"
    CSAT_TOP = "csat_top"
    NPS_ANSWERS = "nps_answers"
    NPS_BALANCE = "nps_balance"
    SCORED_ANSWERS = "scored_answers"
    SATISFACTION_POINTS = "satisfaction_points"
    BASE_CUSTOMERS = "base_customers"
    RETAINED_CUSTOMERS = "retained_customers"
    ACTIVE_CUSTOMERS = "active_customers"
    LEADS = "leads"
    CLOSED_LEADS = "closed_leads"
    CONVERTED_LEADS = "converted_leads"
    OPENED_CASES = "opened_cases"
    ANSWERED_CASES = "answered_cases"
    CLOSED_CASES = "closed_cases"
    CLOSED_CASE_DAYS = "closed_case_days"
    REOPENED_CASES = "reopened_cases"
    BREACHED_CASES = "breached_cases"


class KpiAmount(StrEnum):
    """What a measure counts: minor units of the base currency, things, days, or points of 100."""

    MONEY = "money"
    COUNT = "count"
    DAYS = "days"
    POINTS = "points"


class KpiUnit(StrEnum):
    """What values of a KPI are in: minor units, thousandths, or millionths."""

    MINOR_UNIT = "minor_unit"
    THOUSANDTH = "thousandth"
    MILLIONTH = "millionth"


class KpiDirection(StrEnum):
    """Which values are the better ones."""

    HIGHER = "higher"
    LOWER = "lower"


class KpiDimension(StrEnum):
    """What values are broken down by: a scope, or time."""

    UNIT = "unit"
    MEMBER = "member"
    PRODUCT_LINE = "product_line"
    REGION = "region"
    CUSTOMER_TYPE = "customer_type"
    CHANNEL = "channel"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


KPI_TIMES = frozenset(
    {
        KpiDimension.DAY,
        KpiDimension.WEEK,
        KpiDimension.MONTH,
        KpiDimension.QUARTER,
        KpiDimension.HALF_YEAR,
        KpiDimension.YEAR,
    }
)


class KpiLack(StrEnum):
    """Why there is no value: nothing to divide by, or too little of the net has a known cost."""

    DENOMINATOR = "denominator"
    COVERAGE = "coverage"
