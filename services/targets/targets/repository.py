"""SQL of the targets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, insert_rows
from services.targets.targets.enums import TargetState
from services.targets.targets.models import Target

_LOCK_ROOT = "SELECT 1 FROM target WHERE id = (SELECT root_id FROM target WHERE id = $1) FOR UPDATE"
_SET_STATE = f"""
WITH RECURSIVE tree AS (
    SELECT id FROM target WHERE id = $1
    UNION ALL
    SELECT c.id FROM target c JOIN tree ON c.parent_id = tree.id
)
UPDATE target t SET state = $2, version = t.version + 1, updated_at = $3 FROM tree
WHERE t.id = tree.id AND t.state = ANY($4::text[]) RETURNING {columns_of(Target, "t")}
"""


async def add_targets(tx: Tx, rows: Sequence[Target]) -> None:
    """Insert targets."""
    await insert_rows(tx, Target, rows)


async def lock_tree(tx: Tx, target_id: UUID) -> None:
    """Keep out other changes of the tree that the target belongs to, until the commit."""
    await tx.fetchval(_LOCK_ROOT, target_id)


async def set_state(
    tx: Tx, target_id: UUID, state: TargetState, at: datetime, before: Sequence[TargetState]
) -> list[Target]:
    """Set the state of a target and all below it that are in one of the states `before`; returns the changed."""
    return await tx.rows(Target, _SET_STATE, target_id, state, at, list(before))


async def has_decomposition(tx: Tx, target_id: UUID) -> bool:
    """Whether a target is decomposed."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT 1 FROM decomposition WHERE target_id = $1)", target_id))
