"""SQL of the targets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, insert_rows, select_sql, update_rows
from services.targets.credits.lists import label_sql
from services.targets.levels.lists import level_sql
from services.targets.metrics.lists import LEVELS
from services.targets.targets.enums import TargetState
from services.targets.targets.lists import COST, IN_SCOPE, VALUE, held_on
from services.targets.targets.models import Target
from services.targets.targets.rules import OPEN

_CREDITED_TYPES = f"""
SELECT k.value FROM unnest($1::text[]) AS k(value)
WHERE EXISTS (SELECT FROM credit_label l WHERE l.id = {label_sql("customer_type", "k.value")})
"""
_LOCK_ROOT = "SELECT 1 FROM target WHERE id = (SELECT root_id FROM target WHERE id = $1) FOR UPDATE"
_BELOW = """
tree AS (
    SELECT id FROM target WHERE id = $1
    UNION ALL
    SELECT c.id FROM target c JOIN tree ON c.parent_id = tree.id
)
"""
_LEVELS = ", ".join(f"'{name}'" for name in sorted(LEVELS))
_VALUE = f"""
CASE WHEN t.state <> 'active' THEN NULL WHEN t.metric IN ({_LEVELS})
THEN (SELECT coalesce(sum(v.actual), 0)::bigint FROM (SELECT {level_sql("t", "least(t.period_end, $3::date)")}) v)
ELSE (SELECT coalesce(sum({VALUE}), 0)::bigint FROM credit_bucket b WHERE {IN_SCOPE}) END
"""
_CLOSED = f"state = 'closed', closed_value = {_VALUE}"


def _moving(tree: str, sets: str, sources: Sequence[TargetState]) -> str:
    words = ", ".join(f"'{state}'" for state in sources)
    return (
        f"WITH RECURSIVE {tree} UPDATE target t SET {sets}, version = t.version + 1, updated_at = $2 FROM tree "
        f"WHERE t.id = tree.id AND t.state IN ({words}) RETURNING {columns_of(Target, 't')}"
    )


_PROPOSE = _moving(_BELOW, "state = 'proposed', proposed_by = $3::text, approved_by = NULL", [TargetState.DRAFT])
_APPROVE = _moving(_BELOW, "state = 'approved', approved_by = $3::text", [TargetState.PROPOSED])
_TAKE_BACK = _moving(_BELOW, "state = 'draft', proposed_by = NULL, approved_by = NULL", [TargetState.PROPOSED])
_ABOVE = """
tree AS (
    SELECT parent_id AS id FROM target WHERE id = $1
    UNION ALL
    SELECT p.parent_id FROM target p JOIN tree ON p.id = tree.id
)
"""
_VOID_ABOVE = _moving(
    _ABOVE,
    "state = 'draft', proposed_by = NULL, approved_by = NULL",
    [TargetState.PROPOSED, TargetState.APPROVED],
)
_VOID = f"""
UPDATE target t SET state = 'draft', proposed_by = NULL, approved_by = NULL, authored_by = $3::text,
    version = t.version + 1, updated_at = $2
