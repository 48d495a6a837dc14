"""SQL of what carries the owner of its account, so that its lists are read by owner: orders as their own, others beside
it (`OfOwner`)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from kit.db.database import Tx

_ORDERS: Final = "orders"
CARRIERS: Final = (_ORDERS, "activity", "contact", "lead", "opportunity", "payment", "service_case")
"""Tables of rows that carry it."""
_BEHIND = """
SELECT t.id, t.account_id FROM {table} t JOIN account a ON a.id = t.account_id
WHERE t.{column} IS DISTINCT FROM a.owner_id AND t.id > $2 AND ($1::uuid[] IS NULL OR t.account_id = ANY($1::uuid[]))
ORDER BY t.id LIMIT $3
"""
_HOLD = "SELECT id FROM account WHERE id = ANY($1::uuid[]) ORDER BY id FOR SHARE"
_FOLLOW = """
WITH held AS (SELECT id FROM {table} WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE)
UPDATE {table} t SET {column} = a.owner_id{moved}
FROM held, account a
WHERE t.id = held.id AND a.id = t.account_id AND t.{column} IS DISTINCT FROM a.owner_id
"""


def _sql(template: str, table: str) -> str:
    if table == _ORDERS:
        moved = ", version = t.version + 1, updated_at = $2"
        return template.format(table=table, column="owner_id", moved=moved)
    return template.format(table=table, column="account_owner_id", moved="")


async def find_behind(
    tx: Tx, table: str, accounts: Collection[UUID] | None, after: UUID, limit: int
) -> tuple[Sequence[UUID], Sequence[UUID]]:
    """Rows of a table after `after` that do not carry the owner of their account, by id, and their accounts; of all
    accounts when those are None."""
    rows = await tx.fetch(_sql(_BEHIND, table), None if accounts is None else list(accounts), after, limit)
    return [row["id"] for row in rows], [row["account_id"] for row in rows]


async def count_behind(tx: Tx, table: str) -> tuple[int, Sequence[UUID]]:
    """How many rows a table has, and the first hundred that do not carry the owner of their account."""
    behind, _accounts = await find_behind(tx, table, None, UUID(int=0), 100)
    return int(await tx.fetchval(f"SELECT count(*) FROM {table}")), behind


async def hold_accounts(tx: Tx, accounts: Collection[UUID]) -> None:
    """Nobody hands these accounts over before the transaction ends."""
    await tx.fetch(_HOLD, sorted(set(accounts)))


async def follow(tx: Tx, table: str, rows: Sequence[UUID], now: datetime) -> int:
    """Give rows of a table the owner of their accounts, which are held; returns how many had another."""
    moment = (now,) if table == _ORDERS else ()
    return await tx.execute(_sql(_FOLLOW, table), list(rows), *moment)
