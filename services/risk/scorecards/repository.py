"""SQL of scorecards: one statement finds the figures of any number of accounts at the end of any day.

Moves carry their business day, so what came late counts on the day it is of; what is open at the end of a day is the
sum of the moves up to then.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.risk.policies.enums import CreditGrade
from services.risk.profiles.enums import SubjectKind
from services.risk.scorecards.models import CreditScore, ScoreFigures, ScoringRun

# What a subject owes: an account with all that lead to it, or a partner by the orders whose latest answer names it.
_OF_ACCOUNTS = """
root AS (SELECT unnest($2::uuid[]) AS id),
member AS (
    SELECT id AS root_id, id AS account_id FROM root
    UNION ALL SELECT r.root_id, r.account_id FROM root JOIN account_root r ON r.root_id = root.id
),
item AS (
    SELECT m.root_id, r.order_id, r.order_date, r.due_on FROM member m JOIN receivable r USING (account_id)
    WHERE r.due_on IS NOT NULL AND r.order_date <= $1
)
"""
_OF_PARTNERS = """
root AS (SELECT unnest($2::uuid[]) AS id),
member AS (SELECT id AS root_id, NULL::uuid AS account_id FROM root WHERE false),
item AS (
    SELECT root.id AS root_id, r.order_id, r.order_date, r.due_on
    FROM root JOIN order_credit o ON o.partner_id = root.id JOIN receivable r USING (order_id)
    WHERE r.due_on IS NOT NULL AND r.order_date <= $1
)
"""
_MOVES = """
move AS MATERIALIZED (
    SELECT i.root_id, i.order_id, i.order_date, i.due_on, v.payment_id, v.kind, v.amount, v.day
    FROM item i JOIN receivable_move v USING (order_id) WHERE v.day <= $1
)
"""
_PAID = """
payment AS (
    SELECT root_id, order_id, due_on, greatest(0, -sum(amount)) AS net,
           -sum(amount) FILTER (WHERE kind = 'paid') AS paid,
           coalesce(-sum(amount) FILTER (WHERE kind = 'paid' AND day > $1 - $3::int), 0) AS recent,
           coalesce(-sum(amount * greatest(0, day - due_on)) FILTER (WHERE kind = 'paid' AND day > $1 - $3::int), 0)
               AS lateness,
           coalesce(-sum(amount) FILTER (WHERE kind = 'paid' AND day - due_on > $5::int), 0) AS late
    FROM move WHERE kind IN ('paid', 'refunded', 'voided') GROUP BY root_id, order_id, due_on, payment_id
),
kept AS (
    SELECT root_id, order_id, net,
           CASE WHEN net = paid THEN recent ELSE round(recent * net / paid, 6) END AS recent,
           CASE WHEN net = paid THEN lateness ELSE round(lateness * net / paid, 6) END AS lateness,
           CASE WHEN net = paid THEN late ELSE round(late * net / paid, 6) END AS late
    FROM payment WHERE paid > 0
),
of_item AS (
    SELECT order_id, sum(net) AS net, sum(recent) AS recent, sum(lateness) AS lateness, sum(late) AS late
    FROM kept GROUP BY order_id
),
owed AS (
    SELECT root_id, order_id, due_on, CASE WHEN sum(amount) >= $4::bigint THEN sum(amount) ELSE 0 END AS open
    FROM move GROUP BY root_id, order_id, due_on
),
late AS (
    SELECT o.root_id,
           count(*) FILTER (WHERE due AND o.open + coalesce(k.net, 0) > 0) AS items_due,
           bool_or(o.due_on <= $1) AS ever,
           sum(coalesce(k.lateness, 0) + o.open * greatest(0, $1 - o.due_on)) AS lateness,
           sum(coalesce(k.recent, 0) + CASE WHEN o.due_on < $1 THEN o.open ELSE 0 END) AS lateness_of,
           sum(coalesce(k.late, 0) + CASE WHEN $1 - o.due_on > $5::int THEN o.open ELSE 0 END)
               FILTER (WHERE due) AS late,
           sum(coalesce(k.net, 0) + o.open) FILTER (WHERE due) AS late_of,
           sum(o.open) AS open, sum(least(o.open, coalesce(q.amount, 0))) AS disputed
    FROM owed o LEFT JOIN of_item k USING (order_id)
    LEFT JOIN (
        SELECT order_id, sum(amount) AS amount FROM dispute_order
        WHERE opened_on <= $1 AND (closed_on IS NULL OR closed_on > $1) GROUP BY order_id
    ) q USING (order_id)
    CROSS JOIN LATERAL (SELECT o.due_on <= $1 AND o.due_on > $1 - $3::int AS due) w
    GROUP BY o.root_id
)
"""
_DEFAULTS = """
daily AS (
    SELECT root_id, order_id, order_date, due_on, day, sum(amount) AS amount
    FROM move WHERE due_on + $6::int < $1 GROUP BY root_id, order_id, order_date, due_on, day
),
course AS (
    SELECT *, sum(amount) OVER w AS open, lead(day) OVER w AS until
    FROM daily WINDOW w AS (PARTITION BY order_id ORDER BY day)
),
defaulted AS (
    SELECT root_id, count(DISTINCT order_id) AS defaults,
           count(*) FILTER (WHERE until IS NULL AND order_date >= $9::date) AS uncured
    FROM course
    WHERE open >= $4::bigint AND coalesce(until, $1 + 1) > greatest(due_on + $6::int + 1, $7::date)
    GROUP BY root_id
)
"""
_USED = """
flow AS (
    SELECT root_id, day, sum(amount) AS amount FROM (
        SELECT root_id, day, amount FROM move
        UNION ALL
        SELECT m.root_id, v.day, v.amount FROM member m JOIN receivable_move v USING (account_id)
        WHERE v.order_id IS NULL AND v.day <= $1
    ) f GROUP BY root_id, day
),
level AS (
    SELECT root_id, day, sum(amount) OVER w AS balance, coalesce(lead(day) OVER w, $1 + 1) AS until
    FROM flow WINDOW w AS (PARTITION BY root_id ORDER BY day)
),
used AS (
    SELECT root_id, sum(greatest(0, balance) * greatest(0, until - greatest(day, $1 - $8::int + 1))) AS days_used
    FROM level GROUP BY root_id
),
sold AS (
    SELECT root_id, min(order_date) AS first_order_on,
           coalesce(sum(amount) FILTER (WHERE kind = 'confirmed' AND day BETWEEN $10::date AND $11::date), 0) AS gross
    FROM move GROUP BY root_id
)
"""
_FIGURES_OF = f"""
WITH {{items}}, {_MOVES}, {_PAID}, {_DEFAULTS}, {_USED}, statement AS (
    SELECT DISTINCT ON (m.root_id) m.root_id, e.id, e.current_assets, e.current_liabilities, e.equity, e.total_assets,
           e.revenue, e.net_profit
    FROM member m JOIN financial_statement e USING (account_id) WHERE e.period_end BETWEEN $12::date AND $1
    ORDER BY m.root_id, e.period_end DESC, e.created_at DESC, e.id DESC
),
report AS (
    SELECT DISTINCT ON (m.root_id) m.root_id, e.id, e.reported_on, e.score, e.insolvency
    FROM member m JOIN credit_report e USING (account_id) WHERE e.reported_on <= $1
    ORDER BY m.root_id, e.reported_on DESC, e.created_at DESC, e.id DESC
)
SELECT root.id AS account_id, c.credit_limit, coalesce(l.items_due, 0)::int AS items_due,
       coalesce(l.ever, false) AS is_ever_due, coalesce(l.lateness, 0) AS lateness,
       coalesce(l.lateness_of, 0) AS lateness_of, coalesce(l.late, 0) AS late, coalesce(l.late_of, 0) AS late_of,
       coalesce(f.defaults, 0)::int AS defaults, coalesce(f.uncured, 0)::int AS uncured_defaults, u.days_used,
       coalesce(l.disputed, 0) AS disputed, coalesce(l.open, 0) AS open, s.first_order_on,
       coalesce(s.gross, 0) AS gross_of_months,
       b.id AS statement_id, b.current_assets, b.current_liabilities, b.equity, b.total_assets, b.revenue, b.net_profit,
       r.id AS report_id, CASE WHEN r.reported_on >= $13::date THEN r.score END AS external,
       coalesce(r.insolvency, false) AS is_insolvent
