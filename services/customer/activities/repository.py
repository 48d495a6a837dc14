"""SQL of activities."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.customer.activities.models import Activity

_OF_LEAD = select_sql(Activity, "lead_id = $1 ORDER BY id FOR NO KEY UPDATE")


async def lock_of_lead(tx: Tx, lead_id: UUID) -> list[Activity]:
    """The activities of a lead, in order of id, locked until the transaction ends."""
    return await tx.rows(Activity, _OF_LEAD, lead_id)
