"""SQL of the adjustments."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit.db.database import Tx
from services.targets.adjustments.rules import MAX_OVERLAPPING

_SAME = " AND ".join(
    f"(t.{name} IS NULL OR x.{name} IS NULL OR t.{name} = x.{name})"
    for name in ("member_id", "product_line", "region", "customer_type", "channel_id")
)
_OVERLAPPING = f"""
SELECT o.id FROM adjustment a JOIN target t ON t.id = a.target_id
JOIN adjustment o ON o.id <> a.id AND o.started_on <= $3 AND coalesce(o.executed_on, $3) >= $2
    AND o.state <> 'dropped'
JOIN target x ON x.id = o.target_id AND x.metric = t.metric AND {_SAME}
    AND (t.unit_id IS NULL OR x.unit_id IS NULL OR EXISTS (
        SELECT FROM unit u, unit v
        WHERE u.id = t.unit_id AND v.id = x.unit_id AND (u.path @> ARRAY[v.id] OR v.path @> ARRAY[u.id])
    ))
WHERE a.id = $1 ORDER BY o.id LIMIT {MAX_OVERLAPPING}
"""


async def list_overlapping(tx: Tx, adjustment_id: UUID, first: date, last: date) -> list[UUID]:
    """Other adjustments that were executed on any of these days, in a scope that meets that of this one."""
    return await tx.column(UUID, _OVERLAPPING, adjustment_id, first, last)
