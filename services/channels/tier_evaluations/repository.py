"""SQL of evaluations of partners: one statement finds what all figures are made of, so they are of one moment."""

from __future__ import annotations

from collections.abc import AsyncIterable, Collection, Sequence
from datetime import date
from typing import Annotated, Final, NamedTuple
from uuid import UUID

from kit.db.columns import DECODED, FrozenRow
from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, select_sql
from services.channels.tier_evaluations.models import (
    PartnerTier,
    TierEvaluation,
    TierOrder,
    TierResult,
)
from services.channels.tier_evaluations.rules import Inputs

LOCK: Final = 0x43524D_33
"""Advisory lock: who starts or ends a publication, or corrects a level, holds it."""
SHOWN_ORDERS: Final = 10
"""So many orders, the largest, are kept as evidence beside their sums."""

_TWELFTHS = (
    "CASE a.kind WHEN 'nps' THEN 120 * a.score WHEN 'csat' THEN 300 * (a.score - 1) ELSE 200 * (a.score - 1) END"
)
_INPUTS = f"""
WITH bought AS MATERIALIZED (
  SELECT s.partner_id, s.order_id, s.order_date, sum(l.net_base - l.returned_net_base) AS net
  FROM sale s JOIN sale_line l USING (order_id)
  WHERE s.partner_id IS NOT NULL AND s.order_date BETWEEN $1 AND $3
  GROUP BY s.order_id
), sold AS (
  SELECT partner_id, count(*) FILTER (WHERE order_date >= $2) AS orders,
    sum(net) FILTER (WHERE order_date >= $2) AS revenue, sum(net) FILTER (WHERE order_date < $2) AS revenue_before,
    min(order_date) FILTER (WHERE order_date >= $2) AS first_order, max(order_date) AS last_date
  FROM bought GROUP BY 1
), largest AS (
  SELECT partner_id, jsonb_agg(jsonb_build_object('order_id', order_id, 'order_date', order_date, 'net', net)
    ORDER BY net DESC, order_date, order_id) AS order_list
  FROM (
    SELECT b.*, row_number() OVER (PARTITION BY partner_id ORDER BY net DESC, order_date, order_id) AS place
    FROM bought b WHERE order_date >= $2
  ) ordered
  WHERE place <= {SHOWN_ORDERS} GROUP BY 1
), deals AS (
  SELECT partner_id, count(*) FILTER (WHERE state = 'won') AS won, count(*) AS decided
  FROM (
    SELECT d.partner_id, d.state, CASE d.state WHEN 'won' THEN s.order_date WHEN 'expired' THEN d.protected_until
        ELSE (d.updated_at AT TIME ZONE $4)::date END AS day
    FROM deal d LEFT JOIN sale s ON s.order_id = d.won_order_id WHERE d.state IN ('won', 'expired', 'rejected')
  ) ended
  WHERE day BETWEEN $2 AND $3 GROUP BY 1
), certified AS (
  SELECT partner_id, count(*) AS certificates, array_agg(kind || ' ' || number ORDER BY kind, number) AS numbers
  FROM partner_certificate WHERE valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3) GROUP BY 1
), asked AS (
  SELECT s.partner_id, count(*) AS answers, sum({_TWELFTHS}) AS twelfths
  FROM survey_fact a JOIN sale s ON s.order_id = a.order_id
  WHERE a.business_date BETWEEN $2 AND $3 AND a.score IS NOT NULL AND a.kind <> 'custom' AND s.partner_id IS NOT NULL
  GROUP BY 1
), faults AS (
  SELECT f.partner_id, count(*) AS conflicts, array_agg(c.number ORDER BY c.number) AS numbers
  FROM conflict c CROSS JOIN LATERAL unnest(c.at_fault) AS f(partner_id)
  WHERE c.state IN ('agreed', 'arbitrated', 'closed') AND (c.resolved_at AT TIME ZONE $4)::date BETWEEN $2 AND $3
  GROUP BY 1
)
SELECT p.id AS partner_id, coalesce(s.orders, 0) AS orders, coalesce(s.revenue, 0)::bigint AS revenue,
  coalesce(s.revenue_before, 0)::bigint AS revenue_before, s.first_order,
  CASE WHEN s.orders > 0 THEN s.last_date END AS last_order, coalesce(g.order_list, '[]') AS order_list,
  coalesce(d.won, 0) AS deals_won, coalesce(d.decided, 0) AS deals_decided,
  coalesce(c.certificates, 0) AS certificates, coalesce(c.numbers[:100], '{{}}') AS certificate_numbers,
  coalesce(a.answers, 0) AS answers, coalesce(a.twelfths, 0)::bigint AS twelfths,
  coalesce(f.conflicts, 0) AS conflicts, coalesce(f.numbers[:100], '{{}}') AS conflict_numbers
FROM partner p LEFT JOIN sold s ON s.partner_id = p.id LEFT JOIN largest g ON g.partner_id = p.id
LEFT JOIN deals d ON d.partner_id = p.id LEFT JOIN certified c ON c.partner_id = p.id
LEFT JOIN asked a ON a.partner_id = p.id LEFT JOIN faults f ON f.partner_id = p.id
WHERE p.state IN ('active', 'suspended') ORDER BY p.id
"""
_STANDINGS = """
SELECT t.partner_id, t.level, t.rank, t.tier_version, coalesce(r.failures, 0) AS failures
FROM (
  SELECT DISTINCT ON (partner_id) partner_id, level, rank, tier_version
  FROM partner_tier WHERE programme_code = $1 AND is_live ORDER BY partner_id, tier_version DESC
) t
LEFT JOIN LATERAL (
  SELECT r.failures FROM tier_result r JOIN tier_evaluation e ON e.id = r.evaluation_id
  WHERE r.partner_id = t.partner_id AND e.programme_code = $1 AND e.state = 'published'
  ORDER BY e.period_to DESC LIMIT 1
) r ON true
"""
_LAST_PUBLISHED = select_sql(
    TierEvaluation, "programme_code = $1 AND state = 'published' ORDER BY period_to DESC LIMIT 1"
)
_IS_PUBLISHING = "SELECT EXISTS (SELECT FROM tier_evaluation WHERE programme_code = $1 AND state = 'publishing')"
_IS_OUTDATED = """
SELECT EXISTS (
  SELECT FROM tier_result r WHERE r.evaluation_id = $1 AND r.old_version <> coalesce((
    SELECT max(t.tier_version) FROM partner_tier t
    WHERE t.partner_id = r.partner_id AND t.programme_code = $2 AND t.is_live
  ), 0)
)
"""
_PUT_TIERS = """
WITH step AS (
  SELECT r.partner_id, r.new_level, r.new_rank FROM tier_result r
  WHERE r.evaluation_id = $1 AND r.partner_id > $2 ORDER BY r.partner_id LIMIT $6
), put AS (
  INSERT INTO partner_tier (evaluation_id, partner_id, is_correction, programme_id, programme_code, level, rank,
    effective_from, is_live, tier_version)
  SELECT $1, partner_id, false, $3, $4, new_level, new_rank, $5, false, 0 FROM step
  ON CONFLICT DO NOTHING
)
SELECT (array_agg(partner_id ORDER BY partner_id DESC))[1] AS last, count(*) AS partners FROM step
"""
_NEXT_VERSION = """
1 + coalesce((
  SELECT max(o.tier_version) FROM partner_tier o WHERE o.partner_id = {partner} AND o.is_live
), 0)
"""
_SHOW_TIERS = f"""
UPDATE partner_tier t SET is_live = true, effective_from = $2,
  tier_version = {_NEXT_VERSION.format(partner="t.partner_id")}
WHERE t.evaluation_id = $1 AND NOT t.is_correction AND NOT t.is_live
"""
_CORRECT = f"""
INSERT INTO partner_tier (evaluation_id, partner_id, is_correction, programme_id, programme_code, level, rank,
  effective_from, is_live, tier_version)
VALUES ($1, $2, true, $3, $4, $5, $6, $7, true, {_NEXT_VERSION.format(partner="$2")})
RETURNING {columns_of(PartnerTier)}
"""
_CHANGED = """
SELECT t.partner_id, r.old_level AS old, r.new_level AS new, t.tier_version
FROM tier_result r JOIN partner_tier t
  ON t.evaluation_id = r.evaluation_id AND t.partner_id = r.partner_id AND NOT t.is_correction
WHERE r.evaluation_id = $1 AND r.partner_id > $2 AND r.old_level IS DISTINCT FROM r.new_level
ORDER BY r.partner_id LIMIT $3
"""
_OF_PARTNER = select_sql(
    PartnerTier,
    "partner_id = $1 AND ($2::text IS NULL OR programme_code = $2) AND is_live ORDER BY tier_version DESC LIMIT 100",
)

