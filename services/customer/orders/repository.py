"""SQL of orders: whole orders, with their lines, splits and checks, and what they refer to."""

from __future__ import annotations

from collections.abc import AsyncIterable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import SQLModel

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, insert_sql, table_name
from kit.security.principals import ScopeQuery
from services.customer.accounts.lists import SEEN_BY
from services.customer.orders.enums import OrderState
from services.customer.orders.lists import PAID_LATE
from services.customer.orders.models import Buyer, Order, OrderCheck, OrderColumns, OrderLine, OrderSplit
from services.customer.orders.references import References

Pair = tuple[str, str]

COLUMNS = tuple(OrderColumns.model_fields)
LINE_COLUMNS = tuple(OrderLine.model_fields)
CHECK_COLUMNS = tuple(OrderCheck.model_fields)
_ACCOUNT = f"a.id, a.stream_key, a.owner_id, a.region, a.archived_at, a.root_id, {SEEN_BY} AS seen_by"
_FIXED = ("id", "number", "stream_key", "account_id", "created_at", "returned")


class HeldOrder(Order):
    """An order that was locked at `held_version`."""

    held_version: int


class SettledRow(NamedTuple):
    """What of an order came back and was paid, and what was booked for it."""

    id: UUID
    gross: int
    gross_base: int
    returned: int
    returned_base: int
    paid: int
    paid_base: int


class Named(NamedTuple):
    """An order by its id in another system."""

    source: str
    external_id: str
    id: UUID


class Former(NamedTuple):
    """A cancelled order by the id that it had in another system, what was said of it, and who may know of it."""

    source: str
    external_id: str
    content_hash: str
    id: UUID
    owner_id: UUID | None


def _set(columns: Collection[str], source: str) -> str:
    return ", ".join(f"{name} = {source}.{name}" for name in columns)


def _part(model: type[SQLModel]) -> str:
    return f"(SELECT {columns_of(model)} FROM {table_name(model)} WHERE order_id = o.id)"


