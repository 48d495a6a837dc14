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
from services.channels.redirects.lists import root_of

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
_ACCOUNTS = """
SELECT region, count(*) FROM account_fact a WHERE NOT is_archived AND region IS NOT NULL
    AND NOT EXISTS (SELECT FROM account_root r WHERE r.account_id = a.id)
GROUP BY 1
"""
_BUYERS = f"""
SELECT b.channel_id, a.region, count(*)
FROM (
    SELECT DISTINCT o.channel_id, {root_of("o.account_id")} AS account_id
    FROM (
        SELECT s.channel_id, s.account_id FROM sale s JOIN sale_line l USING (order_id)
        WHERE s.channel_id = ANY($1::uuid[]) AND s.order_date BETWEEN $2::date AND $3::date
        GROUP BY s.order_id HAVING bool_or({_KEPT})
    ) o
) b
JOIN account_fact a ON a.id = b.account_id AND NOT a.is_archived AND a.region IS NOT NULL
GROUP BY 1, 2
"""


_QUOTES = """
SELECT channel_id, count(*) FILTER (WHERE state = 'accepted'), count(*) FROM quote
WHERE channel_id = ANY($1::uuid[]) AND quote_date BETWEEN $2::date AND $3::date
    AND (state IN ('issued', 'accepted')
        OR state IN ('expired', 'withdrawn') AND (approvals = '{}' OR decided_by IS NOT NULL))
GROUP BY 1
"""


class QuotesRow(NamedTuple):
    """How many quotes of a channel were issued, and how many of them were accepted."""

    channel_id: UUID
    accepted: int
    issued: int


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


class RegionRow(NamedTuple):
    """How many unarchived accounts a region has."""

    region: str
    accounts: int


class BuyersRow(NamedTuple):
    """How many unarchived accounts of a region bought through a channel."""

    channel_id: UUID
    region: str
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


async def accounts(tx: Tx) -> list[RegionRow]:
    """Unarchived accounts by region."""
    return await tx.rows(RegionRow, _ACCOUNTS)


async def quotes(tx: Tx, channel_ids: Sequence[UUID], period: Period) -> list[QuotesRow]:
    """Quotes of a period by channel."""
    return await tx.rows(QuotesRow, _QUOTES, channel_ids, *period)


async def buyers(tx: Tx, channel_ids: Sequence[UUID], period: Period) -> list[BuyersRow]:
    """Those with an order in the period through a channel that is not wholly returned, by region."""
    return await tx.rows(BuyersRow, _BUYERS, channel_ids, *period)
