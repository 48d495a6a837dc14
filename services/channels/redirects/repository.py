"""SQL of redirects that only this service needs."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.channels.redirects.models import AccountRedirect


async def all_redirects(tx: Tx) -> list[AccountRedirect]:
    """Every merge, also those that were taken back."""
    return await tx.rows(AccountRedirect, select_sql(AccountRedirect, "TRUE"))


async def hold_locks(tx: Tx, keys: Sequence[int]) -> None:
    """Wait, one after the other, for whoever looks at the same; until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k", keys)
