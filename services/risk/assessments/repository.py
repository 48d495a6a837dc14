"""SQL of assessments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, insert_rows, select_sql
from kit.security.principals import ScopeQuery
from services.risk.assessments.enums import AssessmentKind
from services.risk.assessments.models import Assessment
from services.risk.assessments.rules import Placed
from services.risk.risks.enums import RiskClass
from services.risk.risks.lists import OWNER

_LATEST = select_sql(Assessment, "risk_id = $1 AND kind = $2 ORDER BY ordinal DESC LIMIT 1")
_PLACED = """
SELECT r.id, r.code, r.title, a.likelihood, a.impact
FROM risk r
JOIN LATERAL (
    SELECT s.state FROM risk_step s WHERE s.risk_id = r.id AND s.day <= $1 ORDER BY s.risk_version DESC LIMIT 1
) s ON s.state <> 'closed'
LEFT JOIN LATERAL (
    SELECT * FROM assessment a WHERE a.risk_id = r.id AND a.kind = $2 AND a.day <= $1 ORDER BY a.ordinal DESC LIMIT 1
) a ON TRUE
WHERE ($3::text IS NULL OR r.risk_class = $3) AND ($4::uuid IS NULL OR r.owner_id = $4)
"""


_OPEN = "SELECT id FROM risk WHERE state <> 'closed' AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2"
_COUNT_OPEN = "SELECT count(*) FROM risk WHERE state <> 'closed'"
_LAST = f"""
SELECT DISTINCT ON (risk_id, kind) {columns_of(Assessment)} FROM assessment WHERE risk_id = ANY($1::uuid[])
ORDER BY risk_id, kind, ordinal DESC
"""


async def next_open(tx: Tx, after: UUID | None, most: int) -> list[UUID]:
    """Risks that are not closed, by id."""
    return await tx.column(UUID, _OPEN, after, most)


async def count_open(tx: Tx) -> int:
    """How many risks are not closed."""
    return int(await tx.fetchval(_COUNT_OPEN))


async def last_of(tx: Tx, risk_ids: Sequence[UUID]) -> list[Assessment]:
    """The last assessment of each kind of risks."""
    return await tx.rows(Assessment, _LAST, risk_ids)


async def add_assessment(tx: Tx, assessment: Assessment) -> None:
    """Keep an assessment."""
    await insert_rows(tx, Assessment, [assessment])


async def latest(tx: Tx, risk_id: UUID, kind: AssessmentKind) -> Assessment | None:
    """The last assessment of a kind."""
    return await tx.row(Assessment, _LATEST, risk_id, kind)


async def placed(
    tx: Tx, visible: ScopeQuery, day: date, kind: AssessmentKind, risk_class: RiskClass | None, owner_id: UUID | None
) -> Sequence[Placed]:
    """The risks of a day that were not closed, with their last assessment of a kind by then."""
    sql = f"{_PLACED} AND {visible.sees(OWNER, 5)} ORDER BY r.code, r.id"
    return await tx.rows(Placed, sql, day, kind, risk_class, owner_id, *visible.args)
