"""Bodies of the target resource."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import SHARE_WHOLE
from kit.web.batch import BatchBody
from kit.web.schema import ABSENT, Amount, BusinessDate, CurrencyCode, Label, PositiveAmount, Schema
from services.targets.metrics.enums import Unit
from services.targets.targets.enums import Horizon, Metric, TargetState

Rate = Annotated[int, Field(strict=True, ge=-SHARE_WHOLE, le=SHARE_WHOLE)]


class TargetCreate(Schema):
    """A root target. Its scope is every combination of the dimensions that are not null, as far as its metric has them.
    Money is in minor units of the company's base currency, all else in thousandths."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "Revenue 2026 Q1",
                "metric": "revenue",
                "period_start": "2026-01-01",
                "period_end": "2026-03-31",
                "amount": 10000001,
                "stretch": 11000000,
            }
        }
    )

    name: Label
    external_id: Label | None = Field(default=None, description="the target's id elsewhere; no two have the same")
    owner_id: UUID | None = Field(default=None, description="the member who answers for it")
    metric: Metric = Metric.REVENUE
    unit_id: UUID | None = None
    member_id: UUID | None = None
    product_line: Label | None = None
    region: Label | None = None
    customer_type: Label | None = None
    channel_id: UUID | None = None
    period_start: BusinessDate
    period_end: BusinessDate
    amount: Amount | None = Field(default=None, description="of a ratio the planned numerator, beside `base`")
    rate: Rate | None = Field(default=None, description="of a ratio, in millionths, in the place of the amount")
    base: PositiveAmount | None = Field(
        default=None, description="the planned denominator of a ratio; beside a rate 1000000 without one"
    )
    stretch: Amount | None = Field(default=None, description="what would be even better, at least the amount")
    commit_until: BusinessDate | None = Field(
        default=None, description="the last day for commits to it, and to those below it that have none of their own"
    )
    currency: CurrencyCode | None = Field(default=None, description="may be left out; must be the base currency")


_ROW: dict[str, Any] = {
    "external_id": "plan-2026-q1",
    "name": "Revenue 2026 Q1",
    "period_start": "2026-01-01",
    "period_end": "2026-03-31",
    "amount": 10000001,
}


class TargetRow(TargetCreate):
    """A root target of a batch: a new one, or new values of the one that has this `external_id`. What it is about
    (metric, dimensions, period) stays."""

    model_config = ConfigDict(json_schema_extra={"example": _ROW})

    external_id: Label


class TargetBatch(BatchBody):
    """Up to 5,000 root targets."""

    model_config = ConfigDict(json_schema_extra={"example": {"rows": [_ROW]}})
    row_model = TargetRow


class TargetUpdate(Schema):
    """New values of what does not count yet; what is absent stays. The amount of a decomposed target or of a child
    stays. What was proposed or approved is a draft again, and so are the targets above it."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Revenue Q1 2026"}})

    name: Label = ABSENT
    amount: Amount = ABSENT
    owner_id: UUID | None = ABSENT
    stretch: Amount | None = ABSENT
    commit_until: BusinessDate | None = ABSENT
    locked: Amount | None = Field(
        default=ABSENT, description="of a child in a plan: the amount that it keeps when others change; null frees it"
    )
    reason: Label | None = Field(default=ABSENT, description="in a plan: why it is so much")


class TargetReject(Schema):
    """Why a proposal goes back."""

    model_config = ConfigDict(json_schema_extra={"example": {"reason": "The first quarter is too steep"}})

    reason: Label


class TargetRead(Schema):
    """A target; `amount_unit` is what its amounts are counted in. Of a ratio `amount` is the planned numerator, `base`
    the planned denominator, `rate` the one by the other in millionths. `authored_by`, `proposed_by` and `approved_by`
    are token subjects; `closes_on` is the day that closes an active one, `closed_value` what was credited to it by
    then. The fields from `child_key` on are those of a child: what the split gave without constraints (`computed`), the
    constraints, the one that decided the amount (`bound`), the reason given for it, and what each driver gave. The last
    ones are those of a cell of a table: the decomposition of its column over the same cells, the key of its row there,
    its fitted value in thousandths. One that `is_balancing` is nobody's: it holds what its siblings are beyond (below
    0) or short of what is split.

    What has a `plan_id` belongs to that plan and counts nowhere; it is a copy of `origin_id`. `revision` of a root
    counts how often what is active below it changed."""

    id: UUID
    root_id: UUID
    parent_id: UUID | None
    decomposition_id: UUID | None
    name: str
    metric: Metric
    state: TargetState
    currency: str
    amount: int
    amount_unit: Unit
    base: int | None
    rate: int | None
    period_start: date
    period_end: date
    unit_id: UUID | None
    member_id: UUID | None
    product_line: str | None
    region: str | None
    customer_type: str | None
    channel_id: UUID | None
    horizon: Horizon
    owner_id: UUID | None
    stretch: int | None
    external_id: str | None
    authored_by: str | None
    proposed_by: str | None
    approved_by: str | None
    commit_until: date | None
    closes_on: date | None
    closed_value: int | None
    child_key: str | None
    computed: int | None
    weight: int | None
    locked: int | None
    floor: int | None
    cap: int | None
    bound: str | None
    reason: str | None
    driver_values: list[int | None] | None
    cross_id: UUID | None
    cross_key: str | None
    fitted: int | None
    is_balancing: bool
    plan_id: UUID | None
    origin_id: UUID | None
    revision: int
    version: int
    created_at: datetime
    updated_at: datetime


class TargetVersionRead(Schema):
    """What a target amounted to from `valid_from` on, of a ratio over which planned `base`, and by which plan; the
    first version holds from the start of its period."""

    target_id: UUID
    number: int
    valid_from: date
    amount: int
    base: int | None
    stretch: int | None
    reason: str | None
    plan_id: UUID | None
    author: str | None
    approver: str | None
    recorded_at: datetime
