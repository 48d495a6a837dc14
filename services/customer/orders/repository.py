"""SQL of orders. An order is a dict of its columns plus `lines`, `credits`, `checks` (lists of dicts)
and `account_*` (what the account has now)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlmodel import SQLModel

from kit.db.database import Row, Tx
from kit.db.rows import columns_of, dumps, insert_rows, insert_sql, table_name
from kit.security.principals import ScopeQuery
from services.customer.orders.models import Order, OrderCheck, OrderCredit, OrderLine

Pair = tuple[str, str]

COLUMNS = tuple(name for name in Order.model_fields if name != "id")
LINE_COLUMNS = tuple(OrderLine.model_fields)
CHECK_COLUMNS = tuple(OrderCheck.model_fields)
_MUTABLE = tuple(name for name in COLUMNS if name not in ("number", "stream_key", "account_id", "created_at"))


def _set(columns: Collection[str], source: str) -> str:
    return ", ".join(f"{name} = {source}.{name}" for name in columns)


def _part(model: type[SQLModel]) -> str:
    return f"(SELECT {columns_of(model)} FROM {table_name(model)} WHERE order_id = o.id)"


_WHOLE = f"""
  {columns_of(Order, "o")},
  a.region AS account_region, a.customer_type AS account_customer_type, a.archived_at AS account_archived_at,
  (SELECT coalesce(json_agg(l ORDER BY l.line_no), '[]') FROM {_part(OrderLine)} l) AS lines,
  (SELECT coalesce(json_agg(c ORDER BY c.position), '[]') FROM {_part(OrderCredit)} c) AS credits,
  (SELECT coalesce(json_agg(k ORDER BY k.placement, k.kind), '[]') FROM {_part(OrderCheck)} k) AS checks
