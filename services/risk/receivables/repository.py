"""SQL of receivables. What is open at the end of a day is what is open now, less the moves of later days."""

from __future__ import annotations

from collections.abc import AsyncIterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from kit.db.database import Tx
from kit.db.lists import Field, ListSpec
from kit.db.rows import insert_rows
from kit.events.handlers import Fact
from kit.security.principals import ScopeQuery
from services.risk.receivables.enums import AgeingBy
from services.risk.receivables.models import Receivable, ReceivableMove
from services.risk.receivables.rules import Month
from services.risk.redirects.lists import root_of

AnyFact = TypeVar("AnyFact", bound=Fact[Any])

_KNOWN = "SELECT DISTINCT source_event_id FROM receivable_move WHERE source_event_id = ANY($1::uuid[])"
_ON_ACCOUNT = """
SELECT payment_id, -sum(amount)::bigint AS amount FROM receivable_move
WHERE payment_id = ANY($1::uuid[]) AND order_id IS NULL GROUP BY payment_id
"""
_ADD = """
ON CONFLICT (order_id) DO UPDATE SET
    account_id = coalesce(excluded.account_id, receivable.account_id),
    partner_id = coalesce(excluded.partner_id, receivable.partner_id),
    region = coalesce(excluded.region, receivable.region),
    order_date = coalesce(excluded.order_date, receivable.order_date),
    terms_days = coalesce(excluded.terms_days, receivable.terms_days),
    due_on = coalesce(excluded.due_on, receivable.due_on),
    gross = receivable.gross + excluded.gross, returned = receivable.returned + excluded.returned,
    paid = receivable.paid + excluded.paid, open = receivable.open + excluded.open
"""
# Two branches, so that each has an index: what is open now, and what was open then.
_OPEN_AT = """
later AS (
    SELECT order_id, sum(amount) AS amount FROM receivable_move
    WHERE day > $1::date AND order_id IS NOT NULL GROUP BY order_id
),
item AS (
    SELECT r.order_id, r.account_id, r.partner_id, r.region, r.due_on, r.terms_days,
           r.open - coalesce(l.amount, 0) AS open
    FROM receivable r LEFT JOIN later l USING (order_id) WHERE r.open <> 0 AND r.due_on IS NOT NULL
    UNION ALL
    SELECT r.order_id, r.account_id, r.partner_id, r.region, r.due_on, r.terms_days, -l.amount
    FROM later l JOIN receivable r USING (order_id) WHERE r.open = 0 AND r.due_on IS NOT NULL
)
"""
_DISPUTED_AT = """
SELECT order_id, sum(amount) AS amount FROM dispute_order
WHERE opened_on <= $1::date AND (closed_on IS NULL OR closed_on > $1::date) GROUP BY order_id
"""
"""What is disputed of orders at the end of the day `$1`."""
_KEYS = {
    AgeingBy.TOTAL: ("'total'", "'total'"),
    AgeingBy.ACCOUNT: (f"{root_of('i.account_id')}::text", f"{root_of('m.account_id')}::text"),
    AgeingBy.OWNER: ("coalesce(d.owner_id::text, 'none')", "coalesce(d.owner_id::text, 'none')"),
    AgeingBy.PARTNER: ("coalesce(i.partner_id::text, 'none')", "'none'"),
    AgeingBy.REGION: ("coalesce(i.region, 'none')", "'none'"),
}
"""Key of an item, and of money on account: that has no partner and no region."""
_BUCKETS = {
    "current": "i.open > 0 AND $1::date <= i.due_on",
    "d1_30": "i.open > 0 AND $1::date - i.due_on BETWEEN 1 AND 30",
    "d31_60": "i.open > 0 AND $1::date - i.due_on BETWEEN 31 AND 60",
    "d61_90": "i.open > 0 AND $1::date - i.due_on BETWEEN 61 AND 90",
    "over_90": "i.open > 0 AND $1::date - i.due_on > 90",
}
_COLUMNS = (*_BUCKETS, "credits", "unallocated", "total", "disputed")


