"""Bodies of adjustments. Amounts are minor units of the base currency."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import ABSENT, Amount, BusinessDate, Label, Schema
from services.targets.action_plans.rules import MAX_ITEMS
from services.targets.action_plans.schemas import ActionItemRead, ActionItemWrite
from services.targets.adjustments.enums import (
    AdjustmentStrategy,
    AdjustmentTrigger,
    EffectLack,
    SalesAdjustmentState,
)
from services.targets.day_profiles.enums import Basis
from services.targets.plans.enums import Carry

Measures = Annotated[list[ActionItemWrite], Field(max_length=MAX_ITEMS)]


class AdjustmentCreate(Schema):
    """What is to be done about a target, and what called for it: `alert_id` with the trigger `alert`, `risk_alert_id`
    with `risk_alert`. `plan_id` is a plan of the target's tree, which the execution promotes."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "target_id": "01989f2e-0000-7000-8000-0000000000c1",
                "trigger": "manual",
                "strategy": "resource",
                "reason": "Two sellers more for the north",
                "measures": [
                    {
                        "key": "hire",
                        "name": "Hire two sellers",
                        "owner_id": "01989f2e-0000-7000-8000-0000000000a3",
                        "due_on": "2026-04-30",
                    }
                ],
                "expected_effect": 400000,
            }
        }
    )

    target_id: UUID
    trigger: AdjustmentTrigger
    alert_id: UUID | None = None
    risk_alert_id: UUID | None = None
    strategy: AdjustmentStrategy
    reason: Label
    owner_id: UUID | None = None
    measures: Measures = Field(default=[])
    plan_id: UUID | None = None
    expected_effect: Amount | None = Field(default=None, description="what the next 60 working days should bring more")


class AdjustmentUpdate(Schema):
    """What changes; measures are replaced whole. It is a draft of who changes it from then on."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Three sellers more for the north"}})

    strategy: AdjustmentStrategy = ABSENT
    reason: Label = ABSENT
    owner_id: UUID | None = None
    measures: Measures = ABSENT
    plan_id: UUID | None = None
    expected_effect: Amount | None = None


class AdjustmentReason(Schema):
    """Why an adjustment is rejected or given up."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "Next quarter"}})

    reason: Label


class AdjustmentExecute(Schema):
    """From when on its plan holds (today unless given), and what of ended periods is carried over; without a plan
    neither says anything."""

    model_config = ConfigDict(json_schema_extra={"example": {"carry": "none"}})

    valid_from: BusinessDate | None = None
    carry: Carry = Carry.NONE


class EffectSpanRead(Schema):
    """Days that are compared: what they brought, and what they weigh; a mean day of the base weighs 1,000,000."""

    first: date
    last: date
    actual: int
    weight: int


class EffectMissingRead(Schema):
    """Why there is no effect: what there is of what is needed."""

    reason: EffectLack
    have: int
    need: int


class AdjustmentEffectRead(Schema):
    """What an adjustment brought by the end of `as_of`: what the `working_days` (at most 60) after its execution
    brought beyond `expected`, which is what as many before its start brought, by the weights of the days. Of ten draws
    of blocks of 5 working days one is below `p10`, one above `p90`.

    With less than 20 working days `insufficient_data` says so. `overlapping` are other adjustments that were executed
    in the days compared, in a scope that meets this one: the effect is of all of them. `basis` is what the weights rest
    on. `sample_size` counts credit lines."""

    as_of: date
    formula_version: int
    sample_size: int
    working_days: int
    basis: Basis | None
    before: EffectSpanRead | None
    after: EffectSpanRead | None
    expected: int | None
    effect: int | None
    p10: int | None
    p90: int | None
    draws: int | None
    seed: int | None
    overlapping: list[UUID]
    insufficient_data: EffectMissingRead | None


class AdjustmentRead(Schema):
    """What is done when a target is not on its way. `started_on` to `executed_on` are the days of its execution;
    `effect` is what was measured after 60 working days. `overdue` counts open measures that are late. Persons are token
    subjects."""

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    target_id: UUID
    root_id: UUID
    unit_id: UUID | None
    member_id: UUID | None
    owner_id: UUID | None
    trigger: AdjustmentTrigger
    alert_id: UUID | None
    risk_alert_id: UUID | None
    strategy: AdjustmentStrategy
    reason: str
    measures: list[ActionItemRead]
    plan_id: UUID | None
    expected_effect: int | None
    state: SalesAdjustmentState
    authored_by: str
    proposed_by: str | None
    approved_by: str | None
    executed_by: str | None
    started_on: date | None
    executed_on: date | None
    measured_on: date | None
    effect: AdjustmentEffectRead | None
    overdue: int
