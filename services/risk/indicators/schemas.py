"""Schemas of indicators; values and bounds in the unit of the measure."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from kit.money import MAX_AMOUNT
from kit.web.schema import ABSENT, Code, Region, Schema
from services.risk.alerts.enums import IndicatorLevel
from services.risk.indicators.enums import IndicatorState
from services.risk.marks.enums import IndicatorMeasure


def _once(ids: tuple[UUID, ...]) -> tuple[UUID, ...]:
    if len(set(ids)) != len(ids):
        raise ValueError("each risk once")
    return tuple(sorted(ids))


Bound = Annotated[int, Field(strict=True, ge=-MAX_AMOUNT, le=MAX_AMOUNT)]
Back = Annotated[int, Field(strict=True, ge=0, le=MAX_AMOUNT)]
Window = Annotated[int, Field(strict=True, ge=1, le=1095)]
Sample = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
RiskIds = Annotated[tuple[UUID, ...], Field(max_length=100), AfterValidator(_once)]
EXAMPLE: dict[str, Any] = {
    "measure": "overdue_ratio",
    "amber": 100000,
    "red": 200000,
    "hysteresis": 20000,
    "min_sample": 5,
}


class IndicatorCreate(Schema):
    """What is watched, of the company or of one of what its measure knows; nobody posts a value.

    Shares are millionths, `dso` is tenths of a day, concentrations are an index up to 10,000, `satisfaction` is net
    promoters in percent (less is worse: red below amber). `obligations_overdue`, `churn_warnings`, `partner_conflicts`
    and `floor_breaches` are counts, of which no sample is too small; of the others fewer than `min_sample` things have
    no value, and the level stays.
    """

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    measure: IndicatorMeasure
    account_id: UUID | None = None
    partner_id: UUID | None = None
    channel_id: UUID | None = None
    target_id: UUID | None = None
    region: Region | None = None
    product_line: Code | None = None
    window_days: Window | None = None
    amber: Bound
    red: Bound
    hysteresis: Back = 0
    min_sample: Sample = 1
    owner_id: UUID | None = None
    risk_ids: RiskIds = ()


class IndicatorUpdate(Schema):
    """Fields to change; what is left out stays. What is measured, and of whom, stays."""

    model_config = ConfigDict(json_schema_extra={"example": {"amber": 120000, "red": 250000}})

    window_days: Window | None = ABSENT
    amber: Bound = ABSENT
    red: Bound = ABSENT
    hysteresis: Back = ABSENT
    min_sample: Sample = ABSENT
    owner_id: UUID | None = ABSENT
    risk_ids: RiskIds = ABSENT


class IndicatorRead(Schema):
    """An indicator and what it shows; `sample` is how many things the value rests on."""

    id: UUID
    measure: IndicatorMeasure
    account_id: UUID | None
    filed_account_id: UUID | None
    partner_id: UUID | None
    channel_id: UUID | None
    target_id: UUID | None
    region: str | None
    product_line: str | None
    window_days: int | None
    amber: int
    red: int
    hysteresis: int
    min_sample: int
    owner_id: UUID | None
    risk_ids: list[UUID]
    state: IndicatorState
    value: int | None
    sample: int
    level: IndicatorLevel
    evaluated_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class IndicatorValueRead(Schema):
    """A value of the history: of each change of level, else at most one a minute, and one each day."""

    id: UUID
    at: datetime
    day: date
    value: int | None
    sample: int
    level: IndicatorLevel