_ON = """
SELECT t.level, coalesce((
    SELECT (l -> 'benefits' ->> 'discount')::int FROM jsonb_array_elements(p.levels) l WHERE l ->> 'code' = t.level
  ), 0) AS discount,
  (SELECT min(n.effective_from) - 1 FROM partner_tier n
    WHERE n.partner_id = t.partner_id AND n.is_live AND n.tier_version > t.tier_version
      AND n.level IS DISTINCT FROM t.level) AS last_day
FROM partner_tier t JOIN tier_programme p ON p.id = t.programme_id
WHERE t.partner_id = $1 AND t.is_live AND t.effective_from <= $2 ORDER BY t.tier_version DESC LIMIT 1
"""
_LEVELS = """
SELECT a.partner_id, a.day, t.level FROM json_to_recordset($1::json) AS a(partner_id uuid, day date)
CROSS JOIN LATERAL (
    SELECT level FROM partner_tier
    WHERE partner_id = a.partner_id AND is_live AND effective_from <= a.day ORDER BY tier_version DESC LIMIT 1
) t WHERE t.level IS NOT NULL
"""
_ALL_RESULTS = select_sql(
    TierResult, "evaluation_id IN (SELECT id FROM tier_evaluation WHERE state <> 'cancelled') ORDER BY id"
)
_OFF_THE_RESULTS = """
SELECT 'evaluation ' || r.evaluation_id || ' partner ' || r.partner_id AS what
FROM tier_result r JOIN tier_evaluation e ON e.id = r.evaluation_id AND e.state = 'published'
LEFT JOIN LATERAL (
  SELECT t.* FROM partner_tier t WHERE t.evaluation_id = r.evaluation_id AND t.partner_id = r.partner_id AND t.is_live
  ORDER BY t.is_correction DESC LIMIT 1
) n ON true
WHERE n.partner_id IS NULL OR (n.level, n.rank) IS DISTINCT FROM (r.new_level, r.new_rank)
  OR (NOT n.is_correction AND n.effective_from <> e.effective_from)
UNION ALL
SELECT 'level of partner ' || t.partner_id || ' by ' || t.evaluation_id
FROM partner_tier t JOIN tier_evaluation e ON e.id = t.evaluation_id
WHERE t.is_live <> (e.state = 'published')
UNION ALL
SELECT 'levels of partner ' || partner_id FROM partner_tier WHERE is_live
GROUP BY partner_id HAVING max(tier_version) <> count(*) OR min(tier_version) <> 1
UNION ALL
SELECT 'evaluation ' || e.id FROM tier_evaluation e
WHERE e.state IN ('previewed', 'publishing', 'published')
  AND e.partners <> (SELECT count(*) FROM tier_result r WHERE r.evaluation_id = e.id)
"""


