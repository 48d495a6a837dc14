"""SQL of costs of channels."""

from __future__ import annotations

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.channels.channel_costs.models import ChannelCost

_SAME = select_sql(ChannelCost, "channel_id = $1 AND month = $2 AND kind = $3")


async def same_as(tx: Tx, cost: ChannelCost) -> ChannelCost | None:
    """The cost of the same channel, month and kind."""
    return await tx.row(ChannelCost, _SAME, cost.channel_id, cost.month, cost.kind)
