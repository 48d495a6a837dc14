"""SQL of the territories: which of them hold an account, and what they hold together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps
from services.targets.territories.models import Claim, Coverage

_LIVE = "t.valid_from <= $1 AND (t.valid_to IS NULL OR t.valid_to >= $1)"
_VACANT = """
t.member_id IS NOT NULL AND NOT EXISTS (
  SELECT FROM membership s
  WHERE s.member_id = t.member_id AND s.valid_from <= $1 AND (s.valid_to IS NULL OR s.valid_to > $1)
)
"""
_ORDER = 'valid_from, code COLLATE "C"'


def _level(places: str, branches: str) -> str:
    """Level of territory `t` for an account that is not named by it: a criterion that is given must fit."""
    return f"""
CASE
  WHEN t.regions = '{{}}' AND t.industries = '{{}}' THEN NULL
  WHEN t.regions <> '{{}}' AND NOT t.regions && {places} THEN NULL
  WHEN t.industries <> '{{}}' AND NOT t.branches && {branches} THEN NULL
  WHEN t.industries = '{{}}' THEN 3
  WHEN t.regions = '{{}}' THEN 4
  ELSE 2
END
"""


_CLAIMS = f"""
SELECT c.* FROM (
  SELECT t.id, t.code, t.name, t.member_id, t.unit_id, {_VACANT} AS is_vacant, t.valid_from, t.valid_to,
         CASE WHEN t.account_ids && $2::uuid[] THEN 1 ELSE {_level("$3::text[]", "$4::text[]")} END AS level
  FROM territory t WHERE {_LIVE}
) c WHERE c.level IS NOT NULL ORDER BY c.level, c.{_ORDER}
"""
_COVERAGE = f"""
WITH live AS MATERIALIZED (
  SELECT t.id, t.code, t.member_id, t.regions, t.industries, t.branches, t.account_ids, {_VACANT} AS is_vacant,
         row_number() OVER (ORDER BY t.{_ORDER}) AS place,
         t.regions || ARRAY(SELECT split_part(r.code, '-', 1) FROM unnest(t.regions) AS r(code)) AS around,
         t.branches || ARRAY(
           SELECT left(b.code, length(b.code) - cut) FROM unnest(t.branches) AS b(code), generate_series(1, 2) AS cut
           WHERE length(split_part(b.code, ':', 2)) - cut >= 2
         ) AS above
  FROM territory t WHERE {_LIVE}
),
seen AS MATERIALIZED (
  SELECT d.id, d.places, d.branches FROM account_directory d
  WHERE NOT d.is_archived AND ($2 OR d.owner_id = ANY($3::uuid[]))
    AND NOT EXISTS (SELECT FROM account_root r WHERE r.account_id = d.id)
),
named AS MATERIALIZED (
  SELECT DISTINCT t.id, t.place, coalesce(r.root_id, n.id) AS account_id
  FROM live t CROSS JOIN unnest(t.account_ids) AS n(id) LEFT JOIN account_root r ON r.account_id = n.id
),
kinds AS MATERIALIZED (
  SELECT row_number() OVER () AS kind, k.* FROM (
    SELECT s.places, s.branches, count(*) AS accounts FROM seen s
    WHERE NOT EXISTS (SELECT FROM named n WHERE n.account_id = s.id)
    GROUP BY s.places, s.branches
  ) k
),
claims AS MATERIALIZED (
  SELECT c.*, min(c.level) OVER (PARTITION BY c.kind) AS best FROM (
    SELECT k.kind, k.accounts, t.place, {_level("k.places", "k.branches")} AS level FROM kinds k CROSS JOIN live t
  ) c WHERE c.level IS NOT NULL
),
ties AS (
  SELECT a.place AS first, b.place AS second, sum(a.accounts)::bigint AS accounts
  FROM claims a JOIN claims b ON b.kind = a.kind AND b.place > a.place
  WHERE a.level = a.best AND b.level = b.best GROUP BY a.place, b.place
),
pairs AS (
  SELECT a.place AS first, b.place AS second, 1 AS level, count(s.id) AS accounts
  FROM named a JOIN named b ON b.account_id = a.account_id AND b.place > a.place LEFT JOIN seen s ON s.id = a.account_id
  GROUP BY a.place, b.place
  UNION ALL
  SELECT a.place, b.place, CASE WHEN a.industries = '{{}}' THEN 3 WHEN a.regions = '{{}}' THEN 4 ELSE 2 END,
         coalesce(x.accounts, 0)
  FROM live a JOIN live b ON b.place > a.place LEFT JOIN ties x ON x.first = a.place AND x.second = b.place
  WHERE (a.regions = '{{}}') = (b.regions = '{{}}') AND (a.industries = '{{}}') = (b.industries = '{{}}')
    AND NOT (a.regions = '{{}}' AND a.industries = '{{}}')
    AND (a.regions = '{{}}' OR a.regions && b.around OR a.around && b.regions)
    AND (a.industries = '{{}}' OR a.branches && b.above OR a.above && b.branches)
),
doubles AS (
  SELECT a.id AS first_id, a.code AS first_code, b.id AS second_id, b.code AS second_code, p.level, p.accounts,
         p.first, p.second
  FROM pairs p JOIN live a ON a.place = p.first JOIN live b ON b.place = p.second
),
gaps AS (
  SELECT k.places[cardinality(k.places)] AS region, k.branches[cardinality(k.branches)] AS industry,
         sum(k.accounts)::bigint AS accounts
  FROM kinds k WHERE NOT EXISTS (SELECT FROM claims c WHERE c.kind = k.kind) GROUP BY 1, 2
)
SELECT
  (SELECT count(*) FROM seen) AS accounts,
  (SELECT count(*) FROM seen) - coalesce((SELECT sum(accounts) FROM gaps), 0)::bigint AS held,
  (SELECT count(*) FROM live) AS territories,
  (SELECT coalesce(jsonb_agg(o ORDER BY o.accounts DESC, o.first, o.second, o.level), '[]') FROM (
    SELECT * FROM doubles ORDER BY accounts DESC, first, second, level LIMIT $4) o) AS overlaps,
  (SELECT count(*) FROM doubles) AS overlaps_total,
  (SELECT coalesce(jsonb_agg(g ORDER BY g.accounts DESC, g.region COLLATE "C", g.industry COLLATE "C"), '[]') FROM (
    SELECT * FROM gaps ORDER BY accounts DESC, region COLLATE "C", industry COLLATE "C" LIMIT $4) g) AS gaps,
  (SELECT count(*) FROM gaps) AS gaps_total,
  (SELECT coalesce(jsonb_agg(v ORDER BY v.place), '[]') FROM (
    SELECT id, code, member_id, place FROM live WHERE is_vacant ORDER BY place LIMIT $4) v) AS vacant,
  (SELECT count(*) FROM live WHERE is_vacant) AS vacant_total
