"""SQL of policies."""

from __future__ import annotations

from datetime import date

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.targets.policies.models import TargetPolicy

_LOCK = "SELECT id FROM target_policy WHERE version = 1 FOR NO KEY UPDATE"
_NEWEST = select_sql(TargetPolicy, "true ORDER BY version DESC LIMIT 1")
_IN_FORCE = select_sql(TargetPolicy, "valid_from <= $1 ORDER BY version DESC LIMIT 1")


async def lock_policy(tx: Tx) -> None:
    """Changes take turns: the first version, which is always there, is the lock."""
    await tx.execute(_LOCK)


async def get_newest(tx: Tx) -> TargetPolicy | None:
    """The version that was made last."""
    return await tx.row(TargetPolicy, _NEWEST)


async def in_force(tx: Tx, day: date) -> TargetPolicy | None:
    """The version that holds on a day."""
    return await tx.row(TargetPolicy, _IN_FORCE, day)
