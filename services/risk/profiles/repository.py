"""SQL of credit profiles."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.risk.profiles.models import CreditProfile, Terms

_TERMS = "SELECT id, credit_limit, deposit_share FROM credit_profile WHERE id = ANY($1::uuid[]) ORDER BY id FOR SHARE"
_LOCK = select_sql(CreditProfile, "id = ANY($1::uuid[]) ORDER BY id FOR UPDATE")


async def add_profiles(tx: Tx, rows: Sequence[CreditProfile]) -> None:
    """Insert profiles that are not there yet."""
    await insert_rows(tx, CreditProfile, rows, "ON CONFLICT DO NOTHING")


async def terms_of(tx: Tx, account_ids: Sequence[UUID]) -> dict[UUID, Terms]:
    """Terms by account id; they cannot change until the transaction ends."""
    rows = await tx.fetch(_TERMS, account_ids)
    return {row["id"]: Terms(row["credit_limit"], row["deposit_share"]) for row in rows}


async def lock_profiles(tx: Tx, account_ids: Sequence[UUID]) -> dict[UUID, CreditProfile]:
    """Profiles by account id, locked against others."""
    return {row.id: row for row in await tx.rows(CreditProfile, _LOCK, account_ids)}
