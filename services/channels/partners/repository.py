"""SQL of partners."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx


async def known_partners(tx: Tx, partner_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are partners."""
    return {row["id"] for row in await tx.fetch("SELECT id FROM partner WHERE id = ANY($1::uuid[])", partner_ids)}
