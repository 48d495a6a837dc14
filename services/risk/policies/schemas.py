"""Schemas of policies."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, WrapValidator

from kit.web.schema import ABSENT, BusinessDate, Label, Schema
from services.risk.policies.bodies import AnyBody, read_body
from services.risk.policies.enums import RiskPolicyKind, RiskPolicyState

FORWARD: dict[str, Any] = {
    "kind": "forward",
    "body": {"horizon_days": 90, "commit": 900000, "best_case": 500000, "pipeline": 150000, "omitted": 0},
}
BodyOfKind = Annotated[AnyBody, WrapValidator(read_body)]


class PolicyCreate(Schema):
    """The draft of the next version of a kind, and why."""

    model_config = ConfigDict(json_schema_extra={"example": {**FORWARD, "reason": "The pipeline closed less"}})

    kind: RiskPolicyKind
    body: BodyOfKind
    reason: Label


class PolicyUpdate(Schema):
    """Another body of a draft; `kind` is the draft's, and says how the body is read."""

    model_config = ConfigDict(json_schema_extra={"example": FORWARD})

    kind: RiskPolicyKind
    body: BodyOfKind = ABSENT
    reason: Label = ABSENT


class PolicyActivate(Schema):
    """The day from which a version holds, today or later."""

    model_config = ConfigDict(json_schema_extra={"example": {"effective_from": "2100-01-01"}})

    effective_from: BusinessDate


class PolicyRead(Schema):
    """A version of a policy; of the versions that have begun by a day, the last activated holds on it."""

    id: UUID
    kind: RiskPolicyKind
    policy_version: int
    body: AnyBody
    reason: str
    state: RiskPolicyState
    authors: list[str]
    approved_by: str | None
    approved_at: datetime | None
    effective_from: date | None
    version: int
    created_at: datetime
    updated_at: datetime
