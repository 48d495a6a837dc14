"""SQL of dry runs."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from kit.db.columns import DECODED, FrozenRow
from kit.db.database import Tx
from services.channels.redirects.lists import root_of

# by lot: the hash of an id says nothing of what the order is
_SAMPLE = f"""
WITH o AS (
    SELECT s.order_id, {root_of("s.account_id")} AS account_id, s.partner_id, s.channel_id, s.order_date
    FROM sale s WHERE s.order_date BETWEEN $1 AND $2 AND s.account_id IS NOT NULL
), sample AS (SELECT *, count(*) OVER () AS orders FROM o ORDER BY md5(order_id::text) LIMIT $3)
SELECT o.order_id, o.account_id, o.partner_id, o.channel_id, o.order_date, o.orders,
    a.region, a.customer_type, g.grade, t.stage,
    ARRAY(SELECT segment_id FROM account_segment m WHERE m.account_id = o.account_id AND m.is_member) AS segment_ids,
    EXISTS (SELECT FROM points_account p WHERE {root_of("p.account_id")} = o.account_id) AS is_member,
    (SELECT max(b.order_date) FROM sale b WHERE b.account_id = o.account_id AND b.order_date < o.order_date) AS before,
    coalesce((
        SELECT json_agg(json_build_object('sku', l.sku, 'product_line', l.product_line,
            'quantity', l.quantity - l.returned, 'net', l.net_base - l.returned_net_base))
        FROM sale_line l WHERE l.order_id = o.order_id AND l.sku IS NOT NULL AND l.quantity > l.returned
            AND l.net_base > l.returned_net_base
    ), '[]') AS lines
FROM sample o
LEFT JOIN account_fact a ON a.id = o.account_id
LEFT JOIN account_grade g ON g.account_id = o.account_id
LEFT JOIN account_stage t ON t.account_id = o.account_id
ORDER BY o.order_id
"""


class SampledLine(FrozenRow):
    """What was kept of a line."""

    sku: str
    product_line: str | None
    quantity: int
    net: int


class SampledOrder(FrozenRow):
    """An order that was drawn, of how many, and what its account is like; `before` is the day of the one before."""

    order_id: UUID
    account_id: UUID
    partner_id: UUID | None
    channel_id: UUID | None
    order_date: date
    orders: int
    region: str | None
    customer_type: str | None
    grade: str | None
    stage: str | None
    segment_ids: tuple[UUID, ...]
    is_member: bool
    before: date | None
    lines: Annotated[tuple[SampledLine, ...], DECODED]


async def sample(tx: Tx, first: date, last: date, most: int) -> list[SampledOrder]:
    """Orders of some days, drawn by lot; the same each time."""
    return await tx.rows(SampledOrder, _SAMPLE, first, last, most)
