"""SQL of the decompositions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.lists import Field, ListSpec
from kit.db.rows import insert_rows
from services.targets.decompositions.models import Decomposition

DECOMPOSITIONS = ListSpec(
    "decomposition d",
    {
        "id": Field("d.id", "uuid"),
        "target_id": Field("d.target_id", "uuid", filterable=False),
        "root_id": Field("d.root_id", "uuid", filterable=False),
        "dimension": Field("d.dimension"),
        "amount": Field("d.amount", "int", filterable=False),
        "children_sum": Field("d.children_sum", "int", filterable=False),
        "drivers": Field("d.drivers", "json"),
        "is_crediting": Field("d.is_crediting", "bool"),
        "version": Field("d.version", "int", filterable=False),
        "created_at": Field("d.created_at", "datetime"),
        "updated_at": Field("d.updated_at", "datetime", filterable=False),
    },
)

_COLUMNS = ", ".join(field.sql for field in DECOMPOSITIONS.fields.values())
_GET = f"SELECT {_COLUMNS} FROM decomposition d WHERE d.id = $1 AND d.target_id = $2"
_CHILDREN = """
SELECT id AS target_id, child_key AS key, name, state, period_start, period_end, unit_id, member_id, amount,
       computed, weight, locked, floor, cap, bound, reason
FROM target WHERE decomposition_id = $1 ORDER BY child_key
"""
_COUNT = "SELECT count(*) FROM decomposition WHERE target_id = $1"
_UNMARK = "UPDATE decomposition SET is_crediting = false, version = version + 1 WHERE target_id = $1 AND is_crediting"


async def add_decomposition(tx: Tx, row: Mapping[str, Any]) -> None:
    """Insert a decomposition; its children follow in the same transaction."""
    await insert_rows(tx, Decomposition, [row])


async def get_decomposition(tx: Tx, target_id: UUID, decomposition_id: UUID) -> Row | None:
    """A decomposition of a target, or None."""
    return await tx.fetchrow(_GET, decomposition_id, target_id)


async def list_children(tx: Tx, decomposition_id: UUID) -> list[Row]:
    """Children by key."""
    return await tx.fetch(_CHILDREN, decomposition_id)


async def count_decompositions(tx: Tx, target_id: UUID) -> int:
    """How many decompositions a target has."""
    return int(await tx.fetchval(_COUNT, target_id))


async def clear_crediting(tx: Tx, target_id: UUID) -> None:
    """Take the crediting mark from the target's decompositions."""
    await tx.execute(_UNMARK, target_id)
