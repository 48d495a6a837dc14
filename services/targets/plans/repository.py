"""SQL of the plans: the copy of a tree, the tree as it stands, and what of it is written back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlmodel import SQLModel

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, select_sql, update_rows
from kit.db.text_keys import KEY_COLUMNS
from kit.errors import VersionMismatch
from kit.records import Change
from services.targets.decompositions.models import DecompositionRow
from services.targets.plans.models import Plan
from services.targets.targets.models import Target
from services.targets.two_way.models import TwoWayRow


class Copied(NamedTuple):
    """The root of a copied tree, and the revision that was copied."""

    branch_id: UUID
    revision: int


class Standing(NamedTuple):
    """A tree as it stands."""

    rows: list[Target]
    splits: list[DecompositionRow]
    tables: list[TwoWayRow]


def _copy_of(column: str) -> str:
    """The id of the copy in plan $2 of what a column names."""
    return f"encode(substr(sha256(convert_to($2::uuid::text || {column}::text, 'UTF8')), 1, 16), 'hex')::uuid"


def _copying(model: type[SQLModel], alias: str, own: Mapping[str, str], more: Sequence[str] = ()) -> str:
    names = (*model.model_fields, *more)
    values = ", ".join(own.get(name, f"{alias}.{name}") for name in names)
    return f"INSERT INTO {model.__tablename__} ({', '.join(names)}) SELECT {values}"


_FRESH = {"version": "1", "created_at": "$3::timestamptz", "updated_at": "$3::timestamptz"}
_TARGETS = _copying(
    Target,
    "t",
    {
        **_FRESH,
        **{name: _copy_of(f"t.{name}") for name in ("id", "root_id", "parent_id", "decomposition_id", "cross_id")},
        **dict.fromkeys(("authored_by", "proposed_by", "approved_by", "commit_until", "closes_on"), "NULL"),
        **dict.fromkeys(("external_id", "due_at", "closed_value"), "NULL"),
        "state": "CASE WHEN t.state = 'closed' THEN 'closed' ELSE 'draft' END",
        "plan_id": "$2::uuid",
        "origin_id": "t.id",
        "base_amount": "t.amount",
        "revision": "0",
    },
    KEY_COLUMNS,
)
_SPLITS = _copying(
    DecompositionRow,
    "d",
    {
        **_FRESH,
        **{name: _copy_of(f"d.{name}") for name in ("id", "target_id", "root_id", "table_id")},
        "children_sum": "0",
        "origin_id": "d.id",
    },
)
_TABLES = _copying(
    TwoWayRow,
    "w",
    {
        **_FRESH,
        **{
            name: _copy_of(f"w.{name}")
            for name in ("id", "target_id", "root_id", "row_decomposition_id", "column_decomposition_id")
        },
        "origin_id": "w.id",
    },
)
_COPY = f"""
WITH splits AS ({_SPLITS} FROM target t JOIN decomposition d ON d.target_id = t.id WHERE t.root_id = $1),
     tables AS ({_TABLES} FROM target t JOIN two_way_table w ON w.target_id = t.id WHERE t.root_id = $1),
     targets AS ({_TARGETS} FROM target t WHERE t.root_id = $1)
SELECT {_copy_of("r.id")}, r.revision FROM target r WHERE r.id = $1
"""
_TOUCHED = """
SELECT DISTINCT t.root_id FROM target t JOIN target p ON p.id = t.parent_id JOIN target r ON r.id = t.root_id
WHERE r.state = 'active' AND r.plan_id IS NULL AND t.state <> 'closed' AND NOT t.is_balancing AND t.period_end >= $4
  AND (t.unit_id = ANY($1::uuid[]) AND (p.unit_id IS NULL OR p.unit_id <> ALL($1::uuid[]))
       OR t.member_id = ANY($2::uuid[]) AND p.member_id IS NULL AND t.unit_id = ANY($3::uuid[]))
