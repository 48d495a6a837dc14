"""SQL of what carries the owner of its account: orders, whose lists are read by owner without a join."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx

_BEHIND = """
SELECT o.id, o.account_id FROM orders o JOIN account a ON a.id = o.account_id
WHERE o.owner_id IS DISTINCT FROM a.owner_id AND o.id > $2 AND ($1::uuid[] IS NULL OR o.account_id = ANY($1::uuid[]))
ORDER BY o.id LIMIT $3
"""
_HOLD = "SELECT id FROM account WHERE id = ANY($1::uuid[]) ORDER BY id FOR SHARE"
_FOLLOW = """
WITH held AS (SELECT id FROM orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE)
UPDATE orders o SET owner_id = a.owner_id, version = o.version + 1, updated_at = $2
FROM held, account a
WHERE o.id = held.id AND a.id = o.account_id AND o.owner_id IS DISTINCT FROM a.owner_id
"""


async def find_behind(
    tx: Tx, accounts: Collection[UUID] | None, after: UUID, limit: int
) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """Orders after `after` that do not have the owner of their account, by id, and their accounts; of all accounts
    when those are None."""
    rows = await tx.fetch(_BEHIND, None if accounts is None else list(accounts), after, limit)
    return [row["id"] for row in rows], [row["account_id"] for row in rows]


async def count_behind(tx: Tx) -> tuple[int, Sequence[UUID]]:
    """How many orders there are, and the first hundred that do not have the owner of their account."""
    behind, _accounts = await find_behind(tx, None, UUID(int=0), 100)
    return int(await tx.fetchval("SELECT count(*) FROM orders")), behind


async def hold_accounts(tx: Tx, accounts: Collection[UUID]) -> None:
    """Nobody hands these accounts over before the transaction ends."""
    await tx.fetch(_HOLD, sorted(set(accounts)))


async def follow(tx: Tx, orders: Sequence[UUID], now: object) -> int:
    """Give orders the owner of their accounts, which are held; returns how many had another."""
    return await tx.execute(_FOLLOW, list(orders), now)
