"""SQL of the attainment: sums over the daily buckets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from services.targets.attainment.lists import (
    BUCKETS,
    DAYS,
    LABEL,
    MEMBER_DAYS,
    MEMBERS,
    MONTHS,
    OFFERS,
    PRODUCTS,
    REGIONS,
    Source,
)
from services.targets.credits.lists import label_sql
from services.targets.decompositions.enums import PERIODS
from services.targets.levels.lists import level_sql
from services.targets.metrics.enums import MetricName
from services.targets.metrics.lists import BASES, any_base_sql, any_value_sql, base_sql, value_sql
from services.targets.metrics.rules import COSTS
from services.targets.targets.enums import TargetState
from services.targets.targets.lists import OF_SCOPE, VALUE, held_on

Scope = tuple[bool, Sequence[UUID], Sequence[UUID]]
"""What is visible: everything, or what belongs to these members and units."""


class GroupSum(NamedTuple):
    """What was credited in a group, and by how many lines; `base` is what the value is seen against, `net` the net
    amount that goes with it."""

    key: str | None
    second_key: str | None
    actual: int
    lines: int
    base: int = 0
    net: int = 0


class TargetResult(NamedTuple):
    """A target with what was credited in its scope and period; `is_nested` when the unit of another child of its
    decomposition is above its own, so that its results are in that one's too; `base` and `net` are those of
    `GroupSum`."""

    id: UUID
    parent_id: UUID | None
    decomposition_id: UUID | None
    child_key: str | None
    name: str
    metric: str
    state: TargetState
    amount: int
    period_start: date
    period_end: date
    is_nested: bool
    stretch: int | None
    closed_value: int | None
    actual: int
    lines: int
    unassigned: int
    base: int
    net: int
    planned_base: int | None


class TimePlan(NamedTuple):
    """A crediting decomposition by time on a day: what its ended children amount to, and the child that runs."""

    target_id: UUID
    drivers: str
    ended: int
    running: int | None
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True)
class Slice:
    """Which buckets count, and what of them; None does not narrow. `visible_members` and `visible_units` are the record
    scope."""

    first: date | None = None
    last: date | None = None
    unit_id: UUID | None = None
    member_id: UUID | None = None
    product_line: str | None = None
    region: str | None = None
    customer_type: str | None = None
    channel_id: UUID | None = None
    metric: str = MetricName.REVENUE
    visible_members: Sequence[UUID] | None = None
    visible_units: Sequence[UUID] | None = None


_TOTALS = ", ".join(f"coalesce(sum(b.{name}), 0)::bigint AS {name}" for name in ("actual", "lines", "base", "net"))

_DIMENSIONS = ("unit_id", "member_id", "product_line", "region", "customer_type", "channel_id")
_DAYS_AT_MOST = 800
"""Longer periods are read from months where they may."""
_SEEN_FIRST = 20_000
"""Of so many sums the pairs are counted before all are summed."""
_FINE = (DAYS, OFFERS, REGIONS, MEMBER_DAYS, BUCKETS)
_SMALL = frozenset((DAYS.table, OFFERS.table, REGIONS.table))
"""Days of a year that are as few as its months."""
_MANY = frozenset((MEMBER_DAYS.table, PRODUCTS.table, BUCKETS.table))
_DAY = timedelta(days=1)
_SPANS = {"month": 1, "quarter": 3, "year": 12}
"""Months of the groups that are made of months."""
_LAST = date(9999, 12, 1)

_SCOPE_OF_MONTHS = f"""
    (t.unit_id IS NULL OR m.unit = ANY(ARRAY(
        SELECT l.id FROM credit_label l WHERE l.kind = 'unit' AND l.path @> ARRAY[t.unit_id])))
AND (t.product_line IS NULL OR m.product_line = {label_sql("product_line", "t.product_line")})
AND (t.region IS NULL OR m.region = {label_sql("region", "t.region")})
AND (t.customer_type IS NULL OR m.customer_type = {label_sql("customer_type", "t.customer_type")})
AND (t.channel_id IS NULL OR m.channel = {label_sql("channel", "t.channel_id::text")})
"""


def _of_target(alias: str, unassigned: str) -> str:
    """What buckets or months are worth to target `t`; lines count where they are worth something, to revenue all."""
    value, base = any_value_sql("t.metric", alias), any_base_sql("t.metric", alias)
    return f"""
    SELECT sum({value}) AS actual, sum({alias}.lines) FILTER (WHERE t.metric = 'revenue' OR {value} <> 0 OR {base} <> 0)
               AS lines,
           sum({value}) FILTER (WHERE {unassigned}) AS unassigned, sum({base}) AS base, sum({alias}.amount) AS net
    """


_OF_DAYS = f"""{_of_target("b", "b.unit_path = '{}'")} FROM credit_bucket b WHERE {OF_SCOPE} AND b.day"""
_OF_TARGET = f"""
    {_of_target("m", "m.unit = 0")}
    FROM credit_month m WHERE m.month >= w.begins AND m.month < w.ends AND {_SCOPE_OF_MONTHS}
    UNION ALL {_OF_DAYS} BETWEEN t.period_start AND least(w.until, w.begins - 1)
    UNION ALL {_OF_DAYS} BETWEEN greatest(w.ends, w.begins) AND w.until
    UNION ALL SELECT {level_sql("t", "least(w.until, $6::date)")}
