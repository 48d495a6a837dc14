"""States of evaluations and of appeals, and where a partner moves."""

from __future__ import annotations

from enum import StrEnum


class TierEvaluationState(StrEnum):
    """An evaluation is calculated, looked at, and written; or given up."""

    CALCULATING = "calculating"
    PREVIEWED = "previewed"
    PUBLISHING = "publishing"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class TierMove(StrEnum):
    """Where a partner moves."""

    UP = "up"
    DOWN = "down"
    STAY = "stay"


class AppealState(StrEnum):
    """Whether somebody disagrees with a result, and what was decided."""

    NONE = "none"
    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