"""
_REGIONS = """
SELECT n.key, array_agg(DISTINCT r.code) AS regions
FROM json_to_recordset($1::json) AS n(key text, unit_id uuid, member_id uuid)
JOIN territory t ON t.valid_from <= $3 AND (t.valid_to IS NULL OR t.valid_to >= $2) AND t.industries = '{}' AND (
    t.member_id = n.member_id
    OR n.member_id IS NULL AND EXISTS (SELECT FROM unit u WHERE u.id = t.unit_id AND n.unit_id = ANY(u.path))
    OR n.member_id IS NULL AND EXISTS (
        SELECT FROM membership s JOIN unit u ON u.id = s.unit_id
        WHERE s.member_id = t.member_id AND n.unit_id = ANY(u.path)
          AND s.valid_from <= $3 AND (s.valid_to IS NULL OR s.valid_to > $2)
    )
)
CROSS JOIN unnest(t.regions) AS r(code) GROUP BY n.key
"""


class Holder(NamedTuple):
    """A member, or a unit with all that is below it."""

    key: str
    unit_id: UUID | None
    member_id: UUID | None


async def list_regions(tx: Tx, holders: Sequence[Holder], first: date, last: date) -> dict[str, list[str]]:
    """Regions that territories of holders hold whole on a day of a period, by key; who holds none is absent."""
    rows = await tx.fetch(_REGIONS, dumps([one._asdict() for one in holders]), first, last)
    return {row["key"]: row["regions"] for row in rows}


async def list_claims(
    tx: Tx, on: date, members: Sequence[UUID], places: Sequence[str], branches: Sequence[str]
) -> list[Claim]:
    """The territories that hold an account on a day, the one that wins first; `members` are all ids of the account."""
    return await tx.rows(Claim, _CLAIMS, on, list(members), list(places), list(branches))


async def get_coverage(tx: Tx, on: date, scope: tuple[bool, Sequence[UUID]], most: int) -> Coverage:
    """What the territories of a day hold of the accounts that are not archived, each merged group being one; `scope`
    are everything, or the owners whose accounts count. Lists have at most `most` entries."""
    row = await tx.row(Coverage, _COVERAGE, on, scope[0], list(scope[1]), most)
    assert row is not None, "a sum has a row"
    return row
