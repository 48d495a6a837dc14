"""SQL of the projections of sales."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows
from services.channels.sales.models import AccountFact, ExchangeRate, Returned, Sale, SaleLine

# What an order names stays as it was when it was confirmed: only its state moves on.
_LATER = """
ON CONFLICT (order_id) DO UPDATE SET
    state = CASE WHEN sale.version < excluded.version THEN excluded.state ELSE sale.state END,
    version = GREATEST(sale.version, excluded.version),
    confirmed_event_id = COALESCE(sale.confirmed_event_id, excluded.confirmed_event_id),
    confirmed_at = COALESCE(sale.confirmed_at, excluded.confirmed_at)
"""
_RETURNED = """
UPDATE sale_line l SET returned = r.returned, returned_net_base = r.returned_net_base
FROM json_to_recordset($1::json) AS r(order_id uuid, line_no int, returned bigint, returned_net_base bigint)
WHERE l.order_id = r.order_id AND l.line_no = r.line_no AND l.returned < r.returned
"""
_LATER_ACCOUNT = """
ON CONFLICT (id) DO UPDATE SET
    owner_id = excluded.owner_id, name_key = excluded.name_key, region = excluded.region, country = excluded.country,
    customer_type = excluded.customer_type, is_archived = excluded.is_archived, version = excluded.version
WHERE account_fact.version < excluded.version
"""
_RATE = "SELECT rate FROM exchange_rate WHERE currency = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1"


async def put_sales(tx: Tx, sales: Sequence[Sale], lines: Sequence[SaleLine]) -> None:
    """Insert sales (each once) with their lines, or move their states on; lines that are there stay."""
    await insert_rows(tx, Sale, sales, _LATER)
    await insert_rows(tx, SaleLine, lines, "ON CONFLICT DO NOTHING")


async def put_returned(tx: Tx, lines: Sequence[Returned]) -> None:
    """Set what of lines (each once) came back so far; less than what is known already changes nothing."""
    await tx.execute(_RETURNED, dumps(lines))


async def put_accounts(tx: Tx, rows: Sequence[AccountFact]) -> None:
    """Insert or replace accounts (each once) by a later version."""
    await insert_rows(tx, AccountFact, rows, _LATER_ACCOUNT)


async def put_rates(tx: Tx, rows: Sequence[ExchangeRate]) -> None:
    """Insert rates: one never changes."""
    await insert_rows(tx, ExchangeRate, rows, "ON CONFLICT DO NOTHING")


async def rate_on(tx: Tx, currency: str, day: date) -> str | None:
    """The rate of a currency on a day."""
    found = await tx.fetchval(_RATE, currency, day)
    return None if found is None else str(found)


async def known_accounts(tx: Tx, account_ids: Sequence[UUID]) -> set[UUID]:
    """Which of the ids are accounts that were heard of."""
    rows = await tx.fetch("SELECT id FROM account_fact WHERE id = ANY($1::uuid[])", account_ids)
    return {UUID(str(row["id"])) for row in rows}
