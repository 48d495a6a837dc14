"""SQL of the checks."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, insert_rows
from services.targets.checks.models import TargetCheckRun
from services.targets.decompositions.enums import Dimension
from services.targets.targets.models import Target

MOST = 20


class SplitOf(NamedTuple):
    """A decomposition of a target; `committed` is the sum of the newest commits of its children, if all have one."""

    dimension: Dimension
    committed: int | None


_SPLITS = """
SELECT d.dimension, s.committed FROM decomposition d CROSS JOIN LATERAL (
    SELECT CASE WHEN bool_and(n.amount IS NOT NULL) THEN sum(n.amount)::bigint END AS committed
    FROM target c LEFT JOIN LATERAL (
        SELECT amount FROM target_commit m WHERE m.target_id = c.id ORDER BY m.number DESC LIMIT 1
    ) n ON TRUE
    WHERE (c.decomposition_id = d.id OR c.cross_id = d.id) AND NOT c.is_balancing
) s WHERE d.target_id = $1 AND d.retired_on IS NULL ORDER BY d.id
"""
_COMMIT = "SELECT amount FROM target_commit WHERE target_id = $1 ORDER BY number DESC LIMIT 1"
_SIBLINGS = f"""
SELECT {columns_of(Target, "t")} FROM target t JOIN target o ON o.decomposition_id = t.decomposition_id
WHERE o.id = $1 AND t.id <> o.id AND NOT t.is_balancing ORDER BY t.child_key LIMIT 1000
"""
_SAME_SCOPE = """
t.state = 'active' AND t.plan_id IS NULL AND NOT t.is_balancing AND t.root_id <> o.root_id AND t.metric = o.metric
AND (t.unit_id, t.member_id, t.product_line, t.region, t.customer_type, t.channel_id)
    IS NOT DISTINCT FROM (o.unit_id, o.member_id, o.product_line, o.region, o.customer_type, o.channel_id)
"""
_DOUBLES = f"""
SELECT count(*) FROM target o JOIN target t ON {_SAME_SCOPE}
WHERE o.id = $1 AND (t.period_start, t.period_end) = (o.period_start, o.period_end)
"""
_LEAST_REVENUE = """
SELECT min(t.amount) FROM target o JOIN target t ON t.metric = 'revenue' AND t.state = 'active' AND t.plan_id IS NULL
    AND NOT t.is_balancing AND (t.period_start, t.period_end) = (o.period_start, o.period_end)
    AND (t.unit_id, t.member_id, t.product_line, t.region, t.customer_type, t.channel_id)
        IS NOT DISTINCT FROM (o.unit_id, o.member_id, o.product_line, o.region, o.customer_type, o.channel_id)
WHERE o.id = $1
"""
_LONGER = f"""
SELECT {columns_of(Target, "t")} FROM target o JOIN target t ON {_SAME_SCOPE}
WHERE o.id = $1 AND t.period_start <= o.period_start AND t.period_end >= o.period_end
AND t.period_end - t.period_start > o.period_end - o.period_start ORDER BY t.id LIMIT {MOST}
"""


async def list_splits(tx: Tx, target_id: UUID) -> list[SplitOf]:
    """The decompositions of a target."""
    return await tx.rows(SplitOf, _SPLITS, target_id)


async def newest_commit(tx: Tx, target_id: UUID) -> int | None:
    """What was committed to for a target last."""
    found: int | None = await tx.fetchval(_COMMIT, target_id)
    return found


async def list_siblings(tx: Tx, target_id: UUID) -> list[Target]:
    """The other children of the decomposition that a target belongs to."""
    return await tx.rows(Target, _SIBLINGS, target_id)


async def count_doubles(tx: Tx, target_id: UUID) -> int:
    """How many live targets of other trees are about the same, in the same period."""
    return int(await tx.fetchval(_DOUBLES, target_id))


async def least_revenue(tx: Tx, target_id: UUID) -> int | None:
    """The least revenue that a live target of the same scope and period asks for."""
    found: int | None = await tx.fetchval(_LEAST_REVENUE, target_id)
    return found


async def list_longer(tx: Tx, target_id: UUID) -> list[Target]:
    """Live targets of other trees about the same, whose longer periods hold that of the target."""
    return await tx.rows(Target, _LONGER, target_id)


async def add_run(tx: Tx, row: TargetCheckRun) -> None:
    """Keep what the checks found."""
    await insert_rows(tx, TargetCheckRun, [row])
