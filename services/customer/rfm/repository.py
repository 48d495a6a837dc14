"""SQL of RFM: one statement ranks all accounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.security.principals import ScopeQuery
from services.customer.rfm.enums import RfmSegment
from services.customer.rfm.models import RfmRun
from services.customer.rfm.rules import CLASSES, LEAST_ACCOUNTS, SEGMENTS

_SEGMENT = " ".join(f"WHEN {10 * r + f} THEN '{segment}'" for (r, f), segment in SEGMENTS.items())
_SCORE = f"""
WITH bought AS (
  SELECT coalesce(f.root_id, f.id) AS account_id, max(o.order_date) AS latest,
    count(DISTINCT o.order_date)::int AS frequency, sum(o.net_base) AS net
  FROM orders o JOIN account f ON f.id = o.account_id
  WHERE o.state IN ('confirmed', 'fulfilled', 'closed') AND o.order_date BETWEEN $3 AND $2
  GROUP BY coalesce(f.root_id, f.id)
), back AS (
  SELECT coalesce(f.root_id, f.id) AS account_id, sum(r.net_base) AS net
  FROM order_return r JOIN orders o ON o.id = r.order_id JOIN account f ON f.id = o.account_id
  WHERE r.return_date <= $2 AND o.order_date BETWEEN $3 AND $2
  GROUP BY coalesce(f.root_id, f.id)
), measured AS (
  SELECT b.account_id, ($2 - b.latest) AS recency_days, b.frequency,
    (b.net + coalesce(k.net, 0))::bigint AS monetary_base
  FROM bought b JOIN account a ON a.id = b.account_id LEFT JOIN back k USING (account_id)
  WHERE a.archived_at IS NULL
), ranked AS (
  SELECT m.*, count(*) OVER () AS n,
    1 + {CLASSES} * (rank() OVER (ORDER BY recency_days DESC) - 1) / count(*) OVER () AS r,
    1 + {CLASSES} * (rank() OVER (ORDER BY frequency) - 1) / count(*) OVER () AS f,
    1 + {CLASSES} * (rank() OVER (ORDER BY monetary_base) - 1) / count(*) OVER () AS m
  FROM measured m
), kept AS (
  INSERT INTO rfm_score (run_id, account_id, recency_days, frequency, monetary_base, r, f, m, segment)
  SELECT $1, account_id, recency_days, frequency, monetary_base, r, f, m, CASE 10 * r + f {_SEGMENT} END
  FROM ranked WHERE n >= {LEAST_ACCOUNTS}
)
UPDATE rfm_run SET sample_size = (SELECT count(*) FROM measured) WHERE id = $1
"""
_SEGMENTS = """
SELECT s.segment, count(*)::int AS accounts, sum(s.monetary_base)::bigint AS monetary_base
FROM rfm_score s JOIN account a ON a.id = s.account_id WHERE s.run_id = $1 AND {scope}
GROUP BY s.segment ORDER BY s.segment COLLATE "C"
"""
_LATEST = """
SELECT id FROM rfm_run WHERE as_of = $1 AND days IS NOT DISTINCT FROM $2 AND sample_size IS NOT NULL
ORDER BY created_at DESC, id DESC LIMIT 1
"""
_MOVES = """
SELECT b.segment AS before, t.segment AS after, count(*)::int AS accounts
FROM (SELECT account_id, segment FROM rfm_score WHERE run_id = $1) b
FULL JOIN (SELECT account_id, segment FROM rfm_score WHERE run_id = $2) t USING (account_id)
JOIN account a ON a.id = account_id WHERE {scope}
GROUP BY b.segment, t.segment ORDER BY b.segment COLLATE "C" NULLS FIRST, t.segment COLLATE "C" NULLS FIRST
"""


class SegmentSum(NamedTuple):
    """Accounts of a segment, and their net in base currency."""

    segment: RfmSegment
    accounts: int
    monetary_base: int


class Moves(NamedTuple):
    """How many accounts moved from which segment to which; None: not ranked on that day."""

    before: RfmSegment | None
    after: RfmSegment | None
    accounts: int


async def score_accounts(tx: Tx, run: RfmRun, first: date) -> None:
    """Rank the accounts that are not archived, each with those merged into it, by orders from a day on up to the
    run's."""
    await tx.execute("SET LOCAL statement_timeout = 0")
    await tx.execute(_SCORE, run.id, run.as_of, first)


async def segment_sums(tx: Tx, run_id: UUID, query: ScopeQuery) -> list[SegmentSum]:
    """Segments of the accounts in a record scope."""
    sql = _SEGMENTS.format(scope=query.sees("a.owner_id", 2))
    return [SegmentSum(*row) for row in await tx.fetch(sql, run_id, *query.args)]


async def latest_run(tx: Tx, as_of: date, days: int | None) -> UUID | None:
    """The newest run of a day that has finished."""
    found: UUID | None = await tx.fetchval(_LATEST, as_of, days)
    return found


async def moves_between(tx: Tx, before: UUID, after: UUID, query: ScopeQuery) -> Sequence[Moves]:
    """How the accounts in a record scope moved between two runs."""
    sql = _MOVES.format(scope=query.sees("a.owner_id", 3))
    return [Moves(*row) for row in await tx.fetch(sql, before, after, *query.args)]
