"""SQL of the funnel: one statement for all stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from kit.db.database import Tx
from services.customer.accounts.lists import joined_root

FILTERS: Final = {
    "owner_id": "o.owner_id = {}",
    "account_id": "a.id = (SELECT coalesce(g.root_id, g.id) FROM account g WHERE g.id = {})",
    "partner_id": "o.partner_id = {}",
}
"""What a cohort may be narrowed to; an account with all that read as it."""

# A stage that the version does not have counts as the first: whoever was opened stood somewhere.
_COHORT = f"""
WITH c AS MATERIALIZED (
  SELECT o.id, o.state, o.stage, o.amount_base, o.closed_on - o.opened_on AS days
  FROM opportunity o {joined_root("o.account_id")}
  WHERE {{where}}
"""
_FUNNEL = """{cohort}), p AS (
  SELECT code, place FROM unnest({stages}::text[]) WITH ORDINALITY AS p(code, place)
), s AS MATERIALIZED (
  SELECT s.opportunity_id, s.to_stage, s.state,
    lead(s.entered_at) OVER (PARTITION BY s.opportunity_id ORDER BY s.seq) - s.entered_at AS stay
  FROM c JOIN opportunity_step s ON s.opportunity_id = c.id
), f AS (
  SELECT c.state,
    CASE WHEN c.state = 'won' THEN cardinality({stages}::text[]) ELSE coalesce(max(p.place), 1) END AS place
  FROM c JOIN s ON s.opportunity_id = c.id LEFT JOIN p ON p.code = s.to_stage GROUP BY c.id, c.state
), n AS (
  SELECT place, count(*) AS count, count(*) FILTER (WHERE state = 'lost') AS lost,
    count(*) FILTER (WHERE state = 'open') AS open
  FROM f GROUP BY place
), d AS (
  SELECT to_stage, extract(epoch FROM sum(stay)) / 86400.0 AS days
  FROM s WHERE state = 'open' AND stay IS NOT NULL GROUP BY opportunity_id, to_stage
), t AS (
  SELECT to_stage, count(*) AS count, percentile_cont(0.5) WITHIN GROUP (ORDER BY days::double precision) AS median,
    percentile_cont(0.9) WITHIN GROUP (ORDER BY days::double precision) AS p90
  FROM d GROUP BY to_stage
), w AS (
  SELECT count(*) AS cohort, count(*) FILTER (WHERE state = 'won') AS won,
    count(*) FILTER (WHERE state = 'lost') AS lost,
    coalesce(sum(amount_base) FILTER (WHERE state = 'won'), 0)::text AS won_base,
    coalesce(sum(days) FILTER (WHERE state = 'won'), 0) AS won_days
  FROM c
)
SELECT p.code, coalesce(sum(n.count), 0)::bigint AS reached,
  coalesce(sum(n.lost) FILTER (WHERE n.place = p.place), 0)::bigint AS lost,
  coalesce(sum(n.open) FILTER (WHERE n.place = p.place), 0)::bigint AS open,
  (SELECT count(*) FROM c WHERE c.state = 'open' AND c.stage = p.code) AS still_in,
  coalesce(t.count, 0) AS stays, t.median, t.p90, w.cohort, w.won, w.lost AS all_lost, w.won_base, w.won_days
FROM p CROSS JOIN w LEFT JOIN t ON t.to_stage = p.code LEFT JOIN n ON n.place >= p.place
GROUP BY p.code, p.place, t.count, t.median, t.p90, w.cohort, w.won, w.lost, w.won_base, w.won_days
ORDER BY p.place
"""


class StageCount(NamedTuple):
    """A stage: how many reached it, were lost or are open where they came furthest, stand in it, how long others stayed
    (days); and the whole cohort, the same in each row."""

    code: str
    reached: int
    lost: int
    open: int
    still_in: int
    stays: int
    median: float | None
    p90: float | None
    cohort: int
    won: int
    all_lost: int
    won_base: str
    won_days: int


async def count_stages(
    tx: Tx,
    pipeline: str,
    stages: Sequence[str],
    first: date,
    last: date,
    chosen: Mapping[str, UUID | None],
    scope: tuple[str, Sequence[object]],
) -> list[StageCount]:
    """Stages in their order, of the opportunities opened between two days that the scope and the choice hold."""
    where, args = scope[0], [*scope[1], pipeline, first, last, list(stages)]
    number = len(args)
    where += f" AND o.pipeline = ${number - 3} AND o.opened_on BETWEEN ${number - 2} AND ${number - 1}"
    for name, condition in FILTERS.items():
        if chosen.get(name) is not None:
            args.append(chosen[name])
            where += " AND " + condition.format(f"${len(args)}")
    return await tx.rows(StageCount, _FUNNEL.format(cohort=_COHORT.format(where=where), stages=f"${number}"), *args)
