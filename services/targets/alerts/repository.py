"""SQL of the alerts and of the judging."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, select_sql, update_rows
from services.targets.alerts.models import TargetAlert, TargetJudging
from services.targets.targets.models import Target

_TARGETS = select_sql(Target, "id = ANY($1::uuid[])")
_STANDING = select_sql(TargetAlert, "target_id = ANY($1::uuid[]) AND state <> 'cleared' ORDER BY id FOR NO KEY UPDATE")
_COUNT_UP = f"""
WITH free AS (
    SELECT id FROM target_judging WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE target_judging j SET version = j.version + 1 FROM free WHERE j.id = free.id
RETURNING {columns_of(TargetJudging, "j")}
"""
"""Nobody waits for a judging: it would wait for whoever changes the target."""


async def list_targets(tx: Tx, target_ids: Collection[UUID]) -> dict[UUID, Target]:
    """Targets by id."""
    return {row.id: row for row in await tx.rows(Target, _TARGETS, list(target_ids))}


async def lock_standing(tx: Tx, target_ids: Collection[UUID]) -> dict[UUID, TargetAlert]:
    """The alerts of targets that are not over, locked, by target."""
    return {row.target_id: row for row in await tx.rows(TargetAlert, _STANDING, list(target_ids))}


async def write_judgings(tx: Tx, rows: Sequence[TargetJudging]) -> None:
    """Write how targets were judged."""
    await update_rows(tx, TargetJudging, rows)


async def count_up(tx: Tx, target_ids: Collection[UUID]) -> dict[UUID, TargetJudging]:
    """Those judgings of targets that nobody holds, under their next version, by target."""
    return {row.id: row for row in await tx.rows(TargetJudging, _COUNT_UP, list(target_ids))}
