"""SQL of policies."""

from __future__ import annotations

from datetime import date

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.channels.channel_policies.enums import ChannelPolicyKind
from services.channels.channel_policies.models import ChannelPolicy

_LOCK = "SELECT id FROM channel_policy WHERE kind = $1 AND version = 1 FOR NO KEY UPDATE"
_NEWEST = select_sql(ChannelPolicy, "kind = $1 ORDER BY version DESC LIMIT 1")
_IN_FORCE = select_sql(ChannelPolicy, "kind = $1 AND valid_from <= $2 ORDER BY version DESC LIMIT 1")


async def lock_policy(tx: Tx, kind: ChannelPolicyKind) -> None:
    """Changes of a kind take turns: its first version, which is always there, is the lock."""
    await tx.execute(_LOCK, kind)


async def get_newest(tx: Tx, kind: ChannelPolicyKind) -> ChannelPolicy | None:
    """The version of a kind that was made last."""
    return await tx.row(ChannelPolicy, _NEWEST, kind)


async def in_force(tx: Tx, kind: ChannelPolicyKind, day: date) -> ChannelPolicy | None:
    """The version of a kind that holds on a day."""
    return await tx.row(ChannelPolicy, _IN_FORCE, kind, day)
