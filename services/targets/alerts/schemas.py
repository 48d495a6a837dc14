"""Bodies of the alerts. Figures and thresholds are in millionths."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import Schema, Text
from services.targets.alerts.enums import TargetAlertEnd, TargetAlertLevel, TargetAlertMeasure, TargetAlertState


class TargetAlertAcknowledge(Schema):
    """That somebody has seen an alert, and what is done about it."""

    model_config = ConfigDict(json_schema_extra={"example": {"note": "Two visits are planned"}})

    note: Text = Field(default="", description="it stays in this service")


class TargetAlertRead(Schema):
    """A target that falls behind, or that did. `figure` of `measure` brought it to its level at the last change, on
    `changed_on`, by `threshold`, from `previous`; `policy_version` set the thresholds. `pace` (by the plan, without one
    by working days) and `p_hit` are those of the target's last judging, on `judged_on`, from the end of its eve.

    `cleared_by`: `green`, it is no longer behind; `closed`, it counts no more. An alert that gets worse is open again.
    """

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    target_id: UUID
    root_id: UUID
    name: str
    owner_id: UUID | None
    unit_id: UUID | None
    member_id: UUID | None
    period_start: date
    period_end: date
    state: TargetAlertState
    level: TargetAlertLevel
    previous: TargetAlertLevel
    measure: TargetAlertMeasure
    figure: int | None
    threshold: int
    policy_version: int
    raised_on: date
    changed_on: date
    cleared_on: date | None
    cleared_by: TargetAlertEnd | None
    acknowledged_by: str | None
    note: str | None
    judged_on: date | None
    pace: int | None
    p_hit: int | None
    p_hit_as_of: date | None
