"""SQL of the decompositions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.rows import columns_of, dumps, insert_rows
from services.targets.decompositions.lists import OVERLAPPING
from services.targets.decompositions.models import Decomposition, DecompositionRow, DriverPart
from services.targets.decompositions.workforce import Result, Stay, joined_since
from services.targets.levels.lists import level_sql
from services.targets.members.enums import MemberRole
from services.targets.metrics.lists import LEVELS, RATIOS, any_value_sql, any_volume_sql, volume_sql
from services.targets.targets.models import Target

_GET = f"""
SELECT {columns_of(DecompositionRow, "d")}, (
    SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.key), '[]') FROM (
        SELECT id AS target_id, CASE WHEN d.is_cross THEN cross_key ELSE child_key END AS key, name, state,
               period_start, period_end, unit_id, member_id, amount, computed, weight, locked, floor, cap, bound,
               reason, driver_values, is_balancing
        FROM target WHERE decomposition_id = d.id OR cross_id = d.id
    ) c
) AS children, {OVERLAPPING} AS overlapping
FROM decomposition d WHERE d.id = $1 AND d.target_id = $2
"""
_SUM_SCOPES = """
SELECT n.key, CASE WHEN n.metric IN ({levels}) THEN (
    SELECT coalesce(sum({level}), 0)::bigint FROM (SELECT {off_a_day}) v
) ELSE (
    SELECT coalesce(sum({value}), 0)::bigint FROM credit_bucket b
    WHERE b.day BETWEEN n.first AND n.last
      AND (n.unit_id IS NULL OR b.unit_path @> ARRAY[n.unit_id])
      AND (n.member_id IS NULL OR b.member_id = n.member_id)
      AND (n.product_line IS NULL OR b.product_line = n.product_line)
      AND (n.region IS NULL OR b.region = n.region)
      AND (n.customer_type IS NULL OR b.customer_type = n.customer_type)
      AND (n.channel_id IS NULL OR b.channel = n.channel_id::text)
) END AS amount
FROM (
    SELECT r.*, r.first AS period_start FROM json_to_recordset($1::json) AS r(
        key text, metric text, first date, last date, unit_id uuid, member_id uuid, product_line text, region text,
        customer_type text, channel_id uuid)
) n
"""
_RATES = ", ".join(f"'{name}'" for name in sorted(LEVELS & RATIOS))
_LINES = """
WITH RECURSIVE line(id, last) AS (
    SELECT id, id FROM unit WHERE successor_id IS NULL
    UNION ALL
    SELECT u.id, l.last FROM unit u JOIN line l ON u.successor_id = l.id
)
"""
"""What each unit went on as in the end."""
_STAYS = f"""
{_LINES}
SELECT s.member_id, u.path, n.path AS line, s.valid_from, s.valid_to, coalesce(s.role, m.role) AS role, s.capacity
FROM membership s JOIN member m ON m.id = s.member_id JOIN unit u ON u.id = s.unit_id
JOIN line l ON l.id = s.unit_id JOIN unit n ON n.id = l.last
WHERE $1::uuid IS NULL OR EXISTS (
    SELECT FROM membership o
    JOIN unit p ON p.id = o.unit_id JOIN line k ON k.id = o.unit_id JOIN unit q ON q.id = k.last
    WHERE o.member_id = s.member_id AND (p.path @> ARRAY[$1::uuid] OR q.path @> ARRAY[$1::uuid])
)
ORDER BY s.member_id, s.valid_from
"""
_RESULTS = f"""
{_LINES}
SELECT b.member_id, n.path AS line, sum({{value}})::bigint AS amount
FROM credit_bucket b
JOIN line l ON l.id = b.unit_path[cardinality(b.unit_path)] JOIN unit n ON n.id = l.last
WHERE b.day BETWEEN $1 AND $2
  AND ($3::uuid IS NULL OR b.unit_path @> ARRAY[$3::uuid] OR n.path @> ARRAY[$3::uuid])
  AND ($4::text IS NULL OR b.product_line = $4) AND ($5::text IS NULL OR b.region = $5)
  AND ($6::text IS NULL OR b.customer_type = $6) AND ($7::uuid IS NULL OR b.channel = $7::uuid::text)
