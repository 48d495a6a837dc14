"""SQL of orders. An order is a dict of its columns plus `lines`, `credits`, `checks` (lists of dicts)
and `account_*` (what the account has now)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from kit.db.database import Row, Tx
from kit.db.rows import dumps, insert_rows
from services.customer.orders.models import Order, OrderCheck, OrderCredit, OrderLine

Pair = tuple[str, str]

COLUMNS = tuple(name for name in Order.model_fields if name != "id")
LINE_COLUMNS = tuple(OrderLine.model_fields)
_MUTABLE = tuple(name for name in COLUMNS if name not in ("number", "stream_key", "account_id", "created_at"))


def _set(columns: Collection[str], source: str) -> str:
    return ", ".join(f"{name} = {source}.{name}" for name in columns)


_LOAD = """
SELECT o.*, a.region AS account_region, a.customer_type AS account_customer_type, a.archived_at AS account_archived_at,
  (SELECT coalesce(json_agg(l ORDER BY l.line_no), '[]') FROM order_line l WHERE l.order_id = o.id) AS lines,
  (SELECT coalesce(json_agg(c ORDER BY c.position), '[]') FROM order_credit c WHERE c.order_id = o.id) AS credits,
  (SELECT coalesce(json_agg(k ORDER BY k.placement, k.kind), '[]') FROM order_check k WHERE k.order_id = o.id) AS checks
FROM orders o JOIN account a ON a.id = o.account_id WHERE o.id = ANY($1::uuid[])
"""
_LOCK = "SELECT id FROM orders WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_SAVE = f"""
WITH o AS (
  UPDATE orders t SET {_set(_MUTABLE, "r")} FROM json_populate_recordset(NULL::orders, $1::json) r
  WHERE t.id = r.id AND t.version < r.version RETURNING t.id
), l AS (
  UPDATE order_line t SET {_set([c for c in LINE_COLUMNS if c not in ("order_id", "line_no")], "r")}
  FROM json_populate_recordset(NULL::order_line, $2::json) r WHERE t.order_id = r.order_id AND t.line_no = r.line_no
), c AS (
  INSERT INTO order_check SELECT * FROM json_populate_recordset(NULL::order_check, $3::json)
  ON CONFLICT (order_id, placement, kind) DO UPDATE SET
  {_set([c for c in OrderCheck.model_fields if c not in ("order_id", "placement", "kind")], "excluded")}
) SELECT count(*) FROM o
"""
_BY_EXTERNAL = (
    "SELECT o.external_source, o.external_id, o.id FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN orders o ON o.external_source = k.source AND o.external_id = k.external_id"
)
_ACCOUNTS = """
SELECT a.id, a.stream_key, a.owner_id, a.region, a.customer_type, a.archived_at
FROM account a WHERE a.id = ANY($1::uuid[])
"""


def _order(row: Row) -> dict[str, Any]:
    return {**row, **{name: orjson.loads(row[name]) for name in ("lines", "credits", "checks")}}


async def load_orders(tx: Tx, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Orders by id; unknown ids are missing."""
    return {row["id"]: _order(row) for row in await tx.fetch(_LOAD, list(ids))}


async def lock_orders(tx: Tx, ids: Collection[UUID]) -> dict[UUID, dict[str, Any]]:
    """Orders by id, locked in the order of their ids, as they are once the locks are held."""
    if not ids:
        return {}
    await tx.fetch(_LOCK, list(ids))
    return await load_orders(tx, ids)


async def next_numbers(tx: Tx, count: int) -> list[int]:
    """The next numbers of the sequence; a rollback leaves gaps."""
    rows = await tx.fetch("SELECT nextval('order_number_seq') AS n FROM generate_series(1, $1::int)", count)
    return [row["n"] for row in rows]


async def add_orders(tx: Tx, orders: Sequence[Mapping[str, Any]]) -> int:
    """Insert orders with lines, credits and checks; returns how many went in (nothing of an order is
    written when its external id is taken: the caller then rolls back)."""
    rows = [{"id": order["id"], **{name: order[name] for name in COLUMNS}} for order in orders]
    rows.sort(key=lambda row: (row["external_source"] or "", row["external_id"] or ""))
    added = await insert_rows(tx, Order, rows, "ON CONFLICT (external_source, external_id) DO NOTHING")
    if added == len(rows):
        await add_parts(tx, orders)
        await insert_rows(tx, OrderCheck, [check for order in orders for check in order["checks"]])
    return added


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
    saved = await tx.fetchval(_SAVE, dumps(rows), dumps(lines), dumps(checks))
    return int(saved) == len(rows)


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Order ids of (source, external id)."""
    if not pairs:
        return {}
    rows = await tx.fetch(_BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(row["external_source"], row["external_id"]): row["id"] for row in rows}


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