_BACK = """
SELECT l.line_no, -sum(l.net)::bigint AS net, -sum(l.tax)::bigint AS tax,
  -sum(l.net_base)::bigint AS net_base, -sum(l.tax_base)::bigint AS tax_base
FROM order_return r
CROSS JOIN jsonb_to_recordset(r.lines) AS l(line_no int, net bigint, tax bigint, net_base bigint, tax_base bigint)
WHERE r.order_id = o.id GROUP BY l.line_no ORDER BY l.line_no
"""
_WHOLE = f"""
  {columns_of(OrderColumns, "o")}, a.owner_id AS account_owner_id, a.root_id AS account_root_id,
  {SEEN_BY} AS account_seen_by,
  a.region AS account_region, a.archived_at AS account_archived_at,
  (SELECT coalesce(json_agg(l ORDER BY l.line_no), '[]') FROM {_part(OrderLine)} l) AS lines,
  (SELECT coalesce(json_agg(c ORDER BY c.position), '[]') FROM {_part(OrderSplit)} c) AS credits,
  (SELECT coalesce(json_agg(k ORDER BY k.placement, k.kind), '[]') FROM {_part(OrderCheck)} k) AS checks,
  (SELECT coalesce(json_agg(b), '[]') FROM ({_BACK}) b) AS back,
  (SELECT coalesce(sum(coalesce(r.settled_base, -r.gross_base)), 0)::bigint FROM order_return r
   WHERE r.order_id = o.id) AS returned_base,
  {PAID_LATE} AS paid_late
"""
_SELECT = f"SELECT {_WHOLE} FROM orders o JOIN account a ON a.id = o.account_id WHERE"
_LOAD = f"{_SELECT} o.id = ANY($1::uuid[])"
_LOCK = f"""
WITH held AS (SELECT id, version FROM orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE)
SELECT {_WHOLE}, held.version AS held_version
FROM held JOIN orders o ON o.id = held.id JOIN account a ON a.id = o.account_id
"""
_LOCK_ONE = f"""
WITH a AS MATERIALIZED (
  SELECT {_ACCOUNT} FROM account a WHERE a.id = (SELECT account_id FROM orders WHERE id = $1) FOR SHARE
), held AS MATERIALIZED (
  SELECT id, version FROM orders WHERE id = $1 AND (SELECT count(*) FROM a) = 1 FOR NO KEY UPDATE OF orders
)
SELECT {_WHOLE}, held.version AS held_version FROM held JOIN orders o ON o.id = held.id CROSS JOIN a
"""
_ADD = f"""
WITH o AS ({insert_sql("orders", COLUMNS, "ON CONFLICT (external_source, external_id) DO NOTHING RETURNING 1")}
), n AS (SELECT count(*) FROM o), l AS (
  {insert_sql("order_line", LINE_COLUMNS, "WHERE (TABLE n) = $5", "$2")}
), c AS (
  {insert_sql("order_credit", tuple(OrderSplit.model_fields), "WHERE (TABLE n) = $5", "$3")}
), k AS (
  {insert_sql("order_check", CHECK_COLUMNS, "WHERE (TABLE n) = $5", "$4")}
) TABLE n
"""
_SAVE = f"""
WITH o AS (
  UPDATE orders t SET {_set([c for c in COLUMNS if c not in _FIXED], "r")}
  FROM json_populate_recordset(NULL::orders, $1::json) r
  WHERE t.id = r.id AND t.version < r.version AND t.id = ANY($4::uuid[]) RETURNING t.id
), l AS (
  UPDATE order_line t SET {_set([c for c in LINE_COLUMNS if c not in ("order_id", "line_no")], "r")}
  FROM json_populate_recordset(NULL::order_line, $2::json) r
  WHERE t.order_id = r.order_id AND t.line_no = r.line_no AND t.order_id = ANY($4::uuid[])
), c AS (
  {insert_sql("order_check", CHECK_COLUMNS, parameter="$3")}
  ON CONFLICT (order_id, placement, kind) DO UPDATE SET
  {_set([c for c in CHECK_COLUMNS if c not in ("order_id", "placement", "kind")], "excluded")}
) SELECT count(*) FROM o
"""
_PUT_DUE = """
UPDATE orders o SET due_at = r.due_at FROM unnest($1::uuid[], $2::timestamptz[]) AS r (id, due_at) WHERE o.id = r.id
"""
_SETTLED = """
SELECT o.id, o.gross, o.gross_base,
  coalesce(r.gross, 0)::bigint AS returned, coalesce(r.base, 0)::bigint AS returned_base, o.paid, o.paid_base
FROM orders o LEFT JOIN (
  SELECT order_id, -sum(gross) AS gross, sum(coalesce(settled_base, -gross_base)) AS base
  FROM order_return GROUP BY order_id
) r ON r.order_id = o.id
WHERE o.state IN ('confirmed', 'fulfilled', 'closed')
"""
_BY_EXTERNAL = (
    "SELECT o.external_source, o.external_id, o.id FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN orders o ON o.external_source = k.source AND o.external_id = k.external_id"
)
_FORMER = (
    "SELECT o.former_external_source AS source, o.former_external_id AS external_id, o.content_hash, o.id, "
    f"{SEEN_BY} AS owner_id "
    "FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN orders o ON o.former_external_source = k.source AND o.former_external_id = k.external_id "
    "JOIN account a ON a.id = o.account_id ORDER BY o.id"
)
_BUYERS = f"""
SELECT {_ACCOUNT} FROM account a
WHERE a.id = ANY($1::uuid[] || ARRAY(SELECT account_id FROM orders WHERE id = ANY($2::uuid[]))) ORDER BY a.id FOR SHARE
"""
_BUYER = f"SELECT {_ACCOUNT}, nextval('order_number_seq') AS next_number FROM account a WHERE a.id = $1 FOR SHARE"
# the leads of the units of a membership that has ended, the nearest first; nobody leads themselves
_REFERENCES = """
WITH above AS MATERIALIZED (
  SELECT p.id AS member_id, p.valid_from, u.lead_id, s.place
  FROM principal p CROSS JOIN LATERAL unnest(p.path) WITH ORDINALITY AS s(unit_id, place)
  JOIN unit_lead u ON u.id = s.unit_id
  WHERE p.id = ANY($8::uuid[]) AND p.valid_to IS NOT NULL AND u.lead_id <> p.id
)
SELECT
  (SELECT coalesce(json_object_agg(asked, json_build_array(p.sku, CASE WHEN p.is_active THEN p.product_line END)), '{}')
   FROM unnest($1::text[]) AS asked CROSS JOIN LATERAL (
     SELECT * FROM product_directory d WHERE lower(d.sku COLLATE "C") = lower(asked COLLATE "C")
     ORDER BY d.sku <> asked, d.sku LIMIT 1) p) AS products,
  (SELECT coalesce(json_object_agg(p.sku, (
     SELECT json_agg(json_build_array(c.valid_from, c.unit_cost_base) ORDER BY c.valid_from DESC)
     FROM jsonb_to_recordset(p.costs) AS c(valid_from date, unit_cost_base bigint))), '{}')
   FROM unnest($1::text[]) AS asked CROSS JOIN LATERAL (
     SELECT * FROM product_directory d WHERE lower(d.sku COLLATE "C") = lower(asked COLLATE "C")
     ORDER BY d.sku <> asked, d.sku LIMIT 1) p
   WHERE jsonb_array_length(p.costs) > 0) AS costs,
  (SELECT coalesce(json_object_agg(id, state), '{}') FROM partner_directory WHERE id = ANY($2::uuid[])) AS partners,
  (SELECT coalesce(json_object_agg(id, is_active), '{}') FROM channel_directory WHERE id = ANY($9::uuid[])) AS channels,
  (SELECT coalesce(json_agg(id), '[]') FROM promotion_directory WHERE id = ANY($11::uuid[])) AS promotions,
  (SELECT coalesce(json_object_agg(c.id, (
     SELECT json_agg(m.id) FROM account f JOIN account m ON coalesce(m.root_id, m.id) = coalesce(f.root_id, f.id)
     WHERE f.id = c.account_id)), '{}')
   FROM contact c WHERE c.id = ANY($10::uuid[]) AND c.archived_at IS NULL) AS contacts,
  (SELECT coalesce(json_agg(json_build_array(id, valid_from, valid_to) ORDER BY valid_from), '[]') FROM principal
   WHERE id = ANY($3::uuid[] || ARRAY(SELECT lead_id FROM above))) AS memberships,
  (SELECT coalesce(json_agg(json_build_array(member_id, valid_from, lead_id) ORDER BY place DESC), '[]')
   FROM above) AS above,
  (SELECT coalesce(json_agg(json_build_array(currency, valid_from, rate) ORDER BY valid_from DESC), '[]')
   FROM exchange_rate WHERE currency = ANY($4::text[]) AND base_currency = $5) AS rates,
  (SELECT coalesce(json_agg(json_build_array(k.account_id, k.day, (
     SELECT o.order_date FROM orders o
     WHERE o.account_id = k.account_id AND o.order_date < k.day AND o.state IN ('confirmed', 'fulfilled', 'closed')
     ORDER BY o.order_date DESC LIMIT 1))), '[]')
   FROM unnest($6::uuid[], $7::date[]) AS k(account_id, day)) AS earlier,
  (SELECT coalesce(json_object_agg(a.id, t.terms_days), '{}')
   FROM account a JOIN credit_terms t ON t.account_id = coalesce(a.root_id, a.id)
   WHERE a.id = ANY($6::uuid[])) AS terms,
  (SELECT coalesce(json_agg(a.id), '[]') FROM account a WHERE a.id = ANY($6::uuid[]) AND EXISTS (
     SELECT FROM account m JOIN first_order f ON f.account_id = m.id
     WHERE m.id = coalesce(a.root_id, a.id) OR m.root_id = coalesce(a.root_id, a.id))) AS bought,
  (SELECT coalesce(json_object_agg(q.id, (
     SELECT coalesce(json_agg(json_build_array(q.currency, l.line_no, l.sku, l.list_price)), '[]')
     FROM jsonb_to_recordset(q.lines) AS l(line_no int, sku text, list_price bigint)
     WHERE l.list_price IS NOT NULL)), '{}')
   FROM quote_directory q WHERE q.id = ANY($12::uuid[])) AS quotes
"""


