"""SQL of the strategies."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.targets.strategies.models import Strategy

_OF_TARGET = select_sql(Strategy, "target_id = $1")


async def get_strategy(tx: Tx, target_id: UUID) -> Strategy | None:
    """The strategy of a target, or None."""
    return await tx.row(Strategy, _OF_TARGET, target_id)