GROUP BY 1, 2
"""
_COUNT = "SELECT count(*) FROM decomposition WHERE target_id = $1 AND retired_on IS NULL"
_DECOMPOSED = "SELECT DISTINCT target_id FROM decomposition WHERE target_id = ANY($1::uuid[]) AND retired_on IS NULL"
_UNMARK = "UPDATE decomposition SET is_crediting = false, version = version + 1 WHERE target_id = $1 AND is_crediting"

_MARK = "UPDATE decomposition SET is_crediting = true, version = version + 1, updated_at = $2 WHERE id = $1"

_REDRIVE = """
UPDATE decomposition SET drivers = $2::jsonb, bases_sum = true, version = version + 1, updated_at = $3 WHERE id = $1
"""

_HAS_OTHER = "SELECT EXISTS (SELECT FROM decomposition WHERE target_id = $1 AND id <> $2 AND retired_on IS NULL)"
_RETIRE = """
UPDATE decomposition SET retired_on = $2, is_crediting = false, version = version + 1, updated_at = $3 WHERE id = $1
"""
_IN_TABLE = "SELECT EXISTS (SELECT FROM two_way_table WHERE $1 IN (row_decomposition_id, column_decomposition_id))"
_IN_PLANS = """
SELECT count(*) FROM target_plan WHERE root_id = $1 AND state IN ('open', 'proposed', 'approved')
"""
_LOCK_OPENING = "SELECT pg_advisory_xact_lock(hashtextextended('plans of ' || $1::text, 0))"
_RESTATE = """
UPDATE decomposition SET amount = $2, over_assignment = $3, version = version + 1, updated_at = $4 WHERE id = $1
"""


async def add_decompositions(tx: Tx, rows: Sequence[DecompositionRow]) -> None:
    """Insert decompositions; their children follow in the same transaction."""
    await insert_rows(tx, DecompositionRow, rows)


async def get_decomposition(tx: Tx, target_id: UUID, decomposition_id: UUID) -> Decomposition | None:
    """A decomposition of a target with its children, or None."""
    return await tx.row(Decomposition, _GET, decomposition_id, target_id)


async def sum_scopes(tx: Tx, scopes: Sequence[Mapping[str, object]], *, volume: bool) -> dict[str, int]:
    """Results by key of scopes: each has a key, a metric, a period (first, last) and the dimensions that narrow it; on
    request what shares go by."""
    sql = _SUM_SCOPES.format(
        levels=", ".join(f"'{name}'" for name in sorted(LEVELS)),
        level=f"CASE WHEN n.metric IN ({_RATES}) THEN v.base ELSE v.actual END" if volume else "v.actual",
        off_a_day=level_sql("n", "n.last"),
        value=(any_volume_sql if volume else any_value_sql)("n.metric", "b"),
    )
    return {row["key"]: int(row["amount"]) for row in await tx.fetch(sql, dumps(scopes))}


async def list_stays(tx: Tx, unit_id: UUID | None) -> list[Stay]:
    """Where everybody belongs, ever; with a unit, those who ever are inside it, or inside what it was before."""
    found: list[Stay] = []
    for _, rows in groupby(await tx.fetch(_STAYS, unit_id), key=lambda row: row["member_id"]):
        spans = list(rows)
        joined = joined_since([(row["valid_from"], row["valid_to"]) for row in spans])
        found += [_stay(row, since) for row, since in zip(spans, joined, strict=True)]
    return found


def _stay(row: Row, joined: date) -> Stay:
    last = None if row["valid_to"] is None else row["valid_to"] - timedelta(days=1)
    return Stay(
        row["member_id"],
        tuple(row["path"]),
        tuple(row["line"]),
        row["valid_from"],
        last,
        MemberRole(row["role"]),
        row["capacity"],
        joined,
    )


async def list_results(tx: Tx, target: Target, window: tuple[date, date]) -> list[Result]:
    """What was credited in a window in the scope of a target, by member and unit; what shares of its metric go by."""
    scope = target.unit_id, target.product_line, target.region, target.customer_type, target.channel_id
    rows = await tx.fetch(_RESULTS.format(value=volume_sql(target.metric, "b")), *window, *scope)
    return [Result(row["member_id"], tuple(row["line"]), row["amount"]) for row in rows]


async def count_decompositions(tx: Tx, target_id: UUID) -> int:
    """How many decompositions a target has."""
    return int(await tx.fetchval(_COUNT, target_id))


async def list_decomposed(tx: Tx, target_ids: Collection[UUID]) -> set[UUID]:
    """Those of the targets that are decomposed."""
    return set(await tx.column(UUID, _DECOMPOSED, list(target_ids)))


async def has_other(tx: Tx, target_id: UUID, decomposition_id: UUID) -> bool:
    """Whether a target has another decomposition than this one."""
    return bool(await tx.fetchval(_HAS_OTHER, target_id, decomposition_id))


async def restate(tx: Tx, decomposition_id: UUID, amount: int, over_assignment: int, at: datetime) -> None:
    """Let a decomposition split another amount; its sum is compared at commit."""
    await tx.execute(_RESTATE, decomposition_id, amount, over_assignment, at)


async def redrive(tx: Tx, decomposition_id: UUID, drivers: Sequence[DriverPart], at: datetime) -> None:
    """Keep what the values of a decomposition's drivers rest on now; its denominators are split anew, too."""
    await tx.execute(_REDRIVE, decomposition_id, dumps([part.model_dump(mode="json") for part in drivers]), at)


async def retire(tx: Tx, decomposition_id: UUID, on: date, at: datetime) -> None:
    """A decomposition says from a day on how it was."""
    await tx.execute(_RETIRE, decomposition_id, on, at)


async def is_in_table(tx: Tx, decomposition_id: UUID) -> bool:
    """Whether the children of a decomposition are rows or columns of a table."""
    return bool(await tx.fetchval(_IN_TABLE, decomposition_id))


async def lock_opening(tx: Tx, root_id: UUID) -> None:
    """Wait for whoever opens a plan of a tree, or retires a part of it; until the transaction ends."""
    await tx.execute(_LOCK_OPENING, str(root_id))


async def count_plans(tx: Tx, root_id: UUID) -> int:
    """How many plans of a tree are neither promoted nor dropped."""
    return int(await tx.fetchval(_IN_PLANS, root_id))


async def clear_crediting(tx: Tx, target_id: UUID) -> None:
    """Take the crediting mark from the target's decompositions."""
    await tx.execute(_UNMARK, target_id)


async def set_crediting(tx: Tx, decomposition_id: UUID, at: datetime) -> None:
    """Give a decomposition the crediting mark, which no other of its target has by then."""
    await tx.execute(_MARK, decomposition_id, at)
