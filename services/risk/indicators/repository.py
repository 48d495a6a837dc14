"""SQL of indicators: their rows, the days they are counted from, and what they read."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows, select_sql
from services.risk.indicators.enums import TallyKind
from services.risk.indicators.models import (
    Indicator,
    IndicatorReading,
    IndicatorValue,
    TallyBreach,
    TallyBucket,
    TallyCase,
    TallyConflict,
    TallyDiscount,
    TallyLine,
    TallyWarning,
    TargetPace,
)
from services.risk.marks.enums import IndicatorMeasure
from services.risk.redirects.lists import root_of

_DISPUTED = "SELECT order_id, sum(amount) AS amount FROM dispute_order WHERE closed_on IS NULL GROUP BY order_id"
_BY_ID = select_sql(Indicator, "id = ANY($1::uuid[])")
# Of whom an indicator is: of accounts that are one the root, of the company nobody.
_OF = (
    f"coalesce({root_of('i.account_id')}::text, i.partner_id::text, i.channel_id::text, i.target_id::text, i.region, "
    "i.product_line, '')"
)
# Those that wait longest are evaluated first: who is due already stays where it is in the line. Readings under
# evaluation are waited for, as that may have read what was there before the mark.
_DUE = f"""
UPDATE indicator_reading g SET due_at = $4
FROM (
    SELECT r.id, r.due_at FROM indicator_reading r JOIN indicator i ON i.id = r.id
    WHERE r.due_at IS NOT NULL AND (
        r.measure = ANY($1::text[])
        OR (r.measure, {_OF}) IN (SELECT n.measure, n.member FROM unnest($2::text[], $3::text[]) AS n(measure, member))
    )
    ORDER BY r.id FOR NO KEY UPDATE OF r
) f
WHERE g.id = f.id AND f.due_at > $4
"""
_WRITE = """
UPDATE indicator_reading g SET value = w.value, sample = w.sample, level = w.level, evaluated_at = w.evaluated_at,
    recorded_at = w.recorded_at, recorded_value = w.recorded_value, due_at = w.due_at
FROM json_populate_recordset(NULL::indicator_reading, $1::json) w WHERE g.id = w.id
"""
# Whom orders count for may differ from whom a later event of them names: they stay where they were filed.
_PARTIES = """
SELECT r.account_id, r.partner_id, r.region FROM receivable r WHERE r.order_id = ANY($1::uuid[])
UNION SELECT o.account_id, NULL, NULL FROM order_credit o WHERE o.order_id = ANY($1::uuid[])
"""
# A return that came before its order counts on its own day once the order says its terms.
_DAYS = """
SELECT r.due_on FROM receivable r WHERE r.order_id = ANY($1::uuid[]) AND r.due_on IS NOT NULL
UNION SELECT m.day FROM receivable_move m WHERE m.order_id = ANY($1::uuid[]) AND m.kind IN ('confirmed', 'returned')
"""
_CASE_ACCOUNTS = "SELECT DISTINCT account_id FROM tally_case WHERE id = ANY($1::uuid[]) AND account_id IS NOT NULL"
_CONFLICT_PARTNERS = "SELECT DISTINCT unnest(partner_ids) AS partner_id FROM tally_conflict WHERE id = ANY($1::uuid[])"
_TAKE_NEW = """
INSERT INTO tally_source (event_id) SELECT unnest($1::uuid[]) ON CONFLICT (event_id) DO NOTHING RETURNING event_id
"""
_ADD = """
ON CONFLICT (kind, day, account_id, partner_id, channel_id, region) DO UPDATE
SET amount = tally_bucket.amount + excluded.amount, count = tally_bucket.count + excluded.count
"""
_CASE = "ON CONFLICT (id) DO UPDATE SET is_breached = tally_case.is_breached OR excluded.is_breached"
_WARNING = "ON CONFLICT (account_id) DO UPDATE SET is_standing = excluded.is_standing"
_CONFLICT = "ON CONFLICT (id) DO UPDATE SET is_open = tally_conflict.is_open AND excluded.is_open"
_PACE = "ON CONFLICT (target_id) DO UPDATE SET pace = excluded.pace, as_of = excluded.as_of"
# `{whose}` is a condition only of what an indicator names, so that the index over it is used.
_BREACHES = "SELECT count(*)::bigint FROM tally_breach t WHERE t.day BETWEEN $1::date AND $2::date AND {whose}"
_CONFLICTS = "SELECT count(*)::bigint FROM tally_conflict c WHERE c.is_open"
_SUMS = """
SELECT t.kind, sum(t.amount)::bigint AS amount, sum(t.count)::bigint AS things FROM tally_bucket t
WHERE t.kind = ANY($3::text[]) AND t.day BETWEEN $1::date AND $2::date AND {whose} GROUP BY t.kind
"""
# Amounts are summed by what they are filed under before those that are one are: few rows are left to look up.
_GROUPS = """
SELECT count(*)::bigint AS groups, coalesce(sum(x), 0)::text AS total, coalesce(sum(x * x), 0)::text AS squares FROM (
    SELECT sum(f.x) AS x FROM (
        SELECT t.{column} AS id, sum(t.amount) AS x FROM tally_bucket t
        WHERE t.kind IN ('confirmed', 'returned') AND t.day BETWEEN $1::date AND $2::date AND {whose}
          AND t.{column} <> '00000000-0000-0000-0000-000000000000'
        GROUP BY t.{column}
    ) f {roots} GROUP BY {group} HAVING sum(f.x) > 0
) g
"""
_OVERDUE = f"""
SELECT count(*)::bigint AS items, coalesce(sum(t.open), 0)::bigint AS open,
       coalesce(sum(greatest(0, t.open - coalesce(q.amount, 0))) FILTER (WHERE t.due_on < $1), 0)::bigint AS overdue
