"""Levels of indicators, and states of alerts."""

from __future__ import annotations

from enum import StrEnum


class IndicatorLevel(StrEnum):
    """How bad a value is."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class RiskAlertState(StrEnum):
    """From leaving green until green again, or until somebody says so."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
