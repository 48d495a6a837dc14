"""Bodies of the checks. Growths, shares and probabilities are in millionths, amounts in minor units."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import Label, Schema
from services.targets.checks.enums import TargetCheckCause, TargetCheckFix, TargetCheckKind, TargetCheckVerdict


class TargetApprove(Schema):
    """Checks that fail and do not count, with the reason of each; they need `checks:override`."""

    model_config = ConfigDict(json_schema_extra={"example": {"overrides": {"time_bound": "Agreed in December"}}})

    overrides: dict[TargetCheckKind, Label] = Field(default={}, max_length=len(TargetCheckKind))


class CheckEvidenceRead(Schema):
    """A figure that a check looked at; yes is 1, no is 0."""

    name: str
    value: int


class CheckLackRead(Schema):
    """Why a check says nothing: what there is of what is needed."""

    reason: str
    have: int
    need: int


class CheckFindingRead(Schema):
    """What a check found, by what, and what would mend it: `fix`, where it is another amount `fix_amount`. `lack` is
    why it could say nothing."""

    check: TargetCheckKind
    verdict: TargetCheckVerdict
    evidence: list[CheckEvidenceRead]
    fix: TargetCheckFix | None
    fix_amount: int | None
    lack: CheckLackRead | None


class CheckOverrideRead(Schema):
    """Why a check that fails did not count."""

    check: TargetCheckKind
    reason: str


class TargetCheckRead(Schema):
    """A run of all checks of a target as it stood then; `verdict` is the worst of what they found. Of its parts
    `findings` names each check; `overrides` those that failed and did not count."""

    id: UUID
    target_id: UUID
    target_version: int
    amount: int
    cause: TargetCheckCause
    as_of: date
    formula_version: int
    policy_version: int
    verdict: TargetCheckVerdict
    findings: list[CheckFindingRead]
    overrides: list[CheckOverrideRead]
    author: str
    recorded_at: datetime
