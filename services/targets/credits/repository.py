"""SQL of the credit ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.rows import columns_of, dumps, insert_rows, insert_sql, select_sql
from services.targets.credits.enums import MEASURES, Measure
from services.targets.credits.lists import label_of
from services.targets.credits.models import CreditedOrder, CreditLabel, CreditLineRow, UnlaunchedLine

_LOCK_MEMBERS = "SELECT 1 FROM member WHERE id = ANY($1::uuid[]) ORDER BY id FOR {}"
_LOCK_ORDERS = select_sql(CreditedOrder, "order_id = ANY($1::uuid[]) ORDER BY order_id FOR UPDATE")
_HANDLED = "SELECT DISTINCT source_event_id FROM credit_line WHERE source_event_id = ANY($1::uuid[])"
_SEQUENCES = """
SELECT subject_id, max(sequence) AS last FROM credit_line WHERE subject_id = ANY($1::uuid[]) GROUP BY 1
"""
_PATHS = """
SELECT n.member_id, n.day, u.path
FROM unnest($1::uuid[], $2::date[]) AS n(member_id, day)
JOIN membership s ON s.member_id = n.member_id AND s.valid_from <= n.day AND (s.valid_to IS NULL OR s.valid_to > n.day)
JOIN unit u ON u.id = s.unit_id
"""


class Standing(NamedTuple):
    """The credit of a line and member: where it stands (its newest credit line tells), and how much of it."""

    order_id: UUID
    line_no: int
    member_id: UUID
    unit_path: Sequence[UUID]
    product_line: str | None
    region: str | None
    customer_type: str | None
    channel_id: UUID | None
    sums: Sequence[int | None]
    """Of the measures, in their order."""

    @classmethod
    def of(cls, row: Row) -> Standing:
        """From columns of this order, the measures at the end."""
        return cls._make((*row[:_PLACES], row[_PLACES:_SIZE]))

    def values(self, sign: int = 1) -> dict[Measure, int | None]:
        """What stands by measure, or what takes it back (`sign` -1)."""
        return {name: None if value is None else sign * value for name, value in zip(MEASURES, self.sums, strict=True)}


_PLACES = len(Standing._fields) - 1
_SIZE = _PLACES + len(MEASURES)
_OF_PLACE = "line_no, member_id, unit_path, product_line, region, customer_type, channel_id"


def _sums(of: str, window: str = "") -> str:
    return ", ".join(f"(sum({of}{name}) {window})::bigint AS {name}" for name in MEASURES)


_IS_SOMETHING = " OR ".join(f"sum(c.{name}) <> 0" for name in MEASURES)
_STANDING = f"""
SELECT DISTINCT ON (order_id, line_no, member_id) order_id, {_OF_PLACE}, {_sums("", "OVER w")}
FROM credit_line WHERE order_id = ANY($1::uuid[]) AND subject_id IS NULL
WINDOW w AS (PARTITION BY order_id, line_no, member_id)
ORDER BY order_id, line_no, member_id, sequence DESC, ordinal DESC
"""


class Misplaced(NamedTuple):
    """What stands of an order, or of the result `subject_id`, outside the member's unit of the order date, by posting
    date. `standing` names the order, of a result without one the result, as what is corrected together."""

    standing: Standing
    posting_date: date
    rightful_path: Sequence[UUID]
    order_id: UUID | None
    subject_id: UUID | None
    account_id: UUID | None
    order_date: date
    currency: str


_OF_MEMBERSHIP = """
LEFT JOIN membership s ON s.member_id = c.member_id AND s.valid_from <= c.order_date
     AND (s.valid_to IS NULL OR s.valid_to > c.order_date)
