"""SQL of segments: the set that is chosen now against the one that is stored."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.customer.segments.enums import SegmentResource
from services.customer.segments.models import Segment

STANDING: Mapping[SegmentResource, tuple[str, str]] = {
    SegmentResource.ACCOUNT: ("a.id", "a.archived_at IS NULL AND a.merged_into IS NULL"),
    SegmentResource.CONTACT: ("c.id", "c.archived_at IS NULL"),
}
"""The id of a row of the list, and which rows may be members."""
NAMED: Mapping[SegmentResource, str] = {
    SegmentResource.ACCOUNT: "SELECT DISTINCT r.id FROM account a JOIN account r ON r.id = coalesce(a.root_id, a.id) "
    "WHERE a.id = ANY($1::uuid[]) AND r.archived_at IS NULL",
    SegmentResource.CONTACT: "SELECT c.id FROM contact c WHERE c.id = ANY($1::uuid[]) AND c.archived_at IS NULL",
}
_RENEW = """
WITH chosen AS MATERIALIZED ({chosen}), gone AS (
  DELETE FROM segment_member m WHERE m.segment_id = ${segment}
    AND NOT EXISTS (SELECT FROM chosen n WHERE n.id = m.member_id) RETURNING m.member_id
), come AS (
  INSERT INTO segment_member (segment_id, member_id, joined_at)
  SELECT ${segment}, n.id, ${at} FROM chosen n
  WHERE NOT EXISTS (SELECT FROM segment_member m WHERE m.segment_id = ${segment} AND m.member_id = n.id)
  RETURNING member_id
)
SELECT member_id, TRUE FROM come UNION ALL SELECT member_id, FALSE FROM gone ORDER BY 1
"""
_ASKING = "SELECT id, filter FROM segment WHERE filter LIKE '%segment=%'"
_PUT = """
UPDATE segment SET version = version + $2, size = $3, refreshed_at = $4, due_at = $5,
  updated_at = CASE WHEN $2 > 0 THEN $4 ELSE updated_at END
WHERE id = $1
"""


class Moved(NamedTuple):
    """A member that came or went."""

    id: UUID
    is_in: bool


class Asking(NamedTuple):
    """A segment whose filter names segments."""

    id: UUID
    filter: str


def in_segments(column: str, parameter: int) -> str:
    """The condition that a column is a member of one of the segments of a parameter."""
    return f"{column} IN (SELECT n.member_id FROM segment_member n WHERE n.segment_id = ANY(${parameter}::uuid[]))"


def chosen_sql(resource: SegmentResource, source: str, where: str) -> str:
    """The ids of the rows of a list that satisfy a condition."""
    return f"SELECT {STANDING[resource][0]} AS id FROM {source} WHERE {where}"


async def renew(tx: Tx, segment_id: UUID, chosen: str, args: Sequence[object], at: datetime) -> list[Moved]:
    """Let those that a statement chooses be the members of a segment, which is locked; who came and who went, in order
    of id."""
    sql = _RENEW.format(chosen=chosen, segment=f"{len(args) + 1}::uuid", at=f"{len(args) + 2}::timestamptz")
    return await tx.rows(Moved, sql, *args, segment_id, at)


async def put_refreshed(tx: Tx, segment: Segment, steps: int) -> None:
    """Write when a segment was refreshed, and its version that many further."""
    await tx.execute(_PUT, segment.id, steps, segment.size, segment.refreshed_at, segment.due_at)


async def count_members(tx: Tx, segment_id: UUID) -> int:
    """How many members a segment has."""
    return int(await tx.fetchval("SELECT count(*) FROM segment_member WHERE segment_id = $1", segment_id))


async def load_segments(tx: Tx, ids: Collection[UUID]) -> list[Segment]:
    """Segments by id; unknown ids are missing."""
    return await tx.rows(Segment, select_sql(Segment, "id = ANY($1::uuid[])"), list(ids)) if ids else []


async def asking(tx: Tx) -> list[Asking]:
    """Segments whose filters name segments; nobody else changes a filter until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtext('segment filters'))")
    return await tx.rows(Asking, _ASKING)
