"""SQL of churn: order days, fits, and how fits turned out."""

from __future__ import annotations

from collections.abc import AsyncIterable, Collection, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.customer.churn.fitting import Alike
from services.customer.churn.models import ChurnFit, ChurnScore
from services.customer.churn.rules import LEAST_DAYS, LEAST_OVERDUE
from services.customer.surveys.rules import MOST_DETRACTOR

_DAYS: Final = """
SELECT o.account_id, o.order_date FROM orders o JOIN account a ON a.id = o.account_id
LEFT JOIN (SELECT order_id, sum(net_base) AS net FROM order_return WHERE return_date <= {until} GROUP BY order_id) b
  ON b.order_id = o.id
WHERE o.state IN ('confirmed', 'fulfilled', 'closed') AND a.archived_at IS NULL
  AND o.order_date > {after} AND o.order_date <= {until}
GROUP BY o.account_id, o.order_date
HAVING sum(o.net_base + coalesce(b.net, 0)) > 0 OR coalesce(sum(b.net), 0) = 0
"""
"""Days on which accounts ordered, without those of which everything came back; what costs nothing counts too."""
_EVER = _DAYS.format(after="'-infinity'", until="$1")
_GROUPS = f"""
SELECT repeats, last, age, count(*) AS accounts FROM (
  SELECT count(*) - 1 AS repeats, max(d.order_date) - min(d.order_date) AS last, $1::date - min(d.order_date) AS age
  FROM ({_EVER}) d GROUP BY d.account_id
) s GROUP BY repeats, last, age ORDER BY repeats, last, age
"""
_HISTORIES = f"""
SELECT d.account_id, array_agg(d.order_date ORDER BY d.order_date) AS days FROM ({_EVER}) d
GROUP BY d.account_id HAVING count(*) >= {LEAST_DAYS} ORDER BY d.account_id
"""
_SIGNALS = f"""
WITH c AS (
  SELECT account_id, min(opened_on) AS complaint_on FROM service_case
  WHERE account_id = ANY($1::uuid[]) AND kind = 'complaint' AND severity IN ('critical', 'high') AND state <> 'closed'
  GROUP BY account_id
), o AS (
  SELECT account_id, array_agg(order_date + payment_terms_days + {LEAST_OVERDUE + 1}) AS overdue_on FROM orders
  WHERE account_id = ANY($1::uuid[]) AND state IN ('confirmed', 'fulfilled', 'closed') AND gross - returned - paid > 0
  GROUP BY account_id
), a AS (
  SELECT k.account_id, last.business_date AS detractor_on
  FROM unnest($1::uuid[]) AS k (account_id) CROSS JOIN LATERAL (
    SELECT n.score, n.business_date FROM survey_answer n WHERE n.account_id = k.account_id AND n.kind = 'nps'
    ORDER BY n.answered_at DESC, n.id DESC LIMIT 1
  ) last WHERE last.score <= {MOST_DETRACTOR}
)
SELECT account_id, c.complaint_on, a.detractor_on, coalesce(o.overdue_on, '{{}}') AS overdue_on
FROM c FULL JOIN o USING (account_id) FULL JOIN a USING (account_id)
"""
_DONE = """
UPDATE churn_fit SET sample_size = $2, repeat_buyers = $3, r = $4, alpha = $5, a = $6, b = $7, log_likelihood = $8,
  policy_version = $9, scored_accounts = $10, warned_accounts = $11, updated_at = $12
WHERE id = $1
"""
_IN_FORCE = select_sql(ChurnFit, "r IS NOT NULL AND as_of <= $1 ORDER BY as_of DESC, id DESC LIMIT 1")
_SINCE = "SELECT EXISTS (SELECT FROM churn_fit WHERE as_of >= $1)"
_WAITING = "SELECT EXISTS (SELECT FROM churn_fit WHERE id = $1 AND sample_size IS NULL)"
_OVER = select_sql(
    ChurnFit, "r IS NOT NULL AND as_of <= $1 AND ($2::date IS NULL OR as_of = $2) ORDER BY as_of DESC, id DESC LIMIT 1"
)
_MEASURES = {"rhythm": "rhythm", "days_since": "days_since", "p_left": "-p_alive", "p_silent": "p_silent"}


def _auc(name: str) -> str:
    """The area under the curve: how often one that fell silent ranks before one that did not; ties count half."""
    return (
        f"((sum({name}_rank) FILTER (WHERE is_silent) - silent * (silent + 1) / 2.0) "
        f"/ nullif(silent * (n - silent), 0))::float8 AS {name}_auc"
    )