LEFT JOIN unit u ON u.id = s.unit_id
"""
_BY_PLACE = (
    "c.order_id, c.line_no, c.member_id, c.unit_path, c.product_line, c.region, c.customer_type, c.channel_id, "
    "c.posting_date, c.subject_id"
)
_MISPLACED = f"""
SELECT coalesce(c.order_id, c.subject_id), c.line_no, c.member_id, c.unit_path, c.product_line, c.region,
       c.customer_type, c.channel_id, {_sums("c.")}, c.posting_date, coalesce(u.path, '{{}}'), c.order_id,
       c.subject_id, c.account_id, c.order_date, c.currency
FROM credit_line c {_OF_MEMBERSHIP}
WHERE c.member_id = $1 AND c.order_date >= $2 AND c.unit_path <> coalesce(u.path, '{{}}')
      AND ($3::uuid[] IS NULL OR coalesce(c.order_id, c.subject_id) = ANY($3::uuid[]))
GROUP BY {_BY_PLACE}, u.path, c.account_id, c.order_date, c.currency HAVING {_IS_SOMETHING}
ORDER BY c.order_id, c.subject_id NULLS FIRST, c.posting_date, c.line_no, c.unit_path
"""
_MISPLACED_MEMBERS = f"""
SELECT DISTINCT b.member_id FROM (
  SELECT c.member_id
  FROM unnest($1::uuid[], $2::date[]) AS m(id, since)
  JOIN credit_line c ON c.member_id = m.id AND c.order_date >= m.since {_OF_MEMBERSHIP}
  WHERE c.unit_path <> coalesce(u.path, '{{}}')
  GROUP BY {_BY_PLACE} HAVING {_IS_SOMETHING}
) b
"""
_ADD_ORDERS = f"""
INSERT INTO credited_order AS o ({columns_of(CreditedOrder)})
SELECT {columns_of(CreditedOrder)} FROM json_populate_recordset(NULL::credited_order, $1::json) ORDER BY order_id
ON CONFLICT (order_id) DO UPDATE
SET sequence = GREATEST(o.sequence, excluded.sequence), amount = o.amount + excluded.amount,
    shares = CASE WHEN excluded.sequence > o.sequence THEN excluded.shares ELSE o.shares END,
    reason = CASE WHEN excluded.sequence > o.sequence THEN excluded.reason ELSE o.reason END
"""
_GATE = "LOCK TABLE credited_order IN ROW SHARE MODE"
"""Before it is read by who will lock its rows: a rebuild that swaps waits for both, or both for it."""
_HOLD = """
SELECT {}(k) FROM (
    SELECT DISTINCT hashtextextended('crediting ' || a, 0) AS k FROM unnest($1::text[]) a ORDER BY k
) n
"""
_ORDERS_BETWEEN = select_sql(
    CreditedOrder,
    "account_id = ANY($1::uuid[]) AND order_date >= $2 AND ($3::date IS NULL OR order_date <= $3) ORDER BY order_id",
)
_SHARERS = """
SELECT DISTINCT jsonb_object_keys(shares)::uuid AS member_id FROM credited_order WHERE order_id = ANY($1::uuid[])
"""


class Step(NamedTuple):
    """What a fact of an order has credited of a line, whoever got it; corrections that add nothing are left out."""

    order_id: UUID
    sequence: int
    kind: str
    posting_date: date
    line_no: int
    amount: int
    margin: int | None = None
    gross: int = 0
    units: int = 0
    new_product: int = 0
    new_customers: int = 0


_STEPS = """
SELECT order_id, sequence, kind, posting_date, line_no, sum(amount)::bigint AS amount, sum(margin)::bigint AS margin,
    sum(gross)::bigint AS gross, sum(units)::bigint AS units, sum(new_product)::bigint AS new_product,
    sum(new_customers)::bigint AS new_customers
