"""Bodies and query of the KPIs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field

from kit.web.schema import ABSENT, Amount, BusinessDate, Code, Label, LongText, Region, Schema, Text
from services.targets.kpis.enums import KpiAmount, KpiDimension, KpiDirection, KpiLack, KpiMeasure, KpiUnit

MOST_WINDOW = 1_098


class KpiCreate(Schema):
    """A new KPI; it has values once a version is published."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"code": "online-margin", "name": "Margin online", "description": "Of web shops"}}
    )

    code: Code
    name: Label
    description: LongText | None = None


class KpiUpdate(Schema):
    """New values; what is absent stays. A KPI keeps its code."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Margin of the web shops"}})

    name: Label = ABSENT
    description: LongText | None = ABSENT


class KpiBenchmarkSet(Schema):
    """What values are measured against from a day on, in the unit of the newest version."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"value": 300000, "source": "Trade association", "from": "2026-01-01"}}
    )

    value: Amount
    source: Label
    valid_from: BusinessDate = Field(alias="from")


class KpiBenchmarkRead(Schema):
    """A benchmark and the day from which it holds."""

    value: int
    source: str
    valid_from: date


class KpiTerm(Schema):
    """A measure, and what narrows it."""

    measure: Text = Field(description="a measure of `/v1/measures`")
    product_line: Text | None = None
    region: Region | None = None
    customer_type: Text | None = None
    channel_id: UUID | None = None


class KpiTermRead(Schema):
    """A measure, and what narrows it."""

    measure: KpiMeasure
    product_line: str | None
    region: str | None
    customer_type: str | None
    channel_id: UUID | None


class KpiPublish(Schema):
    """The next version: what is divided by what (nothing: a plain sum), over the asked period or, with `window_days`,
    over as many days that end with it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "numerator": {"measure": "gross_margin", "region": "CN-SH"},
                "denominator": {"measure": "costed_revenue", "region": "CN-SH"},
                "direction": "higher",
            }
        }
    )

    numerator: KpiTerm
    denominator: KpiTerm | None = None
    window_days: Annotated[int, Field(strict=True, ge=1, le=MOST_WINDOW)] | None = None
    direction: KpiDirection


class KpiRead(Schema):
    """A KPI; `published` is the number of its newest version, 0 without any."""

    id: UUID
    code: str
    name: str
    description: str | None
    published: int
    benchmarks: list[KpiBenchmarkRead]
    version: int
    created_at: datetime
    updated_at: datetime


class KpiVersionRead(Schema):
    """A version of a KPI, which never changes. Its unit follows from the measures: money by money or count by count is
    in millionths, money and money by count in minor units, all else in thousandths."""

    id: UUID
    number: int
    numerator: KpiTermRead
    denominator: KpiTermRead | None
    window_days: int | None
    unit: KpiUnit
    direction: KpiDirection
    author: str
    recorded_at: datetime


def _parted(value: object) -> object:
    """`unit,month` is two values, as in `sort` and `fields`."""
    if not isinstance(value, list):
        return value
    parts = [part for each in value for part in str(each).split(",")]
    if unknown := set(parts) - set(KpiDimension):
        raise ValueError(f"{min(unknown)!r} is none of {', '.join(KpiDimension)}")
    return parts


class KpiValuesQuery(Schema):
    """Of which scope and period, by what, of which version, and as of which day."""

    first: BusinessDate | None = Field(
        default=None, alias="from", description="first day of the period; without it, that of the last day's month"
    )
    last: BusinessDate | None = Field(
        default=None, alias="to", description="last day of the period; without it, that of `as_of`"
    )
    unit_id: UUID | None = Field(default=None, description="the unit and what is below it")
    member_id: UUID | None = None
    product_line: Text | None = None
    region: Text | None = None
    customer_type: Text | None = None
    channel_id: UUID | None = None
    group_by: Annotated[list[KpiDimension], BeforeValidator(_parted)] = Field(
        default=[], max_length=2, description="one item per value, or pair of values; at most one of time"
    )
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        default=None, description="number of the version; without it, the newest"
    )
    as_of: BusinessDate | None = Field(default=None, description="the end of this day counts; without it, today")


class KpiInsufficientData(Schema):
    """Why there is no value: what there is of what is needed."""

    reason: KpiLack
    have: int
    need: int


class KpiValueRead(Schema):
    """A value in the unit of the version, out of its two sums: amounts in minor units, all else in thousandths. `swing`
    is the change against the period before (`previous`), `meets_benchmark` whether it is as good as the benchmark of
    the last day. A margin tells the `coverage` of its net by known costs; a cycle its `median` in thousandths of a day
    and how many `negative` ones were left out; a balance of answers the `margin_95` by which it may be off."""

    key: str | None = None
    second_key: str | None = None
    value: int | None
    numerator: int | None
    denominator: int | None
    sample_size: int
    insufficient_data: KpiInsufficientData | None
    previous: int | None
    swing: int | None
    benchmark: KpiBenchmarkRead | None
    meets_benchmark: bool | None
    coverage: int | None
    median: int | None
    negative: int | None
    margin_95: int | None


class KpiValuesRead(Schema):
    """Values of a version of a KPI at the end of `as_of`: of the whole scope, and of each group out of its own sums.
    `is_withheld`: who asks may not know costs, and everything is null."""

    kpi_id: UUID
    code: str
    version: int
    unit: KpiUnit
    direction: KpiDirection
    currency: str
    first: date
    last: date
    as_of: date
    formula_version: int
    sample_size: int
    is_withheld: bool
    total: KpiValueRead
    items: list[KpiValueRead]


class KpiMeasureRead(Schema):
    """A measure; a dimension that is not named cannot narrow it. `is_cost`: who may not know costs is told nothing."""

    measure: KpiMeasure
    actual: str
    amount: KpiAmount
    dimensions: list[KpiDimension]
    is_cost: bool


class KpiMeasuresRead(Schema):
    """The catalogue of measures."""

    items: list[KpiMeasureRead]
