"""SQL of alerts."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.risk.alerts.models import RiskAlert

_OF_INDICATOR = select_sql(
    RiskAlert,
    "indicator_id = $1 AND (state <> 'resolved' OR silent_level IS NOT NULL) "
    "ORDER BY created_at DESC, id DESC FOR NO KEY UPDATE",
)
_LINKED = """
SELECT id FROM risk WHERE id = ANY($1::uuid[])
   OR links @> jsonb_build_array(jsonb_build_object('kind', 'indicator', 'id', $2::text))
ORDER BY id
"""


async def of_indicator(tx: Tx, indicator_id: UUID) -> list[RiskAlert]:
    """The alert of an indicator that stands, and those that silence it, locked."""
    return await tx.rows(RiskAlert, _OF_INDICATOR, indicator_id)


async def linked_risks(tx: Tx, indicator_id: UUID, named: tuple[UUID, ...]) -> list[UUID]:
    """Risks that an indicator names, and those that name it, by id."""
    return await tx.column(UUID, _LINKED, named, str(indicator_id))