def _ageing_source(by: AgeingBy, seen: str) -> str:
    item_key, money_key = _KEYS[by]
    buckets = ", ".join(
        f'coalesce(sum(i.open) FILTER (WHERE {when}), 0)::bigint AS "{name}"' for name, when in _BUCKETS.items()
    )
    summed = (*_BUCKETS, "disputed", "credits", "unallocated")
    names = ", ".join(f'sum("{name}")::bigint AS "{name}"' for name in summed)
    blank = ", ".join(f'0 AS "{name}"' for name in (*_BUCKETS, "disputed", "credits"))
    total = " + ".join(f'"{name}"' for name in _BUCKETS)
    return f"""(
        WITH {_OPEN_AT},
        part AS (
            SELECT {item_key} AS key, {buckets},
                   coalesce(sum(least(i.open, coalesce(q.amount, 0))) FILTER (WHERE i.open > 0), 0)::bigint AS disputed,
                   coalesce(-sum(i.open) FILTER (WHERE i.open < 0), 0)::bigint AS credits, 0 AS unallocated
            FROM item i LEFT JOIN account_directory d ON d.id = i.account_id
            LEFT JOIN ({_DISPUTED_AT}) q ON q.order_id = i.order_id
            WHERE i.open <> 0 AND {seen} GROUP BY 1
            UNION ALL
            SELECT {money_key} AS key, {blank}, -sum(m.amount)::bigint AS unallocated
            FROM receivable_move m LEFT JOIN account_directory d ON d.id = m.account_id
            WHERE m.order_id IS NULL AND m.day <= $1::date AND {seen} GROUP BY 1
        ),
        whole AS (SELECT key, {names} FROM part GROUP BY key)
        SELECT *, {total} - credits - unallocated AS total FROM whole
    ) g"""


@lru_cache(maxsize=32)
def ageing_spec(by: AgeingBy, seen: str) -> ListSpec:
    """The list of the groups of an ageing on day `$1`; `seen` is the record scope over the account directory `d`, its
    parameters from $2 on."""
    return ListSpec(
        source=_ageing_source(by, seen),
        fields={
            "key": Field("g.key"),
            "as_of": Field("$1::date", "date", filterable=False),
            **{name: Field(f"g.{name}", "int") for name in _COLUMNS},
        },
        default_sort="key",
        key="key",
    )


def _aged_sql(seen: str) -> str:
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    return f"SELECT key, $1::date AS as_of, {names} FROM {_ageing_source(AgeingBy.TOTAL, seen)}"


_PAID = """
SELECT day, -sum(amount)::bigint FROM receivable_move
WHERE order_id = ANY($1::uuid[]) AND kind IN ('paid', 'refunded', 'voided') GROUP BY 1
"""
_OF_CREDIT_ORDERS = "LEFT JOIN account_directory d ON d.id = r.account_id WHERE r.terms_days > 0 AND {chosen}"
_OWED = f"""
WITH {_OPEN_AT}
SELECT coalesce(sum(r.open) FILTER (WHERE r.open > 0), 0)::bigint,
       coalesce(sum(r.open) FILTER (WHERE r.open > 0 AND $1::date <= r.due_on), 0)::bigint
FROM item r {_OF_CREDIT_ORDERS}
"""
# Orders of somebody are looked up before their moves and days: those of a window are many, whoever is asked for.
_SOLD = f"""
WITH sold AS {{kept}} (SELECT r.order_id FROM receivable r {_OF_CREDIT_ORDERS}),
move AS (
    SELECT m.day, m.amount FROM receivable_move m JOIN sold USING (order_id)
    WHERE m.kind IN ('confirmed', 'returned') AND m.day <= $1::date AND m.day >= $2::date
)
"""
_SALES = f"{_SOLD} SELECT coalesce(sum(amount), 0)::bigint FROM move"
_MONTHS = f"""
{_SOLD}
SELECT extract(year FROM day)::int, extract(month FROM day)::int, sum(amount)::bigint,
       coalesce(sum(amount) FILTER (WHERE day >= $3::date), 0)::bigint
FROM move GROUP BY 1, 2
"""
_FIRST = f"""
WITH sold AS {{kept}} (SELECT r.order_date FROM receivable r {_OF_CREDIT_ORDERS} AND r.order_date <= $1::date)
SELECT min(order_date) FROM sold
"""