_RANKS = ", ".join(
    f"rank() OVER (ORDER BY {value}) + (count(*) OVER (PARTITION BY {value}) - 1) / 2.0 AS {name}_rank"
    for name, value in _MEASURES.items()
)
_QUALITY = f"""
WITH later AS MATERIALIZED ({_DAYS.format(after="$2", until="$3")}), judged AS (
  SELECT s.*, l.account_id IS NULL AS is_silent
  FROM churn_score s LEFT JOIN (SELECT DISTINCT account_id FROM later) l ON l.account_id = s.account_id
  WHERE s.fit_id = $1
), totals AS (
  SELECT count(*) AS n, count(*) FILTER (WHERE is_silent) AS silent, count(*) FILTER (WHERE is_warned) AS warned,
    count(*) FILTER (WHERE is_warned AND is_silent) AS warned_silent,
    avg((p_silent - is_silent::int) ^ 2) AS brier
  FROM judged
), plain AS (
  SELECT days_since AS threshold FROM judged ORDER BY days_since DESC
  OFFSET (SELECT greatest(warned - 1, 0) FROM totals) LIMIT 1
), ranked AS (
  SELECT j.*, {_RANKS} FROM judged j
)
SELECT n, silent, warned, warned_silent, brier, threshold,
  count(*) FILTER (WHERE days_since >= threshold AND warned > 0) AS plain_warned,
  count(*) FILTER (WHERE days_since >= threshold AND warned > 0 AND is_silent) AS plain_silent,
  {", ".join(_auc(name) for name in _MEASURES)}
FROM ranked CROSS JOIN totals CROSS JOIN plain
GROUP BY n, silent, warned, warned_silent, brier, threshold
"""


class History(NamedTuple):
    """The order days of an account, rising."""

    account_id: UUID
    days: list[date]


class Known(NamedTuple):
    """Since when a high complaint of an account is open, since when its last answer is a detractor's, and the days from
    which its orders are overdue too long."""

    account_id: UUID
    complaint_on: date | None
    detractor_on: date | None
    overdue_on: list[date]


class Turned(NamedTuple):
    """How the scores of a fit turned out. `threshold`: the days since the last order from which on as many would have
    been warned of by that rule; areas are None when all, or none, fell silent."""

    n: int
    silent: int
    warned: int
    warned_silent: int
    brier: float
    threshold: int
    plain_warned: int
    plain_silent: int
    rhythm_auc: float | None
    days_since_auc: float | None
    p_left_auc: float | None
    p_silent_auc: float | None


async def groups_on(tx: Tx, as_of: date) -> Sequence[Alike]:
    """The accounts that are not archived, as a model sees them at the end of a day."""
    await tx.execute("SET LOCAL statement_timeout = 0")
    return await tx.rows(Alike, _GROUPS, as_of)


def histories_on(tx: Tx, as_of: date) -> AsyncIterable[History]:
    """Order days up to a day, of accounts that have enough to be judged."""
    return tx.stream_rows(History, _HISTORIES, as_of)


async def known_of(tx: Tx, ids: Collection[UUID]) -> list[Known]:
    """What else is known of accounts today, of those of which something is."""
    return await tx.rows(Known, _SIGNALS, list(ids))


async def put_scores(tx: Tx, scores: Sequence[ChurnScore]) -> None:
    """Keep what a fit says of accounts."""
    if scores:
        await insert_rows(tx, ChurnScore, scores)


async def put_fit(tx: Tx, done: ChurnFit) -> None:
    """Keep what a fit has found."""
    await tx.execute(
        _DONE, done.id, done.sample_size, done.repeat_buyers, done.r, done.alpha, done.a, done.b,
        done.log_likelihood, done.policy_version, done.scored_accounts, done.warned_accounts, done.updated_at,
    )  # fmt: skip


async def in_force(tx: Tx, day: date) -> ChurnFit | None:
    """The fit by which accounts are judged on a day."""
    return await tx.row(ChurnFit, _IN_FORCE, day)


async def has_fit_since(tx: Tx, day: date) -> bool:
    """Whether there is a fit, finished or not, of a day or a later one."""
    return bool(await tx.fetchval(_SINCE, day))


async def is_waiting(tx: Tx, fit_id: UUID) -> bool:
    """Whether a fit is there and has not been made."""
    return bool(await tx.fetchval(_WAITING, fit_id))


async def fit_over(tx: Tx, until: date, as_of: date | None) -> ChurnFit | None:
    """The latest fit of a day up to `until`, or that of a day."""
    return await tx.row(ChurnFit, _OVER, until, as_of)


async def turned(tx: Tx, fit_id: UUID, as_of: date, until: date) -> Turned | None:
    """How many of the accounts of a fit ordered nothing until a day; None without any."""
    return await tx.row(Turned, _QUALITY, fit_id, as_of, until)
