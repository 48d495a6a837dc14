"""SQL of grading: one statement grades all accounts, by the rules of `rules.py`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, select_sql
from services.customer.accounts.enums import TenureClass
from services.customer.grading.enums import DryReason
from services.customer.grading.models import COUNTED, GradeResult, GradingRun
from services.customer.grading.rules import BOUNDED, LEAST_COSTED, WHOLE
from services.customer.policies.enums import Grade

PROFIT: Final = f"(CASE WHEN joint.costed * {WHOLE} >= joint.sold * {LEAST_COSTED} THEN joint.margin END)::bigint"
"""Profit of account `a` in the period, as a column beside `joint`, the sums of an account and those merged into it;
NULL where the cost of too much of its net is not known."""
MEASURES: Final = {"revenue": "$8::bigint[]", "profit": "$9::bigint[]"}
"""What is graded, and the parameter of its thresholds (NULL: by share)."""


def _before(name: str) -> str:
    """The sum before the group of equal values, and the whole. A window that leaves out its peers is quadratic."""
    above = f"greatest({name}, 0)::numeric"
    return (
        f"sum({above}) OVER (ORDER BY {name} DESC NULLS LAST) - {above} * count(*) OVER (PARTITION BY {name}) "
        f"AS {name}_before, sum({above}) OVER () AS {name}_whole"
    )


def _raw(name: str, least: str) -> str:
    by_value = " ".join(f"WHEN {name} >= ({least})[{at}] THEN '{one}'" for at, one in enumerate(BOUNDED, 1))
    by_share = " ".join(
        f"WHEN {name}_before * {WHOLE} < ($7::bigint[])[{at}] * {name}_whole THEN '{one}'"
        for at, one in enumerate(BOUNDED, 1)
    )
    return (
        f"CASE WHEN {name} IS NULL THEN NULL WHEN {least} IS NOT NULL THEN CASE {by_value} ELSE 'D' END "
        f"WHEN coalesce({name}_whole, 0) = 0 THEN NULL WHEN {name} <= 0 THEN 'D' ELSE CASE {by_share} ELSE 'D' END END "
        f"AS {name}_raw"
    )


def _cut(name: str, least: str) -> str:
    return ", ".join(
        f"CASE WHEN {least} IS NOT NULL THEN ({least})[{at}] ELSE min({name}) FILTER (WHERE {name}_raw = '{one}') END "
        f"AS {name}_{one.lower()}"
        for at, one in enumerate(BOUNDED, 1)
    )


def _by_shifted(name: str, factor: str) -> str:
    steps = (
        f"WHEN r.{name}::numeric * {WHOLE} >= c.{name}_{one.lower()}::numeric * {factor} THEN '{one}'"
        for one in BOUNDED
    )
    return f"CASE {' '.join(steps)} ELSE 'D' END"


def _shifted(name: str) -> str:
    current = f"b.{name}_grade"
    return (
        f"{current} AS {name}_current, b.{name}_raw AS {name}_again, "
        f"CASE WHEN r.{name}_raw < {current} THEN least({_by_shifted(name, f'({WHOLE} + $6::bigint)')}, {current}) "
        f"WHEN r.{name}_raw > {current} THEN greatest({_by_shifted(name, f'({WHOLE} - $6::bigint)')}, {current}) END "
        f"AS {name}_shifted"
    )


def _held(name: str) -> str:
    raw, current, again, shifted = (f"{name}_{one}" for one in ("raw", "current", "again", "shifted"))
    return (
        f"CASE WHEN {current} IS NULL OR {raw} = {current} THEN {raw} WHEN {shifted} <> {current} THEN {shifted} "
        f"WHEN {raw} < {current} AND {again} < {current} THEN greatest({raw}, {again}) "
        f"WHEN {raw} > {current} AND {again} > {current} THEN least({raw}, {again}) ELSE {current} END AS {name}_grade"
    )


def _each(part: str) -> str:
    made = {"before": _before, "shifted": _shifted, "held": _held}[part]
    return ", ".join(made(name) for name in MEASURES)


_JSON_CUT: Final = {name: ", ".join(f"'{one.lower()}', {name}_{one.lower()}" for one in BOUNDED) for name in MEASURES}
_VALUES: Final = """
WITH known AS (
  SELECT order_id, sum(net_base) AS net, sum(margin_base) AS margin
  FROM order_line WHERE margin_base IS NOT NULL GROUP BY order_id
), sold AS (
  SELECT o.account_id, min(o.order_date) AS first_order_date,
    coalesce(sum(o.net_base) FILTER (WHERE o.order_date >= $3), 0) AS net,
    sum(k.net) FILTER (WHERE o.order_date >= $3) AS costed, sum(k.margin) FILTER (WHERE o.order_date >= $3) AS margin
  FROM orders o LEFT JOIN known k ON k.order_id = o.id
  WHERE o.state IN ('confirmed', 'fulfilled', 'closed') AND o.order_date <= $2
  GROUP BY o.account_id
), back AS (
  SELECT o.account_id, sum(r.net_base) AS net, sum(g.margin) AS margin
  FROM order_return r JOIN orders o ON o.id = r.order_id CROSS JOIN LATERAL (
    SELECT sum(b.net_base + (b.returned_after - b.returned_before) * l.unit_cost_base) AS margin
    FROM jsonb_to_recordset(r.lines) AS b(line_no int, net_base bigint, returned_before bigint, returned_after bigint)
    JOIN order_line l ON l.order_id = r.order_id AND l.line_no = b.line_no AND l.margin_base IS NOT NULL
  ) g
  WHERE r.return_date BETWEEN $3 AND $2 AND o.state IN ('confirmed', 'fulfilled', 'closed')
  GROUP BY o.account_id
), joint AS (
  SELECT coalesce(f.root_id, f.id) AS account_id, min(s.first_order_date) AS first_order_date,
    sum(s.net) AS sold, sum(s.net + coalesce(b.net, 0)) AS net,
    sum(s.costed) AS costed, sum(s.margin + coalesce(b.margin, 0)) AS margin
  FROM sold s JOIN account f ON f.id = s.account_id LEFT JOIN back b ON b.account_id = s.account_id
  GROUP BY coalesce(f.root_id, f.id)
), measured AS (
  SELECT a.id AS account_id, a.grade AS former, joint.first_order_date,
    joint.net::bigint AS revenue, {profit} AS profit
  FROM joint JOIN account a ON a.id = joint.account_id
  WHERE a.archived_at IS NULL
)"""
_GRADED: Final = f""", ranked AS (
  SELECT m.*, {_each("before")} FROM measured m
), raw AS (
  SELECT r.*, {", ".join(_raw(name, least) for name, least in MEASURES.items())} FROM ranked r
), cut AS (
  SELECT {", ".join(_cut(name, least) for name, least in MEASURES.items())} FROM raw
), shifted AS (
  SELECT r.account_id, r.former, r.first_order_date, r.revenue, r.profit, r.revenue_raw, r.profit_raw,
    {_each("shifted")}
  FROM raw r CROSS JOIN cut c LEFT JOIN grade_result b ON b.run_id = $4 AND b.account_id = r.account_id
), held AS (
  SELECT s.*, {_each("held")} FROM shifted s WHERE revenue_raw IS NOT NULL
), judged AS (
  SELECT h.*, CASE WHEN profit_grade IS NULL THEN revenue_grade
      ELSE ($10::text[])[4 * (ascii(revenue_grade) - ascii('A')) + ascii(profit_grade) - ascii('A') + 1] END AS grade,
    CASE WHEN first_order_date <= $5 THEN 'long' ELSE 'short' END AS tenure_class
  FROM held h
), kept AS (
  INSERT INTO grade_result (run_id, account_id, first_order_date, revenue_base, profit_base, revenue_raw, profit_raw,
    revenue_grade, profit_grade, grade, former, tenure_class, strategy)
  SELECT $1, account_id, first_order_date, revenue, profit, revenue_raw, profit_raw,
    revenue_grade, profit_grade, grade, former, tenure_class,
    CASE WHEN grade IN ('A', 'B') THEN CASE tenure_class WHEN 'long' THEN 'key_service' ELSE 'develop' END
      ELSE CASE tenure_class WHEN 'long' THEN 'maintain' ELSE 'review' END END
  FROM judged
  RETURNING former, grade
)
UPDATE grading_run r SET updated_at = $11, (sample_size, changed_accounts, dry_reason)
    = (SELECT count(*), count(*) FILTER (WHERE former IS DISTINCT FROM grade),
         coalesce(r.dry_reason, CASE WHEN count(*) = 0 THEN 'insufficient-data' END) FROM kept),
  revenue_cut = (SELECT jsonb_build_object({_JSON_CUT["revenue"]}) FROM cut),
  profit_cut = (SELECT jsonb_build_object({_JSON_CUT["profit"]}) FROM cut)
