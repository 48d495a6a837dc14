"""Responses to risks, and states of treatments and of their simulations."""

from __future__ import annotations

from enum import StrEnum


class RiskResponse(StrEnum):
    """What is done about a risk."""

    AVOID = "avoid"
    MITIGATE = "mitigate"
    TRANSFER = "transfer"
    DIVERSIFY = "diversify"
    ACCEPT = "accept"


class TreatmentState(StrEnum):
    """From the plan to its proof; an acceptance is approved and expires."""

    PLANNED = "planned"
    APPROVED = "approved"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    VERIFIED = "verified"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class TreatmentSimulationState(StrEnum):
    """What has become of a simulation."""

    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