FROM credit_line WHERE order_id = ANY($1::uuid[]) AND subject_id IS NULL
GROUP BY 1, 2, 3, 4, 5 HAVING kind <> 'corrected' OR sum(new_product) <> 0 ORDER BY order_id, sequence, line_no
"""


class Posted(NamedTuple):
    """What stands of a line and member on a posting date, and where."""

    standing: Standing
    posting_date: date


_POSTED = f"""
SELECT order_id, {_OF_PLACE}, {_sums("")}, posting_date
FROM credit_line WHERE order_id = ANY($1::uuid[]) AND subject_id IS NULL GROUP BY order_id, posting_date, {_OF_PLACE}
ORDER BY order_id, posting_date, line_no, member_id, unit_path
"""
_HOLD_SKUS = """
SELECT {}(k) FROM (
    SELECT DISTINCT hashtextextended('launch of ' || a, 0) AS k FROM unnest($1::text[]) a ORDER BY k
) n
"""
_TAKE_UNLAUNCHED = """
DELETE FROM unlaunched_line WHERE sku = ANY($1::text[]) RETURNING order_id, line_no, sku
"""
_ADD_LABELS = """
INSERT INTO credit_label (id, kind, value, path)
SELECT id, kind, value, path FROM json_populate_recordset(NULL::credit_label, $1::json) ORDER BY id
ON CONFLICT (id) DO NOTHING
"""
_NAMES = tuple(name.value for name in MEASURES)
_LEFT: Mapping[str, tuple[int | None, ...]] = {name: (None,) if name == "margin" else (0,) for name in _NAMES}
"""What a measure is where a line has nothing of it: 0, or a margin that is not known."""
_OF_LINES = tuple(name for name in CreditLineRow.model_fields if name not in frozenset(_NAMES))


_BUCKET = {
    **{"member_id": "member_id", "day": "posting_date", "unit_path": "unit_path"},
    **{name: f"coalesce({name}, '')" for name in ("product_line", "region", "customer_type")},
    "channel": "coalesce(channel_id::text, '')",
}
"""Keys of the daily sums, and what of a line each is."""
_LABELS = ("unit", "product_line", "region", "customer_type", "channel")
_SUMMED: Mapping[str, Sequence[str]] = {
    "credit_month": ("month", *_LABELS),
    "credit_day": ("day", "unit"),
    "credit_member_month": ("month", "member_id", "unit", "region", "customer_type", "channel"),
    "credit_offer_day": ("day", "product_line", "customer_type", "channel"),
    "credit_region_day": ("day", "region", "customer_type", "channel"),
    "credit_member_day": ("day", "member_id", "unit"),
    "credit_member_product": ("month", "member_id", "unit", "product_line"),
}
KEYS: Mapping[str, Sequence[str]] = {"credit_bucket": tuple(_BUCKET), **_SUMMED}
"""Tables of sums and their keys, in the order in which their rows are locked."""
_TYPES = {"day": "date", "month": "date", "member_id": "uuid"}


@lru_cache(maxsize=256)
def _adding(measures: tuple[str, ...]) -> Mapping[str, str]:
    """Statements that add lines to each table of sums: to buckets as JSON, to all others by columns of their keys and
    of the measures. Measures that no line has stay 0."""
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint" for name in measures)
    added = ", ".join(f"{name} = s.{name} + excluded.{name}" for name in (*measures, "lines"))

    def adding(table: str, keys: Mapping[str, str], source: str) -> str:
        names, numbers = ", ".join(keys), ", ".join(str(number) for number in range(1, len(keys) + 1))
        return f"""
