"""Words of service levels."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How bad a case is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class ClockKind(StrEnum):
    """What is waited for."""

    FIRST_RESPONSE = "first_response"
    RESOLUTION = "resolution"


class ClockState(StrEnum):
    """A breached clock is breached for good, also when it runs on."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    BREACHED = "breached"


class StepKind(StrEnum):
    """What time brings about: a clock runs out; it is raised to the next level half its minutes later."""

    BREACH = "breach"
    RAISE = "raise"
