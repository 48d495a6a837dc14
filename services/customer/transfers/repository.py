"""SQL of hand-overs of many accounts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.saved_filters import SavedFilter

_OTHERS = """
SELECT (SELECT count(*) FROM activity WHERE account_id = ANY($1::uuid[]))
  + (SELECT count(*) FROM opportunity WHERE account_id = ANY($1::uuid[]))
  + (SELECT count(*) FROM service_case WHERE account_id = ANY($1::uuid[]))
  + (SELECT count(*) FROM lead WHERE account_id = ANY($1::uuid[]))
"""
_HOLD = "SELECT id FROM account WHERE id = ANY($1::uuid[]) AND owner_id = $2 ORDER BY id FOR SHARE"


async def next_accounts(
    tx: Tx, chosen: SavedFilter, owner_id: UUID, after: UUID, today: date, timezone: str, limit: int
) -> Sequence[UUID]:
    """Ids of the accounts of an owner after `after` that a filter chooses on a day."""
    where, args = chosen.condition(today, timezone, "a.owner_id = $1 AND a.id > $2", [owner_id, after])
    rows = await tx.fetch(f"SELECT a.id FROM {chosen.spec.source} WHERE {where} ORDER BY a.id LIMIT {limit}", *args)
    return [row["id"] for row in rows]


async def count_orders(tx: Tx, accounts: Collection[UUID]) -> int:
    """How many orders accounts have."""
    return int(await tx.fetchval("SELECT count(*) FROM orders WHERE account_id = ANY($1::uuid[])", list(accounts)))


async def count_others(tx: Tx, accounts: Collection[UUID]) -> int:
    """How many activities, opportunities, cases and leads accounts have."""
    return int(await tx.fetchval(_OTHERS, list(accounts)))


async def hold_accounts(tx: Tx, accounts: Collection[UUID], owner_id: UUID) -> Sequence[UUID]:
    """Those of these accounts that an owner has, which nobody hands over before the transaction ends."""
    return [row["id"] for row in await tx.fetch(_HOLD, list(accounts), owner_id)]
