"""SQL of the tables."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, insert_rows
from services.targets.two_way.models import TwoWay, TwoWayRow

_GET = f"""
SELECT {columns_of(TwoWayRow, "w")}, (
    SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c."row", c."column"), '[]') FROM (
        SELECT t.id AS target_id, t.cross_key AS "row", t.child_key AS "column", t.name, t.state, t.period_start,
               t.period_end, t.unit_id, t.member_id, t.amount, t.computed AS seed, t.fitted, t.locked, t.floor, t.cap,
               t.bound, t.reason, t.driver_values
        FROM decomposition d JOIN target t ON t.decomposition_id = d.id
        WHERE d.table_id = w.id AND NOT d.is_cross
    ) c
) AS cells
FROM two_way_table w WHERE w.id = $1 AND w.target_id = $2
"""


async def add_table(tx: Tx, row: TwoWayRow) -> None:
    """Insert a table; its decompositions and cells follow in the same transaction."""
    await insert_rows(tx, TwoWayRow, [row])


async def get_table(tx: Tx, target_id: UUID, table_id: UUID) -> TwoWay | None:
    """A table of a target with its cells, or None."""
    return await tx.row(TwoWay, _GET, table_id, target_id)
