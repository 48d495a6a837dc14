"""SQL of the commits."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.targets.commits.models import TargetCommit

_COUNT = "SELECT count(*) FROM target_commit WHERE target_id = $1"
_NEWEST = """
SELECT t.id, n.amount FROM target t CROSS JOIN LATERAL (
    SELECT amount FROM target_commit c WHERE c.target_id = t.id ORDER BY c.number DESC LIMIT 1
) n WHERE t.decomposition_id = $1 OR t.cross_id = $1
"""


async def count_commits(tx: Tx, target_id: UUID) -> int:
    """How many commits a target has: the number of the last one."""
    return int(await tx.fetchval(_COUNT, target_id))


async def add_commit(tx: Tx, row: TargetCommit) -> None:
    """Insert a commit."""
    await insert_rows(tx, TargetCommit, [row])


async def list_newest(tx: Tx, decomposition_id: UUID) -> dict[UUID, int | None]:
    """The newest commit of each child of a decomposition that has any."""
    return {row["id"]: row["amount"] for row in await tx.fetch(_NEWEST, decomposition_id)}