def _columns(order: Order) -> dict[str, object]:
    """The columns that have a value: what the text of a row does not name is null."""
    values = order.__dict__
    return {name: value for name in COLUMNS if (value := values[name]) is not None}


async def find_order(tx: Tx, visible: ScopeQuery, order_id: UUID) -> Order | None:
    """One order, None when there is none in the scope."""
    return await tx.row(Order, f"{_SELECT} o.id = $1 AND {visible.sees(SEEN_BY, 2)}", order_id, *visible.args)


async def load_orders(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Order]:
    """Orders by id; unknown ids are missing."""
    return {order.id: order for order in await tx.rows(Order, _LOAD, list(ids))}


async def lock_orders(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Order]:
    """Orders by id, locked in the order of their ids, as they are once the locks are held.

    Locked and read by one statement. It sees what was committed before it waited: an order that has another version
    once it is locked is read again (all that belongs to an order changes together with its version).
    """
    if not ids:
        return {}
    orders: dict[UUID, Order] = {}
    stale = []
    for order in await tx.rows(HeldOrder, _LOCK, list(ids)):
        orders[order.id] = order
        if order.held_version != order.version:
            stale.append(order.id)
    return orders | await load_orders(tx, stale) if stale else orders


async def lock_order(tx: Tx, order_id: UUID) -> Order | None:
    """One order, locked as `lock_orders` does, and before it its account, shared: both as they are once held."""
    order = await tx.row(HeldOrder, _LOCK_ONE, order_id)
    if order is None or order.held_version == order.version:
        return order
    return (await load_orders(tx, [order_id]))[order_id]


