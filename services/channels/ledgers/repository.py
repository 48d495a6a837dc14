"""SQL of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.channels.ledgers.models import LedgerAccount, LedgerEntry

_ADD = "ON CONFLICT (id) DO UPDATE SET balance = ledger_account.balance + excluded.balance"
_OF_HOLDERS = select_sql(LedgerAccount, "book = ANY($1::text[]) AND holder = ANY($2::uuid[])")
_OF_BOOK = """
SELECT unit, bucket, sum(balance)::bigint AS balance FROM ledger_account WHERE book = $1 GROUP BY unit, bucket
"""
_OFF_BALANCE = """
SELECT 'account ' || coalesce(a.id, e.account_id)::text AS what
FROM ledger_account a FULL JOIN (SELECT account_id, sum(amount) AS sum FROM ledger_entry GROUP BY account_id) e
    ON e.account_id = a.id
WHERE a.balance IS DISTINCT FROM coalesce(e.sum, 0)
UNION ALL
SELECT 'transaction ' || txn::text FROM ledger_entry GROUP BY txn, unit HAVING sum(amount) <> 0
"""


class Total(NamedTuple):
    """What a book has in a bucket, of all holders."""

    unit: str
    bucket: str
    balance: int


async def add_to_accounts(tx: Tx, rows: Sequence[LedgerAccount]) -> None:
    """Add balances to accounts (rows sorted by id)."""
    await insert_rows(tx, LedgerAccount, rows, _ADD)


async def add_entries(tx: Tx, rows: Sequence[LedgerEntry]) -> None:
    """Store entries; those of a transaction together."""
    await insert_rows(tx, LedgerEntry, rows)


async def accounts_of(tx: Tx, books: Sequence[str], holders: Sequence[UUID]) -> list[LedgerAccount]:
    """Accounts of these holders in these books."""
    return await tx.rows(LedgerAccount, _OF_HOLDERS, books, holders)


async def totals_of(tx: Tx, book: str) -> list[Total]:
    """Sums of a book."""
    return await tx.rows(Total, _OF_BOOK, book)


async def off_balance(tx: Tx) -> list[str]:
    """Accounts that are not the sum of their entries, transactions that do not sum to zero."""
    return await tx.column(str, _OFF_BALANCE)
