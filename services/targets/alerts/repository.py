"""SQL of the alerts and of the judging."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql, update_rows
from services.targets.alerts.models import TargetAlert, TargetJudging
from services.targets.targets.models import Target

_TARGETS = select_sql(Target, "id = ANY($1::uuid[])")
_STANDING = select_sql(TargetAlert, "target_id = ANY($1::uuid[]) AND state <> 'cleared' ORDER BY id FOR NO KEY UPDATE")


async def list_targets(tx: Tx, target_ids: Collection[UUID]) -> dict[UUID, Target]:
    """Targets by id."""
    return {row.id: row for row in await tx.rows(Target, _TARGETS, list(target_ids))}


async def lock_standing(tx: Tx, target_ids: Collection[UUID]) -> dict[UUID, TargetAlert]:
    """The alerts of targets that are not over, locked, by target."""
    return {row.target_id: row for row in await tx.rows(TargetAlert, _STANDING, list(target_ids))}


async def write_judgings(tx: Tx, rows: Sequence[TargetJudging]) -> None:
    """Write how targets were judged."""
    await update_rows(tx, TargetJudging, rows)