FROM receivable t LEFT JOIN ({_DISPUTED}) q USING (order_id)
WHERE t.open > 0 AND t.due_on IS NOT NULL AND {{whose}}
"""
_CASES = """
SELECT count(*)::bigint AS cases, count(*) FILTER (WHERE t.is_complaint)::bigint AS complaints,
       count(*) FILTER (WHERE t.is_breached)::bigint AS breached
FROM tally_case t WHERE t.opened_on BETWEEN $1::date AND $2::date AND {whose}
"""
_OBLIGATIONS = """
SELECT count(*) FILTER (WHERE o.state = 'late')::bigint AS late, count(*)::bigint AS standing
FROM obligation o JOIN obligation_book t ON t.id = o.contract_id WHERE o.state IN ('pending', 'late') AND {whose}
"""
_DISCOUNTS = """
SELECT count(*)::bigint AS orders, coalesce(sum(t.net), 0)::bigint AS net,
       coalesce(sum(t.discount), 0)::bigint AS discount
FROM tally_discount t WHERE t.day BETWEEN $1::date AND $2::date AND {whose}
"""
_LINE_SUMS = """
SELECT t.kind, sum(t.amount)::bigint AS amount, count(*)::bigint AS things FROM tally_line t
WHERE t.kind = ANY($3::text[]) AND t.day BETWEEN $1::date AND $2::date AND {whose} GROUP BY t.kind
"""
_LINE_DISCOUNTS = """
SELECT count(*)::bigint AS orders, coalesce(sum(t.amount), 0)::bigint AS net,
       coalesce(sum(t.discount), 0)::bigint AS discount
FROM tally_line t
WHERE t.kind = 'confirmed' AND t.discount IS NOT NULL AND t.day BETWEEN $1::date AND $2::date AND {whose}
"""
_REFUSED = """
SELECT count(DISTINCT t.order_id)::bigint FROM credit_decision t
WHERE t.decision = 'refused' AND t.decided_at >= $1::date::timestamp AT TIME ZONE $3::text
  AND t.decided_at < ($2::date + 1)::timestamp AT TIME ZONE $3::text AND {whose}
