"""Bodies of action plans. Shares and probabilities are in millionths, money in minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from kit.web.schema import ABSENT, BusinessDate, Label, NonNegativeAmount, Schema, Share, Text
from services.targets.action_plans.enums import (
    ActionItemState,
    ActionPlanState,
    ActionResourceKind,
    ActionStepKind,
)
from services.targets.action_plans.rules import MAX_ITEMS

ItemKey = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""What names a step or a measure in paths."""
_OWNER = "01989f2e-0000-7000-8000-0000000000a3"


class ActionItemWrite(Schema):
    """What somebody does by a day."""

    key: ItemKey
    name: Label
    owner_id: UUID
    due_on: BusinessDate


class ActionStepWrite(ActionItemWrite):
    """A step or a milestone; its weight is its part of the progress, 0 has none."""

    kind: ActionStepKind = ActionStepKind.STEP
    weight: Annotated[int, Field(strict=True, ge=0, le=1_000_000)] = 1


class ActionResourceBody(Schema):
    """What a plan needs: minor units of the base currency of money, thousandths of anything else."""

    kind: ActionResourceKind
    name: Label
    amount: NonNegativeAmount


class ActionRiskBody(Schema):
    """What may go wrong, how probable that is, what it would cost, and what is done about it."""

    name: Label
    probability: Share | None = None
    impact: NonNegativeAmount | None = None
    response: Text = ""


Steps = Annotated[list[ActionStepWrite], Field(max_length=MAX_ITEMS)]
Resources = Annotated[list[ActionResourceBody], Field(max_length=MAX_ITEMS)]
Risks = Annotated[list[ActionRiskBody], Field(max_length=MAX_ITEMS)]
_EXAMPLE: dict[str, Any] = {
    "name": "Win back the north",
    "owner_id": _OWNER,
    "steps": [
        {
            **{"key": "list", "kind": "step", "name": "List who left", "owner_id": _OWNER},
            **{"due_on": "2026-03-06", "weight": 1},
        },
        {
            **{"key": "visited", "kind": "milestone", "name": "All were visited", "owner_id": _OWNER},
            **{"due_on": "2026-04-30", "weight": 2},
        },
    ],
    "resources": [{"kind": "people", "name": "Sellers", "amount": 2000}],
    "risks": [{"name": "They have signed elsewhere", "probability": 200000, "impact": 500000, "response": "Ask first"}],
}


class ActionPlanCreate(Schema):
    """A plan of what is done so that a target is reached."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"target_id": "01989f2e-0000-7000-8000-0000000000c1", **_EXAMPLE}}
    )

    target_id: UUID
    name: Label
    owner_id: UUID
    steps: Steps = Field(default=[])
    resources: Resources = Field(default=[])
    risks: Risks = Field(default=[])


class ActionPlanUpdate(Schema):
    """What changes; lists are replaced whole. A step keeps the state that one of its key had."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Win back the north and the east"}})

    name: Label = ABSENT
    owner_id: UUID = ABSENT
    steps: Steps = ABSENT
    resources: Resources = ABSENT
    risks: Risks = ABSENT


class ActionPlanDrop(Schema):
    """Why a plan is given up."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "The target is reached without it"}})

    reason: Label


class ActionItemRead(Schema):
    """What somebody does by a day. `settled_on` is when it was done or dropped, `overdue_on` the first day on which it
    was late."""

    key: str
    name: str
    owner_id: UUID
    due_on: date
    state: ActionItemState
    settled_on: date | None
    overdue_on: date | None


class ActionStepRead(ActionItemRead):
    """A step or a milestone; its weight is its part of the progress."""

    kind: ActionStepKind
    weight: int


class ActionPlanRead(Schema):
    """What is done so that a target is reached. `progress` is the weighted share of its steps that is done; what was
    dropped is left out, and without any weight it is null. `overdue` counts open steps that are late."""

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    target_id: UUID
    root_id: UUID
    unit_id: UUID | None
    member_id: UUID | None
    owner_id: UUID
    name: str
    state: ActionPlanState
    steps: list[ActionStepRead]
    resources: list[ActionResourceBody]
    risks: list[ActionRiskBody]
    progress: int | None
    overdue: int
