"""Use cases of the performance of channels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from kit.errors import BadQuery, FieldError, UnknownReference
from kit.work import Work
from services.channels.channel_policies import service as policies
from services.channels.channel_policies.bodies import ScoringRulesBody
from services.channels.channels.models import Channel
from services.channels.performance import repository
from services.channels.performance.rules import (
    Bounds,
    Figure,
    Period,
    Scale,
    Sold,
    advice,
    cost_within,
    covers,
    period_before,
    score,
    share,
    stability,
    total,
    whole_months,
)
from services.channels.performance.schemas import (
    ChannelPerformanceRead,
    FigureRead,
    PerformanceQuery,
    PerformanceRead,
)

FORMULA_VERSION = 2
MAX_CHANNELS = 1000
MAX_DAYS = 3660
PROJECTIONS = ("sales", "account_fact", "account_redirect")
"""What the answers are read from."""


@dataclass(slots=True)
class Inputs:
    """What the figures of a channel are made of: sales by month, before the period, costs by month, accounts."""

    within: dict[date, Sold] = field(default_factory=dict)
    before: Sold = field(default_factory=Sold)
    costs: dict[date, int] = field(default_factory=dict)
    accounts: int = 0
    buyers: int = 0
    issued: int = 0
    accepted: int = 0


async def read_performance(work: Work, query: PerformanceQuery) -> PerformanceRead:
    """Figures of channels; raises BadQuery for a period that ends before it starts, after today or is too
    long, and for more than 1,000 channels, UnknownReference for a channel that there is not."""
    period = Period(query.first, query.last)
    if period.last < period.first:
        raise BadQuery(errors=[FieldError("to", "before-start", "ends before it starts")])
    if period.last > work.today:
        raise BadQuery(errors=[FieldError("to", "in-future", f"today is {work.today}")])
    if (period.last - period.first).days >= MAX_DAYS:
        raise BadQuery(errors=[FieldError("to", "too-long", f"the period has more than {MAX_DAYS} days")])
    channels = await repository.list_channels(work.tx, query.kind, query.channel_id, MAX_CHANNELS + 1)
    if query.channel_id and not channels and not await repository.list_channels(work.tx, None, query.channel_id, 1):
        raise UnknownReference(errors=[FieldError("channel_id", UnknownReference.code, "no such channel")])
    if len(channels) > MAX_CHANNELS:
        raise BadQuery(errors=[FieldError("kind", "too-many", f"there are more than {MAX_CHANNELS} channels")])
    before = period_before(period)
    inputs = await _inputs(work, channels, before, period)
    months = whole_months(period, work.today)
    policy_version, rules = await policies.scoring_on(work, period.last)
    return PerformanceRead(
        as_of=work.today,
        formula_version=FORMULA_VERSION,
        policy_version=policy_version,
        before_from=before.first,
        before_to=before.last,
        items=[_figures(channel, inputs[channel.id], period, months, rules) for channel in channels],
    )


async def _inputs(work: Work, channels: Sequence[Channel], before: Period, period: Period) -> dict[UUID, Inputs]:
    ids = [channel.id for channel in channels]
    found: dict[UUID, Inputs] = defaultdict(Inputs)
    for row in await repository.sold(work.tx, ids, before, period):
        sold = Sold(row.orders, int(row.revenue), int(row.cost_of_goods), row.uncosted_lines)
        if row.is_within:
            found[row.channel_id].within[row.month] = sold
        else:
            found[row.channel_id].before += sold
    for cost in await repository.costs(work.tx, ids, period):
        found[cost.channel_id].costs[cost.month] = int(cost.amount)
    accounts = await repository.accounts(work.tx)
    regions = {channel.id: channel.regions for channel in channels}
    for channel_id, own in regions.items():
        found[channel_id].accounts = sum(one.accounts for one in accounts if covers(own, one.region))
    for quoted in await repository.quotes(work.tx, ids, period):
        found[quoted.channel_id].accepted, found[quoted.channel_id].issued = quoted.accepted, quoted.issued
    for one in await repository.buyers(work.tx, ids, period):
        if covers(regions[one.channel_id], one.region):
            found[one.channel_id].buyers += one.accounts
    return found


def _figures(
    channel: Channel, inputs: Inputs, period: Period, months: list[date], rules: ScoringRulesBody
) -> ChannelPerformanceRead:
    sold, before, paid = total(inputs.within.values()), inputs.before, len(inputs.costs)
    cost = cost_within(inputs.costs, period)
    margin = None if sold.uncosted_lines else sold.revenue - sold.cost_of_goods
    average = share(sold.revenue, sold.orders, sold.orders, unit=1)
    coverage = share(inputs.buyers, inputs.accounts, inputs.accounts)
    efficiency = share(sold.revenue, cost, paid)
    roi = Figure(None, paid) if margin is None else share(margin - cost, cost, paid)
    stable = stability([inputs.within.get(month, Sold()).revenue for month in months])
    weights = rules.weights
    scale = Scale(weights.coverage, weights.efficiency, weights.stability, rules.benchmark)
    scored = score(scale, coverage.value, efficiency.value, stable.value)
    bounds = Bounds(rules.fund_from, rules.hurdle, rules.review_below)
    return ChannelPerformanceRead(
        channel_id=channel.id,
        code=channel.code,
        name=channel.name,
        revenue_base=sold.revenue,
        orders=sold.orders,
        cost_base=cost,
        uncosted_lines=sold.uncosted_lines,
        margin=_shown(Figure(margin, sold.orders)),
        average=_shown(average),
        growth=_shown(share(sold.revenue - before.revenue, before.revenue, sold.orders + before.orders)),
        coverage=_shown(coverage),
        efficiency=_shown(efficiency),
        conversion=_shown(share(inputs.accepted, inputs.issued, inputs.issued)),
        roi=_shown(roi),
        stability=_shown(stable),
        score=_shown(Figure(scored, stable.sample_size)),
        advice=advice(bounds, scored, roi.value, is_pilot=_is_pilot(channel, period)),
    )


def _is_pilot(channel: Channel, period: Period) -> bool:
    """Whether some day of a period is one of the channel's pilot."""
    first, last = channel.pilot_from, channel.pilot_to
    return first is not None and last is not None and first <= period.last and last >= period.first


def _shown(figure: Figure) -> FigureRead:
    return FigureRead(value=figure.value, sample_size=figure.sample_size, insufficient_data=figure.value is None)