WHERE t.id = ANY($1::uuid[]) AND t.state IN ('proposed', 'approved') RETURNING {columns_of(Target, "t")}
"""
_CHILDREN = select_sql(Target, "decomposition_id = $1 ORDER BY child_key")
_ACTIVATE = _moving(_BELOW, "state = 'active', closes_on = t.period_end + $3::int", OPEN)
_CLOSE = _moving(_BELOW, _CLOSED, [*OPEN, TargetState.ACTIVE])
_CLOSE_DUE = _moving(
    """
    tree AS (
        SELECT d.id FROM target d
        WHERE d.root_id = $1 AND d.state = 'active' AND coalesce(d.closes_on, d.period_end + 10) <= $3
          AND NOT EXISTS (SELECT FROM target c WHERE c.parent_id = d.id AND c.state = 'active')
        ORDER BY d.closes_on, d.id LIMIT $4
    )
    """,
    _CLOSED,
    [TargetState.ACTIVE],
)
_NEXT_CLOSING = """
UPDATE target r SET due_at = (
    SELECT CASE WHEN min(coalesce(c.closes_on, c.period_end + 10)) <= $2::date THEN $3::timestamptz
                ELSE min(coalesce(c.closes_on, c.period_end + 10))::timestamp AT TIME ZONE $4::text END
    FROM target c WHERE c.root_id = $1 AND c.state = 'active'
) WHERE r.id = $1
"""
FEW = 100
"""So many targets are looked for by any plan."""
_VERSIONS = """
INSERT INTO target_version (target_id, number, valid_from, amount, base, stretch, author, approver, recorded_at)
SELECT id, 1, period_start, amount, base, stretch, coalesce(proposed_by, authored_by), approved_by, $2
FROM target WHERE id = ANY($1::uuid[])
"""
_INVOLVED = f"""
WITH RECURSIVE {_BELOW} SELECT EXISTS (
    SELECT FROM target t JOIN tree ON t.id = tree.id
    WHERE t.state = 'proposed' AND ($2 IN (t.proposed_by, t.authored_by)
       OR EXISTS (SELECT FROM member m WHERE m.id = t.owner_id AND m.subject = $2))
)
"""
_UNAPPROVED = f"""
WITH RECURSIVE {_BELOW} SELECT count(*) FROM target t JOIN tree ON t.id = tree.id
WHERE t.state IN ('draft', 'proposed')
"""
_BY_EXTERNAL = select_sql(Target, "external_id = ANY($1::text[]) ORDER BY id FOR UPDATE")
_AMOUNT = f"SELECT coalesce(held.amount, t.amount) FROM target t {held_on('t', '$2::date')} WHERE t.id = $1"
_DECOMPOSED = "SELECT DISTINCT target_id FROM decomposition WHERE target_id = ANY($1::uuid[]) AND retired_on IS NULL"
_CLOSE_PART = _moving(
    """
    tree AS (
        SELECT id FROM target WHERE decomposition_id = $1
        UNION ALL
        SELECT c.id FROM target c JOIN tree ON c.parent_id = tree.id
    )
    """,
    _CLOSED,
    [*OPEN, TargetState.ACTIVE],
)
_OF_COST = f"SELECT {COST} FROM target t WHERE t.id = $1"
_NOTE_CHANGE = "UPDATE target SET revision = revision + 1 WHERE id = $1"


async def add_targets(tx: Tx, rows: Sequence[Target]) -> None:
    """Insert targets."""
    await insert_rows(tx, Target, rows)


async def write_targets(tx: Tx, rows: Sequence[Target]) -> None:
    """Write changed targets."""
    await update_rows(tx, Target, rows)


async def lock_tree(tx: Tx, target_id: UUID) -> None:
    """Keep out other changes of the tree that the target belongs to, until the commit."""
    await tx.fetchval(_LOCK_ROOT, target_id)


async def propose(tx: Tx, target_id: UUID, at: datetime, by: str) -> list[Target]:
    """Propose the drafts among a target and all below it."""
    return await tx.rows(Target, _PROPOSE, target_id, at, by)


async def approve(tx: Tx, target_id: UUID, at: datetime, by: str) -> list[Target]:
    """Approve what is proposed of a target and all below it."""
    return await tx.rows(Target, _APPROVE, target_id, at, by)


async def take_back(tx: Tx, target_id: UUID, at: datetime) -> list[Target]:
    """Make drafts of what is proposed of a target and all below it."""
    return await tx.rows(Target, _TAKE_BACK, target_id, at)


async def void_above(tx: Tx, target_id: UUID, at: datetime) -> list[Target]:
    """Make drafts of the proposed and approved targets above one: their tree is another one now."""
    return await tx.rows(Target, _VOID_ABOVE, target_id, at)


async def void(tx: Tx, target_ids: Collection[UUID], at: datetime, by: str) -> list[Target]:
    """Make drafts of those of the targets that are proposed or approved."""
    return await tx.rows(Target, _VOID, list(target_ids), at, by)


async def list_children(tx: Tx, decomposition_id: UUID) -> list[Target]:
    """The children of a decomposition, by key."""
    return await tx.rows(Target, _CHILDREN, decomposition_id)


async def activate(tx: Tx, target_id: UUID, at: datetime, close_after_days: int) -> list[Target]:
    """Let a target and all below it count."""
    return await tx.rows(Target, _ACTIVATE, target_id, at, close_after_days)


async def close(tx: Tx, target_id: UUID, at: datetime, today: date) -> list[Target]:
    """Close a target and all below it, each with what was credited to it until now."""
    return await tx.rows(Target, _CLOSE, target_id, at, today)


async def close_part(tx: Tx, decomposition_id: UUID, at: datetime, today: date) -> list[Target]:
    """Close the children of a decomposition and all below them, each with what was credited to it until now."""
    return await tx.rows(Target, _CLOSE_PART, decomposition_id, at, today)


async def close_due(tx: Tx, root_id: UUID, at: datetime, today: date, limit: int) -> list[Target]:
    """Close targets of a tree whose day has come, children before their parents, so many at most."""
    return await tx.rows(Target, _CLOSE_DUE, root_id, at, today, limit)


async def is_of_cost(tx: Tx, target_id: UUID) -> bool:
    """Whether figures of a target tell of costs."""
    return bool(await tx.fetchval(_OF_COST, target_id))


async def note_change(tx: Tx, root_id: UUID) -> None:
    """Count a change of what is active below a root."""
    await tx.execute(_NOTE_CHANGE, root_id)


async def schedule_closing(tx: Tx, root_id: UUID, today: date, now: datetime, timezone: str) -> None:
    """Note at the root when the next of its tree closes: the start of that day, now for what is over."""
    await tx.execute(_NEXT_CLOSING, root_id, today, now, timezone)


async def add_first_versions(tx: Tx, target_ids: Collection[UUID], at: datetime) -> None:
    """What targets amount to from the start of their periods on, and who decided it. Many are planned for as many as
    there are: a plan that was kept from an empty table compares each row with each."""
    if len(target_ids) > FEW:
        await tx.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    await tx.execute(_VERSIONS, list(target_ids), at)


async def is_involved(tx: Tx, target_id: UUID, subject: str) -> bool:
    """Whether somebody proposed, wrote last or owns any of what would be approved with a target."""
    return bool(await tx.fetchval(_INVOLVED, target_id, subject))


async def count_unapproved(tx: Tx, target_id: UUID) -> int:
    """How many of a target and all below it are not approved."""
    return int(await tx.fetchval(_UNAPPROVED, target_id))


async def lock_by_external(tx: Tx, external_ids: Collection[str]) -> dict[str, Target]:
    """Root targets by external id, locked."""
    rows = await tx.rows(Target, _BY_EXTERNAL, list(external_ids))
    return {row.external_id: row for row in rows if row.external_id is not None}


async def credited_types(tx: Tx, types: Collection[str]) -> set[str]:
    """Those of these customer types that something was credited to."""
    return {str(row["value"]) for row in await tx.fetch(_CREDITED_TYPES, list(types))}


async def list_decomposed(tx: Tx, target_ids: Collection[UUID]) -> set[UUID]:
    """Those of the targets that are decomposed."""
    return set(await tx.column(UUID, _DECOMPOSED, list(target_ids)))


async def get_amount(tx: Tx, target_id: UUID, on: date) -> int:
    """What a target amounts to on a day, by its versions."""
    return int(await tx.fetchval(_AMOUNT, target_id, on))
