"""Kinds and states of a policy."""

from __future__ import annotations

from enum import StrEnum


class PolicyKind(StrEnum):
    """What a policy rules."""

    SLA = "sla"
    GRADING = "grading"
    LIFECYCLE = "lifecycle"
    CHURN = "churn"
    LEAD_SCORE = "lead_score"
    HOURS = "hours"


class PolicyState(StrEnum):
    """A draft may change; the version of a kind that was activated last is active."""

    DRAFT = "draft"
    ACTIVE = "active"
    SUPERSEDED = "superseded"


class Grade(StrEnum):
    """How much a customer is worth, the best first."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class GradingPeriod(StrEnum):
    """Of which days sales count: 365 days up to the day, or the calendar year or quarter so far."""

    TRAILING_365 = "trailing_365"
    CALENDAR_YEAR = "calendar_year"
    QUARTER = "quarter"
