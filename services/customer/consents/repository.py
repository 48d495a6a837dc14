"""SQL of consents."""

from __future__ import annotations

from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql
from services.customer.consents.models import Consent


async def consents_of(tx: Tx, contact_id: UUID) -> list[Consent]:
    """All that a contact said, in the order in which it was recorded."""
    return await tx.rows(Consent, select_sql(Consent, "contact_id = $1 ORDER BY id"), contact_id)


async def add_consent(tx: Tx, consent: Consent) -> None:
    """Keep what was said."""
    await insert_rows(tx, Consent, [consent])
