"""Checks of targets, and what they find."""

from __future__ import annotations

from enum import StrEnum


class TargetCheckKind(StrEnum):
    """What is looked at."""

    SPECIFIC = "specific"
    MEASURABLE = "measurable"
    ACHIEVABLE = "achievable"
    CHALLENGING = "challenging"
    RESOURCED = "resourced"
    TIME_BOUND = "time_bound"
    CONSISTENT = "consistent"


class TargetCheckVerdict(StrEnum):
    """From the best to the worst; `insufficient_data` says nothing."""

    PASS = "pass"
    INSUFFICIENT_DATA = "insufficient_data"
    WARN = "warn"
    FAIL = "fail"


class TargetCheckFix(StrEnum):
    """What would mend a check."""

    NAME_OWNER = "name_owner"
    SET_AMOUNT = "set_amount"
    ASSIGN = "assign"
    LOWER_AMOUNT = "lower_amount"
    RAISE_AMOUNT = "raise_amount"
    SET_PERIOD = "set_period"
    DECOMPOSE_BY_TIME = "decompose_by_time"
    RECONCILE = "reconcile"
    CLOSE_DOUBLE = "close_double"


class TargetCheckCause(StrEnum):
    """When checks were run."""

    ASKED = "asked"
    PROPOSED = "proposed"
    APPROVED = "approved"
