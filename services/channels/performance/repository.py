"""SQL of the performance of channels: one statement a kind of data, for all channels together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.channels.channels.models import Channel
from services.channels.performance.rules import Period

_CHANNELS = select_sql(
    Channel, '($1::text IS NULL OR kind = $1) AND ($2::uuid IS NULL OR id = $2) ORDER BY code COLLATE "C" LIMIT $3'
)
_KEPT = "CASE WHEN l.quantity IS NULL THEN l.returned_net_base < l.net_base ELSE l.returned < l.quantity END"
_SOLD = f"""
SELECT o.channel_id, o.order_date >= $4::date, date_trunc('month', o.order_date::timestamp)::date,
       count(*) FILTER (WHERE o.is_kept), sum(o.revenue), sum(o.cost_of_goods), sum(o.uncosted_lines)::bigint
FROM (
    SELECT s.channel_id, s.order_date, bool_or({_KEPT}) AS is_kept, sum(l.net_base - l.returned_net_base) AS revenue,
           coalesce(sum(l.unit_cost_base::numeric * (l.quantity - l.returned)), 0) AS cost_of_goods,
           count(*) FILTER (WHERE {_KEPT} AND (l.quantity IS NULL OR l.unit_cost_base IS NULL)) AS uncosted_lines
    FROM sale s JOIN sale_line l USING (order_id)
    WHERE s.channel_id = ANY($1::uuid[]) AND s.order_date BETWEEN $2::date AND $3::date
    GROUP BY s.order_id
) o
GROUP BY 1, 2, 3
"""
_COSTS = """
SELECT channel_id, month, sum(amount_base) FROM channel_cost
WHERE channel_id = ANY($1::uuid[]) AND month BETWEEN date_trunc('month', $2::date::timestamp)::date AND $3::date
GROUP BY 1, 2
"""
_COVERS = "EXISTS (SELECT FROM unnest(c.regions) r WHERE {region} = r OR starts_with({region}, r || '-'))"
_ACCOUNTS = f"""
SELECT c.id, sum(a.accounts)::bigint
FROM channel c JOIN (
    SELECT region, count(*) AS accounts FROM account_fact WHERE NOT is_archived GROUP BY region
) a ON {_COVERS.format(region="a.region")}
WHERE c.id = ANY($1::uuid[]) GROUP BY 1
"""
_BUYERS = f"""
SELECT c.id, count(*)
FROM (
    SELECT DISTINCT s.channel_id, s.account_id FROM sale s
    WHERE s.channel_id = ANY($1::uuid[]) AND s.order_date BETWEEN $2::date AND $3::date
      AND EXISTS (SELECT FROM sale_line l WHERE l.order_id = s.order_id AND {_KEPT})
) s
JOIN channel c ON c.id = s.channel_id
JOIN account_fact a ON a.id = s.account_id AND NOT a.is_archived
WHERE {_COVERS.format(region="a.region")} GROUP BY 1
"""


class SoldRow(NamedTuple):
    """What a channel sold in a month, in the period or before it; sums of any size."""

    channel_id: UUID
    is_within: bool
    month: date
    orders: int
    revenue: Decimal
    cost_of_goods: Decimal
    uncosted_lines: int


class CostRow(NamedTuple):
    """What a channel cost in a month."""

    channel_id: UUID
    month: date
    amount: Decimal


class CountRow(NamedTuple):
    """A number of accounts of a channel."""

    channel_id: UUID
    accounts: int


async def list_channels(tx: Tx, kind: str | None, channel_id: UUID | None, limit: int) -> list[Channel]:
    """Channels by code."""
    return await tx.rows(Channel, _CHANNELS, kind, channel_id, limit)


async def sold(tx: Tx, channel_ids: Sequence[UUID], before: Period, period: Period) -> list[SoldRow]:
    """What channels sold in a period and in the one before it, by month."""
    return await tx.rows(SoldRow, _SOLD, channel_ids, before.first, period.last, period.first)


async def costs(tx: Tx, channel_ids: Sequence[UUID], period: Period) -> list[CostRow]:
    """What channels cost in the months that a period touches."""
    return await tx.rows(CostRow, _COSTS, channel_ids, *period)


async def accounts(tx: Tx, channel_ids: Sequence[UUID]) -> list[CountRow]:
    """How many unarchived accounts the regions of channels have."""
    return await tx.rows(CountRow, _ACCOUNTS, channel_ids)


async def buyers(tx: Tx, channel_ids: Sequence[UUID], period: Period) -> list[CountRow]:
    """How many of these have an order in the period through the channel that is not wholly returned."""
    return await tx.rows(CountRow, _BUYERS, channel_ids, *period)