class InputRow(FrozenRow):
    """What the figures of a partner are made of, with what shows it."""

    partner_id: UUID
    orders: int
    revenue: int
    revenue_before: int
    first_order: date | None
    last_order: date | None
    order_list: Annotated[tuple[TierOrder, ...], DECODED]
    deals_won: int
    deals_decided: int
    certificates: int
    certificate_numbers: tuple[str, ...]
    answers: int
    twelfths: int
    conflicts: int
    conflict_numbers: tuple[str, ...]

    @property
    def inputs(self) -> Inputs:
        """What the rules work on."""
        return Inputs(*(getattr(self, name) for name in Inputs._fields))


class Standing(NamedTuple):
    """The level a partner has, the version of it, and failing evaluations in a row until now."""

    partner_id: UUID
    level: str | None
    rank: int | None
    tier_version: int
    failures: int


class Held(NamedTuple):
    """The level of a partner on a day, its discount on list prices (millionths), and the last day before another one
    that is known already."""

    level: str | None
    discount: int
    last_day: date | None


class Put(NamedTuple):
    """The last partner of a step of a publication (None: there was nobody left), and how many there were."""

    last: UUID | None
    partners: int


class Moved(NamedTuple):
    """A partner whose level is another one."""

    partner_id: UUID
    old: str | None
    new: str | None
    tier_version: int


