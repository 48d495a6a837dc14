"""Words of activities."""

from __future__ import annotations

from enum import StrEnum


class ActivityKind(StrEnum):
    """What was or will be done."""

    CALL = "call"
    VISIT = "visit"
    MEETING = "meeting"
    MESSAGE = "message"
    EMAIL = "email"
    TASK = "task"


class ActivityPhase(StrEnum):
    """Where it stands to a sale."""

    PRE_SALE = "pre_sale"
    IN_SALE = "in_sale"
    AFTER_SALE = "after_sale"


class ActivityState(StrEnum):
    """An activity is planned until it is completed or cancelled."""

    PLANNED = "planned"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
