"""Bodies of the performance of channels: minor units of the base currency, ratios in millionths."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from pydantic import Field

from kit.web.schema import BusinessDate, Schema
from services.channels.channels.enums import ChannelKind


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
    - `stability`: 1 - sample deviation / mean of the revenue of at least 6 whole months that are over, at least 0.
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
    roi: FigureRead
    stability: FigureRead


class PerformanceRead(Schema):
    """How channels did in a period, by code, as known on the day `as_of`; `before_from` and `before_to` are the period
    that growth compares with, `formula_version` is that of all figures."""

    as_of: date
    formula_version: int
    before_from: date
    before_to: date
    items: list[ChannelPerformanceRead]
