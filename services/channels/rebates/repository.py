"""SQL of the rebate ledger."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.channels.rebates.models import RebateAccount, RebateAccrual, RebateEntry

_ANSWERED = "SELECT DISTINCT source_event_id FROM rebate_accrual WHERE source_event_id = ANY($1::uuid[])"
_FACTS = "SELECT order_id, count(*) AS facts FROM rebate_accrual WHERE order_id = ANY($1::uuid[]) GROUP BY order_id"


class Original(NamedTuple):
    """Programme and period that an order was counted in."""

    order_id: UUID
    partner_id: UUID
    programme_id: UUID
    programme_version: int
    period_start: date
    period_end: date
    order_date: date


_ORIGINALS = """
SELECT DISTINCT order_id, partner_id, programme_id, programme_version, period_start, period_end, order_date
FROM rebate_accrual WHERE order_id = ANY($1::uuid[]) ORDER BY order_id, programme_id
"""
_LOCK = "SELECT id, position FROM rebate_account WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE"
_ADD = """
ON CONFLICT (id) DO UPDATE SET position = rebate_account.position + excluded.position,
    accrued = rebate_account.accrued + excluded.accrued
"""
_ALL_ACCRUALS = select_sql(RebateAccrual, "TRUE ORDER BY account_id")
_ALL_ACCOUNTS = select_sql(RebateAccount, "TRUE ORDER BY id")
_ONE_SIDED = """
SELECT 'accrual ' || x.id::text AS what FROM rebate_accrual x
LEFT JOIN rebate_entry e ON e.accrual_id = x.id GROUP BY x.id, x.amount
HAVING count(e.id) <> 2 OR sum(e.amount) <> 0
    OR sum(e.amount) FILTER (WHERE e.ledger_account = 'rebate_expense') <> x.amount
UNION ALL
SELECT 'entry ' || e.id::text FROM rebate_entry e
WHERE NOT EXISTS (SELECT 1 FROM rebate_accrual x WHERE x.id = e.accrual_id)
"""


async def answered(tx: Tx, event_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these events the ledger has worked already."""
    return {row["source_event_id"] for row in await tx.fetch(_ANSWERED, event_ids)}


async def fact_counts(tx: Tx, order_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many facts each order has had."""
    return {row["order_id"]: row["facts"] for row in await tx.fetch(_FACTS, order_ids)}


async def originals_of(tx: Tx, order_ids: Sequence[UUID]) -> list[Original]:
    """Programme and period that each order was counted in."""
    return await tx.rows(Original, _ORIGINALS, order_ids)


async def lock_accounts(tx: Tx, rows: Sequence[RebateAccount]) -> dict[UUID, int]:
    """Positions of accounts (rows sorted by id, made when missing), locked."""
    await insert_rows(tx, RebateAccount, rows, "ON CONFLICT DO NOTHING")
    return {row["id"]: row["position"] for row in await tx.fetch(_LOCK, [row.id for row in rows])}


async def add_to_accounts(tx: Tx, rows: Sequence[RebateAccount]) -> None:
    """Add position and rebate to accounts (rows sorted by id)."""
    await insert_rows(tx, RebateAccount, rows, _ADD)


async def add_accruals(tx: Tx, rows: Sequence[RebateAccrual]) -> None:
    """Store accruals."""
    await insert_rows(tx, RebateAccrual, rows)


async def add_entries(tx: Tx, rows: Sequence[RebateEntry]) -> None:
    """Store entries."""
    await insert_rows(tx, RebateEntry, rows)


def all_accruals(tx: Tx) -> AsyncIterable[RebateAccrual]:
    """Every accrual, those of an account together."""
    return tx.stream_rows(RebateAccrual, _ALL_ACCRUALS)


async def all_accounts(tx: Tx) -> list[RebateAccount]:
    """Every account."""
    return await tx.rows(RebateAccount, _ALL_ACCOUNTS)


async def one_sided(tx: Tx) -> list[str]:
    """Accruals whose two sides are not there or do not sum to zero, and entries of none."""
    return [row["what"] for row in await tx.fetch(_ONE_SIDED)]
