"""SQL of the exposure ledger and its decisions."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_returning, insert_rows, select_sql
from services.risk.credit.models import (
    CreditDecision,
    ExposureAccount,
    ExposureEntry,
    ExposurePartner,
    OrderExposure,
)

_NEW_ACCOUNTS = "ON CONFLICT DO NOTHING RETURNING account_id"
_LOCK_ACCOUNTS = """
SELECT account_id, balance, deposit_facts FROM exposure_account
WHERE account_id = ANY($1::uuid[]) ORDER BY account_id FOR UPDATE
"""
_DROP_ACCOUNTS = "DELETE FROM exposure_account WHERE account_id = ANY($1::uuid[])"
_NEW_PARTNERS = "ON CONFLICT DO NOTHING RETURNING partner_id"
_LOCK_PARTNERS = """
SELECT partner_id, balance FROM exposure_partner WHERE partner_id = ANY($1::uuid[]) ORDER BY partner_id FOR UPDATE
"""
_DROP_PARTNERS = "DELETE FROM exposure_partner WHERE partner_id = ANY($1::uuid[])"
_ADD_PARTNERS = "ON CONFLICT (partner_id) DO UPDATE SET balance = exposure_partner.balance + excluded.balance"
_PARTNERS_OF = (
    "SELECT DISTINCT partner_id FROM order_credit WHERE order_id = ANY($1::uuid[]) AND partner_id IS NOT NULL"
)
_ACCOUNTS_OF = "SELECT DISTINCT account_id FROM order_credit WHERE order_id = ANY($1::uuid[])"
_ORDERS = select_sql(OrderExposure, "order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE")
_OVERRIDDEN = (
    "SELECT order_id, placement FROM credit_decision WHERE order_id = ANY($1::uuid[]) AND decision = 'override'"
)
_ON_ACCOUNT = """
SELECT payment_id, -sum(amount)::bigint AS amount FROM exposure_entry
WHERE payment_id = ANY($1::uuid[]) AND order_id IS NULL GROUP BY payment_id
"""
_ANSWERED = """
SELECT source_event_id FROM exposure_entry WHERE source_event_id = ANY($1::uuid[])
UNION SELECT source_event_id FROM credit_decision WHERE source_event_id = ANY($1::uuid[])
"""
_ADD_BALANCES = """
ON CONFLICT (account_id) DO UPDATE SET balance = exposure_account.balance + excluded.balance,
    deposit_facts = exposure_account.deposit_facts + excluded.deposit_facts
"""
_PUT_ORDERS = """
ON CONFLICT (order_id) DO UPDATE SET account_id = excluded.account_id, placement = excluded.placement,
    state = excluded.state, asked = excluded.asked, reserved = excluded.reserved, exposure = excluded.exposure,
    shortfall = excluded.shortfall, facts = excluded.facts, partner_id = excluded.partner_id,
    placed_by = excluded.placed_by, terms_refused = excluded.terms_refused
"""


class Decided(NamedTuple):
    """A decision with its inputs."""

    order_id: UUID
    placement: int
    decision: str
    amount: int
    credit_limit: int | None
    deposit_share: int
    named: int
    named_elsewhere: int
    exposure_before: int
    partner_limit: int | None
    partner_exposure: int | None
    shortfall: int
    reason: str | None
    cause: str | None
    approved_by: str | None


class Moved(NamedTuple):
    """Source, kind and amount of an entry."""

    source_event_id: UUID
    source_ordinal: int
    kind: str
    amount: int


_DECISIONS = f"SELECT {', '.join(Decided._fields)} FROM credit_decision"
_MOVES = f"SELECT {', '.join(Moved._fields)} FROM exposure_entry"
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
UNION ALL
SELECT 'partner ' || partner_id::text FROM exposure_partner p
FULL JOIN (
    SELECT partner_id, sum(exposure) AS s FROM order_credit WHERE partner_id IS NOT NULL GROUP BY partner_id
) o USING (partner_id)
WHERE coalesce(p.balance, 0) <> coalesce(o.s, 0)
"""


async def lock_accounts(tx: Tx, account_ids: Sequence[UUID]) -> tuple[dict[UUID, ExposureAccount], set[UUID]]:
    """Rows of accounts (sorted ids), locked; and the accounts whose row was made for the lock."""
    blank = [ExposureAccount(account_id=account_id, balance=0) for account_id in account_ids]
    made = await insert_returning(tx, ExposureAccount, blank, _NEW_ACCOUNTS)
    rows = await tx.rows(ExposureAccount, _LOCK_ACCOUNTS, account_ids)
    return {row.account_id: row for row in rows}, {row["account_id"] for row in made}


