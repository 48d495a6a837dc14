"""Words of adjustments."""

from __future__ import annotations

from enum import StrEnum


class SalesAdjustmentState(StrEnum):
    """A draft changes, a proposed one waits for a second person, one that is executed waits until its effect can be
    measured."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    APPROVED = "approved"
    EXECUTING = "executing"
    EXECUTED = "executed"
    MEASURED = "measured"
    DROPPED = "dropped"


class AdjustmentTrigger(StrEnum):
    """What called for it: an alert of the target, an alert of risk, or somebody."""

    ALERT = "alert"
    RISK_ALERT = "risk_alert"
    MANUAL = "manual"


class AdjustmentStrategy(StrEnum):
    """What is changed: means, who is responsible for what, how it is sold, or what sellers know and get."""

    RESOURCE = "resource"
    POSITION = "position"
    TACTIC = "tactic"
    TRAINING_INCENTIVE = "training_incentive"


class EffectLack(StrEnum):
    """What an effect lacks: working days since the execution, results that reach back far enough, days that weigh
    anything."""

    WORKING_DAYS = "working-days"
    HISTORY = "history-too-short"
    WEIGHT = "weight"