"""
_WHOLE = """
SELECT o.until, o.begins,
       CASE WHEN t.member_id IS NULL THEN date_trunc('month', o.until + 1)::date ELSE o.begins END AS ends
FROM (SELECT least(t.period_end, $5::date) AS until,
             (date_trunc('month', t.period_start - 1) + interval '1 month')::date AS begins) o
"""
_TARGET = f"""
SELECT t.id, t.parent_id, t.decomposition_id, t.child_key, t.name, t.metric, t.state,
       coalesce(held.amount, t.amount) AS amount, t.period_start, t.period_end,
       EXISTS (SELECT 1 FROM unit u CROSS JOIN unnest(u.path) AS above(id)
               JOIN target o ON o.decomposition_id = t.decomposition_id AND o.child_key = above.id::text
                    AND o.unit_id = above.id
               WHERE u.id = t.unit_id AND above.id <> t.unit_id) AS is_nested,
       CASE WHEN held.is_known THEN held.stretch ELSE t.stretch END AS stretch,
       t.closed_value, a.actual, a.lines, a.unassigned, a.base, a.net,
       coalesce(held.base, t.base) AS planned_base
FROM target t {held_on("t", "$6::date")} CROSS JOIN LATERAL ({_WHOLE}) w CROSS JOIN LATERAL (
    SELECT coalesce(sum(b.actual), 0)::bigint AS actual, coalesce(sum(b.lines), 0)::bigint AS lines,
           coalesce(sum(b.unassigned), 0)::bigint AS unassigned, coalesce(sum(b.base), 0)::bigint AS base,
           coalesce(sum(b.net), 0)::bigint AS net
    FROM ({_OF_TARGET}) b
) a
"""
_IN_PERIODS = f"""
SELECT t.id, (SELECT coalesce(sum({VALUE}), 0)::bigint FROM credit_bucket b
              WHERE {OF_SCOPE} AND b.day BETWEEN n.first AND n.last) AS actual
