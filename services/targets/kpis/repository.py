"""SQL of KPIs: their versions, and one statement per sum over any number of periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.targets.kpis.enums import KPI_TIMES, KpiDimension, KpiMeasure
from services.targets.kpis.models import Kpi, KpiVersion

M = KpiMeasure
_VERSION = select_sql(KpiVersion, "kpi_id = $1 AND number = $2")
_PUBLISHED = select_sql(Kpi, "published > 0 ORDER BY code, id")


class PartSum(NamedTuple):
    """The sum of a group in a period (`slot`), `whole` times what it is told in; `sample` counts what is behind it,
    `first_extra` and `second_extra` are what some measures tell besides."""

    slot: int
    key: str | None
    second_key: str | None
    total: Decimal
    sample: int
    first_extra: Decimal | None
    second_extra: Decimal | None


class Window(NamedTuple):
    """A period that is summed: `slot` says for what, `key` which part of time it is."""

    slot: int
    key: str | None
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Part:
    """Which facts count; None does not narrow. `visible` are members and units of a limited record scope."""

    groups: tuple[KpiDimension, ...]
    as_of: date
    unit_id: UUID | None = None
    member_id: UUID | None = None
    product_line: str | None = None
    region: str | None = None
    customer_type: str | None = None
    channel_id: UUID | None = None
    visible: tuple[Sequence[UUID], Sequence[UUID]] | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    """Where facts stand, `tables` joined to the periods `p`; `owner` and `day` find the unit of a member on a day,
    without an owner the columns are there. `order` is that of facts that belong to orders, whose shares say whose they
    are: those without a share are the `owner`'s, without one nobody's."""

    tables: str
    owner: str = ""
    day: str = "x.day"
    order: str = ""
    member: str = "NULL::uuid"
    path: str = "'{}'::uuid[]"
    product_line: str = "NULL::text"
    region: str = "NULL::text"
    customer_type: str = "NULL::text"
    channel: str = "NULL::uuid"


@dataclass(frozen=True, slots=True)
class _Sum:
    """A measure: `value` of each fact of `facts` that `where` leaves; with `customers` it counts accounts
    that have facts on at least as many days."""

    facts: _Facts
    value: str = "1"
    where: str = "TRUE"
    extras: tuple[str, str] = ("NULL", "NULL")
    customers: int = 0
    sample: str = "count(*)"


_WITHIN = "x.day BETWEEN p.first AND p.last"
_OF_ACCOUNT = "LEFT JOIN kpi_account a ON a.id = x.account_id"
_DIMENSIONS = {"region": "a.region", "customer_type": "a.customer_type"}
_OF_SALE = {"region": "s.region", "customer_type": "s.customer_type", "channel": "s.channel_id"}
_LIVING = "('new', 'active', 'at_risk', 'won_back')"
_APART = "NOT EXISTS (SELECT FROM account_root r WHERE r.account_id = g.account_id)"
_NEWEST = "ORDER BY g.account_id DESC, g.day DESC, g.sequence DESC"

_BUCKETS = _Facts(
    "credit_bucket x ON " + _WITHIN,
    member="x.member_id",
    path="x.unit_path",
    product_line="nullif(x.product_line, '')",
    region="nullif(x.region, '')",
    customer_type="nullif(x.customer_type, '')",
)
_SIGNED = _Facts(
    "credit_line x ON x.posting_date BETWEEN p.first AND p.last AND x.posting_date = x.order_date "
    "AND x.kind <> 'returned' AND x.subject_id IS NULL",
    member="x.member_id",
    path="x.unit_path",
    product_line="x.product_line",
    region="x.region",
    customer_type="x.customer_type",
)
_MOVEMENTS = _Facts(
    f"kpi_movement x ON {_WITHIN} JOIN kpi_sale s ON s.order_id = x.order_id",
    day="s.order_date",
    order="x.order_id",
    product_line="x.product_line",
    **_OF_SALE,
)
_ORDERS = _Facts(
    "kpi_sale s ON s.order_date BETWEEN p.first AND p.last LEFT JOIN account_root r ON r.account_id = s.account_id",
    day="s.order_date",
    order="s.order_id",
    **_OF_SALE,
)
_OF_DUE = "FROM kpi_sale s JOIN {} v ON v.order_id = s.order_id AND v.day <= {{as_of}} WHERE s.due_on BETWEEN {{span}}"
_DUE = _Facts(
    f"""kpi_sale s ON s.due_on BETWEEN p.first AND p.last
