"""Levels, states and measures of alerts."""

from __future__ import annotations

from enum import StrEnum


class TargetAlertLevel(StrEnum):
    """How far a target is behind; from the best to the worst."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


class TargetAlertState(StrEnum):
    """An open alert is known to nobody yet; a cleared one is over."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


class TargetAlertMeasure(StrEnum):
    """By what a target is judged: its pace, or how probable it is that it is reached."""

    PACE = "pace"
    P_HIT = "p_hit"


class TargetAlertEnd(StrEnum):
    """Why an alert is over."""

    GREEN = "green"
    CLOSED = "closed"