"""
_SELECT = f"SELECT {_WHOLE} FROM orders o JOIN account a ON a.id = o.account_id WHERE"
_LOAD = f"{_SELECT} o.id = ANY($1::uuid[])"
_LOCK = f"""
WITH held AS (SELECT id, version FROM orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE)
SELECT {_WHOLE}, held.version AS held_version
FROM held JOIN orders o ON o.id = held.id JOIN account a ON a.id = o.account_id
"""
_ADD = f"""
WITH o AS ({insert_sql("orders", ("id", *COLUMNS), "ON CONFLICT (external_source, external_id) DO NOTHING RETURNING 1")}
), n AS (SELECT count(*) FROM o), l AS (
  {insert_sql("order_line", LINE_COLUMNS, "WHERE (TABLE n) = $5", "$2")}
), c AS (
  {insert_sql("order_credit", tuple(OrderCredit.model_fields), "WHERE (TABLE n) = $5", "$3")}
), k AS (
  {insert_sql("order_check", CHECK_COLUMNS, "WHERE (TABLE n) = $5", "$4")}
) TABLE n
"""
_SAVE = f"""
WITH o AS (
  UPDATE orders t SET {_set(_MUTABLE, "r")} FROM json_populate_recordset(NULL::orders, $1::json) r
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
_BY_EXTERNAL = (
    "SELECT o.external_source, o.external_id, o.id FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN orders o ON o.external_source = k.source AND o.external_id = k.external_id"
)
_ACCOUNT = "a.id, a.stream_key, a.owner_id, a.region, a.customer_type, a.archived_at"
_ACCOUNTS = f"SELECT {_ACCOUNT} FROM account a WHERE a.id = ANY($1::uuid[])"
_BUYER = f"SELECT {_ACCOUNT}, nextval('order_number_seq') AS next_number FROM account a WHERE a.id = $1"


def _order(row: Row) -> dict[str, Any]:
    return {**row, **{name: orjson.loads(row[name]) for name in ("lines", "credits", "checks")}}


async def find_order(tx: Tx, visible: ScopeQuery, order_id: UUID) -> dict[str, Any] | None:
    """One order, None when there is none in the scope."""
    row = await tx.fetchrow(f"{_SELECT} o.id = $1 AND {visible.sees('o.owner_id', 2)}", order_id, *visible.args)
    return None if row is None else _order(row)


async def load_orders(tx: Tx, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Orders by id; unknown ids are missing."""
    return {row["id"]: _order(row) for row in await tx.fetch(_LOAD, list(ids))}


async def lock_orders(tx: Tx, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Orders by id, locked in the order of their ids, as they are once the locks are held.

    Locked and read by one statement. It sees what was committed before it waited: an order that has another version
    once it is locked is read again (all that belongs to an order changes together with its version).
    """
    if not ids:
        return {}
    rows = await tx.fetch(_LOCK, list(ids))
    orders = {row["id"]: _order(row) for row in rows}
    stale = [row["id"] for row in rows if row["held_version"] != row["version"]]
    return orders | await load_orders(tx, stale) if stale else orders


async def next_numbers(tx: Tx, count: int) -> list[int]:
    """The next numbers of the sequence; a rollback leaves gaps."""
    rows = await tx.fetch("SELECT nextval('order_number_seq') AS n FROM generate_series(1, $1::int)", count)
    return [row["n"] for row in rows]


async def add_orders(tx: Tx, orders: Sequence[Mapping[str, Any]]) -> int:
    """Insert orders with lines, credits and checks by one statement; returns how many orders went in (when that
    is not all of them, because an external id is taken, the caller rolls back)."""
    rows = [{"id": order["id"], **{name: order[name] for name in COLUMNS}} for order in orders]
    rows.sort(key=lambda row: (row["external_source"] or "", row["external_id"] or ""))
    parts = [[part for order in orders for part in order[name]] for name in ("lines", "credits", "checks")]
    return int(await tx.fetchval(_ADD, dumps(rows), *map(dumps, parts), len(rows)))


async def add_parts(tx: Tx, orders: Sequence[Mapping[str, Any]]) -> None:
    """Insert lines and credits."""
    await insert_rows(tx, OrderLine, [line for order in orders for line in order["lines"]])
    await insert_rows(tx, OrderCredit, [credit for order in orders for credit in order["credits"]])


async def replace_parts(tx: Tx, orders: Sequence[Mapping[str, Any]]) -> None:
    """Put the lines and credits of drafts in the place of the stored ones."""
    if not orders:
        return
    ids = [order["id"] for order in orders]
    await tx.execute("DELETE FROM order_line WHERE order_id = ANY($1::uuid[])", ids)
    await tx.execute("DELETE FROM order_credit WHERE order_id = ANY($1::uuid[])", ids)
    await add_parts(tx, orders)


async def save_orders(
    tx: Tx,
    orders: Sequence[Mapping[str, Any]],
    lines: Sequence[Mapping[str, Any]] = (),
    checks: Sequence[Mapping[str, Any]] = (),
) -> bool:
    """Write locked orders that carry their new version, with changed lines and checks, by one statement."""
    if not orders:
        return True
    rows = [{"id": order["id"], **{name: order[name] for name in COLUMNS}} for order in orders]
    saved = await tx.fetchval(_SAVE, dumps(rows), dumps(lines), dumps(checks), [order["id"] for order in orders])
    return int(saved) == len(rows)


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Order ids of (source, external id)."""
    if not pairs:
        return {}
    rows = await tx.fetch(_BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(row["external_source"], row["external_id"]): row["id"] for row in rows}


async def find_buyer(tx: Tx, account_id: UUID) -> dict[str, Any] | None:
    """What an order needs of its account, and the number that the order shall have (`next_number`)."""
    row = await tx.fetchrow(_BUYER, account_id)
    return None if row is None else dict(row)


async def get_accounts(tx: Tx, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """What orders need of their accounts."""
    return {row["id"]: dict(row) for row in await tx.fetch(_ACCOUNTS, list(ids))}


async def confirmed_placements(tx: Tx) -> set[tuple[str, int]]:
    """(order id, placement) of every order that was confirmed."""
    rows = await tx.fetch("SELECT id, placement FROM orders WHERE state IN ('confirmed', 'fulfilled', 'closed')")
    return {(str(row["id"]), row["placement"]) for row in rows}


async def count_by_state(tx: Tx) -> dict[str, int]:
    """State -> number of orders (an index alone is read)."""
    return {row["state"]: row["n"] for row in await tx.fetch("SELECT state, count(*) AS n FROM orders GROUP BY state")}
