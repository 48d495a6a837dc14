"""SQL of the exposure ledger and its decisions."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.lists import ListSpec
from kit.db.rows import insert_returning, insert_rows
from services.risk.credit.models import CreditDecision, ExposureAccount, ExposureEntry, OrderCredit

_NEW_ACCOUNTS = "ON CONFLICT DO NOTHING RETURNING account_id"
_LOCK_ACCOUNTS = """
SELECT account_id, balance FROM exposure_account WHERE account_id = ANY($1::uuid[]) ORDER BY account_id FOR UPDATE
"""
_DROP_ACCOUNTS = "DELETE FROM exposure_account WHERE account_id = ANY($1::uuid[])"
_ACCOUNTS_OF = "SELECT DISTINCT account_id FROM order_credit WHERE order_id = ANY($1::uuid[])"
_ORDERS = "SELECT * FROM order_credit WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE"
_ANSWERED = """
SELECT source_event_id FROM exposure_entry WHERE source_event_id = ANY($1::uuid[])
UNION SELECT source_event_id FROM credit_decision WHERE source_event_id = ANY($1::uuid[])
"""
_ADD_BALANCES = """
ON CONFLICT (account_id) DO UPDATE SET balance = exposure_account.balance + excluded.balance
"""
_PUT_ORDERS = """
ON CONFLICT (order_id) DO UPDATE SET account_id = excluded.account_id, placement = excluded.placement,
    state = excluded.state, asked = excluded.asked, reserved = excluded.reserved, exposure = excluded.exposure,
    shortfall = excluded.shortfall, facts = excluded.facts
"""
_DECISIONS = """
SELECT order_id, placement, decision, amount, credit_limit, exposure_before, shortfall, reason, approved_by
FROM credit_decision
"""
_MOVES = "SELECT source_event_id, source_ordinal, kind, amount FROM exposure_entry"
_UNEQUAL = """
SELECT 'account ' || a.account_id::text AS what FROM exposure_account a
LEFT JOIN (SELECT account_id, sum(amount) AS s FROM exposure_entry GROUP BY account_id) x USING (account_id)
WHERE a.balance <> coalesce(x.s, 0)
UNION ALL
SELECT 'order ' || o.order_id::text FROM order_credit o
LEFT JOIN (SELECT order_id, sum(amount) AS s FROM exposure_entry GROUP BY order_id) x USING (order_id)
WHERE o.exposure <> coalesce(x.s, 0)
UNION ALL
SELECT 'entries of account ' || x.account_id::text FROM exposure_entry x
WHERE NOT EXISTS (SELECT 1 FROM exposure_account a WHERE a.account_id = x.account_id)
"""


async def lock_accounts(tx: Tx, account_ids: Sequence[str]) -> tuple[dict[str, int], set[str]]:
    """Balances of accounts (sorted ids), locked; and the accounts whose row was made for the lock."""
    blank = [{"account_id": account_id, "balance": 0} for account_id in account_ids]
    made = await insert_returning(tx, ExposureAccount, blank, _NEW_ACCOUNTS)
    rows = await tx.fetch(_LOCK_ACCOUNTS, account_ids)
    return {str(row["account_id"]): row["balance"] for row in rows}, {str(row["account_id"]) for row in made}


async def drop_accounts(tx: Tx, account_ids: Iterable[str]) -> None:
    """Take back rows that were made for the lock and got no entry."""
    await tx.execute(_DROP_ACCOUNTS, sorted(account_ids))


async def accounts_of(tx: Tx, order_ids: Sequence[str]) -> set[str]:
    """Accounts that the ledger keeps these orders under."""
    return {str(row["account_id"]) for row in await tx.fetch(_ACCOUNTS_OF, order_ids)}


async def lock_orders(tx: Tx, order_ids: Sequence[str]) -> list[Row]:
    """Known rows of these orders, locked."""
    return await tx.fetch(_ORDERS, order_ids)


async def answered(tx: Tx, event_ids: Sequence[UUID]) -> set[str]:
    """Which of these events the ledger has worked already."""
    return {str(row["source_event_id"]) for row in await tx.fetch(_ANSWERED, event_ids)}


async def add_balances(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add to the balances of accounts (sorted rows of account_id and the difference)."""
    await insert_rows(tx, ExposureAccount, rows, _ADD_BALANCES)


async def put_orders(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store the rows of orders."""
    await insert_rows(tx, OrderCredit, rows, _PUT_ORDERS)


async def add_entries(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store entries."""
    await insert_rows(tx, ExposureEntry, rows)


async def add_decisions(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store decisions."""
    await insert_rows(tx, CreditDecision, rows)


async def find(tx: Tx, spec: ListSpec, row_id: UUID, where: str, args: Sequence[object]) -> Row | None:
    """One row of a list by its key, if `where` (parameters from $1 on) shows it."""
    columns = ", ".join(f'{field.sql} AS "{name}"' for name, field in spec.fields.items())
    key = spec.fields[spec.key].sql
    return await tx.fetchrow(
        f"SELECT {columns} FROM {spec.source} WHERE ({where}) AND {key} = ${len(args) + 1}", *args, row_id
    )


def all_decisions(tx: Tx) -> AsyncIterable[Row]:
    """Every decision."""
    return tx.stream(_DECISIONS)


def all_moves(tx: Tx) -> AsyncIterable[Row]:
    """Source, kind and amount of every entry."""
    return tx.stream(_MOVES)


async def unequal_sums(tx: Tx) -> list[str]:
    """Accounts and orders whose stored sums are not those of their entries."""
    return [row["what"] for row in await tx.fetch(_UNEQUAL)]
