"""SQL of channels."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx

LOCK = 0x43524D_26
"""Advisory lock: whoever gives a channel a parent holds it, so that no two changes close a circle together."""

_LINE = """
WITH RECURSIVE line AS (
    SELECT id, parent_id FROM channel WHERE id = $1
    UNION SELECT c.id, c.parent_id FROM channel c JOIN line ON c.id = line.parent_id
)
SELECT id FROM line
"""


async def lock_tree(tx: Tx) -> None:
    """Wait for other changes of parents."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", LOCK)


async def line_of(tx: Tx, channel_id: UUID) -> set[UUID]:
    """A channel and those above it; empty when there is none."""
    return {UUID(str(row["id"])) for row in await tx.fetch(_LINE, channel_id)}