ORDER BY t.root_id
"""
_NEWEST = "SELECT max(valid_from) FROM target_plan WHERE root_id = $1 AND state = 'promoted'"
_COUNT = """
SELECT count(*) FROM target_plan WHERE root_id = $1 AND state IN ('open', 'proposed', 'approved')
"""
_RETIRED = """
WITH RECURSIVE gone AS (
    SELECT t.id FROM target t JOIN decomposition d ON d.id = t.decomposition_id
    WHERE t.root_id = $1 AND d.retired_on IS NOT NULL
    UNION ALL
    SELECT c.id FROM target c JOIN gone g ON c.parent_id = g.id
) SELECT id FROM gone
"""
"""What is below retired decompositions: no plan is about it."""
_TREE = select_sql(Target, f"root_id = $1 AND id NOT IN ({_RETIRED}) ORDER BY id")
_SPLITS_OF = f"""
SELECT {columns_of(DecompositionRow, "d")} FROM target t JOIN decomposition d ON d.target_id = t.id
WHERE t.root_id = $1 AND d.retired_on IS NULL AND t.id NOT IN ({_RETIRED}) ORDER BY d.id
"""
_TABLES_OF = f"SELECT {columns_of(TwoWayRow, 'w')} FROM target t JOIN two_way_table w ON w.target_id = t.id"
_RESTATE = """
UPDATE decomposition d SET amount = t.amount, version = d.version + 1, updated_at = $2
FROM target t WHERE t.id = ANY($1::uuid[]) AND d.target_id = t.id AND d.amount <> t.amount
      AND d.retired_on IS NULL
"""
_RESTATE_TABLES = """
UPDATE two_way_table w SET amount = t.amount, version = w.version + 1, updated_at = $2
FROM target t WHERE t.id = ANY($1::uuid[]) AND w.target_id = t.id AND w.amount <> t.amount
"""
_UNMARK = "UPDATE decomposition SET is_crediting = false WHERE id = ANY($1::uuid[]) AND is_crediting"
_SET_SPLITS = """
UPDATE decomposition d SET over_assignment = n.over_assignment, carried = n.carried, is_crediting = n.is_crediting
FROM json_to_recordset($1::json) AS n(id uuid, over_assignment bigint, carried bigint, is_crediting boolean)
WHERE d.id = n.id AND (d.over_assignment, d.carried, d.is_crediting)
    IS DISTINCT FROM (n.over_assignment, n.carried, n.is_crediting)
"""
_FIRST_VERSIONS = """
INSERT INTO target_version (target_id, number, valid_from, amount, base, stretch, recorded_at)
SELECT id, 1, period_start, amount, base, stretch, updated_at FROM target t
WHERE id = ANY($1::uuid[]) AND NOT EXISTS (SELECT FROM target_version v WHERE v.target_id = t.id)
"""
_VERSIONS = """
INSERT INTO target_version (target_id, number, valid_from, amount, base, stretch, reason, plan_id, author, approver,
                            recorded_at)
SELECT t.id, (SELECT max(v.number) + 1 FROM target_version v WHERE v.target_id = t.id),
       $2::date, t.amount, t.base, t.stretch, $3::text, $7::uuid, $4::text, $5::text, $6::timestamptz
