"""Words of plans."""

from __future__ import annotations

from enum import StrEnum


class TargetPlanState(StrEnum):
    """An open plan changes, a proposed one waits for a second person, a promoted one has become what is active."""

    OPEN = "open"
    PROPOSED = "proposed"
    APPROVED = "approved"
    PROMOTED = "promoted"
    DROPPED = "dropped"


class Carry(StrEnum):
    """What of ended periods is carried over to the others: nothing, or what is missing or beyond."""

    NONE = "none"
    GAP = "gap"


class PartedBy(StrEnum):
    """By what a target is parted on a day: the working days before and from it, or their weights in the day profile."""

    WORKING_DAYS = "working_days"
    PROFILE = "profile"


class Prefer(StrEnum):
    """Whose amount holds where both sides changed it."""

    PLAN = "plan"
    LIVE = "live"