FROM unnest($1::uuid[], $2::date[], $3::date[]) AS n(id, first, last) JOIN target t ON t.id = n.id
"""
_TIMES = ", ".join(f"'{dimension}'" for dimension in sorted(PERIODS))
_PLANS = f"""
SELECT d.target_id, d.drivers, s.ended, s.running, s.first, s.last
FROM decomposition d CROSS JOIN LATERAL (
    SELECT coalesce(sum(coalesce(held.amount, c.amount)) FILTER (WHERE c.period_end <= $2), 0)::bigint AS ended,
           max(coalesce(held.amount, c.amount)) FILTER (WHERE c.period_start <= $2 AND c.period_end > $2) AS running,
           max(c.period_start) FILTER (WHERE c.period_start <= $2 AND c.period_end > $2) AS first,
           max(c.period_end) FILTER (WHERE c.period_start <= $2 AND c.period_end > $2) AS last
    FROM target c {held_on("c", "$3::date")}
    WHERE NOT c.is_balancing AND (c.decomposition_id = d.id OR c.cross_id = d.id)
) s
WHERE d.target_id = ANY($1::uuid[]) AND d.is_crediting AND d.dimension IN ({_TIMES})
"""
_COUNTED = "NOT t.is_balancing AND t.plan_id IS NULL"
_VISIBLE = f"{_COUNTED} AND ($2 OR t.member_id = ANY($3::uuid[]) OR t.unit_id = ANY($4::uuid[]))"
_ONE = f"{_TARGET} WHERE t.id = $1 AND {_VISIBLE}"
_FAMILY = f"""
{_TARGET} WHERE (t.id = $1 OR t.parent_id = $1) AND {_VISIBLE}
ORDER BY t.id <> $1, t.decomposition_id, t.child_key
"""
_SEVERAL = f"{_TARGET} WHERE t.id = ANY($1::uuid[]) AND {_VISIBLE}"
_TREE = f"{_TARGET} WHERE t.root_id = $1 AND {_VISIBLE} ORDER BY t.id LIMIT $7"
_KNOWN = (
    "SELECT EXISTS (SELECT 1 FROM target WHERE {0} = $1 AND plan_id IS NULL) "
    "OR EXISTS (SELECT 1 FROM credit_bucket WHERE {0} = $1)"
)


async def sum_credits(tx: Tx, part: Slice, groups: Sequence[str], limit: int) -> list[GroupSum]:
    """Sums of the credits in `part`, one per group or pair of groups; one alone without groups. Of more than `limit`
    as many, whose sums may be empty.

    Each part of the period comes from the coarsest table that can tell.
    """
    keys = (*groups, "", "")[:2]
    terms = list(_terms_of(part, keys))
    if len(groups) > 1 and "member" in groups and terms[0].source.table in _MANY:
        pairs: list[object] = []
        sql = _many_sql(terms[0].source, terms[0].part, keys, limit, pairs)
        if int(await tx.fetchval(sql, *pairs)) >= limit:
            return [GroupSum(None, None, 0, 0)] * limit
    args: list[object] = []
    parts = [_sums_sql(term, keys, args) for term in terms]
    some = "" if all(term.sign > 0 for term in terms) else "HAVING sum(b.lines) <> 0"
    grouping = f"GROUP BY 1, 2 {some} ORDER BY 1, 2 LIMIT {limit}" if groups else ""
    key = "b.key AS key, b.second_key AS second_key" if groups else "NULL::text AS key, NULL::text AS second_key"
    return await tx.rows(GroupSum, f"SELECT {key}, {_TOTALS} FROM ({' UNION ALL '.join(parts)}) b {grouping}", *args)


class Term(NamedTuple):
    """A table with the part of a slice that it tells, which is added, or (`sign` -1) taken off."""

    source: Source
    part: Slice
    sign: int = 1


def _terms_of(part: Slice, keys: Sequence[str]) -> Iterator[Term]:
    """The tables that tell of a slice, each with its part of the period: whole months, and what is left of it."""

    def can(source: Source) -> bool:
        given = {name for name in _DIMENSIONS if getattr(part, name) is not None}
        return part.visible_members is None and set(keys) <= source.keys.keys() and given <= source.conditions.keys()

    begins, ends = _whole_months(part)
    fine = next((one for one in _FINE if can(one)), BUCKETS)
    # months of units are found by an index, of members there are fewer than of product lines
    by_month = (MONTHS, MEMBERS, PRODUCTS) if part.unit_id is not None else (MEMBERS, MONTHS, PRODUCTS)
    coarse = next((one for one in by_month if can(one)), None)
    is_short = part.first is not None and part.last is not None and (part.last - part.first).days <= _DAYS_AT_MOST
    if coarse is None or begins >= ends or (fine.table in _SMALL and is_short):
        yield Term(fine, part)
        return
    first, last = part.first, part.last
    if first is not None and first < begins and _is_less(part, first.day - 1, (begins - first).days):
        begins = first.replace(day=1)
        yield Term(fine, replace(part, first=begins, last=first - _DAY), -1)
    elif first is not None and first < begins:
        yield Term(fine, replace(part, last=begins - _DAY))
    if last is not None and ends <= last and _is_less(part, (_next_month(last) - last).days - 1, last.day):
        ends = _next_month(last)
        yield Term(fine, replace(part, first=last + _DAY, last=ends - _DAY), -1)
    elif last is not None and ends <= last:
        yield Term(fine, replace(part, first=ends))
    yield Term(coarse, replace(part, first=begins, last=ends - _DAY))


def _whole_months(part: Slice) -> tuple[date, date]:
    """The first day of the first whole month of a slice, and the first day after the last one."""
    first, last = part.first or date.min, part.last or _LAST
    begins = first if first.day == 1 else _next_month(first)
    return begins, _LAST if part.last is None else (last + _DAY).replace(day=1)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _is_less(part: Slice, lacks: int, has: int) -> bool:
    """Whether a month is told from fewer days by what a slice lacks of it: those are taken off the sums of the month.
    Of revenue alone, all of whose lines count wherever they are summed."""
    return part.metric == MetricName.REVENUE and lacks < has


def _key_of(source: Source, key: str, part: Slice) -> tuple[str, str]:
    """What a table is summed by for a group, and how that is shown; a month, quarter or year that holds all of the
    slice is its first day's."""
    by, shown = source.keys[key]
    if part.first is None or part.last is None or key not in _SPANS:
        return by, shown
    months = _SPANS[key]
    first, last = (day.year * 12 + day.month - 1 for day in (part.first, part.last))
    return (f"date '{part.first}'", shown) if first // months == last // months else (by, shown)


