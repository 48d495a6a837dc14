"""Bodies and query of the attainment."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field

from kit.web.schema import BusinessDate, Schema, Text
from services.targets.attainment.enums import Compare, GroupBy
from services.targets.metrics.enums import Unit
from services.targets.targets.enums import Metric, TargetState


def _parted(value: object) -> object:
    """`unit,month` is two values, as in `sort` and `fields`."""
    if not isinstance(value, list):
        return value
    parts = [part for each in value for part in str(each).split(",")]
    if unknown := set(parts) - set(GroupBy):
        raise ValueError(f"{min(unknown)!r} is none of {', '.join(GroupBy)}")
    return parts


Groups = Annotated[list[GroupBy], BeforeValidator(_parted)]


class AttainmentQuery(Schema):
    """Which results: of targets (`target_id` or `root_id`), or of any combination of the dimensions."""

    target_id: UUID | None = Field(default=None, description="one target")
    children: bool = Field(default=False, description="with target_id: also the children of its decompositions")
    root_id: UUID | None = Field(default=None, description="all targets of a tree, at most 1,000")
    unit_id: UUID | None = Field(default=None, description="what was credited in the unit or below it")
    member_id: UUID | None = None
    product_line: Text | None = None
    region: Text | None = None
    customer_type: Text | None = None
    channel_id: UUID | None = None
    metric: Metric | None = Field(default=None, description="without it revenue; a target has its own")
    first: BusinessDate | None = Field(default=None, alias="from", description="first posting date")
    last: BusinessDate | None = Field(default=None, alias="to", description="last posting date")
    group_by: Groups = Field(
        default=[], max_length=2, description="one item per value, or pair of values; `unit` is the unit itself"
    )
    as_of: BusinessDate | None = Field(default=None, description="the end of this day counts; without it, now")
    compare: Compare | None = Field(default=None, description="also what was credited in an earlier period")


class Uncovered(Schema):
    """Of how much of the net amount the cost is known, and of how much it has to be, in millionths."""

    reason: Literal["coverage"]
    have: int
    need: int


class AttainmentItem(Schema):
    """One result, of a margin null to who may not know costs. `key` is the group's value (null: none, or unassigned),
    `second_key` that of a second group. `compared` is what was credited in the earlier period, as far as this one has
    come; `growth` is null unless that is positive. The fields from `target_id` on are those of a target: percents and
    shares in millionths, amounts in minor units, null where undefined.

    `expected` and `pace` go by working days; `expected_plan` and `pace_plan` by the crediting decomposition by time:
    what its ended children and the running one, by its days, amount to. `rank` is that among the children of a
    decomposition (equal ones share it, those of no positive amount have none), `unassigned_share` that of what belongs
    to no unit. Of a closed one `closed_value` is what was credited when it was closed, `after_close` what came later
    (both are in `actual`).

    Of a ratio `actual` is the numerator, `base` the denominator and `rate` the one by the other in millionths (null
    without a denominator); the percent is that of the `planned_rate`, which is expected on any day.

    Of a margin `coverage` is the share of the net amount whose cost is known; below 950,000 the percents and what else
    is seen against the amount are null, and `insufficient_data` says why.

    Where children of targets are shown, each decomposition has one more item: `key` is `unallocated`, there is no
    `target_id`, and `actual` is what was credited to the target outside of all these children. Children and
    unallocated sum to the target, unless the decomposition is `overlapping`: of children inside each other the
    outermost count."""

    key: str | None
    second_key: str | None = None
    actual: int | None
    lines: int
    base: int | None = None
    rate: int | None = None
    planned_rate: int | None = None
    coverage: int | None = None
    insufficient_data: Uncovered | None = None
    compared: int | None = None
    growth: int | None = None
    target_id: UUID | None = None
    parent_id: UUID | None = None
    decomposition_id: UUID | None = None
    name: str | None = None
    state: TargetState | None = None
    period_start: date | None = None
    period_end: date | None = None
    amount: int | None = None
    stretch: int | None = None
    attainment: int | None = None
    reached: bool | None = None
    rank: int | None = None
    gap: int | None = None
    expected: int | None = None
    pace: int | None = None
    expected_plan: int | None = None
    pace_plan: int | None = None
    unassigned_share: int | None = None
    required_per_day: int | None = None
    working_days: int | None = None
    elapsed_days: int | None = None
    remaining_days: int | None = None
    closed_value: int | None = None
    after_close: int | None = None
    overlapping: bool | None = None


class AttainmentRead(Schema):
    """Results at the end of `as_of` in `amount_unit` (money in minor units of `currency`); `sample_size` counts the
    credit lines behind them. Of targets also the day up to which the make-up days that their working days count are
    announced."""

    as_of: date
    formula_version: int
    sample_size: int
    currency: str
    metric: Metric
    amount_unit: Unit
    calendar_known_until: date | None = None
    items: list[AttainmentItem]


class RebuildCreate(Schema):
    """With `swap`, the rebuilt tables take the place of the live ones if they are equal."""

    model_config = ConfigDict(json_schema_extra={"example": {"swap": False}})

    swap: bool = Field(default=False, strict=True)
