"""SQL of the news: to which live targets something was credited, and what they told last."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps
from services.targets.credit_marks.models import CreditMark
from services.targets.metrics.enums import MetricName
from services.targets.updates.models import TargetNews

_LISTS = (
    ("days", "date"),
    ("member_ids", "uuid"),
    ("unit_ids", "uuid"),
    ("product_lines", "text"),
    ("regions", "text"),
    ("customer_types", "text"),
    ("channel_ids", "uuid"),
)
_LIVE = (
    "t.state = 'active' AND t.plan_id IS NULL AND NOT t.is_balancing "
    f"AND t.metric NOT IN ('{MetricName.ACTIVE_CUSTOMERS}', '{MetricName.RETENTION_RATE}')"
)
_REST = """
p.day BETWEEN t.period_start AND t.period_end
AND (t.product_line IS NULL OR t.product_line = p.product_line) AND (t.region IS NULL OR t.region = p.region)
AND (t.customer_type IS NULL OR t.customer_type = p.customer_type)
AND (t.channel_id IS NULL OR t.channel_id = p.channel_id)
"""
_NOTE = f"""
WITH p AS MATERIALIZED (
    SELECT DISTINCT n.day, n.member_id, n.product_line, n.region, n.customer_type, n.channel_id,
           coalesce(u.path, '{{}}') AS path
    FROM unnest({", ".join(f"${number}::{kind}[]" for number, (_, kind) in enumerate(_LISTS, 1))})
        AS n(day, member_id, unit_id, product_line, region, customer_type, channel_id)
    LEFT JOIN unit u ON u.id = n.unit_id
), of_units AS MATERIALIZED (
    SELECT DISTINCT p.day, a.id, p.product_line, p.region, p.customer_type, p.channel_id FROM p, unnest(p.path) AS a(id)
), of_all AS MATERIALIZED (SELECT DISTINCT day, product_line, region, customer_type, channel_id FROM p)
INSERT INTO target_news AS n (id, due_at)
SELECT id, $8 FROM (
    SELECT t.id FROM target t JOIN p ON p.member_id = t.member_id
    WHERE {_LIVE} AND (t.unit_id IS NULL OR p.path @> ARRAY[t.unit_id]) AND {_REST}
    UNION SELECT t.id FROM target t JOIN of_units p ON p.id = t.unit_id
    WHERE {_LIVE} AND t.member_id IS NULL AND {_REST}
    UNION SELECT t.id FROM target t JOIN of_all p ON {_REST} WHERE {_LIVE} AND t.member_id IS NULL AND t.unit_id IS NULL
) found ORDER BY id
ON CONFLICT (id) DO UPDATE SET due_at = greatest($8, n.said_at + $9::interval) WHERE n.due_at IS NULL
"""
"""Members by their own targets, units by those of all units above them, all others by the rest."""
_WRITE = """
UPDATE target_news n SET due_at = w.due_at, said_at = w.said_at, value = w.value, base = w.base
FROM json_populate_recordset(NULL::target_news, $1::json) w WHERE n.id = w.id
"""
_FORGET = "DELETE FROM target_news WHERE id = ANY($1::uuid[])"


async def note_news(tx: Tx, marks: Sequence[CreditMark], at: datetime, pause: timedelta) -> None:
    """Let the live targets in whose scopes and periods the marks lie tell of it: at once, or a pause after they told
    something last."""
    lists = [[each for mark in marks for each in getattr(mark, name)] for name, _ in _LISTS]
    await tx.execute(_NOTE, *lists, at, pause)


async def write_news(tx: Tx, rows: Sequence[TargetNews]) -> None:
    """Keep what was told, and when there is more."""
    await tx.execute(_WRITE, dumps(rows))


async def forget_news(tx: Tx, target_ids: Collection[UUID]) -> None:
    """These targets count no more."""
    await tx.execute(_FORGET, list(target_ids))
