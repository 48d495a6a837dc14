"""SQL of the targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.lists import Field, ListSpec
from kit.db.rows import insert_rows
from services.targets.targets.models import Target

TARGETS = ListSpec(
    "target t",
    {
        "id": Field("t.id", "uuid"),
        "root_id": Field("t.root_id", "uuid"),
        "parent_id": Field("t.parent_id", "uuid", nullable=True),
        "decomposition_id": Field("t.decomposition_id", "uuid", nullable=True),
        "name": Field("t.name", sortable=True),
        "metric": Field("t.metric"),
        "state": Field("t.state", enum=("draft", "active", "closed")),
        "currency": Field("t.currency", "currency"),
        "amount": Field("t.amount", "int", sortable=True),
        "period_start": Field("t.period_start", "date", sortable=True),
        "period_end": Field("t.period_end", "date"),
        "unit_id": Field("t.unit_id", "uuid", nullable=True),
        "member_id": Field("t.member_id", "uuid", nullable=True),
        "product_line": Field("t.product_line", nullable=True),
        "region": Field("t.region", nullable=True),
        "customer_type": Field("t.customer_type", nullable=True),
        "child_key": Field("t.child_key", nullable=True),
        "computed": Field("t.computed", "int", nullable=True, filterable=False),
        "weight": Field("t.weight", "int", nullable=True, filterable=False),
        "locked": Field("t.locked", "int", nullable=True, filterable=False),
        "floor": Field("t.floor", "int", nullable=True, filterable=False),
        "cap": Field("t.cap", "int", nullable=True, filterable=False),
        "bound": Field("t.bound", nullable=True),
        "reason": Field("t.reason", nullable=True, filterable=False),
        "version": Field("t.version", "int", filterable=False),
        "created_at": Field("t.created_at", "datetime"),
        "updated_at": Field("t.updated_at", "datetime"),
    },
    search=("t.name",),
)
SCOPE = "t.member_id = ANY($1::uuid[]) OR t.unit_id = ANY($2::uuid[])"

_COLUMNS = ", ".join(field.sql for field in TARGETS.fields.values())
_GET = f"SELECT {_COLUMNS} FROM target t WHERE t.id = $1"
_LOCK_ROOT = "SELECT 1 FROM target WHERE id = (SELECT root_id FROM target WHERE id = $1) FOR UPDATE"
_TREE = """
WITH RECURSIVE tree AS (
    SELECT id FROM target WHERE id = $1
    UNION ALL
    SELECT c.id FROM target c JOIN tree ON c.parent_id = tree.id
)
"""
_SET_STATE = f"""{_TREE}
UPDATE target t SET state = $2, version = t.version + 1, updated_at = $3 FROM tree
WHERE t.id = tree.id AND t.state = ANY($4::text[]) RETURNING {_COLUMNS}
"""


async def add_targets(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert targets with the same columns."""
    await insert_rows(tx, Target, rows)


async def get_target(tx: Tx, target_id: UUID) -> Row | None:
    """A target's row, or None."""
    return await tx.fetchrow(_GET, target_id)


async def lock_tree(tx: Tx, target_id: UUID) -> None:
    """Keep out other changes of the tree that the target belongs to, until the commit."""
    await tx.fetchval(_LOCK_ROOT, target_id)


async def set_state(tx: Tx, target_id: UUID, state: str, at: datetime, before: Sequence[str]) -> list[Row]:
    """Set the state of a target and all below it that are in one of the states `before`; returns the changed."""
    return await tx.fetch(_SET_STATE, target_id, state, at, list(before))


async def has_decomposition(tx: Tx, target_id: UUID) -> bool:
    """Whether a target is decomposed."""
    return bool(await tx.fetchval("SELECT EXISTS (SELECT 1 FROM decomposition WHERE target_id = $1)", target_id))