async def next_numbers(tx: Tx, count: int) -> list[int]:
    """The next numbers of the sequence; a rollback leaves gaps."""
    rows = await tx.fetch("SELECT nextval('order_number_seq') AS n FROM generate_series(1, $1::int)", count)
    return [row["n"] for row in rows]


async def add_orders(tx: Tx, orders: Sequence[Order]) -> bool:
    """Insert orders with lines, splits and checks by one statement; False when that is not all of them, because an
    external id is taken: the caller rolls back."""
    ordered = sorted(orders, key=lambda order: (order.external_source or "", order.external_id or ""))
    rows = [_columns(order) for order in ordered]
    lines, splits, checks = _parts(orders)
    return int(await tx.fetchval(_ADD, dumps(rows), dumps(lines), dumps(splits), dumps(checks), len(rows))) == len(rows)


def _parts(orders: Iterable[Order]) -> tuple[list[OrderLine], list[OrderSplit], list[OrderCheck]]:
    return (
        [line for order in orders for line in order.lines],
        [split for order in orders for split in order.credits],
        [check for order in orders for check in order.checks],
    )


async def replace_parts(tx: Tx, orders: Sequence[Order]) -> None:
    """Put the lines and splits of drafts in the place of the stored ones."""
    if not orders:
        return
    ids = [order.id for order in orders]
    await tx.execute("DELETE FROM order_line WHERE order_id = ANY($1::uuid[])", ids)
    await tx.execute("DELETE FROM order_credit WHERE order_id = ANY($1::uuid[])", ids)
    lines, splits, _checks = _parts(orders)
    await insert_rows(tx, OrderLine, lines)
    await insert_rows(tx, OrderSplit, splits)


