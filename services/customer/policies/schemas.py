"""Bodies and answers of policies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, WrapValidator

from kit.web.lists import page_of
from kit.web.schema import ABSENT, BusinessDate, Label, Schema
from services.customer.policies.bodies import AnyBody, read_body
from services.customer.policies.enums import PolicyKind, PolicyState

SLA: dict[str, Any] = {
    "kind": "sla",
    "body": {
        "times": {
            "critical": {"first_response": 30, "resolution": 240},
            "high": {"first_response": 120, "resolution": 960},
            "medium": {"first_response": 240, "resolution": 1440},
            "low": {"first_response": 480, "resolution": 2400},
        },
        "grades": {"grade_a": 1000000, "grade_b": 1000000, "grade_c": 1500000, "grade_d": 2000000, "none": 1500000},
    },
}
GRADING: dict[str, Any] = {
    "kind": "grading",
    "body": {
        "period": "trailing_365",
        "shares": {"a": 700000, "b": 900000, "c": 990000},
        "hysteresis": 50000,
        "matrix": {
            "grade_a": {"grade_a": "A", "grade_b": "A", "grade_c": "B", "grade_d": "C"},
            "grade_b": {"grade_a": "A", "grade_b": "B", "grade_c": "B", "grade_d": "C"},
            "grade_c": {"grade_a": "B", "grade_b": "B", "grade_c": "C", "grade_d": "D"},
            "grade_d": {"grade_a": "C", "grade_b": "C", "grade_c": "D", "grade_d": "D"},
        },
    },
}
LIFECYCLE: dict[str, Any] = {
    "kind": "lifecycle",
    "body": {"settled_days": 90, "silent_days": 180, "lost_days": 365},
}
CHURN: dict[str, Any] = {
    "kind": "churn",
    "body": {
        "points": {"rhythm": 30, "silence": 70, "complaint": 15, "detractor": 10, "overdue": 10},
        "warn_at": 50,
        "clear_below": 35,
    },
}
LEAD_SCORE: dict[str, Any] = {
    "kind": "lead_score",
    "body": {
        "rules": [
            {"label": "reachable", "filter": "has_email=true", "points": 30},
            {"label": "fair", "filter": "source=trade_fair&created_on[gte]=today-30d", "points": 40},
        ]
    },
}
_OFFICE = [{"opens": "09:00", "closes": "12:00"}, {"opens": "13:00", "closes": "18:00"}]
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOURS: dict[str, Any] = {
    "kind": "hours",
    "body": {"weekdays": dict.fromkeys(_WEEKDAYS, _OFFICE), "makeup_windows": None},
}
BodyOfKind = Annotated[AnyBody, WrapValidator(read_body)]


class CustomerPolicyCreate(Schema):
    """The draft of the next version of a kind, and why."""

    model_config = ConfigDict(json_schema_extra={"example": {**SLA, "reason": "Critical cases are answered sooner"}})

    kind: PolicyKind
    body: BodyOfKind
    reason: Label


class CustomerPolicyUpdate(Schema):
    """Another body of a draft; `kind` is the draft's, and says how the body is read."""

    model_config = ConfigDict(json_schema_extra={"example": SLA})

    kind: PolicyKind
    body: BodyOfKind = ABSENT
    reason: Label = ABSENT


class CustomerPolicyActivate(Schema):
    """The day from which a version holds, today or later."""

    model_config = ConfigDict(json_schema_extra={"example": {"valid_from": "2100-01-01"}})

    valid_from: BusinessDate


class CustomerPolicyRead(Schema):
    """A version of a policy; of the versions that have begun by a day, the last activated holds on it."""

    id: UUID
    kind: PolicyKind
    policy_version: int
    body: AnyBody
    reason: str
    state: PolicyState
    created_by: str
    valid_from: date | None
    version: int
    created_at: datetime
    updated_at: datetime


PolicyPage = page_of(CustomerPolicyRead)