INSERT INTO {table} AS s ({names}, {", ".join(measures)}, lines)
SELECT {", ".join(keys.values())}, {sums}, count(*)
FROM {source} GROUP BY {numbers} ORDER BY {numbers}
ON CONFLICT ({names}) DO UPDATE SET {added}
"""

    found = {"credit_bucket": adding("credit_bucket", _BUCKET, "json_populate_recordset(NULL::credit_line, $1::json)")}
    for table, keys in _SUMMED.items():
        columns = (*keys, *measures)
        lists = ", ".join(f"${at}::{_TYPES.get(name, 'bigint')}[]" for at, name in enumerate(columns, 1))
        found[table] = adding(table, dict(zip(keys, keys, strict=True)), f"unnest({lists}) AS l({', '.join(columns)})")
    return found


@lru_cache(maxsize=256)
def _lines_sql(measures: tuple[str, ...]) -> str:
    return insert_sql("credit_line", (*_OF_LINES, *measures))


def _whole(table: str, lines: str) -> str:
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in MEASURES)
    return f"SELECT coalesce({lines}, 0)::bigint AS lines, {sums} FROM {table}"


_SUMS = {
    "credit_line": _whole("credit_line", "count(*)"),
    **{table: _whole(table, "sum(lines)") for table in KEYS},
}


async def lock_members(tx: Tx, member_ids: Collection[UUID], *, alone: bool = False) -> None:
    """Keep the memberships of these members as they are until the commit; others (not alone) may credit them too."""
    await tx.fetch(_LOCK_MEMBERS.format("NO KEY UPDATE" if alone else "SHARE"), list(member_ids))


async def lock_orders(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, CreditedOrder]:
    """The orders that are credited already, locked in the order of their ids."""
    return {row.order_id: row for row in await tx.rows(CreditedOrder, _LOCK_ORDERS, list(order_ids))}


async def hold_accounts(tx: Tx, account_ids: Collection[UUID], *, alone: bool) -> None:
    """Wait for whoever resolves (alone: or credits) these accounts, one after the other; until the transaction ends."""
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    await tx.fetch(_HOLD.format(lock), [str(each) for each in account_ids])


async def hold_skus(tx: Tx, skus: Collection[str], *, alone: bool) -> None:
    """Wait for whoever decides (alone: or asks) when these products were launched; until the transaction ends."""
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    await tx.fetch(_HOLD_SKUS.format(lock), list(skus))


async def add_unlaunched(tx: Tx, lines: Sequence[UnlaunchedLine]) -> None:
    """Mark lines of products that nobody has told of yet."""
    await insert_rows(tx, UnlaunchedLine, lines, "ON CONFLICT DO NOTHING")


async def take_unlaunched(tx: Tx, skus: Collection[str]) -> list[UnlaunchedLine]:
    """The marked lines of products, which are marked no longer."""
    return await tx.rows(UnlaunchedLine, _TAKE_UNLAUNCHED, list(skus))


async def orders_between(tx: Tx, account_ids: Collection[UUID], first: date, last: date | None) -> list[CreditedOrder]:
    """Credited orders of accounts on days."""
    await tx.execute(_GATE)
    return await tx.rows(CreditedOrder, _ORDERS_BETWEEN, list(account_ids), first, last)


async def list_sharers(tx: Tx, order_ids: Collection[UUID]) -> set[UUID]:
    """Members that have shares of credited orders."""
    await tx.execute(_GATE)
    return {row["member_id"] for row in await tx.fetch(_SHARERS, list(order_ids))}


async def list_steps(tx: Tx, order_ids: Collection[UUID]) -> list[Step]:
    """What the facts of orders have credited by line, in their order."""
    return await tx.rows(Step, _STEPS, list(order_ids))


async def list_posted(tx: Tx, order_ids: Collection[UUID]) -> list[Posted]:
    """What stands of orders by posting date, line, member and place."""
    return [Posted(Standing.of(row), row[_SIZE]) for row in await tx.fetch(_POSTED, list(order_ids))]


async def list_handled(tx: Tx, source_ids: Collection[UUID]) -> set[UUID]:
    """Those source events that have lines."""
    return {row["source_event_id"] for row in await tx.fetch(_HANDLED, list(source_ids))}


async def list_sequences(tx: Tx, subject_ids: Collection[UUID]) -> dict[UUID, int]:
    """The sequence of the newest fact about each result that has one."""
    return dict(await tx.pairs(UUID, int, _SEQUENCES, list(subject_ids)))


async def list_paths(tx: Tx, wanted: Collection[tuple[UUID, date]]) -> dict[tuple[UUID, date], Sequence[UUID]]:
    """Unit path of members on days; a member without a unit on a day, or unknown, is absent."""
    rows = await tx.fetch(_PATHS, [member for member, _ in wanted], [day for _, day in wanted])
    return {(row["member_id"], row["day"]): row["path"] for row in rows}


async def list_standing(tx: Tx, order_ids: Collection[UUID]) -> dict[UUID, dict[tuple[int, UUID], Standing]]:
    """What stands credited of every line and member of the orders."""
    orders: dict[UUID, dict[tuple[int, UUID], Standing]] = {order_id: {} for order_id in order_ids}
    for row in map(Standing.of, await tx.fetch(_STANDING, list(order_ids))):
        orders[row.order_id][row.line_no, row.member_id] = row
    return orders


async def list_misplaced(
    tx: Tx, member_id: UUID, since: date, named: Collection[UUID] | None = None
) -> list[Misplaced]:
    """Balances of orders and results from `since` on (of those `named`), outside the member's unit of that day; per
    order or result, posting date and line."""
    rows = await tx.fetch(_MISPLACED, member_id, since, None if named is None else list(named))
    return [Misplaced(Standing.of(row), *row[_SIZE:]) for row in rows]


async def list_misplaced_members(tx: Tx, since: Mapping[UUID, date]) -> set[UUID]:
    """Those among members who have a balance from their day on outside their unit of that day."""
    rows = await tx.fetch(_MISPLACED_MEMBERS, list(since), list(since.values()))
    return {row["member_id"] for row in rows}


async def add_credits(tx: Tx, orders: Sequence[CreditedOrder], lines: Sequence[CreditLineRow]) -> None:
    """Add facts to orders, labels, the tables of sums and lines, in this order of tables and in key order within
    each."""
    await tx.execute(_ADD_ORDERS, dumps(orders))
    if not lines:
        return
    values = [line.__dict__ for line in lines]
    measures = tuple(
        name for name in _NAMES if name == "amount" or any(value[name] not in _LEFT[name] for value in values)
    )
    columns, labels = _labeled(values)
    columns |= {name: [value[name] for value in values] for name in measures}
    await tx.execute(_ADD_LABELS, dumps(labels))
    text = dumps([{name: value[name] for name in (*_OF_LINES, *measures)} for value in values])
    for table, statement in _adding(measures).items():
        keys = _SUMMED.get(table)
        await tx.execute(statement, *([text] if keys is None else [columns[name] for name in (*keys, *measures)]))
    await tx.execute(_lines_sql(measures), text)


def _labeled(values: Sequence[Mapping[str, Any]]) -> tuple[dict[str, list[Any]], list[CreditLabel]]:
    """What lines are summed by, as columns, and the labels that they name."""
    named: dict[tuple[str, object], int] = {}
    labels: dict[int, CreditLabel] = {}

    def label(kind: str, value: object, path: Sequence[UUID] = ()) -> int:
        found = named.get((kind, value))
        if found is None:
            text = "" if value is None else str(value)
            found = named[kind, value] = label_of(kind, text)
            if text:
                labels[found] = CreditLabel(id=found, kind=kind, value=text, path=tuple(path))
        return found

    days = [value["posting_date"] for value in values]
    paths = [value["unit_path"] for value in values]
    columns: dict[str, list[Any]] = {
        "day": days,
        "month": [day.replace(day=1) for day in days],
        "member_id": [value["member_id"] for value in values],
        "unit": [label("unit", path[-1] if path else None, path) for path in paths],
        **{name: [label(name, value[name]) for value in values] for name in _LABELS[1:4]},
        "channel": [label("channel", value["channel_id"]) for value in values],
    }
    return columns, list(labels.values())


async def sum_ledger(tx: Tx) -> dict[str, dict[str, int]]:
    """What all credit lines and each table of sums come to: how many lines there are, and each measure."""
    return {name: {key: int(value) for key, value in (await tx.fetch(sql))[0].items()} for name, sql in _SUMS.items()}