class Chosen(NamedTuple):
    """What figures are of: a day, perhaps accounts that are one, an owner or a partner, within a record scope."""

    as_of: date
    account_ids: Sequence[UUID] | None
    owner_id: UUID | None
    partner_id: UUID | None
    scope: ScopeQuery

    def of(self, sql: str, *more: object) -> tuple[str, list[object]]:
        """A statement over what is chosen, and its parameters: the day, `more`, the ids given, the scope's."""
        args: list[object] = [self.as_of, *more]
        given = (
            ("r.account_id = ANY(${}::uuid[])", self.account_ids),
            ("d.owner_id = ${}::uuid", self.owner_id),
            ("r.partner_id = ${}::uuid", self.partner_id),
        )
        chosen = []
        for condition, value in given:
            if value is not None:
                args.append(value)
                chosen.append(condition.format(len(args)))
        kept = "MATERIALIZED" if chosen else "NOT MATERIALIZED"
        chosen.append(self.scope.sees("d.owner_id", len(args) + 1))
        return sql.format(chosen=" AND ".join(chosen), kept=kept), [*args, *self.scope.args]


class Owed(NamedTuple):
    """What is owed, and how much of it is not due yet."""

    owed: int
    not_due: int


class Sold(NamedTuple):
    """Gross less returns of a month, and how much of it falls into a window."""

    year: int
    month: int
    amount: int
    in_window: int


async def unknown(tx: Tx, facts: Sequence[AnyFact]) -> list[AnyFact]:
    """Facts that moved nothing yet."""
    rows = await tx.fetch(_KNOWN, [fact.event.id for fact in facts])
    known = {row["source_event_id"] for row in rows}
    return [fact for fact in facts if fact.event.id not in known]


async def on_account(tx: Tx, payment_ids: Sequence[UUID]) -> dict[UUID, int]:
    """What lies on account of payments; one that never had any is missing."""
    return dict(await tx.pairs(UUID, int, _ON_ACCOUNT, payment_ids))


async def add_moves(tx: Tx, rows: Sequence[ReceivableMove]) -> None:
    """Insert moves; every writer of the projection does so before anything else."""
    await insert_rows(tx, ReceivableMove, rows)


async def add_receivables(tx: Tx, rows: Sequence[Receivable]) -> None:
    """Add amounts to the rows of orders (sorted, one each); what is null stays as it is."""
    await insert_rows(tx, Receivable, rows, _ADD)


class Aged(NamedTuple):
    """The whole ageing of a day."""

    key: str
    as_of: date
    current: int = 0
    d1_30: int = 0
    d31_60: int = 0
    d61_90: int = 0
    over_90: int = 0
    credits: int = 0
    unallocated: int = 0
    total: int = 0
    disputed: int = 0


async def aged(tx: Tx, scope: ScopeQuery, as_of: date) -> Aged:
    """The ageing of all that is in a record scope."""
    found = await tx.row(Aged, _aged_sql(scope.sees("d.owner_id", 2)), as_of, *scope.args)
    return found or Aged("total", as_of)


async def plan_by_day(tx: Tx) -> None:
    """Plan what follows in the transaction for the day that is asked for: of today there are hardly any later moves."""
    await tx.execute("SET LOCAL plan_cache_mode = force_custom_plan")