JOIN (SELECT v.order_id, sum(v.gross) AS gross {_OF_DUE.format("kpi_movement")} GROUP BY 1) due
    ON due.order_id = s.order_id
LEFT JOIN (SELECT v.order_id, sum(v.amount) AS amount {_OF_DUE.format("kpi_payment")} GROUP BY 1) paid
    ON paid.order_id = s.order_id""",
    day="s.order_date",
    order="s.order_id",
    **_OF_SALE,
)
_FIRSTS = _Facts(
    f"""(
    SELECT s.order_id, s.order_date AS day, 1 AS step FROM kpi_sale s WHERE s.is_first_order
    UNION ALL
    SELECT v.order_id, max(v.day), -1 FROM kpi_sale s JOIN kpi_movement v ON v.order_id = s.order_id
    WHERE s.is_first_order GROUP BY v.order_id HAVING count(DISTINCT v.event_id) > 1 AND sum(v.pieces) = 0
        AND sum(v.net) = 0
) x ON {_WITHIN} JOIN kpi_sale s ON s.order_id = x.order_id""",
    day="s.order_date",
    order="x.order_id",
    **_OF_SALE,
)
_HEADS = _Facts(
    "membership x ON x.valid_from <= p.last AND (x.valid_to IS NULL OR x.valid_to > p.first) "
    "JOIN unit u ON u.id = x.unit_id",
    member="x.member_id",
    path="u.path",
)
_SPENT = _Facts(
    "observation x ON x.kind = 'spend' AND x.period_start <= p.last AND x.period_end >= p.first "
    "AND NOT EXISTS (SELECT FROM observation later WHERE later.corrects_id = x.id) "
    "LEFT JOIN unit u ON u.id = x.unit_id",
    path="coalesce(u.path, '{}')",
    product_line="x.product_line",
    region="x.region",
    channel="x.channel_id",
)
_VISITS = _Facts(f"kpi_visit x ON {_WITHIN} {_OF_ACCOUNT}", owner="x.owner_id", **_DIMENSIONS)
_CLOSED = _Facts(
    f"kpi_opportunity x ON x.closed_on BETWEEN p.first AND p.last AND x.state IN ('won', 'lost') {_OF_ACCOUNT}",
    owner="x.owner_id",
    day="x.closed_on",
    **_DIMENSIONS,
)
_ANSWERS = _Facts(
    f"kpi_answer x ON {_WITHIN} {_OF_ACCOUNT}",
    owner="x.owner_id",
    order="x.order_id",
    product_line="x.product_line",
    **_DIMENSIONS,
)
_BASE = _Facts(
    f"""LATERAL (
    SELECT DISTINCT ON (g.account_id) g.account_id, g.owner_id, g.stage, p.first - 1 AS day
    FROM kpi_stage g WHERE g.day < p.first AND {_APART} {_NEWEST}
) x ON x.stage IN {_LIVING} CROSS JOIN LATERAL (
    SELECT g.stage FROM kpi_stage g WHERE g.account_id = x.account_id AND g.day <= p.last
    ORDER BY g.day DESC, g.sequence DESC LIMIT 1
) z {_OF_ACCOUNT}""",
    owner="x.owner_id",
    **_DIMENSIONS,
)
_STAGES = _Facts(
    f"""LATERAL (
    SELECT DISTINCT ON (g.account_id) g.account_id, g.owner_id, g.stage, p.last AS day
    FROM kpi_stage g WHERE g.day <= p.last AND {_APART} {_NEWEST}
) x ON x.stage IN {_LIVING} {_OF_ACCOUNT}""",
    owner="x.owner_id",
    **_DIMENSIONS,
)
_CAME = _Facts("kpi_lead x ON x.created_on BETWEEN p.first AND p.last", owner="x.owner_id", day="x.created_on")
_ENDED = _Facts("kpi_lead x ON x.closed_on BETWEEN p.first AND p.last", owner="x.owner_id", day="x.closed_on")
_CASES = _Facts(f"kpi_case_step x ON {_WITHIN} {_OF_ACCOUNT}", owner="x.owner_id", **_DIMENSIONS)

_FORWARD = "x.state = 'won' AND x.closed_on >= x.opened_on"
_CYCLE = "x.closed_on - x.opened_on"
_CONVERTED = """(CASE WHEN EXISTS (
    SELECT FROM kpi_sale s WHERE s.order_date BETWEEN x.day AND x.day + 30 AND s.account_id IN (
        SELECT x.account_id
        UNION ALL SELECT q.root_id FROM account_root q WHERE q.account_id = x.account_id
        UNION ALL SELECT n.account_id FROM account_root n WHERE n.root_id = coalesce(
            (SELECT q.root_id FROM account_root q WHERE q.account_id = x.account_id), x.account_id))
) THEN 1 ELSE 0 END)"""
_SPENT_SHARE = (
    "x.value * (least(p.last, x.period_end) - greatest(p.first, x.period_start) + 1)::numeric "
    "/ (x.period_end - x.period_start + 1)"
)
_BALANCE = "(CASE WHEN x.score >= 9 THEN 1 WHEN x.score <= 6 THEN -1 ELSE 0 END)"
_POINTS = "(CASE x.kind WHEN 'nps' THEN 60 * x.score WHEN 'csat' THEN 150 * (x.score - 1) ELSE 100 * (x.score - 1) END)"
_MATURE = "x.day + 30 <= {as_of}"

_SUMS: Mapping[KpiMeasure, _Sum] = {
    M.REVENUE: _Sum(_BUCKETS, "x.amount", sample="sum(x.lines)"),
    M.SIGNED_AMOUNT: _Sum(_SIGNED, "x.amount"),
    M.GROSS_MARGIN: _Sum(
        _MOVEMENTS, "coalesce(x.margin, 0)", extras=("sum(x.costed_net * {share})", "sum(x.net * {share})")
    ),
    M.COSTED_REVENUE: _Sum(_MOVEMENTS, "x.costed_net"),
    M.DUE_AMOUNT: _Sum(_DUE, "due.gross"),
    M.COLLECTED_AMOUNT: _Sum(_DUE, "least(coalesce(paid.amount, 0), due.gross)"),
    M.ORDERS: _Sum(_ORDERS),
    M.CUSTOMERS: _Sum(_ORDERS, customers=1),
    M.REPEAT_CUSTOMERS: _Sum(_ORDERS, customers=2),
    M.NEW_CUSTOMERS: _Sum(_FIRSTS, "x.step"),
    M.HEADS: _Sum(_HEADS, "(least(p.last, coalesce(x.valid_to - 1, p.last)) - greatest(p.first, x.valid_from) + 1)"),
    M.SPEND: _Sum(_SPENT, _SPENT_SHARE),
    M.VISITS: _Sum(_VISITS),
    M.MATURE_VISITS: _Sum(_VISITS, where=_MATURE),
    M.CONVERTED_VISITS: _Sum(_VISITS, _CONVERTED, _MATURE),
    M.WON_OPPORTUNITIES: _Sum(_CLOSED, where="x.state = 'won'"),
    M.CLOSED_OPPORTUNITIES: _Sum(_CLOSED),
    M.WON_AMOUNT: _Sum(_CLOSED, "x.amount", "x.state = 'won'"),
    M.WON_CYCLES: _Sum(_CLOSED, where=_FORWARD),
    M.WON_CYCLE_DAYS: _Sum(
        _CLOSED,
        f"greatest({_CYCLE}, 0)",
        "x.state = 'won'",
        (
            f"percentile_cont(0.5) WITHIN GROUP (ORDER BY {_CYCLE}) FILTER (WHERE {_FORWARD})",
            f"count(*) FILTER (WHERE {_CYCLE} < 0)",
        ),
        sample=f"count(*) FILTER (WHERE {_FORWARD})",
    ),
    M.CSAT_ANSWERS: _Sum(_ANSWERS, where="x.kind = 'csat'"),
    M.CSAT_TOP: _Sum(_ANSWERS, "(CASE WHEN x.score >= 4 THEN 1 ELSE 0 END)", "x.kind = 'csat'"),
    M.NPS_ANSWERS: _Sum(_ANSWERS, where="x.kind = 'nps'"),
    M.NPS_BALANCE: _Sum(
        _ANSWERS,
        _BALANCE,
        "x.kind = 'nps'",
        (f"sum({{share}}) FILTER (WHERE {_BALANCE} = 1)", f"sum({{share}}) FILTER (WHERE {_BALANCE} = -1)"),
    ),
    M.SCORED_ANSWERS: _Sum(_ANSWERS, where="x.kind IN ('nps', 'csat', 'ces')"),
    M.SATISFACTION_POINTS: _Sum(_ANSWERS, _POINTS, "x.kind IN ('nps', 'csat', 'ces')"),
    M.BASE_CUSTOMERS: _Sum(_BASE),
    M.RETAINED_CUSTOMERS: _Sum(_BASE, "(CASE WHEN z.stage <> 'churned' THEN 1 ELSE 0 END)"),
    M.ACTIVE_CUSTOMERS: _Sum(_STAGES),
    M.LEADS: _Sum(_CAME),
    M.CLOSED_LEADS: _Sum(_ENDED),
    M.CONVERTED_LEADS: _Sum(_ENDED, where="x.is_converted"),
    M.OPENED_CASES: _Sum(_CASES, where="x.step = 'opened'"),
    M.ANSWERED_CASES: _Sum(_CASES, where="x.step = 'answered'"),
    M.CLOSED_CASES: _Sum(_CASES, where="x.step = 'closed'"),
    M.CLOSED_CASE_DAYS: _Sum(_CASES, "x.days_open", "x.step = 'closed'"),
    M.REOPENED_CASES: _Sum(_CASES, where="x.step = 'reopened'"),
    M.BREACHED_CASES: _Sum(_CASES, where="x.step = 'breached'"),
}
SIXTHS = 6
"""Points of satisfaction are summed in sixths, in which each of them is whole."""
_PERIODS = "unnest($1::int[], $2::text[], $3::date[], $4::date[]) AS p(slot, part, first, last)"
_GROUPED = "GROUP BY 1, 2, 3"
_SHARES = {True: "coalesce(h.share, 1000000)", False: "1"}


async def add_version(tx: Tx, row: KpiVersion) -> None:
    """Keep a version."""
    await insert_rows(tx, KpiVersion, [row])


async def list_published(tx: Tx) -> list[Kpi]:
    """The KPIs that have a version."""
    return await tx.rows(Kpi, _PUBLISHED)


async def get_version(tx: Tx, kpi_id: UUID, number: int) -> KpiVersion | None:
    """A version of a KPI by its number."""
    return await tx.row(KpiVersion, _VERSION, kpi_id, number)


async def sum_measure(
    tx: Tx, measure: KpiMeasure, windows: Sequence[Window], part: Part, limit: int
) -> tuple[list[PartSum], int]:
    """The sums of a measure by window and group, and how many millionths (or one) they are in: those of orders are in
    millionths once it matters whose they are."""
    told = _SUMS[measure]
    facts, by_share = _owned(told.facts, part)
    args: list[object] = [list(each) for each in zip(*windows, strict=True)]
    conditions = [told.where, *_conditions(facts, part, args)]
    names = [*part.groups, None, None][:2]
    keys = ", ".join(
        f"{_key(facts, name)} AS {alias}" for name, alias in zip(names, ("key", "second_key"), strict=True)
    )
    where = " AND ".join(f"({one})" for one in conditions)
    source = f"FROM {_PERIODS} JOIN {facts.tables} WHERE {where}"
    if told.customers:
        sql = _of_customers(keys, source, told.customers)
    else:
        total, extras = f"sum({told.value} * {{share}})", [f"({extra})::numeric" for extra in told.extras]
        sums = f"({total})::numeric AS total, ({told.sample})::bigint AS sample, {extras[0]}, {extras[1]}"
        sql = f"SELECT p.slot, {keys}, {sums} {source} {_GROUPED}"
    args += [part.as_of, min(one.first for one in windows), max(one.last for one in windows)]
    as_of, first, last = (f"${len(args) - back}::date" for back in (2, 1, 0))
    # Numbers of parameters, and the column of the shares, are all that is put in here: no value of a caller is.
    filled = (
        sql.replace("{as_of}", as_of).replace("{span}", f"{first} AND {last}").replace("{share}", _SHARES[by_share])
    )
    used = f"{filled} HAVING num_nonnulls({as_of}, {first}, {last}) = 3 LIMIT {limit}"
    return await tx.rows(PartSum, used, *args), 1_000_000 if by_share and not told.customers else 1


def _of_customers(keys: str, source: str, days: int) -> str:
    """Accounts with facts on so many days; merged ones are one."""
    accounts = (
        f"SELECT p.slot, {keys}, coalesce(r.root_id, s.account_id) AS account, "
        f"count(DISTINCT s.order_date) AS days {source} GROUP BY 1, 2, 3, 4"
    )
    return (
        f"SELECT c.slot, c.key, c.second_key, count(*) FILTER (WHERE c.days >= {days})::numeric AS total, "
        f"count(*) AS sample, NULL::numeric, NULL::numeric FROM ({accounts}) c {_GROUPED}"
    )


def _owned(facts: _Facts, part: Part) -> tuple[_Facts, bool]:
    """The facts with their members and units, where these matter, and whether they are counted by shares."""
    people = {KpiDimension.UNIT, KpiDimension.MEMBER}
    matters = part.unit_id or part.member_id or part.visible is not None or people & set(part.groups)
    if not matters or not (facts.owner or facts.order):
        return facts, False
    tables, owner = facts.tables, facts.owner
    if facts.order:
        kind, owner = ("LEFT JOIN", f"coalesce(h.member_id, {owner})") if owner else ("JOIN", "h.member_id")
        tables += f" {kind} kpi_share h ON h.order_id = {facts.order}"
    tables += (
        f" LEFT JOIN membership m ON m.member_id = {owner} AND m.valid_from <= {facts.day} "
        f"AND (m.valid_to IS NULL OR m.valid_to > {facts.day}) LEFT JOIN unit u ON u.id = m.unit_id"
    )
    found = replace(facts, tables=tables, member=owner, path="coalesce(u.path, '{}')")
    return found, bool(facts.order)


def _conditions(facts: _Facts, part: Part, args: list[object]) -> list[str]:
    wheres = []
    for value, condition in (
        (part.unit_id, f"{facts.path} @> ARRAY[{{}}::uuid]"),
        (part.member_id, f"{facts.member} = {{}}::uuid"),
        (part.product_line, f"{facts.product_line} = {{}}::text"),
        (part.region, f"{facts.region} = {{}}::text"),
        (part.customer_type, f"{facts.customer_type} = {{}}::text"),
        (part.channel_id, f"{facts.channel} = {{}}::uuid"),
    ):
        if value is not None:
            args.append(value)
            wheres.append(condition.replace("{}::", f"${len(args)}::"))
    if part.visible is not None:
        args += part.visible
        members, units = (f"${len(args) - 1}::uuid[]", f"${len(args)}::uuid[]")
        wheres.append(f"{facts.member} = ANY({members}) OR {facts.path} && {units}")
    return wheres


def _key(facts: _Facts, dimension: KpiDimension | None) -> str:
    if dimension is None:
        return "NULL::text"
    if dimension in KPI_TIMES:
        return "p.part"
    if dimension is KpiDimension.UNIT:
        return f"({facts.path})[cardinality({facts.path})]::text"
    return f"{getattr(facts, dimension)}::text"