FROM target t WHERE t.id = ANY($1::uuid[])
"""
_PLANNED = (
    *("amount", "base", "stretch", "computed", "bound", "locked", "reason", "owner_id", "period_end"),
    *("state", "authored_by", "proposed_by", "approved_by", "version", "updated_at"),
)
"""What a change of a plan, and its promotion, may write beside a name."""
_WRITE = f"""
UPDATE target t SET {", ".join(f"{name} = n.{name}" for name in _PLANNED)}
FROM json_populate_recordset(NULL::target, $1::json) n WHERE t.id = n.id AND t.version = n.version - 1
"""
_STATE = "UPDATE target SET state = $2::text, version = version + 1, updated_at = $3 WHERE root_id = $1"
_END = f"{_STATE} AND state <> 'closed'"
_REOPEN = f"{_STATE} AND state IN ('proposed', 'approved')"


async def count_standing(tx: Tx, root_id: UUID) -> int:
    """How many plans of a tree are neither promoted nor dropped."""
    return int(await tx.fetchval(_COUNT, root_id))


async def list_touched(
    tx: Tx, units: Collection[UUID], members: Collection[UUID], above: Collection[UUID], since: date
) -> list[UUID]:
    """Roots of active trees with targets, open on a day or later, of these units, or of these members in units
    above."""
    rows = await tx.fetch(_TOUCHED, list(units), list(members), list(above), since)
    return [row["root_id"] for row in rows]


async def newest_valid_from(tx: Tx, root_id: UUID) -> date | None:
    """The latest day from which on a plan of a tree that was promoted holds."""
    found: date | None = await tx.fetchval(_NEWEST, root_id)
    return found


async def copy_tree(tx: Tx, root_id: UUID, plan_id: UUID, at: datetime) -> Copied | None:
    """Copy a tree with its decompositions and tables as the branch of a plan, all as of one moment."""
    return await tx.row(Copied, _COPY, root_id, plan_id, at)


async def list_tree(tx: Tx, root_id: UUID) -> list[Target]:
    """Every target of a tree."""
    return await tx.rows(Target, _TREE, root_id)


async def read_tree(tx: Tx, root_id: UUID) -> Standing:
    """A tree with its decompositions and tables."""
    return Standing(
        await list_tree(tx, root_id),
        await tx.rows(DecompositionRow, _SPLITS_OF, root_id),
        await tx.rows(TwoWayRow, f"{_TABLES_OF} WHERE t.root_id = $1 ORDER BY w.id", root_id),
    )


async def restate(tx: Tx, target_ids: Collection[UUID], at: datetime) -> None:
    """Let the decompositions and tables of targets, written before, split what these amount to now."""
    await tx.execute(_RESTATE, list(target_ids), at)
    await tx.execute(_RESTATE_TABLES, list(target_ids), at)


async def set_splits(tx: Tx, rows: Sequence[DecompositionRow]) -> bool:
    """Let decompositions have the over-assignment, what was carried, and the crediting mark that these rows have; tells
    whether any had not."""
    unmarked = await tx.execute(_UNMARK, [row.id for row in rows if not row.is_crediting])
    return bool(unmarked + await tx.execute(_SET_SPLITS, dumps(rows)))


async def write_targets(tx: Tx, rows: Sequence[Target]) -> None:
    """Write changed targets."""
    await update_rows(tx, Target, rows)


async def write_planned(tx: Tx, changes: Sequence[Change[Target]]) -> None:
    """Write what plans change of targets, in one statement; raises VersionMismatch when one has moved on. Those with
    another name are written whole, with its keys."""
    await write_targets(tx, [one.after for one in changes if "name" in one.changed or "commit_until" in one.changed])
    rows = [one.after for one in changes if not {"name", "commit_until"} & set(one.changed)]
    values = [{"id": row.id, **{name: getattr(row, name) for name in _PLANNED}} for row in rows]
    if values and await tx.execute(_WRITE, dumps(values)) != len(values):
        raise VersionMismatch


async def add_targets(tx: Tx, rows: Sequence[Target]) -> None:
    """Insert targets."""
    await insert_rows(tx, Target, rows)


async def add_splits(tx: Tx, rows: Sequence[DecompositionRow]) -> None:
    """Insert decompositions."""
    await insert_rows(tx, DecompositionRow, rows)


async def add_tables(tx: Tx, rows: Sequence[TwoWayRow]) -> None:
    """Insert tables."""
    await insert_rows(tx, TwoWayRow, rows)


async def keep_first_versions(tx: Tx, target_ids: Collection[UUID]) -> None:
    """Write down the first version of what an early release activated without one, before it changes."""
    await tx.execute(_FIRST_VERSIONS, list(target_ids))


async def add_versions(tx: Tx, target_ids: Collection[UUID], plan: Plan, at: datetime) -> None:
    """What targets, written before, amount to from the day of a plan on."""
    day: date | None = plan.valid_from
    author = plan.proposed_by or plan.promoted_by
    await tx.execute(_VERSIONS, list(target_ids), day, plan.reason, author, plan.approved_by, at, plan.id)


async def end_branch(tx: Tx, branch_id: UUID, at: datetime) -> None:
    """Nothing of a branch changes any more."""
    await tx.execute(_END, branch_id, "closed", at)


async def reopen_branch(tx: Tx, branch_id: UUID, at: datetime) -> None:
    """What was proposed or approved of a branch is a draft again."""
    await tx.execute(_REOPEN, branch_id, "draft", at)
