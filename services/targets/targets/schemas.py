"""Bodies of the target resource."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.web.schema import ABSENT, Amount, BusinessDate, CurrencyCode, Label, Schema
from services.targets.targets.enums import Metric, TargetState


class TargetCreate(Schema):
    """A root target. Its scope is every combination of the dimensions that are not null; the currency is the
    company's base currency."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "name": "Revenue 2026 Q1",
                "metric": "revenue",
                "period_start": "2026-01-01",
                "period_end": "2026-03-31",
                "amount": 10000001,
            }
        }
    )

    name: Label
    metric: Metric = Metric.REVENUE
    unit_id: UUID | None = None
    member_id: UUID | None = None
    product_line: Label | None = None
    region: Label | None = None
    customer_type: Label | None = None
    period_start: BusinessDate
    period_end: BusinessDate
    amount: Amount
    currency: CurrencyCode | None = Field(default=None, description="may be left out; must be the base currency")


class TargetUpdate(Schema):
    """New values of a draft; what is absent stays. The amount of a decomposed target or of a child stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Revenue Q1 2026"}})

    name: Label = ABSENT
    amount: Amount = ABSENT


class TargetRead(Schema):
    """A target. The fields from `child_key` on are those of a child: what the split gave without constraints
    (`computed`), the constraints, the one that decided the amount (`bound`), the reason given for it, and what each
    driver gave."""

    id: UUID
    root_id: UUID
    parent_id: UUID | None
    decomposition_id: UUID | None
    name: str
    metric: Metric
    state: TargetState
    currency: str
    amount: int
    period_start: date
    period_end: date
    unit_id: UUID | None
    member_id: UUID | None
    product_line: str | None
    region: str | None
    customer_type: str | None
    child_key: str | None
    computed: int | None
    weight: int | None
    locked: int | None
    floor: int | None
    cap: int | None
    bound: str | None
    reason: str | None
    driver_values: list[int | None] | None
    version: int
    created_at: datetime
    updated_at: datetime
