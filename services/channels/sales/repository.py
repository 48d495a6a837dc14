"""SQL of the projections of sales."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows, select_sql
from services.channels.sales.models import (
    AccountFact,
    ActivityFact,
    CaseFact,
    ExchangeRate,
    OpportunityFact,
    Ordered,
    OrdersAsked,
    Place,
    Returned,
    Sale,
    SaleLine,
    SaleReturn,
    SoldAsked,
    SoldOrder,
    SurveyFact,
)

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
_LATER_OPPORTUNITY = """
ON CONFLICT (id) DO UPDATE SET
    account_id = excluded.account_id, owner_id = excluded.owner_id, state = excluded.state, stage = excluded.stage,
    partner_id = excluded.partner_id, deal_id = excluded.deal_id, opened_on = excluded.opened_on,
    closed_on = excluded.closed_on, version = excluded.version
WHERE opportunity_fact.version < excluded.version
"""
_LATER_COLUMNS = ", ".join(
    f"{name} = CASE WHEN case_fact.version < excluded.version THEN excluded.{name} ELSE case_fact.{name} END"
    for name in CaseFact.model_fields
    if name not in ("id", "is_breached")
)
_LATER_CASE = f"""
ON CONFLICT (id) DO UPDATE SET is_breached = case_fact.is_breached OR excluded.is_breached,
    {_LATER_COLUMNS}
"""
_RATE = "SELECT rate FROM exchange_rate WHERE currency = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1"
_RATES = """
SELECT DISTINCT ON (currency) currency, rate FROM exchange_rate
WHERE currency = ANY($1::text[]) AND valid_from <= $2 ORDER BY currency, valid_from DESC
"""
_ACCOUNT = select_sql(AccountFact, "id = $1")
_ACCOUNTS = select_sql(AccountFact, "id = ANY($1::uuid[])")
_ORDERED = """
SELECT EXISTS (
        SELECT FROM sale s JOIN sale_line l ON l.order_id = s.order_id
        WHERE s.account_id = ANY($1::uuid[]) AND (l.quantity IS NULL OR l.quantity > l.returned)
    ) AS keeps_an_order,
    (SELECT max(order_date) FROM sale WHERE account_id = ANY($1::uuid[])) AS last_order_date
"""

_SOLD = """
SELECT r.key, sum(l.net_base - l.returned_net_base)::bigint AS net
FROM json_to_recordset($1::json) AS r(key uuid, partner_id uuid, first date, last date, product_lines json)
JOIN sale s ON s.partner_id = r.partner_id AND s.order_date BETWEEN r.first AND r.last
JOIN sale_line l ON l.order_id = s.order_id
WHERE r.product_lines IS NULL OR json_typeof(r.product_lines) = 'null'
    OR l.product_line IN (SELECT json_array_elements_text(r.product_lines))
GROUP BY r.key
"""
_LINES = """
SELECT jsonb_agg(jsonb_build_object('line_no', l.line_no, 'product_line', l.product_line, 'net_base', l.net_base)
    ORDER BY l.line_no) AS lines
FROM sale_line l WHERE l.order_id = s.order_id
"""
_NEXT = f"""
SELECT s.order_id, s.account_id, s.partner_id, s.order_date, s.confirmed_event_id, s.confirmed_at,
    coalesce(t.lines, '[]') AS lines
FROM sale s CROSS JOIN LATERAL ({_LINES}) t
WHERE s.confirmed_event_id IS NOT NULL AND s.order_date BETWEEN $1 AND $2
"""
_NEXT_SOLD = f"""
{_NEXT} AND ($3::uuid[] = '{{}}' OR s.partner_id = ANY($3::uuid[]) OR s.account_id = ANY($4::uuid[]))
    AND (s.partner_id, s.order_date, s.order_id) > ($5, $6, $7)
