"""Bodies of the performance of channels: minor units of the base currency, ratios in millionths."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from kit.web.schema import BusinessDate, Schema
from services.channels.channels.enums import ChannelKind
from services.channels.performance.enums import Advice


class PerformanceQuery(Schema):
    """Which days, and which channels: all, those of a kind, or one; at most 1,000."""

    first: BusinessDate = Field(alias="from", description="first order date")
    last: BusinessDate = Field(alias="to", description="last order date")
    kind: ChannelKind | None = None
    channel_id: UUID | None = None


class FigureRead(Schema):
    """A figure; without what it needs `value` is null and `insufficient_data` true. `sample_size` is how many things
    it is made of."""

    value: int | None
    sample_size: int
    insufficient_data: bool


class ChannelPerformanceRead(Schema):
    """How a channel did, without those below it; net of what came back, at the original order date.

    - `revenue_base`, `orders` (those not wholly returned), `cost_base` (of a month, its share of days in the period).
    - `margin`: revenue less full cost of what was kept; none while a line has no known cost (`uncosted_lines`).
    - `average`: revenue / orders. `growth`: (revenue - before) / before, of the months or else the days before.
    - `coverage`: accounts with an order here / accounts, both unarchived and of the channel's regions.
    - `efficiency`: revenue / cost. `roi`: (margin - cost) / cost. Their sample are the months with a cost.
    - `conversion`: quotes of the period accepted / issued.
    - `stability`: 1 - sample deviation / mean of the revenue of at least 6 whole months that are over, at least 0.
    - `score`: 0.4 coverage + 0.4 efficiency / (efficiency + benchmark) + 0.2 stability, as the policy of the last day
      weighs them; its sample are the months of stability. `advice`: `fund` from a score of 0.66 and the ROI that the
      policy asks for on, `review` under a score of 0.33 or with a loss, else `keep`; none of a pilot or of thin data.
    """

    channel_id: UUID
    code: str
    name: str
    revenue_base: int
    orders: int
    cost_base: int
    uncosted_lines: int
    margin: FigureRead
    average: FigureRead
    growth: FigureRead
    coverage: FigureRead
    efficiency: FigureRead
    conversion: FigureRead
    roi: FigureRead
    stability: FigureRead
    score: FigureRead
    advice: Advice | None


class PerformanceRead(Schema):
    """How channels did in a period, by code, as known on the day `as_of`; `before_from` and `before_to` are the period
    that growth compares with, `formula_version` is that of all figures, `policy_version` that of the scoring policy."""

    as_of: date
    formula_version: int
    policy_version: int
    before_from: date
    before_to: date
    items: list[ChannelPerformanceRead]
