"""SQL of what becomes of units: who changes the organisation, and what names units after a day."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from services.targets.reorganisations.rules import Use

_TAKE_TURNS = "SELECT pg_advisory_xact_lock(hashtextextended('organisation', 0))"
_USES = """
SELECT n.kind, n.id, n.label FROM (
    SELECT 'lead' AS kind, m.id, m.code AS label
    FROM unit u CROSS JOIN jsonb_to_recordset(u.leads) AS l(member_id uuid, valid_from date)
    JOIN member m ON m.id = l.member_id
    WHERE u.id = ANY($1::uuid[]) AND l.valid_from > $2
    UNION
    SELECT 'member', m.id, m.code FROM membership s JOIN member m ON m.id = s.member_id
    WHERE s.unit_id = ANY($1::uuid[]) AND (s.valid_to IS NULL OR s.valid_to > $2::date + 1)
    UNION
    SELECT 'report_schedule', r.id, r.cadence FROM report_schedule r
    WHERE r.unit_id = ANY($1::uuid[]) AND r.state <> 'archived'
    UNION
    SELECT 'target', t.id, t.name FROM target t
    WHERE t.unit_id = ANY($1::uuid[]) AND t.plan_id IS NULL AND t.state <> 'closed' AND t.period_end > $2
    UNION
    SELECT 'territory', t.id, t.code FROM territory t
    WHERE t.unit_id = ANY($1::uuid[]) AND (t.valid_to IS NULL OR t.valid_to > $2)
    UNION
    SELECT 'unit', u.id, u.code FROM unit u
    WHERE u.parent_id = ANY($1::uuid[]) AND (u.valid_to IS NULL OR u.valid_to > $2)
) n ORDER BY n.kind, n.label, n.id
"""


async def take_turns(tx: Tx) -> None:
    """Those who end and reorganise units do so one after another, before they lock any row."""
    await tx.execute(_TAKE_TURNS)


async def list_uses(tx: Tx, unit_ids: Collection[UUID], after: date) -> list[Use]:
    """What names units after a day: leads and members to come, schedules, targets, territories, units below."""
    return await tx.rows(Use, _USES, list(unit_ids), after)