async def drop_accounts(tx: Tx, account_ids: Iterable[UUID]) -> None:
    """Take back rows that were made for the lock and got no entry."""
    await tx.execute(_DROP_ACCOUNTS, sorted(account_ids))


async def lock_partners(tx: Tx, partner_ids: Sequence[UUID]) -> tuple[dict[UUID, int], set[UUID]]:
    """Balances of partners (sorted ids), locked; and the partners whose row was made for the lock."""
    blank = [ExposurePartner(partner_id=partner_id, balance=0) for partner_id in partner_ids]
    made = await insert_returning(tx, ExposurePartner, blank, _NEW_PARTNERS)
    rows = await tx.rows(ExposurePartner, _LOCK_PARTNERS, partner_ids)
    return {row.partner_id: row.balance for row in rows}, {row["partner_id"] for row in made}


async def drop_partners(tx: Tx, partner_ids: Iterable[UUID]) -> None:
    """Take back rows that were made for the lock and whose orders did not move."""
    await tx.execute(_DROP_PARTNERS, sorted(partner_ids))


async def add_partners(tx: Tx, rows: Sequence[ExposurePartner]) -> None:
    """Add to the rows of partners (sorted, their numbers being the differences)."""
    await insert_rows(tx, ExposurePartner, rows, _ADD_PARTNERS)


async def partners_of(tx: Tx, order_ids: Sequence[UUID]) -> set[UUID]:
    """Partners that the ledger keeps these orders under."""
    return set(await tx.column(UUID, _PARTNERS_OF, order_ids))


async def accounts_of(tx: Tx, order_ids: Sequence[UUID]) -> set[UUID]:
    """Accounts that the ledger keeps these orders under."""
    return set(await tx.column(UUID, _ACCOUNTS_OF, order_ids))


async def lock_orders(tx: Tx, order_ids: Sequence[UUID]) -> list[OrderExposure]:
    """Known rows of these orders, locked."""
    return await tx.rows(OrderExposure, _ORDERS, order_ids)


async def answered(tx: Tx, event_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these events the ledger has worked already."""
    return set(await tx.column(UUID, _ANSWERED, event_ids))


async def overridden(tx: Tx, order_ids: Sequence[UUID]) -> set[tuple[UUID, int]]:
    """Placements of these orders that an officer released; the orders are locked."""
    return set(await tx.pairs(UUID, int, _OVERRIDDEN, order_ids))


async def on_account(tx: Tx, payment_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What lies on account of payments, as the ledger has it; one that never had any is missing."""
    return dict(await tx.pairs(UUID, int, _ON_ACCOUNT, payment_ids))


async def add_balances(tx: Tx, rows: Sequence[ExposureAccount]) -> None:
    """Add to the rows of accounts (sorted, their numbers being the differences)."""
    await insert_rows(tx, ExposureAccount, rows, _ADD_BALANCES)


async def put_orders(tx: Tx, rows: Sequence[OrderExposure]) -> None:
    """Store the rows of orders."""
    await insert_rows(tx, OrderExposure, rows, _PUT_ORDERS)


async def add_entries(tx: Tx, rows: Sequence[ExposureEntry]) -> None:
    """Append to the exposure ledger; rows that carry its sums are written apart (`add_balances`, `put_orders`)."""
    await insert_rows(tx, ExposureEntry, rows)


async def add_decisions(tx: Tx, rows: Sequence[CreditDecision]) -> None:
    """Keep decisions with their inputs, of which `verify` derives them again."""
    await insert_rows(tx, CreditDecision, rows)


def all_decisions(tx: Tx) -> AsyncIterable[Decided]:
    """Every decision with its inputs, in no order."""
    return tx.stream_rows(Decided, _DECISIONS)


def all_moves(tx: Tx) -> AsyncIterable[Moved]:
    """Every entry's source, kind and amount."""
    return tx.stream_rows(Moved, _MOVES)


async def unequal_sums(tx: Tx) -> list[str]:
    """Accounts and orders whose stored sums are not those of their entries."""
    return await tx.column(str, _UNEQUAL)