def _sums_sql(term: Term, keys: Sequence[str], args: list[object]) -> str:
    """Sums of a table over a slice; what they are summed by is shown, and labels are read, once they are summed."""
    source, part, sign = term
    (first, one), (second, two) = (_key_of(source, key, part) for key in keys)
    sums = ", ".join(
        name if sign > 0 else f"-{name} AS {name[2:]}" for name in ("s.actual", "s.lines", "s.base", "s.net")
    )
    return (
        f"SELECT {one.format('x', 's.a')} AS key, {two.format('y', 's.b')} AS second_key, "
        f"{sums} FROM (SELECT {first} AS a, {second} AS b, {_sums(part.metric, 'm')} "
        f"FROM {source.table} m WHERE {_wheres(source, part, args)} GROUP BY 1, 2) s "
        f"{_joined('x', 's.a', one)} {_joined('y', 's.b', two)}"
    )


def _many_sql(source: Source, part: Slice, keys: Sequence[str], limit: int, args: list[object]) -> str:
    """How many pairs of groups there are among the first sums, `limit` at most: a refusal costs less than an answer."""
    first, second = (source.keys[key][0] for key in keys)
    return (
        f"SELECT count(*) FROM (SELECT DISTINCT a, b FROM (SELECT {first} AS a, {second} AS b FROM {source.table} m "
        f"WHERE {_wheres(source, part, args)} LIMIT {_SEEN_FIRST}) r LIMIT {limit}) n"
    )


def _wheres(source: Source, part: Slice, args: list[object]) -> str:
    wheres = [_counts(part.metric, "m")]
    conditions = {"first": f"{source.time} >= {{}}", "last": f"{source.time} <= {{}}", **source.conditions}
    for name, condition in conditions.items():
        if (value := getattr(part, name)) is not None:
            args.append(value)
            wheres.append(condition.format(f"${len(args)}"))
    if part.visible_members is not None:
        args += [part.visible_members, part.visible_units or ()]
        wheres.append(f"(m.member_id = ANY(${len(args) - 1}::uuid[]) OR m.unit_path && ${len(args)}::uuid[])")
    return " AND ".join(wheres)


def _counts(metric: str, alias: str) -> str:
    """What is worth nothing for a metric, and no part of what that is seen against, has no lines of it, but for
    revenue; net amounts without a known cost tell how much of a margin is known."""
    if metric == MetricName.REVENUE:
        return "TRUE"
    counted = [value_sql(metric, alias), base_sql(metric, alias), *([f"{alias}.amount"] if metric in COSTS else [])]
    return f"({' OR '.join(f'{each} <> 0' for each in counted if each != '0')})"


def _sums(metric: str, alias: str) -> str:
    sums = f"sum({value_sql(metric, alias)}) AS actual, sum({alias}.lines) AS lines"
    if MetricName(metric) not in BASES:
        return f"{sums}, 0 AS base, 0 AS net"
    return f"{sums}, sum({base_sql(metric, alias)}) AS base, sum({alias}.amount) AS net"


def _joined(alias: str, label: str, shown: str) -> str:
    return f"LEFT JOIN credit_label {alias} ON {alias}.id = {label}" if shown == LABEL else ""


async def list_results(
    tx: Tx, target_id: UUID, scope: Scope, until: date, on: date, *, children: bool
) -> list[TargetResult]:
    """The result of a target at the end of a day, if visible, on request with those of its children after it, by
    decomposition and key; amounts are those that held `on` a day.

    One statement: what is credited meanwhile is in all of them or in none.
    """
    return await tx.rows(TargetResult, _FAMILY if children else _ONE, target_id, *scope, until, on)


async def list_several_results(
    tx: Tx, target_ids: Sequence[UUID], scope: Scope, until: date, on: date
) -> list[TargetResult]:
    """Results of the visible ones of some targets at the end of a day, by their amounts `on` a day."""
    return await tx.rows(TargetResult, _SEVERAL, target_ids, *scope, until, on)


async def list_tree_results(
    tx: Tx, root_id: UUID, scope: Scope, until: date, on: date, limit: int
) -> list[TargetResult]:
    """Results of the visible targets of a tree at the end of a day, by their amounts `on` a day."""
    return await tx.rows(TargetResult, _TREE, root_id, *scope, until, on, limit)


async def sum_periods(tx: Tx, periods: Mapping[UUID, tuple[date, date]]) -> dict[UUID, int]:
    """What was credited in the scopes of targets, in other periods than their own."""
    firsts, lasts = [first for first, _ in periods.values()], [last for _, last in periods.values()]
    return {row["id"]: int(row["actual"]) for row in await tx.fetch(_IN_PERIODS, list(periods), firsts, lasts)}


async def list_plans(tx: Tx, target_ids: Sequence[UUID], until: date, on: date) -> list[TimePlan]:
    """The crediting decompositions by time of targets as they stand on a day, by their amounts `on` a day."""
    return await tx.rows(TimePlan, _PLANS, target_ids, until, on)


async def is_known(tx: Tx, dimension: str, value: str) -> bool:
    """Whether anything was credited to a value of product line, region or customer type, or a target is about it."""
    return bool(await tx.fetchval(_KNOWN.format(dimension), value))
