"""SQL of groups of promotions."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.channels.promotion_groups.models import PromotionGroup


async def list_by_id(tx: Tx, group_ids: Sequence[UUID]) -> list[PromotionGroup]:
    """Groups of these ids."""
    return await tx.rows(PromotionGroup, select_sql(PromotionGroup, "id = ANY($1::uuid[])"), list(group_ids))
