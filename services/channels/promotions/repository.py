"""SQL of promotions and of the counter of rules."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, select_sql
from services.channels.promotions.models import Promotion

_STANDING = select_sql(Promotion, "state NOT IN ('draft', 'ended') ORDER BY code")
_LOCK = select_sql(Promotion, "id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE")
_RAISE = """
INSERT INTO rule_set (id, counter, stamp) VALUES (1, 1, gen_random_uuid())
ON CONFLICT (id) DO UPDATE SET counter = rule_set.counter + 1, stamp = excluded.stamp
"""
_BUDGETS = """
UPDATE promotion t SET exhausted_at = r.exhausted_at, version = r.version, updated_at = r.updated_at
FROM json_to_recordset($1::json) AS r(id uuid, exhausted_at timestamptz, version int, updated_at timestamptz)
WHERE t.id = r.id
"""


async def standing(tx: Tx) -> list[Promotion]:
    """Promotions that are approved and have not ended, by code."""
    return await tx.rows(Promotion, _STANDING)


async def lock_promotions(tx: Tx, ids: Sequence[UUID]) -> list[Promotion]:
    """Promotions, locked in the order of their ids."""
    return await tx.rows(Promotion, _LOCK, ids)


async def save_budgets(tx: Tx, rows: Sequence[Promotion]) -> None:
    """Whether the budgets of locked promotions are exhausted."""
    if rows:
        named = {"id", "exhausted_at", "version", "updated_at"}
        await tx.execute(_BUDGETS, dumps([row.model_dump(include=named) for row in rows]))


async def raise_counter(tx: Tx) -> None:
    """Say that rules change with this transaction; the last lock that it takes."""
    await tx.execute(_RAISE)


async def stamp(tx: Tx) -> UUID | None:
    """Of the rules as they stand; None: there never were any."""
    found: UUID | None = await tx.fetchval("SELECT stamp FROM rule_set WHERE id = 1")
    return found
