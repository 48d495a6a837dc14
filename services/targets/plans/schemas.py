"""Bodies of the plans."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import BusinessDate, Label, Schema
from services.targets.plans.enums import Carry, PartedBy, Prefer, TargetPlanState
from services.targets.targets.schemas import TargetRead


class PlanCreate(Schema):
    """A plan of an active tree, by its root."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"root_id": "01989f2e-0000-7000-8000-0000000000c1", "name": "Second half raised"}}
    )

    root_id: UUID
    name: Label


class PlanPromote(Schema):
    """From when on the plan holds, and why. Periods that ended before `valid_from` keep their targets; with `carry`
    `gap` what they missed, or brought beyond, is shared by those that are left."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"valid_from": "2026-07-01", "reason": "The market grew", "carry": "none"}}
    )

    valid_from: BusinessDate
    reason: Label
    carry: Carry = Carry.NONE


class PlanRebase(Schema):
    """Whose amounts hold where the plan and what is active changed the same target; without it that is refused."""

    model_config = ConfigDict(json_schema_extra={"example": {"prefer": "plan"}})

    prefer: Prefer | None = None


class PlanTransfer(Schema):
    """A target of a member in the plan, the parent that it goes below, from which day on, and by what it is parted: by
    working days, or by the day profile of what was credited in its scope."""

    model_config = ConfigDict(
        populate_by_name=True,
        json_schema_extra={
            "example": {
                "target_id": "01989f2e-0000-7000-8000-0000000000c1",
                "to_parent_id": "01989f2e-0000-7000-8000-0000000000c2",
                "from": "2026-02-15",
            }
        },
    )

    target_id: UUID
    to_parent_id: UUID
    first: BusinessDate = Field(alias="from")
    by: PartedBy = PartedBy.WORKING_DAYS


class PlanTransferRead(Schema):
    """What stays where it was, until the eve, and what went below the other parent, from the day on."""

    stays: TargetRead
    goes: TargetRead


class PlanRead(Schema):
    """A plan. `branch_id` is the root of its targets, which `GET /v1/targets?plan_id=` lists; it rests on
    `base_revision` of the live root. Persons are token subjects."""

    id: UUID
    root_id: UUID
    branch_id: UUID
    name: str
    state: TargetPlanState
    base_revision: int
    authored_by: str
    proposed_by: str | None
    approved_by: str | None
    promoted_by: str | None
    revision: int | None
    valid_from: date | None
    carry: Carry | None
    reason: str | None
    version: int
    created_at: datetime
    updated_at: datetime


class PlanDiffCell(Schema):
    """A target of the plan that differs from what it is a copy of: its keys from the root down, what it was (null:
    it is new), what it is, and by how much it changed."""

    target_id: UUID
    origin_id: UUID | None
    keys: list[str]
    before: int | None
    after: int
    delta: int
    reason: str | None


class PlanDiffSum(Schema):
    """What the targets of a unit or of a month change by; null is about none."""

    key: str | None
    before: int
    after: int
    delta: int


class PlanDiffRead(Schema):
    """What a plan changes: at most 1,000 items of `count`. The sums are those of what is at the end of the crediting
    decompositions, so that each of them has the change of the root."""

    plan_id: UUID
    count: int
    items: list[PlanDiffCell]
    units: list[PlanDiffSum] = Field(description="by unit_id")
    months: list[PlanDiffSum] = Field(description="by month; a period of several months has none")
