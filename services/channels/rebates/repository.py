"""SQL of the rebate ledger."""

from __future__ import annotations

from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.rows import insert_rows
from services.channels.rebates.models import RebateAccount, RebateAccrual, RebateEntry

PROGRAMMES_LOCK = 0x43524D_21
"""Advisory lock: accruals share it, publishing a programme holds it alone."""

_PUBLISHED = """
SELECT * FROM rebate_programme WHERE state = 'published' AND valid_from <= $2 AND valid_to >= $1 ORDER BY id
"""
_BY_ID = "SELECT * FROM rebate_programme WHERE id = ANY($1::uuid[])"
_ANSWERED = "SELECT DISTINCT source_event_id FROM rebate_accrual WHERE source_event_id = ANY($1::uuid[])"
_FACTS = "SELECT order_id, count(*) AS facts FROM rebate_accrual WHERE order_id = ANY($1::uuid[]) GROUP BY order_id"
_ORIGINALS = """
SELECT DISTINCT order_id, partner_id, programme_id, programme_version, period_start, period_end, order_date
FROM rebate_accrual WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, programme_id
"""
_LOCK = "SELECT id, position FROM rebate_account WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_ADD = """
ON CONFLICT (id) DO UPDATE SET position = rebate_account.position + excluded.position,
    accrued = rebate_account.accrued + excluded.accrued
"""
_ALL_PUBLISHED = "SELECT * FROM rebate_programme WHERE state = 'published' ORDER BY id"
_ALL_ACCRUALS = "SELECT * FROM rebate_accrual ORDER BY account_id"
_ALL_ACCOUNTS = "SELECT * FROM rebate_account ORDER BY id"
_ONE_SIDED = """
SELECT 'accrual ' || x.id::text AS what FROM rebate_accrual x
LEFT JOIN rebate_entry e ON e.accrual_id = x.id GROUP BY x.id, x.amount
HAVING count(e.id) <> 2 OR sum(e.amount) <> 0
    OR sum(e.amount) FILTER (WHERE e.ledger_account = 'rebate_expense') <> x.amount
UNION ALL
SELECT 'entry ' || e.id::text FROM rebate_entry e
WHERE NOT EXISTS (SELECT 1 FROM rebate_accrual x WHERE x.id = e.accrual_id)
"""


async def share_programmes(tx: Tx) -> None:
    """Keep programmes from being published until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock_shared($1)", PROGRAMMES_LOCK)


async def published_programmes(tx: Tx, first: date, last: date) -> list[Row]:
    """Published programmes that are valid on some day from `first` to `last`."""
    return await tx.fetch(_PUBLISHED, first, last)


async def programmes_by_id(tx: Tx, programme_ids: Sequence[UUID]) -> list[Row]:
    """Programmes of these ids."""
    return await tx.fetch(_BY_ID, programme_ids)


async def answered(tx: Tx, event_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these events the ledger has worked already."""
    return {row["source_event_id"] for row in await tx.fetch(_ANSWERED, event_ids)}


async def fact_counts(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many facts each order has had."""
    return {row["order_id"]: row["facts"] for row in await tx.fetch(_FACTS, order_ids)}


async def originals_of(tx: Tx, order_ids: Sequence[UUID]) -> list[Row]:
    """Programme and period that each order was counted in."""
    return await tx.fetch(_ORIGINALS, order_ids)


async def lock_accounts(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> dict[UUID, int]:
    """Positions of accounts (rows sorted by id, made when missing), locked."""
    await insert_rows(tx, RebateAccount, rows, "ON CONFLICT DO NOTHING")
    return {row["id"]: row["position"] for row in await tx.fetch(_LOCK, [row["id"] for row in rows])}


async def add_to_accounts(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add position and rebate to accounts (rows sorted by id)."""
    await insert_rows(tx, RebateAccount, rows, _ADD)


async def add_accruals(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store accruals."""
    await insert_rows(tx, RebateAccrual, rows)


async def add_entries(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store entries."""
    await insert_rows(tx, RebateEntry, rows)


async def all_published(tx: Tx) -> list[Row]:
    """Every published programme."""
    return await tx.fetch(_ALL_PUBLISHED)


def all_accruals(tx: Tx) -> AsyncIterable[Row]:
    """Every accrual, those of an account together."""
    return tx.stream(_ALL_ACCRUALS)


async def all_accounts(tx: Tx) -> list[Row]:
    """Every account."""
    return await tx.fetch(_ALL_ACCOUNTS)


async def one_sided(tx: Tx) -> list[str]:
    """Accruals whose two sides are not there or do not sum to zero, and entries of none."""
    return [row["what"] for row in await tx.fetch(_ONE_SIDED)]