async def owed(tx: Tx, chosen: Chosen) -> Owed:
    """What is owed of credit orders at the end of the day."""
    sql, args = chosen.of(_OWED)
    found = await tx.row(Owed, sql, *args)
    assert found is not None
    return found


async def sales(tx: Tx, chosen: Chosen, first: date) -> int:
    """Gross less returns of credit orders from a day on."""
    sql, args = chosen.of(_SALES, first)
    return int(await tx.fetchval(sql, *args))


async def sales_by_month(tx: Tx, chosen: Chosen, first: date, window: date) -> tuple[dict[Month, int], int]:
    """The same by month from a day on, and together from the day `window` on, which is not before that."""
    sql, args = chosen.of(_MONTHS, first, window)
    rows = await tx.rows(Sold, sql, *args)
    return {(row.year, row.month): row.amount for row in rows}, sum(row.in_window for row in rows)


async def first_sale(tx: Tx, chosen: Chosen) -> date | None:
    """Date of the first credit order."""
    sql, args = chosen.of(_FIRST)
    found: date | None = await tx.fetchval(sql, *args)
    return found


class Moved(NamedTuple):
    """A move as it is kept."""

    source_event_id: UUID
    source_ordinal: int
    order_id: UUID | None
    amount: int
    day: date


_MOVES = f"SELECT {', '.join(Moved._fields)} FROM receivable_move"
_UNEQUAL = """
SELECT 'order ' || order_id::text AS what FROM receivable r
FULL JOIN (SELECT order_id, sum(amount) AS open FROM receivable_move WHERE order_id IS NOT NULL GROUP BY order_id) m
    USING (order_id)
WHERE r.open IS DISTINCT FROM m.open
"""
# Before an order is confirmed the ledger holds what is reserved for it, and what has moved already.
_OFF_LEDGER = """
SELECT format('order %s: exposure %s, open %s', order_id, coalesce(o.exposure, 0), coalesce(r.open, 0)) AS what
FROM order_credit o FULL JOIN receivable r USING (order_id)
WHERE coalesce(o.exposure, 0)
      <> coalesce(r.open, 0) + CASE WHEN r.due_on IS NULL THEN coalesce(o.reserved, 0) ELSE 0 END
"""


# Money on account is what the projection has of customer's log, the rest is the ledger's own.
_OFF_ACCOUNT = """
WITH owed AS (SELECT account_id, sum(exposure) AS amount FROM order_credit GROUP BY account_id),
     money AS (
         SELECT account_id, -sum(amount) AS amount FROM receivable_move WHERE order_id IS NULL GROUP BY account_id
     )
SELECT format('account %s: balance %s, of orders %s, on account %s', account_id, coalesce(a.balance, 0),
              coalesce(o.amount, 0), coalesce(m.amount, 0)) AS what
FROM exposure_account a FULL JOIN money m USING (account_id) LEFT JOIN owed o USING (account_id)
WHERE coalesce(a.balance, 0) <> coalesce(o.amount, 0) - coalesce(m.amount, 0)
"""


def all_moves(tx: Tx) -> AsyncIterable[Moved]:
    """Every move of receivables, in no order."""
    return tx.stream_rows(Moved, _MOVES)


async def unequal_sums(tx: Tx) -> list[str]:
    """Orders of which not what is open is the sum of the moves."""
    return await tx.column(str, _UNEQUAL)


async def off_ledger(tx: Tx) -> list[str]:
    """Orders whose exposure is not what is open (confirmed), or reserved (before), and accounts whose balance is not
    the sum of their exposures less their money on account."""
    return [row["what"] for sql in (_OFF_LEDGER, _OFF_ACCOUNT) for row in await tx.fetch(sql)]


async def paid_by_day(tx: Tx, order_ids: Sequence[UUID]) -> list[tuple[date, int]]:
    """What was paid of orders less what went back, by day."""
    return [(row[0], row[1]) for row in await tx.fetch(_PAID, order_ids)]
