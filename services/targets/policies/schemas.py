"""Bodies of the policies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import SHARE_WHOLE
from kit.web.schema import ABSENT, BusinessDate, Label, Schema, Share
from services.targets.policies.enums import Approval, ChecksRule

MOST_DAYS = 366

Threshold = Annotated[int, Field(strict=True, ge=0, le=10 * SHARE_WHOLE, description="in millionths of what is due")]


Percentile = Annotated[int, Field(strict=True, ge=0, le=100)]


class CheckLimitsSet(Schema):
    """Where checks pass and warn; what is left out is as in the newest version. Shares are in millionths, `growth_*`
    percentiles of the growth that there was."""

    model_config = ConfigDict(json_schema_extra={"example": {"p_hit_pass": 300000, "p_hit_warn": 100000}})

    growth_pass: Percentile = ABSENT
    growth_warn: Percentile = ABSENT
    p_hit_pass: Share = ABSENT
    p_hit_warn: Share = ABSENT
    coverage_pass: Share = ABSENT
    coverage_warn: Share = ABSENT
    capacity_pass: Threshold = ABSENT
    capacity_warn: Threshold = ABSENT
    elapsed_warn: Share = ABSENT
    commits_pass: Threshold = ABSENT
    commits_warn: Threshold = ABSENT
    siblings_pass: Threshold = ABSENT
    siblings_warn: Threshold = ABSENT
    long_share_pass: Threshold = ABSENT
    long_share_warn: Threshold = ABSENT


class CheckLimitsRead(Schema):
    """Where checks pass and warn."""

    growth_pass: int
    growth_warn: int
    p_hit_pass: int
    p_hit_warn: int
    coverage_pass: int
    coverage_warn: int
    capacity_pass: int
    capacity_warn: int
    elapsed_warn: int
    commits_pass: int
    commits_warn: int
    siblings_pass: int
    siblings_warn: int
    long_share_pass: int
    long_share_warn: int


class TargetPolicySet(Schema):
    """The next version of the policy, and why; what is left out is as in the newest version."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"valid_from": "2100-01-01", "approval": "required", "reason": "Two decide"}}
    )

    valid_from: BusinessDate = Field(description="the day from which it holds, today or later")
    reason: Label
    approval: Approval = Field(default=ABSENT, description="whether targets need an approval before they count")
    over_assignment_max: Share = ABSENT
    close_after_days: Annotated[int, Field(strict=True, ge=0, le=MOST_DAYS)] = ABSENT
    checks: ChecksRule = Field(default=ABSENT, description="whether a check that fails refuses an approval")
    alert_pace_amber: Threshold = ABSENT
    alert_pace_red: Threshold = ABSENT
    alert_pace_margin: Share = ABSENT
    alert_p_hit_amber: Share = ABSENT
    alert_p_hit_red: Share = ABSENT
    alert_p_hit_margin: Share = ABSENT
    alert_silent_share: Share = ABSENT
    check_limits: CheckLimitsSet = ABSENT


class TargetPolicyRead(Schema):
    """A version of the policy, `version` its number. Of the versions that have begun by a day the newest holds on it.

    `approval`: `off`, a draft may be activated; `required`, only what somebody else has approved. A target is closed
    `close_after_days` after its period. `over_assignment_max` is the share of its amount by which the children of a
    target may pass it together. `checks`: `advise`, a check that fails is told; `required`, it refuses an approval.

    A target is amber and red below `alert_pace_amber` and `alert_pace_red` of its pace, or below `alert_p_hit_amber`
    and `alert_p_hit_red` of its probability to be reached, and leaves the level at the margin above; before
    `alert_silent_share` of the working days of its period it is not judged. All are in millionths.
    `check_limits` say where the checks of targets pass and where they warn.
    """

    id: UUID
    version: int
    valid_from: date
    approval: Approval
    over_assignment_max: int
    close_after_days: int
    checks: ChecksRule
    alert_pace_amber: int
    alert_pace_red: int
    alert_pace_margin: int
    alert_p_hit_amber: int
    alert_p_hit_red: int
    alert_p_hit_margin: int
    alert_silent_share: int
    check_limits: CheckLimitsRead
    reason: str
    author: str
    created_at: datetime
    updated_at: datetime