WHERE id = $1
"""
_BEGIN = "UPDATE grading_run SET policy_version = $2, before_id = $3, dry_reason = $4 WHERE id = $1"
_COUNTED_BEFORE = select_sql(GradingRun, f"{COUNTED} AND as_of < $1 ORDER BY as_of DESC LIMIT 1")
_LATEST = f"SELECT max(as_of) FROM grading_run WHERE {COUNTED}"
_GRADES = ("grade", "revenue_grade", "profit_grade", "tenure_class")
_DIFFERS = (
    f"({', '.join(f'a.{name}' for name in _GRADES)}) IS DISTINCT FROM ({', '.join(f's.{name}' for name in _GRADES)})"
)
_LOCK = f"""
SELECT count(*) FROM (
  SELECT a.id FROM grade_result s JOIN account a ON a.id = s.account_id
  WHERE s.run_id = $1 AND {_DIFFERS} ORDER BY a.id FOR NO KEY UPDATE OF a
) locked
"""
_PUT = f"""
UPDATE account a SET {", ".join(f"{name} = s.{name}" for name in _GRADES)}
FROM grade_result s WHERE s.run_id = $1 AND a.id = s.account_id AND {_DIFFERS}
"""
_CHANGED = """
SELECT s.account_id, a.stream_key, a.owner_id, s.former AS old, s.grade AS new, s.revenue_grade, s.profit_grade,
  s.tenure_class
