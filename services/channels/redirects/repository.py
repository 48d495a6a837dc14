"""SQL of redirects."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from kit.redirects import Redirect
from services.channels.redirects.models import AccountRedirect, AccountRoot

_PUT = "ON CONFLICT (merge_id) DO UPDATE SET stands = false WHERE account_redirect.stands AND NOT excluded.stands"
_CONNECTED = """
WITH RECURSIVE c AS (
  SELECT unnest($1::uuid[]) AS id
  UNION SELECT n.id FROM c CROSS JOIN LATERAL (
    SELECT merged_id AS id FROM account_redirect WHERE survivor_id = c.id AND stands
    UNION ALL SELECT survivor_id FROM account_redirect WHERE merged_id = c.id AND stands
  ) n
) SELECT id FROM c
"""
_EDGES = """
SELECT merge_id, survivor_id, merged_id, merged_at FROM account_redirect
WHERE merged_id = ANY($1::uuid[]) AND stands ORDER BY merge_id
"""
_GROUPS = """
SELECT m.account_id, m.root_id FROM account_root m
WHERE m.root_id = ANY($1::uuid[] || ARRAY(SELECT root_id FROM account_root WHERE account_id = ANY($1::uuid[])))
"""


async def put_redirects(tx: Tx, rows: Sequence[AccountRedirect]) -> None:
    """Keep merges and their ends; what was taken back stays so."""
    await insert_rows(tx, AccountRedirect, rows, _PUT)


async def connected(tx: Tx, ids: Collection[UUID]) -> list[UUID]:
    """Accounts that standing merges join with these, and these."""
    return [row["id"] for row in await tx.fetch(_CONNECTED, sorted(ids))]


async def edges(tx: Tx, ids: Collection[UUID]) -> list[Redirect]:
    """Standing merges of these accounts into others."""
    return await tx.rows(Redirect, _EDGES, list(ids))


async def put_roots(tx: Tx, ids: Collection[UUID], rows: Sequence[AccountRoot]) -> None:
    """Where these accounts lead; those without a row lead nowhere."""
    await tx.execute("DELETE FROM account_root WHERE account_id = ANY($1::uuid[])", list(ids))
    await insert_rows(tx, AccountRoot, rows)


async def all_redirects(tx: Tx) -> list[AccountRedirect]:
    """Every merge, also those that were taken back."""
    return await tx.rows(AccountRedirect, select_sql(AccountRedirect, "TRUE"))


async def hold_locks(tx: Tx, keys: Sequence[int]) -> None:
    """Wait, one after the other, for whoever looks at the same; until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k", keys)


async def group_rows(tx: Tx, ids: Collection[UUID]) -> list[AccountRoot]:
    """Where the merged accounts of the groups of these accounts lead."""
    return await tx.rows(AccountRoot, _GROUPS, sorted(ids))
