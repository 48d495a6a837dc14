"""States and metrics of targets."""

from __future__ import annotations

from enum import StrEnum


class TargetState(StrEnum):
    """A draft may change, an active one counts, a closed one is history."""

    DRAFT = "draft"
    ACTIVE = "active"
    CLOSED = "closed"


class Metric(StrEnum):
    """What a target measures: revenue is the net amount of confirmed orders less returns, summed."""

    REVENUE = "revenue"