async def hold_lock(tx: Tx) -> None:
    """Wait for whoever publishes or corrects, and keep others from it until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", LOCK)


async def inputs_of(tx: Tx, evaluation: TierEvaluation, timezone: str) -> list[InputRow]:
    """What all partners that sell or are suspended did in a period, with certificates valid on its last day."""
    await tx.execute("SET LOCAL statement_timeout = 0")
    days = (evaluation.before_from, evaluation.period_from, evaluation.period_to)
    return await tx.rows(InputRow, _INPUTS, *days, timezone)


async def standings(tx: Tx, programme_code: str) -> dict[UUID, Standing]:
    """Which level each partner has in a programme, also one that counts from a later day."""
    return {row.partner_id: row for row in await tx.rows(Standing, _STANDINGS, programme_code)}


async def last_published(tx: Tx, programme_code: str) -> TierEvaluation | None:
    """The published evaluation of the latest period."""
    return await tx.row(TierEvaluation, _LAST_PUBLISHED, programme_code)


async def is_publishing(tx: Tx, programme_code: str) -> bool:
    """Whether an evaluation of the programme is being published."""
    return bool(await tx.fetchval(_IS_PUBLISHING, programme_code))


async def is_outdated(tx: Tx, evaluation: TierEvaluation) -> bool:
    """Whether a partner has got another level since it was evaluated."""
    return bool(await tx.fetchval(_IS_OUTDATED, evaluation.id, evaluation.programme_code))


async def has_open_appeals(tx: Tx, evaluation_id: UUID) -> bool:
    """Whether an appeal is to be decided."""
    sql = "SELECT EXISTS (SELECT FROM tier_result WHERE evaluation_id = $1 AND appeal_state = 'open')"
    return bool(await tx.fetchval(sql, evaluation_id))


async def add_results(tx: Tx, rows: Sequence[TierResult]) -> None:
    """Keep what was found."""
    await insert_rows(tx, TierResult, rows)


async def find_result(tx: Tx, evaluation_id: UUID, partner_id: UUID, *, lock: bool = False) -> TierResult | None:
    """What an evaluation says of a partner, locked on request."""
    where = f"evaluation_id = $1 AND partner_id = $2{' FOR NO KEY UPDATE' if lock else ''}"
    return await tx.row(TierResult, select_sql(TierResult, where), evaluation_id, partner_id)


async def put_tiers(tx: Tx, evaluation: TierEvaluation, after: UUID, limit: int) -> Put:
    """Write levels of the next partners, each once, for nobody to see yet."""
    (found,) = await tx.rows(
        Put,
        _PUT_TIERS,
        evaluation.id,
        after,
        evaluation.programme_id,
        evaluation.programme_code,
        evaluation.effective_from,
        limit,
    )
    return found


async def show_tiers(tx: Tx, evaluation_id: UUID, effective_from: date) -> None:
    """Let all levels of an evaluation count from a day on."""
    await tx.execute(_SHOW_TIERS, evaluation_id, effective_from)


async def correct_tier(
    tx: Tx, evaluation: TierEvaluation, partner_id: UUID, level: str | None, rank: int | None, effective_from: date
) -> PartnerTier:
    """The level that an appeal gave."""
    programme = (evaluation.programme_id, evaluation.programme_code)
    (row,) = await tx.rows(PartnerTier, _CORRECT, evaluation.id, partner_id, *programme, level, rank, effective_from)
    return row


async def moved_after(tx: Tx, evaluation_id: UUID, after: UUID, limit: int) -> list[Moved]:
    """Partners whose level an evaluation changes, by id."""
    return await tx.rows(Moved, _CHANGED, evaluation_id, after, limit)


async def tiers_of(tx: Tx, partner_id: UUID, programme_code: str | None) -> list[PartnerTier]:
    """Levels of a partner in a programme, or in any, the newest first."""
    return await tx.rows(PartnerTier, _OF_PARTNER, partner_id, programme_code)


async def levels_on(tx: Tx, asked: Collection[tuple[UUID, date]]) -> dict[tuple[UUID, date], str]:
    """Levels of partners on days, of those that have one."""
    rows = await tx.fetch(_LEVELS, dumps([{"partner_id": partner_id, "day": day} for partner_id, day in sorted(asked)]))
    return {(row["partner_id"], row["day"]): row["level"] for row in rows}


async def tier_on(tx: Tx, partner_id: UUID, day: date) -> Held | None:
    """The level of a partner on a day."""
    return await tx.row(Held, _ON, partner_id, day)


async def all_evaluations(tx: Tx) -> list[TierEvaluation]:
    """Every evaluation."""
    return await tx.rows(TierEvaluation, select_sql(TierEvaluation, "TRUE"))


def all_results(tx: Tx) -> AsyncIterable[TierResult]:
    """Results of all evaluations that were not given up."""
    return tx.stream_rows(TierResult, _ALL_RESULTS)


async def all_tiers(tx: Tx) -> list[PartnerTier]:
    """Every level that some partner has or had."""
    return await tx.rows(PartnerTier, select_sql(PartnerTier, "is_live"))


async def off_the_results(tx: Tx) -> list[str]:
    """Levels that are not what an evaluation or the decision of an appeal gave."""
    return await tx.column(str, _OFF_THE_RESULTS)