FROM root JOIN credit_profile c ON c.id = root.id
LEFT JOIN late l ON l.root_id = root.id
LEFT JOIN defaulted f ON f.root_id = root.id
LEFT JOIN used u ON u.root_id = root.id
LEFT JOIN sold s ON s.root_id = root.id
LEFT JOIN statement b ON b.root_id = root.id
LEFT JOIN report r ON r.root_id = root.id
ORDER BY root.id
"""
FIGURES = {
    SubjectKind.ACCOUNT: _FIGURES_OF.format(items=_OF_ACCOUNTS),
    SubjectKind.PARTNER: _FIGURES_OF.format(items=_OF_PARTNERS),
}
NEXT = """
SELECT c.id FROM credit_profile c
WHERE ($1::uuid IS NULL OR c.id > $1) AND c.subject_kind = $3
  AND NOT EXISTS (SELECT FROM account_root r WHERE r.account_id = c.id)
ORDER BY c.id LIMIT $2
"""
_COUNT = """
SELECT count(*) FROM credit_profile c
WHERE c.subject_kind = ANY($1::text[]) AND NOT EXISTS (SELECT FROM account_root r WHERE r.account_id = c.id)
"""
_NIGHTS = """
SELECT a.id, s.scored_grade
FROM unnest($1::uuid[]) AS a(id) CROSS JOIN LATERAL (
    SELECT scored_grade, as_of FROM credit_score
    WHERE {subject} = a.id AND cause = 'nightly' AND as_of < $2 ORDER BY as_of DESC LIMIT $3
) s ORDER BY a.id, s.as_of DESC
"""
_FINISH = """
UPDATE scoring_run SET accounts = $2, partners = $3, updated_at = $4, version = version + 1
WHERE id = $1 AND accounts IS NULL
"""
_FORGET = """
DELETE FROM credit_score WHERE id IN (
    SELECT id FROM credit_score
    WHERE cause = 'nightly' AND grade_before = grade_after AND scored_at < $1 ORDER BY scored_at LIMIT $2
) RETURNING id
"""
_INSTALLED = "SELECT (created_at AT TIME ZONE $1)::date FROM risk_policy WHERE kind = 'holds' AND policy_version = 1"


class Window(NamedTuple):
    """How figures are taken: the policies in days, and the days that come of them. The order is that of parameters."""

    window_days: int
    paid_below: int
    late_after_days: int
    default_after_days: int
    defaults_since: date
    utilisation_days: int
    items_from: date
    months_from: date
    months_to: date
    statements_since: date
    reports_since: date


async def figures(
    tx: Tx, as_of: date, ids: Sequence[UUID], window: Window, kind: SubjectKind = SubjectKind.ACCOUNT
) -> list[ScoreFigures]:
    """Figures of accounts that have a profile, each with all that lead to it, or of partners, by id. They are planned
    for as many as there are: a plan for any number looks each of them up in what was found of all."""
    await tx.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    return await tx.rows(ScoreFigures, FIGURES[kind], as_of, ids, *window)


async def installed_on(tx: Tx, timezone: str) -> date:
    """The day on which the policies were installed."""
    found: date = await tx.fetchval(_INSTALLED, timezone)
    return found


async def next_subjects(tx: Tx, kind: SubjectKind, after: UUID | None, most: int) -> list[UUID]:
    """Partners, or accounts that lead to no other, with a profile, by id."""
    return await tx.column(UUID, NEXT, after, most, kind)


async def count_subjects(tx: Tx, *kinds: SubjectKind) -> int:
    """How many there are of these kinds."""
    return int(await tx.fetchval(_COUNT, kinds))


async def nights(
    tx: Tx, kind: SubjectKind, ids: Sequence[UUID], before: date, most: int
) -> dict[UUID, list[CreditGrade]]:
    """What the latest nights before a day said of accounts or partners, the last one first."""
    found: dict[UUID, list[CreditGrade]] = {}
    for row in await tx.fetch(_NIGHTS.format(subject=f"{kind}_id"), ids, before, most):
        found.setdefault(row["id"], []).append(CreditGrade(row["scored_grade"]))
    return found


async def add_scores(tx: Tx, rows: Sequence[CreditScore]) -> None:
    """Keep scores."""
    await insert_rows(tx, CreditScore, rows)


async def add_run(tx: Tx, run: ScoringRun) -> bool:
    """Keep a run; False where the night has one."""
    night = "ON CONFLICT (as_of) WHERE cause = 'nightly' DO NOTHING"
    return await insert_rows(tx, ScoringRun, [run], night) == 1


async def finish_run(tx: Tx, run_id: UUID, accounts: int, partners: int, now: datetime) -> None:
    """Keep how many accounts and partners a run scored."""
    await tx.execute(_FINISH, run_id, accounts, partners, now)


async def put_off(tx: Tx, night_id: UUID, due_at: datetime) -> None:
    """The next night."""
    await tx.execute("UPDATE scoring_night SET due_at = $2 WHERE id = $1", night_id, due_at)


async def forget(tx: Tx, before: datetime, most: int) -> int:
    """Drop scores of nights that moved no grade and were made before a moment, the oldest first; how many."""
    return len(await tx.fetch(_FORGET, before, most))


async def put_off_sweep(tx: Tx, sweep_id: UUID, due_at: datetime) -> None:
    """Look again later."""
    await tx.execute("UPDATE score_sweep SET due_at = $2 WHERE id = $1", sweep_id, due_at)
