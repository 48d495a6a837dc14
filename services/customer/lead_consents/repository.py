"""SQL of consents of leads."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.customer.lead_consents.models import LeadConsent


async def consents_of(tx: Tx, lead_id: UUID) -> list[LeadConsent]:
    """All that a lead said, in the order in which it was recorded."""
    return await tx.rows(LeadConsent, select_sql(LeadConsent, "lead_id = $1 ORDER BY id"), lead_id)


async def add_consent(tx: Tx, consent: LeadConsent) -> None:
    """Keep what was said."""
    await insert_rows(tx, LeadConsent, [consent])
