"""Words of churn."""

from __future__ import annotations

from enum import StrEnum


class ChurnFactor(StrEnum):
    """What speaks for it that an account is leaving."""

    RHYTHM = "rhythm"
    SILENCE = "silence"
    COMPLAINT = "complaint"
    DETRACTOR = "detractor"
    OVERDUE = "overdue"
