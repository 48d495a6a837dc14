"""SQL of splits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.targets.crediting_splits.models import CreditingSplit

_SPLITS = select_sql(CreditingSplit, "account_id = ANY($1::uuid[]) ORDER BY resolved_at DESC, conflict_id DESC")
_ALL_SPLITS = select_sql(CreditingSplit, "TRUE")


async def splits_of(tx: Tx, account_ids: Collection[UUID]) -> list[CreditingSplit]:
    """Splits of accounts, the newest resolution first."""
    return await tx.rows(CreditingSplit, _SPLITS, list(account_ids))


async def all_splits(tx: Tx) -> list[CreditingSplit]:
    """Every split."""
    return await tx.rows(CreditingSplit, _ALL_SPLITS)


async def put_splits(tx: Tx, rows: Sequence[CreditingSplit]) -> None:
    """Keep splits: one never changes."""
    await insert_rows(tx, CreditingSplit, rows, "ON CONFLICT DO NOTHING")
