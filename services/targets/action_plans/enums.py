"""Words of action plans."""

from __future__ import annotations

from enum import StrEnum


class ActionPlanState(StrEnum):
    """A draft is nobody's business yet, an active one is worked on, done and dropped ones are history."""

    DRAFT = "draft"
    ACTIVE = "active"
    DONE = "done"
    DROPPED = "dropped"


class ActionStepKind(StrEnum):
    """What is done, and what is reached by it."""

    STEP = "step"
    MILESTONE = "milestone"


class ActionItemState(StrEnum):
    """What is open can become overdue; a dropped one counts for no progress."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


class ActionResourceKind(StrEnum):
    """What a plan needs."""

    PEOPLE = "people"
    MATERIAL = "material"
    MONEY = "money"
