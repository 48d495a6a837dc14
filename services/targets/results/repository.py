"""SQL of results: what payments allocate to orders, and what stands of orders and of results in the credit ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.rows import columns_of, insert_rows, select_sql
from services.targets.credits.enums import Measure
from services.targets.credits.models import CreditedOrder
from services.targets.results.models import FreedOrder, OrderCash

_ONCE = "ON CONFLICT DO NOTHING"
_GATE = "LOCK TABLE credited_order IN ROW SHARE MODE"
"""Before it is read by who will lock its rows: a rebuild that swaps waits for both, or both for it."""
_CREDITED = "SELECT order_id FROM credited_order WHERE order_id = ANY($1::uuid[])"
_ORDERS = select_sql(CreditedOrder, "order_id = ANY($1::uuid[])")
_LOCK_ORDERS = select_sql(CreditedOrder, "order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE")
_ORDERS_BETWEEN = """
SELECT order_id FROM credited_order
WHERE account_id = ANY($1::uuid[]) AND order_date >= $2 AND ($3::date IS NULL OR order_date <= $3)
"""
_KEPT = f"""
SELECT {columns_of(OrderCash)} FROM order_cash
WHERE event_id IN (SELECT event_id FROM order_cash WHERE order_id = ANY($1::uuid[]))
ORDER BY event_id, ordinal FOR UPDATE
"""
_FREED = "SELECT order_id FROM freed_order WHERE order_id = ANY($1::uuid[])"
_POSTED_OF = """
SELECT source_event_id, order_id, max(ordinal) AS last FROM credit_line
WHERE source_event_id = ANY($1::uuid[]) GROUP BY 1, 2
"""
_CASH = "kind IN ('paid', 'refunded', 'voided')"


class Place(NamedTuple):
    """Where the credit of a line and member of an order stands, as the newest fact about the order says, and how much
    cash stands there."""

    order_id: UUID
    line_no: int
    member_id: UUID
    unit_path: Sequence[UUID]
    product_line: str | None
    region: str | None
    customer_type: str | None
    channel_id: UUID | None
    cash: int


_PLACES = """
SELECT DISTINCT ON (order_id, line_no, member_id)
       order_id, line_no, member_id, unit_path, product_line, region, customer_type, channel_id,
       (sum(cash) OVER (PARTITION BY order_id, line_no, member_id))::bigint AS cash
