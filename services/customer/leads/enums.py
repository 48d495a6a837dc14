"""Words of leads."""

from __future__ import annotations

from enum import StrEnum


class LeadState(StrEnum):
    """A lead is worked on until it is converted, or nothing will come of it."""

    NEW = "new"
    WORKING = "working"
    QUALIFIED = "qualified"
    CONVERTED = "converted"
    DISQUALIFIED = "disqualified"
