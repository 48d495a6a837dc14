"""SQL of tasks of partners."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx

_OPEN = """
SELECT count(*) FROM partner_task WHERE partner_id = $1 AND is_mandatory AND state = 'open'
"""


async def open_mandatory(tx: Tx, partner_id: UUID) -> int:
    """How many mandatory tasks of a partner are open."""
    return int(await tx.fetchval(_OPEN, partner_id))
