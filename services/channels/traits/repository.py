"""SQL of what accounts are like."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows
from services.channels.traits.models import AccountGrade, AccountSegment, AccountStage

_LATER_GRADE = """
ON CONFLICT (account_id) DO UPDATE SET grade = excluded.grade, changed_at = excluded.changed_at
WHERE account_grade.changed_at < excluded.changed_at
"""
_LATER_STAGE = """
ON CONFLICT (account_id) DO UPDATE SET stage = excluded.stage, changed_at = excluded.changed_at
WHERE account_stage.changed_at < excluded.changed_at
"""
_LATER_SEGMENT = """
ON CONFLICT (account_id, segment_id) DO UPDATE SET is_member = excluded.is_member, version = excluded.version
WHERE account_segment.version <= excluded.version
"""
_KNOWN = """
SELECT (SELECT grade FROM account_grade WHERE account_id = $1) AS grade,
    (SELECT stage FROM account_stage WHERE account_id = $1) AS stage,
    ARRAY(SELECT DISTINCT segment_id FROM account_segment WHERE account_id = ANY($2::uuid[]) AND is_member) AS segments
"""


class Known(NamedTuple):
    """What was heard of an account."""

    grade: str | None
    stage: str | None
    segments: list[UUID]


async def put_grades(tx: Tx, rows: Sequence[AccountGrade]) -> None:
    """Insert or replace grades (each account once) by later ones."""
    await insert_rows(tx, AccountGrade, rows, _LATER_GRADE)


async def put_stages(tx: Tx, rows: Sequence[AccountStage]) -> None:
    """Insert or replace stages (each account once) by later ones."""
    await insert_rows(tx, AccountStage, rows, _LATER_STAGE)


async def put_segments(tx: Tx, rows: Sequence[AccountSegment]) -> None:
    """Insert or replace who is in which segment (each once) by later versions."""
    await insert_rows(tx, AccountSegment, rows, _LATER_SEGMENT)


async def known_of(tx: Tx, account_id: UUID, all_ids: Collection[UUID]) -> Known:
    """Grade and stage of an account, segments of it and of all that are one with it."""
    (found,) = await tx.rows(Known, _KNOWN, account_id, sorted(all_ids))
    return found