ORDER BY s.partner_id, s.order_date, s.order_id LIMIT $8
"""
_NEXT_DIRECT = f"""
{_NEXT} AND s.partner_id IS NULL AND s.account_id = ANY($3::uuid[]) AND (s.order_date, s.order_id) > ($4, $5)
ORDER BY s.order_date, s.order_id LIMIT $6
"""
_RETURNS = select_sql(SaleReturn, "order_id = ANY($1::uuid[]) ORDER BY order_id, version, returned_at, event_id")
_KEEPING = """
SELECT DISTINCT s.account_id FROM sale s JOIN sale_line l ON l.order_id = s.order_id
WHERE s.account_id = ANY($1::uuid[]) AND (l.quantity IS NULL OR l.quantity > l.returned)
"""


async def sold_by_partners(tx: Tx, asked: Sequence[SoldAsked]) -> dict[UUID, int]:
    """Net by key, of what was sold at all."""
    rows = [one._asdict() for one in asked]
    return dict(await tx.pairs(UUID, int, _SOLD, dumps(rows)))


async def put_sales(tx: Tx, sales: Sequence[Sale], lines: Sequence[SaleLine]) -> None:
    """Insert sales (each once) with their lines, or move their states on; lines that are there stay."""
    await insert_rows(tx, Sale, sales, _LATER)
    await insert_rows(tx, SaleLine, lines, "ON CONFLICT DO NOTHING")


async def put_returned(tx: Tx, lines: Sequence[Returned]) -> None:
    """Set what of lines (each once) came back so far; less than what is known already changes nothing."""
    await tx.execute(_RETURNED, dumps(lines))


async def put_returns(tx: Tx, rows: Sequence[SaleReturn]) -> None:
    """Insert returns: one never changes."""
    await insert_rows(tx, SaleReturn, rows, "ON CONFLICT DO NOTHING")


async def next_orders(tx: Tx, asked: OrdersAsked, after: Place, limit: int) -> list[SoldOrder]:
    """The orders that follow a place, of partners or, where that is of none, of no partner."""
    days, place = (asked.first, asked.last), (after.order_date, after.order_id)
    if after.partner_id is None:
        return await tx.rows(SoldOrder, _NEXT_DIRECT, *days, asked.account_ids, *place, limit)
    named = list(asked.partner_ids), asked.account_ids
    return await tx.rows(SoldOrder, _NEXT_SOLD, *days, *named, after.partner_id, *place, limit)


async def returns_of(tx: Tx, order_ids: Sequence[UUID]) -> list[SaleReturn]:
    """Returns of orders, those of each in their order."""
    return await tx.rows(SaleReturn, _RETURNS, order_ids)


async def put_accounts(tx: Tx, rows: Sequence[AccountFact]) -> None:
    """Insert or replace accounts (each once) by a later version."""
    await insert_rows(tx, AccountFact, rows, _LATER_ACCOUNT)


async def put_opportunities(tx: Tx, rows: Sequence[OpportunityFact]) -> None:
    """Insert or replace opportunities (each once) by a later version."""
    await insert_rows(tx, OpportunityFact, rows, _LATER_OPPORTUNITY)


async def put_activities(tx: Tx, rows: Sequence[ActivityFact]) -> None:
    """Insert activities: one never changes."""
    await insert_rows(tx, ActivityFact, rows, "ON CONFLICT DO NOTHING")


async def put_answers(tx: Tx, rows: Sequence[SurveyFact]) -> None:
    """Insert answers: one never changes."""
    await insert_rows(tx, SurveyFact, rows, "ON CONFLICT DO NOTHING")


async def put_cases(tx: Tx, rows: Sequence[CaseFact]) -> None:
    """Insert cases (each once) or replace them by a later version; that a clock ran out stays so."""
    await insert_rows(tx, CaseFact, rows, _LATER_CASE)


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


async def rates_on(tx: Tx, currencies: Sequence[str], day: date) -> dict[str, str]:
    """The rates of currencies on a day, of those that have one."""
    return {str(row["currency"]): str(row["rate"]) for row in await tx.fetch(_RATES, currencies, day)}


async def find_account(tx: Tx, account_id: UUID) -> AccountFact | None:
    """An account that was heard of."""
    return await tx.row(AccountFact, _ACCOUNT, account_id)


async def accounts_by_id(tx: Tx, account_ids: Sequence[UUID]) -> list[AccountFact]:
    """Those of these accounts that were heard of."""
    return await tx.rows(AccountFact, _ACCOUNTS, account_ids)


async def ordered_by(tx: Tx, account_ids: Sequence[UUID]) -> Ordered:
    """What accounts have ordered so far."""
    (found,) = await tx.rows(Ordered, _ORDERED, account_ids)
    return found


async def accounts_with_orders(tx: Tx, account_ids: Sequence[UUID]) -> set[UUID]:
    """Which accounts have an order that counts and did not come back as a whole."""
    return set(await tx.column(UUID, _KEEPING, account_ids))


async def owners_of(tx: Tx, account_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Owners of accounts."""
    rows = await tx.fetch("SELECT id, owner_id FROM account_fact WHERE id = ANY($1::uuid[])", account_ids)
    return {row["id"]: row["owner_id"] for row in rows}
