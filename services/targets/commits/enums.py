"""Words of the commits."""

from __future__ import annotations

from enum import StrEnum


class ReconcileMode(StrEnum):
    """The rest shares what the commits leave of the amount, or the amount becomes the sum."""

    REDISTRIBUTE = "redistribute"
    ROLL_UP = "roll_up"