async def save_orders(
    tx: Tx, orders: Sequence[Order], lines: Sequence[OrderLine] = (), checks: Sequence[OrderCheck] = ()
) -> bool:
    """Write locked orders that carry their new version, with changed lines and checks, by one statement; False when
    one of them has moved on."""
    if not orders:
        return True
    rows = [_columns(order) for order in orders]
    saved = await tx.fetchval(_SAVE, dumps(rows), dumps(lines), dumps(checks), [order.id for order in orders])
    return int(saved) == len(rows)


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Order ids of (source, external id)."""
    if not pairs:
        return {}
    rows = await tx.rows(Named, _BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(row.source, row.external_id): row.id for row in rows}


async def find_former(tx: Tx, pairs: Collection[Pair]) -> Sequence[Former]:
    """Cancelled orders that had these external ids, the oldest first."""
    if not pairs:
        return []
    return await tx.rows(Former, _FORMER, [pair[0] for pair in pairs], [pair[1] for pair in pairs])


async def hold_buyer(tx: Tx, account_id: UUID) -> Buyer | None:
    """What an order needs of its account, locked shared, and the number that the order shall have."""
    return await tx.row(Buyer, _BUYER, account_id)


async def hold_buyers(tx: Tx, ids: Collection[UUID], orders: Collection[UUID] = ()) -> dict[UUID, Buyer]:
    """What orders need of their accounts, and the accounts of orders; locked shared, in the order of their ids."""
    return {buyer.id: buyer for buyer in await tx.rows(Buyer, _BUYERS, list(ids), list(orders))}


async def find_references(
    tx: Tx, skus: Collection[str], partners: Collection[UUID], sellers: Collection[UUID], currencies: Collection[str],
    base_currency: str, days: Collection[tuple[UUID, date]], owners: Collection[UUID] = (),
    channels: Collection[UUID] = (), contacts: Collection[UUID] = (), promotions: Collection[UUID] = (),
    quotes: Collection[UUID] = (),
) -> References:  # fmt: skip
    """Products, partners, sellers, rates, channels, contacts, promotions and quotes of these names, over the tables of
    their slices, by one statement; and when accounts last ordered before the days named, how many days to pay they
    have, and who led their owners."""
    args = [sorted(names, key=str) for names in (skus, partners, sellers, currencies)]
    asked = sorted(days)
    columns = [one[0] for one in asked], [one[1] for one in asked]
    more = [sorted(names) for names in (owners, channels, contacts, promotions, quotes)]
    found = await tx.row(References, _REFERENCES, *args, base_currency, *columns, *more)
    assert found is not None
    return found


async def first_orders(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Those of these orders that were the first to be confirmed of their accounts."""
    rows = await tx.fetch("SELECT order_id FROM first_order WHERE order_id = ANY($1::uuid[])", list(ids)) if ids else []
    return {row["order_id"] for row in rows}


async def put_due(tx: Tx, moments: Mapping[UUID, datetime | None]) -> None:
    """When locked orders are to be told as overdue; None where they were."""
    await tx.execute(_PUT_DUE, list(moments), list(moments.values()))


async def confirmed_placements(tx: Tx) -> set[tuple[str, int]]:
    """(order id, placement) of every order that was confirmed."""
    rows = await tx.fetch("SELECT id, placement FROM orders WHERE state IN ('confirmed', 'fulfilled', 'closed')")
    return {(str(row["id"]), row["placement"]) for row in rows}


def all_settled(tx: Tx) -> AsyncIterable[SettledRow]:
    """What is settled of every order that was confirmed."""
    return tx.stream_rows(SettledRow, _SETTLED)


async def count_by_state(tx: Tx) -> dict[OrderState, int]:
    """State -> number of orders (an index alone is read)."""
    rows = await tx.fetch("SELECT state, count(*) AS n FROM orders GROUP BY state")
    return {OrderState(row["state"]): row["n"] for row in rows}
