"""SQL of screenings."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.channels.partner_screening.models import PartnerScreening

_LATEST = select_sql(PartnerScreening, "partner_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1 FOR NO KEY UPDATE")


async def latest(tx: Tx, partner_id: UUID) -> PartnerScreening | None:
    """The screening of a partner that began last, locked; one is made under the lock of its partner."""
    return await tx.row(PartnerScreening, _LATEST, partner_id)