"""


class Whose(NamedTuple):
    """Whose rows count: at most one thing is named (the accounts are all that are one), nothing is the company."""

    account_ids: Sequence[UUID] | None = None
    partner_id: UUID | None = None
    channel_id: UUID | None = None
    region: str | None = None
    product_line: str | None = None

    def of(self, sql: str, *args: object, **parts: str) -> tuple[str, list[object]]:
        """A statement over the rows `t` that count, and its parameters: `args` first, then what is named."""
        named: list[object] = []
        whose = []
        for name, value in self._asdict().items():
            if value is None:
                continue
            named.append(value)
            number = len(args) + len(named)
            column = "t.account_id = ANY(${}::uuid[])" if name == "account_ids" else f"t.{name} = ${{}}"
            whose.append(column.format(number))
        return sql.format(whose=" AND ".join(whose) or "TRUE", **parts), [*args, *named]


class Sum(NamedTuple):
    """What was counted of a kind."""

    kind: TallyKind
    amount: int
    things: int


class Groups(NamedTuple):
    """Groups above 0; sums as digits, for squares of amounts are larger than any column."""

    groups: int
    total: str
    squares: str


class Overdue(NamedTuple):
    """Open items, what is open of them, and what of that is overdue and undisputed."""

    items: int
    open: int
    overdue: int


class Cases(NamedTuple):
    """Cases, those of them that are complaints, and those with a missed deadline."""

    cases: int
    complaints: int
    breached: int


class Discounts(NamedTuple):
    """Orders, what they came to, and what was taken off before."""

    orders: int
    net: int
    discount: int


class OrderParty(NamedTuple):
    """Whom an order counts for."""

    account_id: UUID | None
    partner_id: UUID | None
    region: str | None


class Obligations(NamedTuple):
    """Obligations that are late, and all that stand."""

    late: int
    standing: int


async def list_by_id(tx: Tx, ids: Collection[UUID]) -> list[Indicator]:
    """Indicators with these ids."""
    return await tx.rows(Indicator, _BY_ID, sorted(ids))


async def add_reading(tx: Tx, reading: IndicatorReading) -> None:
    """What a new indicator shows: nothing yet."""
    await insert_rows(tx, IndicatorReading, [reading])


async def schedule(tx: Tx, indicator_id: UUID, at: datetime | None) -> None:
    """When an indicator is evaluated next; None: it is paused."""
    await tx.execute("UPDATE indicator_reading SET due_at = $2 WHERE id = $1", indicator_id, at)


async def put_off(tx: Tx, ids: Sequence[UUID], at: datetime) -> None:
    """Evaluate these indicators later."""
    await tx.execute("UPDATE indicator_reading SET due_at = $2 WHERE id = ANY($1::uuid[])", ids, at)


async def make_due(
    tx: Tx, whole: Collection[IndicatorMeasure], touched: Collection[tuple[IndicatorMeasure, str]], now: datetime
) -> None:
    """Active indicators of the measures that are `whole`, and of (measure, member), are evaluated now."""
    pairs = sorted(touched)
    await tx.execute(_DUE, sorted(whole), [each[0] for each in pairs], [each[1] for each in pairs], now)


async def write_readings(tx: Tx, readings: Sequence[IndicatorReading], history: Sequence[IndicatorValue]) -> None:
    """What indicators show from now on, and what of it is kept."""
    await tx.execute(_WRITE, dumps(readings))
    await insert_rows(tx, IndicatorValue, history)


async def parties(tx: Tx, order_ids: Collection[UUID]) -> list[OrderParty]:
    """Whom orders count for, as far as they are known."""
    return await tx.rows(OrderParty, _PARTIES, sorted(order_ids))


async def days_of(tx: Tx, order_ids: Collection[UUID]) -> set[date]:
    """Days on which orders are sold, returned and due."""
    return set(await tx.column(date, _DAYS, sorted(order_ids)))


async def accounts_of_cases(tx: Tx, case_ids: Collection[UUID]) -> set[UUID]:
    """Accounts that cases count for."""
    return set(await tx.column(UUID, _CASE_ACCOUNTS, sorted(case_ids)))


async def partners_of_conflicts(tx: Tx, conflict_ids: Collection[UUID]) -> set[UUID]:
    """Partners that conflicts count for."""
    return set(await tx.column(UUID, _CONFLICT_PARTNERS, sorted(conflict_ids)))


async def take_new(tx: Tx, event_ids: Collection[UUID]) -> set[UUID]:
    """Which of these events were not counted yet; they are from now on."""
    return {row["event_id"] for row in await tx.fetch(_TAKE_NEW, sorted(event_ids))}


async def add_buckets(tx: Tx, buckets: Sequence[TallyBucket]) -> None:
    """Add to what the days have counted so far."""
    await insert_rows(tx, TallyBucket, buckets, _ADD)


async def add_cases(tx: Tx, cases: Sequence[TallyCase]) -> None:
    """Keep cases; a deadline that was missed stays so."""
    await insert_rows(tx, TallyCase, cases, _CASE)


async def set_warnings(tx: Tx, warnings: Sequence[TallyWarning]) -> None:
    """The last word about each customer."""
    await insert_rows(tx, TallyWarning, warnings, _WARNING)


async def add_breaches(tx: Tx, breaches: Sequence[TallyBreach]) -> None:
    """Keep lines that were sold under their floor, each once."""
    await insert_rows(tx, TallyBreach, breaches, "ON CONFLICT DO NOTHING")


async def add_discounts(tx: Tx, discounts: Sequence[TallyDiscount]) -> None:
    """Keep what was taken off orders, of each once."""
    await insert_rows(tx, TallyDiscount, discounts, "ON CONFLICT DO NOTHING")


async def set_conflicts(tx: Tx, conflicts: Sequence[TallyConflict]) -> None:
    """Keep conflicts, whichever word of them comes first."""
    await insert_rows(tx, TallyConflict, conflicts, _CONFLICT)


async def set_paces(tx: Tx, paces: Sequence[TargetPace]) -> None:
    """The last word about each target."""
    await insert_rows(tx, TargetPace, paces, _PACE)


async def add_lines(tx: Tx, rows: Sequence[TallyLine]) -> None:
    """Keep what events say of product lines, each once."""
    await insert_rows(tx, TallyLine, rows, "ON CONFLICT DO NOTHING")


async def sums(tx: Tx, whose: Whose, days: tuple[date, date], *kinds: TallyKind) -> dict[TallyKind, Sum]:
    """What was counted of these kinds on these days."""
    sql, args = whose.of(_SUMS if whose.product_line is None else _LINE_SUMS, *days, list(kinds))
    found = await tx.rows(Sum, sql, *args)
    return {kind: Sum(kind, 0, 0) for kind in kinds} | {TallyKind(one.kind): one for one in found}


async def groups(tx: Tx, whose: Whose, days: tuple[date, date], column: str) -> Groups:
    """Net confirmed less returned by group; `column` is whose the groups are: accounts that are one are one group."""
    is_account = column == "account_id"
    roots = "LEFT JOIN account_root ar ON ar.account_id = f.id" if is_account else ""
    group = "coalesce(ar.root_id, f.id)" if is_account else "f.id"
    sql, args = whose.of(_GROUPS, *days, column=column, roots=roots, group=group)
    (found,) = await tx.rows(Groups, sql, *args)
    return found


async def overdue(tx: Tx, whose: Whose, today: date) -> Overdue:
    """Open items on a day."""
    sql, args = whose.of(_OVERDUE, today)
    (found,) = await tx.rows(Overdue, sql, *args)
    return found


async def cases(tx: Tx, whose: Whose, days: tuple[date, date]) -> Cases:
    """Cases that were opened on these days."""
    sql, args = whose.of(_CASES, *days)
    (found,) = await tx.rows(Cases, sql, *args)
    return found


async def obligations(tx: Tx, whose: Whose) -> Obligations:
    """Obligations that stand."""
    sql, args = whose.of(_OBLIGATIONS)
    (found,) = await tx.rows(Obligations, sql, *args)
    return found


async def discounts(tx: Tx, whose: Whose, days: tuple[date, date]) -> Discounts:
    """What was taken off orders of these days."""
    sql, args = whose.of(_DISCOUNTS if whose.product_line is None else _LINE_DISCOUNTS, *days)
    (found,) = await tx.rows(Discounts, sql, *args)
    return found


async def refused(tx: Tx, whose: Whose, days: tuple[date, date], timezone: str) -> int:
    """Orders whose credit was refused on these days."""
    sql, args = whose.of(_REFUSED, *days, timezone)
    return int(await tx.fetchval(sql, *args))


async def pace(tx: Tx, target_id: UUID | None) -> TargetPace | None:
    """How far a target is."""
    return await tx.row(TargetPace, select_sql(TargetPace, "target_id = $1"), target_id)


async def warned(tx: Tx) -> int:
    """Customers under a warning."""
    return int(await tx.fetchval("SELECT count(*) FROM tally_warning WHERE is_standing"))


async def conflicts(tx: Tx, partner_id: UUID | None) -> int:
    """Conflicts that stand, of a partner or of all."""
    if partner_id is None:
        return int(await tx.fetchval(_CONFLICTS))
    return int(await tx.fetchval(f"{_CONFLICTS} AND $1::uuid = ANY(c.partner_ids)", partner_id))


async def breaches(tx: Tx, whose: Whose, days: tuple[date, date]) -> int:
    """Lines that were sold under their floor on these days."""
    sql, args = whose.of(_BREACHES, *days)
    return int(await tx.fetchval(sql, *args))
