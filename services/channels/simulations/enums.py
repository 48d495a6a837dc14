"""States of a simulation."""

from __future__ import annotations

from enum import StrEnum


class RebateSimulationState(StrEnum):
    """A simulation is calculated once, by its job, and never changes then; its row has the first two words, the others
    are those of a job that has ended without it."""

    CALCULATING = "calculating"
    CALCULATED = "calculated"
    FAILED = "failed"
    CANCELLED = "cancelled"
