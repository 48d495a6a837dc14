"""Bodies of what becomes of units."""

from __future__ import annotations

from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import BusinessDate, Code, Label, Schema
from services.targets.units.schemas import UnitRead

_UNIT = "01989f2e-0000-7000-8000-0000000000d4"
_MEMBER = "01989f2e-0000-7000-8000-0000000000a1"


class UnitLeadSet(Schema):
    """Who leads the unit from a day on, until the next change that is known; null: nobody."""

    model_config = ConfigDict(json_schema_extra={"example": {"member_id": _MEMBER, "from": "2026-02-15"}})

    member_id: UUID | None
    start: BusinessDate = Field(alias="from")


class UnitEnd(Schema):
    """`on` is the last day."""

    model_config = ConfigDict(json_schema_extra={"example": {"on": "2026-12-31"}})

    on: BusinessDate


class UnitCode(Schema):
    """The code under which a unit goes on."""

    unit_id: UUID
    code: Code


class UnitReorganise(Schema):
    """Go on below another parent from a day on, under a code of its own; so does each unit `below`. With `correction`,
    credited lines that the change touches are reversed and posted again; without it such a change is refused.
    `with_plan` opens a plan of each active tree in which targets go along."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"new_parent_id": _UNIT, "code": "team-1-south", "from": "2026-02-15"}}
    )

    new_parent_id: UUID
    code: Code
    start: BusinessDate = Field(alias="from")
    below: list[UnitCode] = Field(default=[], max_length=1_000)
    correction: bool = Field(default=False, strict=True)
    with_plan: bool = Field(default=False, strict=True)


class UnitUse(Schema):
    """What names a unit that has ended after its last day, and stays with it."""

    kind: str
    id: UUID
    label: Label


class TargetKept(Schema):
    """An active target of who goes on elsewhere that stays where it is in the plan, and why."""

    target_id: UUID
    reason: str


class UnitPlan(Schema):
    """A plan that was opened: how many targets go on elsewhere in it."""

    plan_id: UUID
    root_id: UUID
    transferred: int
    kept: list[TargetKept]


class UnitReorganised(Schema):
    """A unit and all below it (`ended`) with what they go on as (`successors`, in the same order), how many members
    moved, jobs that correct credited lines, plans, and what still names the units that have ended (at most 100 of
    `used_by_total`)."""

    ended: list[UnitRead]
    successors: list[UnitRead]
    members: int
    job_ids: list[UUID]
    plans: list[UnitPlan]
    used_by: list[UnitUse]
    used_by_total: int
