"""Bodies and queries of the forecasts. Shares, probabilities and scores are in millionths, amounts in minor units."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, Field

from kit.money import MAX_AMOUNT
from kit.web.schema import BusinessDate, Schema, Text
from services.targets.forecasts.backtests import LEVELS
from services.targets.forecasts.enums import Lack, Method, PeriodKind
from services.targets.targets.enums import Metric

Level = Annotated[int, Field(strict=True, ge=1, le=10_000_000, description="share of the last period's total, 1e-6")]


class Narrowed(Schema):
    """Whose results count; what is left out does not narrow."""

    unit_id: UUID | None = Field(default=None, description="what was credited in the unit or below it")
    member_id: UUID | None = None
    product_line: Text | None = None
    region: Text | None = None
    customer_type: Text | None = None
    channel_id: UUID | None = None
    metric: Metric | None = Field(default=None, description="without it revenue; a target has its own")


class ForecastQuery(Narrowed):
    """Which forecast: of a target, or of any scope and period."""

    target_id: UUID | None = Field(default=None, description="one target; without it `from` and `to` are needed")
    first: BusinessDate | None = Field(default=None, alias="from", description="first day of the period")
    last: BusinessDate | None = Field(default=None, alias="to", description="last day of the period")
    amount: int | None = Field(
        default=None, ge=-MAX_AMOUNT, le=MAX_AMOUNT, description="what is to be reached; of a target its own"
    )
    as_of: BusinessDate | None = Field(
        default=None, description="forecast from the end of this day; without it, of yesterday: today is not whole yet"
    )


class CalibrationQuery(Narrowed):
    """Which record: that of a target's scope and kind of period, or of any scope and kind."""

    target_id: UUID | None = Field(default=None, description="its scope, and the kind of its period")
    kind: PeriodKind | None = Field(default=None, description="without it months")


class BacktestCreate(Narrowed):
    """Which record is measured again: of a scope, periods of one kind that had ended on `as_of` (without it yesterday),
    at the levels, which are shares of the last period's total."""

    model_config = ConfigDict(json_schema_extra={"example": {"kind": "month", "levels": [900000, 1000000, 1100000]}})

    metric: Metric = Metric.REVENUE
    kind: PeriodKind = PeriodKind.MONTH
    levels: list[Level] = Field(default=list(LEVELS), min_length=1, max_length=20)
    as_of: BusinessDate | None = None


class InsufficientData(Schema):
    """Why there is no answer: what there is of what is needed."""

    reason: Lack
    have: int
    need: int


class CalibrationUsed(Schema):
    """The record by which the method was chosen: of the very scope (`is_own`), or of the whole company."""

    backtest_id: UUID
    as_of: date
    is_own: bool
    n: int
    brier: int
    naive_brier: int
    climatology_brier: int
    coverage: int
    beats_naive: bool


class ForecastRead(Schema):
    """How the period may end, from the end of `as_of`: `p_hit` is the share of `draws` whose total reaches the amount,
    of the others a tenth each ends below P10 and above P90. `final`: the period has ended, and `p_hit` is 0 or 1.

    `spread` is by how much the draws of `daily` were widened around their median; `seed` gives the same draws again.
    Without enough data all of them are null and `insufficient_data` says why. `calibration` is null where no backtest
    was made. `sample_size` counts the credit lines that were looked at."""

    as_of: date
    formula_version: int
    sample_size: int
    currency: str
    calendar_known_until: date
    target_id: UUID | None
    metric: Metric
    period_start: date
    period_end: date
    amount: int | None
    actual: int
    final: bool
    method: Method | None = None
    p_hit: int | None = None
    p10: int | None = None
    p50: int | None = None
    p90: int | None = None
    draws: int | None = None
    seed: int | None = None
    spread: int | None = None
    calibration: CalibrationUsed | None = None
    insufficient_data: InsufficientData | None = None


class BinRead(Schema):
    """Forecasts whose p lies in a tenth, [0, 0.1) to [0.9, 1]: how many, their mean, and the share that came true; null
    where there are none."""

    n: int
    mean_p: int | None
    observed: int | None


class MethodRead(Schema):
    """How a method did: `n` probabilities of `forecasts` in `periods`. Scores are means of (p - outcome)^2; `naive`
    says that the period has the same share by then as the last one had, `climatology` the share of all that came true,
    known in hindsight. `common_brier` is the score where the other method answered too, by which they are compared.
    `coverage` is how often the total lay in P10-P90, errors are shares of it, `spread` that of the next draws."""

    method: Method
    periods: int
    forecasts: int
    n: int
    brier: int
    naive_brier: int
    climatology_brier: int
    common_brier: int | None
    coverage: int
    p50_error: int
    naive_error: int
    beats_naive: bool
    spread: int
    bins: list[BinRead]


class CalibrationRead(Narrowed):
    """The newest record of a scope and kind of periods; `serves` is the method that forecasts by it."""

    as_of: date
    formula_version: int
    sample_size: int
    backtest_id: UUID | None
    metric: Metric
    kind: PeriodKind
    levels: list[int]
    periods: int
    serves: Method | None
    methods: list[MethodRead]
    insufficient_data: InsufficientData | None = None