FROM grade_result s JOIN account a ON a.id = s.account_id
WHERE s.run_id = $1 AND s.account_id > $2 AND s.former IS DISTINCT FROM s.grade
ORDER BY s.account_id LIMIT $3
"""
_OF_ACCOUNT = f"""
SELECT {columns_of(GradeResult, "s")} FROM grade_result s JOIN grading_run r ON r.id = s.run_id
WHERE s.account_id = $1 AND {COUNTED} ORDER BY r.as_of DESC LIMIT 1
"""
_REVENUE = """
WITH g AS MATERIALIZED (SELECT id FROM account WHERE id = $1 OR root_id = $1)
SELECT coalesce((SELECT sum(net_base) FROM orders
    WHERE account_id IN (TABLE g) AND order_date BETWEEN $2 AND $3
      AND state IN ('confirmed', 'fulfilled', 'closed')), 0)
  + coalesce((SELECT sum(r.net_base) FROM order_return r JOIN orders o ON o.id = r.order_id
    WHERE o.account_id IN (TABLE g) AND r.return_date BETWEEN $2 AND $3
      AND o.state IN ('confirmed', 'fulfilled', 'closed')), 0)
"""
_COSTED = f"""
WITH g AS MATERIALIZED (SELECT id FROM account WHERE id = $1 OR root_id = $1)
SELECT coalesce(sum(l.net_base) FILTER (WHERE l.margin_base IS NOT NULL) * {WHOLE} / nullif(sum(l.net_base), 0), 0)
FROM orders o JOIN order_line l ON l.order_id = o.id
WHERE o.account_id IN (TABLE g) AND o.order_date BETWEEN $2 AND $3 AND o.state IN ('confirmed', 'fulfilled', 'closed')
"""


class Terms(NamedTuple):
    """What a run grades by: days, boundaries and matrix as the statement takes them; `held_from` is the run whose
    grades are held on to, None when all are given anew."""

    first: date
    long_before: date
    held_from: UUID | None
    hysteresis: int
    shares: list[int] | None
    revenue: list[int] | None
    profit: list[int] | None
    matrix: list[str]


class GradeMove(NamedTuple):
    """An account whose grade a run changes."""

    account_id: UUID
    stream_key: UUID
    owner_id: UUID | None
    old: Grade | None
    new: Grade
    revenue_grade: Grade
    profit_grade: Grade | None
    tenure_class: TenureClass


async def take_turns(tx: Tx) -> None:
    """One grading at a time, whatever the number of workers; until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('grading_run'), 0)")


async def counted_before(tx: Tx, as_of: date) -> GradingRun | None:
    """The last run that counts of an earlier day."""
    return await tx.row(GradingRun, _COUNTED_BEFORE, as_of)


async def latest_counted(tx: Tx) -> date | None:
    """The day of the last run that counts."""
    found: date | None = await tx.fetchval(_LATEST)
    return found


async def begin(tx: Tx, run: GradingRun, policy_version: int, held_from: UUID | None, dry: DryReason | None) -> None:
    """Note what a run grades by, and why it changes nothing."""
    await tx.execute(_BEGIN, run.id, policy_version, held_from, dry)


async def grade_accounts(tx: Tx, run: GradingRun, terms: Terms, now: datetime) -> None:
    """Grade the accounts that are not archived and have ordered by the run's day; nothing of them changes yet.
    A run that grades nobody never counts."""
    await tx.execute("SET LOCAL statement_timeout = 0")
    await tx.execute(
        _VALUES.format(profit=PROFIT) + _GRADED, run.id, run.as_of, terms.first, terms.held_from, terms.long_before,
        terms.hysteresis, terms.shares, terms.revenue, terms.profit, terms.matrix, now,
    )  # fmt: skip


async def put_grades(tx: Tx, run_id: UUID) -> None:
    """Give accounts what a run says, locked in the order of their ids: no change of theirs, so without a version."""
    await tx.execute(_LOCK, run_id)
    await tx.execute(_PUT, run_id)


async def moves_after(tx: Tx, run_id: UUID, after: UUID, count: int) -> Sequence[GradeMove]:
    """Accounts whose grade a run changes, behind an id, in order of id."""
    return await tx.rows(GradeMove, _CHANGED, run_id, after, count)


async def result_of(tx: Tx, account_id: UUID) -> GradeResult | None:
    """What the last run that counts said of an account, if one did."""
    return await tx.row(GradeResult, _OF_ACCOUNT, account_id)


async def revenue_between(tx: Tx, account_id: UUID, first: date, last: date) -> int:
    """Net of confirmed orders and of what came back, of the days from first to last; merged accounts are theirs."""
    return int(await tx.fetchval(_REVENUE, account_id, first, last))


async def costed_between(tx: Tx, account_id: UUID, first: date, last: date) -> int:
    """Share of the net of confirmed orders, of the days from first to last, whose cost is known, in millionths."""
    return int(await tx.fetchval(_COSTED, account_id, first, last))
