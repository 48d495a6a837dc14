"""SQL of documents of partners."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.channels.partner_documents.models import PartnerDocument

_SAME = select_sql(PartnerDocument, "partner_id = $1 AND kind = $2 AND number = $3")
_EXPIRED = """
SELECT d.kind FROM partner_document d WHERE d.partner_id = $1
GROUP BY d.kind
HAVING bool_or(d.is_mandatory AND d.valid_to < $2) AND NOT bool_or(d.valid_to IS NULL OR d.valid_to >= $2)
ORDER BY d.kind
"""


async def same_as(tx: Tx, one: PartnerDocument) -> PartnerDocument | None:
    """The document of this partner, kind and number."""
    return await tx.row(PartnerDocument, _SAME, one.partner_id, one.kind, one.number)


async def expired_kinds(tx: Tx, partner_id: UUID, day: date) -> list[str]:
    """Kinds of which a mandatory document of a partner is over on a day, and none is valid."""
    return await tx.column(str, _EXPIRED, partner_id, day)
