"""Bodies of the funnel: shares in millionths, amounts in minor units of the base currency."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from kit.web.schema import BusinessDate, Code, Schema


class FunnelQuery(Schema):
    """Opportunities of a pipeline that were opened in a period: all, or those of an owner, an account, a partner."""

    pipeline: Code = "default"
    first: BusinessDate = Field(alias="from", description="first day of opening")
    last: BusinessDate = Field(alias="to", description="last day of opening")
    owner_id: UUID | None = None
    account_id: UUID | None = None
    partner_id: UUID | None = None


class RateRead(Schema):
    """A share of `sample_size`, with its Wilson interval of 95 %; without what it needs it is null and
    `insufficient_data` true."""

    value: int | None
    low: int | None
    high: int | None
    sample_size: int
    insufficient_data: bool


class StaysRead(Schema):
    """Days that opportunities stayed in a stage, each the sum of its stays that have ended (linear interpolation), null
    where none has; `still_in` stand in it now."""

    median: float | None
    p90: float | None
    sample_size: int
    still_in: int


class StageFigures(Schema):
    """A stage, and the step from it to the next one, or to winning.

    - `reached`: those that ever stood in it or a later one, each once; won ones reached all.
    - `lost`, `open`: those for whom it is the furthest; `is_mature` when none of them is open.
    - `conversion`: of those that reached it, how many went further; `decided`: without those that are open (under 5
      nothing is told).
    """

    stage: str
    name: str | None
    reached: int
    lost: int
    open: int
    is_mature: bool
    conversion: RateRead
    decided: RateRead
    stays: StaysRead


class VelocityRead(Schema):
    """What the cohort brings a day: its size x win rate x mean amount of the won ones / mean days from opening to
    winning."""

    value: int | None
    sample_size: int
    insufficient_data: bool


class FunnelRead(Schema):
    """How far the opportunities came that were opened in a period, as known on the day `as_of`.

    Stages are those of the version of the pipeline that is in force (`pipeline_id`, `number`); of opportunities opened
    under another one stages count by their code. `win_rate` is won / (won + lost).
    """

    as_of: date
    formula_version: int
    sample_size: int
    pipeline: str
    pipeline_id: UUID
    number: int
    won: int
    lost: int
    stages: list[StageFigures]
    win_rate: RateRead
    velocity_base: VelocityRead
