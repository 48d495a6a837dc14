"""SQL of the credit ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.lists import Field, ListSpec
from kit.db.rows import dumps, insert_sql
from services.targets.credits.models import CreditLineRow

CREDIT_LINES = ListSpec(
    "credit_line c",
    {
        "id": Field("c.id", "uuid"),
        "order_id": Field("c.order_id", "uuid"),
        "account_id": Field("c.account_id", "uuid"),
        "line_no": Field("c.line_no", "int"),
        "member_id": Field("c.member_id", "uuid"),
        "unit_id": Field("c.unit_path", "uuid", match="c.unit_path && {}"),
        "unit_path": Field("to_jsonb(c.unit_path)", "json"),
        "kind": Field("c.kind", enum=("confirmed", "returned", "corrected")),
        "product_line": Field("c.product_line", nullable=True),
        "region": Field("c.region", nullable=True),
        "customer_type": Field("c.customer_type", nullable=True),
        "order_date": Field("c.order_date", "date"),
        "posting_date": Field("c.posting_date", "date", sortable=True),
        "currency": Field("c.currency", "currency"),
        "amount": Field("c.amount", "int"),
        "source_event_id": Field("c.source_event_id", "uuid"),
        "recorded_at": Field("c.recorded_at", "datetime"),
    },
    default_sort="-posting_date",
)

_LOCK_MEMBERS = "SELECT 1 FROM member WHERE id = ANY($1::uuid[]) ORDER BY id FOR SHARE"
_LOCK_ORDERS = "SELECT * FROM credited_order WHERE order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE"
_HANDLED = "SELECT DISTINCT source_event_id FROM credit_line WHERE source_event_id = ANY($1::uuid[])"
_PATHS = """
SELECT n.member_id, n.day, u.path
FROM unnest($1::uuid[], $2::date[]) AS n(member_id, day)
JOIN membership s ON s.member_id = n.member_id AND s.valid_from <= n.day AND (s.valid_to IS NULL OR s.valid_to > n.day)
JOIN unit u ON u.id = s.unit_id
"""
_STANDING = """
SELECT DISTINCT ON (order_id, line_no, member_id)
       order_id, line_no, member_id, unit_path, product_line, region, customer_type
FROM credit_line WHERE order_id = ANY($1::uuid[])
ORDER BY order_id, line_no, member_id, sequence DESC, ordinal DESC
"""
_MISPLACED = """
SELECT c.order_id, c.posting_date, c.line_no, c.member_id, c.unit_path, c.product_line, c.region, c.customer_type,
       coalesce(u.path, '{}') AS rightful_path, sum(c.amount)::bigint AS amount
FROM credit_line c
LEFT JOIN membership s ON s.member_id = c.member_id AND s.valid_from <= c.order_date
     AND (s.valid_to IS NULL OR s.valid_to > c.order_date)
LEFT JOIN unit u ON u.id = s.unit_id
WHERE c.member_id = $1 AND c.order_date >= $2 AND c.unit_path <> coalesce(u.path, '{}')
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9 HAVING sum(c.amount) <> 0
ORDER BY 1, 2, 3, 5
"""
_ADD_ORDERS = """
INSERT INTO credited_order AS o (order_id, account_id, stream_key, order_date, currency, shares, sequence, amount)
SELECT order_id, account_id, stream_key, order_date, currency, shares, sequence, amount
FROM json_populate_recordset(NULL::credited_order, $1::json) ORDER BY order_id
ON CONFLICT (order_id) DO UPDATE
SET sequence = GREATEST(o.sequence, excluded.sequence), amount = o.amount + excluded.amount
"""
_ADD_BUCKETS = """
INSERT INTO credit_bucket AS b (member_id, day, unit_path, product_line, region, customer_type, amount, lines)
SELECT member_id, posting_date, unit_path, coalesce(product_line, ''), coalesce(region, ''),
       coalesce(customer_type, ''), sum(amount)::bigint, count(*)
FROM json_populate_recordset(NULL::credit_line, $1::json)
GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
ON CONFLICT (member_id, day, unit_path, product_line, region, customer_type)
DO UPDATE SET amount = b.amount + excluded.amount, lines = b.lines + excluded.lines
"""
_ADD_LINES = insert_sql("credit_line", tuple(CreditLineRow.model_fields))

_SUMS = """
SELECT count(*) AS lines, coalesce(sum(amount), 0) AS amount,
       (SELECT coalesce(sum(lines), 0) FROM credit_bucket) AS bucket_lines,
       (SELECT coalesce(sum(amount), 0) FROM credit_bucket) AS bucket_amount
FROM credit_line
"""


async def lock_members(tx: Tx, member_ids: Collection[UUID]) -> None:
    """Keep the memberships of these members as they are until the commit; others may credit them too."""
    await tx.fetch(_LOCK_MEMBERS, list(member_ids))


async def lock_orders(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Rows of the orders that are credited already, locked in the order of their ids."""
    return {row["order_id"]: row for row in await tx.fetch(_LOCK_ORDERS, list(order_ids))}


async def list_handled(tx: Tx, source_ids: Collection[UUID]) -> set[UUID]:
    """Those source events that have lines."""
    return {row["source_event_id"] for row in await tx.fetch(_HANDLED, list(source_ids))}


async def list_paths(tx: Tx, wanted: Collection[tuple[UUID, date]]) -> dict[tuple[UUID, date], list[UUID]]:
    """Unit path of members on days; a member without a unit on a day, or unknown, is absent."""
    rows = await tx.fetch(_PATHS, [member for member, _ in wanted], [day for _, day in wanted])
    return {(row["member_id"], row["day"]): row["path"] for row in rows}


async def list_standing(tx: Tx, order_ids: Collection[UUID]) -> dict[tuple[UUID, int, UUID], Row]:
    """(order, line, member) -> unit path and dimensions of its newest credit line."""
    rows = await tx.fetch(_STANDING, list(order_ids))
    return {(row["order_id"], row["line_no"], row["member_id"]): row for row in rows}


async def list_misplaced(tx: Tx, member_id: UUID, since: date) -> list[Row]:
    """Balances per order, posting date and line of orders from `since` on, outside the member's unit of that day."""
    return await tx.fetch(_MISPLACED, member_id, since)


async def add_credits(tx: Tx, orders: Sequence[Mapping[str, Any]], lines: Sequence[Mapping[str, Any]]) -> None:
    """Add facts to orders, buckets and lines, in this order of tables and in key order within each."""
    await tx.execute(_ADD_ORDERS, dumps(orders))
    if lines:
        text = dumps(lines)
        await tx.execute(_ADD_BUCKETS, text)
        await tx.execute(_ADD_LINES, text)


async def sum_ledger(tx: Tx) -> tuple[tuple[int, int], tuple[int, int]]:
    """(lines, amount) of the credit lines and of the buckets."""
    row = await tx.fetchrow(_SUMS)
    assert row is not None
    return (int(row["lines"]), int(row["amount"])), (int(row["bucket_lines"]), int(row["bucket_amount"]))