FROM credit_line WHERE order_id = ANY($1::uuid[]) AND (subject_id IS NULL OR cash <> 0)
ORDER BY order_id, line_no, member_id, subject_id NULLS FIRST, sequence DESC, ordinal DESC
"""


class Ordered(NamedTuple):
    """What was credited of a line at the confirmation of its order, whoever got it."""

    order_id: UUID
    line_no: int
    gross: int
    net: int


_ORDERED = """
SELECT order_id, line_no, sum(gross)::bigint AS gross, sum(amount)::bigint AS net FROM credit_line
WHERE order_id = ANY($1::uuid[]) AND kind = 'confirmed' GROUP BY 1, 2 ORDER BY 1, 2
"""


class Paid(NamedTuple):
    """What a fact credited of a payment to an order, in the order of the facts; corrections add nothing."""

    order_id: UUID
    payment_id: UUID
    posting_date: date
    cash: int


_PAID = f"""
SELECT order_id, subject_id AS payment_id, posting_date, sum(cash)::bigint AS cash FROM credit_line
WHERE order_id = ANY($1::uuid[]) AND {_CASH}
GROUP BY order_id, subject_id, posting_date, fact_id, recorded_at ORDER BY order_id, recorded_at, fact_id
"""


class Stood(NamedTuple):
    """What stands of a result without cash: of whom, where, and since which day."""

    subject_id: UUID
    order_id: UUID | None
    account_id: UUID | None
    member_id: UUID
    unit_path: Sequence[UUID]
    product_line: str | None
    region: str | None
    customer_type: str | None
    channel_id: UUID | None
    order_date: date
    currency: str
    counts: Mapping[str, int]


class CashLine(NamedTuple):
    """The cash that stands of a payment on a day, and where."""

    place: Place
    payment_id: UUID
    posting_date: date


_OF_PLACE = "order_id, line_no, member_id, unit_path, product_line, region, customer_type, channel_id"
_CASH_LINES = f"""
SELECT {_OF_PLACE}, sum(cash)::bigint AS cash, subject_id, posting_date FROM credit_line
WHERE order_id = ANY($1::uuid[]) AND subject_id IS NOT NULL
GROUP BY {_OF_PLACE}, subject_id, posting_date HAVING sum(cash) <> 0
ORDER BY order_id, subject_id, posting_date, line_no, member_id, unit_path
"""
_COUNTED = (
    *(Measure.WON, Measure.LOST, Measure.ANSWERS, Measure.CSAT_TOP),
    *(Measure.PROMOTERS, Measure.DETRACTORS, Measure.NPS_ANSWERS),
)
_OF_RESULT = (
    "subject_id, order_id, account_id, member_id, unit_path, product_line, region, customer_type, channel_id, "
    "order_date, currency"
)
_STOOD = f"""
SELECT {_OF_RESULT}, {", ".join(f"sum({name})::bigint AS {name}" for name in _COUNTED)} FROM credit_line
WHERE {{}} GROUP BY {_OF_RESULT} HAVING {" OR ".join(f"sum({name}) <> 0" for name in _COUNTED)}
ORDER BY subject_id, member_id, unit_path
"""
_STOOD_OF = _STOOD.format("subject_id = ANY($1::uuid[])")
_ANSWERS = _STOOD.format("order_id = ANY($1::uuid[]) AND subject_id IS NOT NULL")


async def put_cash(tx: Tx, rows: Sequence[OrderCash]) -> None:
    """Keep what events of payments allocate."""
    await insert_rows(tx, OrderCash, rows, _ONCE)


async def put_freed(tx: Tx, rows: Sequence[FreedOrder]) -> None:
    """Keep which orders take no cash."""
    await insert_rows(tx, FreedOrder, rows, _ONCE)


async def which_credited(tx: Tx, order_ids: Collection[UUID]) -> set[UUID]:
    """Those of these orders that are credited."""
    return set(await tx.column(UUID, _CREDITED, list(order_ids)))


async def list_credited(tx: Tx, order_ids: Collection[UUID]) -> set[UUID]:
    """Those of these orders that are credited, for who locks them next."""
    await tx.execute(_GATE)
    return await which_credited(tx, order_ids)


async def lock_orders(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, CreditedOrder]:
    """The orders that are credited, locked in the order of their ids."""
    return {row.order_id: row for row in await tx.rows(CreditedOrder, _LOCK_ORDERS, list(order_ids))}


async def list_kept(tx: Tx, order_ids: Collection[UUID]) -> list[OrderCash]:
    """What was allocated to these orders, unless they are freed, in the order in which it counts. The rows of their
    events stay locked: only one at a time counts on with the ordinals of an event."""
    rows = [row for row in await tx.rows(OrderCash, _KEPT, list(order_ids)) if row.order_id in set(order_ids)]
    if not rows:
        return []
    freed = {row["order_id"] for row in await tx.fetch(_FREED, [row.order_id for row in rows])}
    kept = [row for row in rows if row.order_id not in freed]
    return sorted(kept, key=lambda row: (row.day, row.payment_id, row.version, row.ordinal))


async def list_posted(tx: Tx, event_ids: Collection[UUID]) -> dict[tuple[UUID, UUID | None], int]:
    """The greatest ordinal of the lines of these events, by event and order."""
    rows = await tx.fetch(_POSTED_OF, list(event_ids))
    return {(row["source_event_id"], row["order_id"]): row["last"] for row in rows}


async def list_places(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, dict[tuple[int, UUID], Place]]:
    """Where the credit of each line and member of the orders stands."""
    orders: dict[UUID, dict[tuple[int, UUID], Place]] = {order_id: {} for order_id in order_ids}
    for row in await tx.rows(Place, _PLACES, list(order_ids)):
        orders[row.order_id][row.line_no, row.member_id] = row
    return orders


async def list_ordered(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, list[Ordered]]:
    """The lines of orders as they were confirmed."""
    orders: dict[UUID, list[Ordered]] = {order_id: [] for order_id in order_ids}
    for row in await tx.rows(Ordered, _ORDERED, list(order_ids)):
        orders[row.order_id].append(row)
    return orders


async def list_paid(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, list[Paid]]:
    """What facts credited of payments to orders."""
    orders: dict[UUID, list[Paid]] = {order_id: [] for order_id in order_ids}
    for row in await tx.rows(Paid, _PAID, list(order_ids)):
        orders[row.order_id].append(row)
    return orders


async def list_cash(tx: Tx, order_ids: Collection[UUID]) -> list[CashLine]:
    """What stands of payments to orders by posting date and place."""
    size = len(Place._fields)
    rows = await tx.fetch(_CASH_LINES, list(order_ids))
    return [CashLine(Place(*row[:size]), *row[size:]) for row in rows]


async def list_orders(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, CreditedOrder]:
    """Those of these orders that are credited, as they are now."""
    await tx.execute(_GATE)
    return {row.order_id: row for row in await tx.rows(CreditedOrder, _ORDERS, list(order_ids))}


async def orders_between(tx: Tx, account_ids: Collection[UUID], first: date, last: date | None) -> list[UUID]:
    """Credited orders of accounts on days."""
    await tx.execute(_GATE)
    return await tx.column(UUID, _ORDERS_BETWEEN, list(account_ids), first, last)


async def list_stood(tx: Tx, subject_ids: Collection[UUID]) -> list[Stood]:
    """What stands of results."""
    return [_stood(row) for row in await tx.fetch(_STOOD_OF, list(subject_ids))]


async def list_answers(tx: Tx, order_ids: Collection[UUID]) -> list[Stood]:
    """What stands of answers about orders."""
    return [_stood(row) for row in await tx.fetch(_ANSWERS, list(order_ids))]


def _stood(row: Row) -> Stood:
    counts = {name.value: row[name] for name in _COUNTED if row[name]}
    return Stood._make((*row[: len(Stood._fields) - 1], counts))
