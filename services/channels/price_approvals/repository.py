"""SQL of standing approvals."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of
from services.channels.price_approvals.models import PriceApproval

# Of several the one that allows most, then the one that holds longest.
_STANDING = f"""
SELECT DISTINCT ON (sku) {columns_of(PriceApproval)} FROM price_approval
WHERE sku = ANY($1::text[]) AND state = 'granted' AND currency = $2 AND valid_from <= $3::date
    AND (valid_to IS NULL OR valid_to >= $3::date) AND (account_id = ANY($4::uuid[]) OR partner_id = $5::uuid)
    AND granted_by <> $6
ORDER BY sku, min_unit_net, valid_to DESC NULLS FIRST, id
"""


async def list_standing(
    tx: Tx,
    skus: Sequence[str],
    currency: str,
    day: date,
    account_ids: Collection[UUID],
    partner_id: UUID | None,
    but_by: str,
) -> list[PriceApproval]:
    """The approval of each product that counts for a buyer on a day, without those that somebody has granted."""
    return await tx.rows(PriceApproval, _STANDING, skus, currency, day, list(account_ids), partner_id, but_by)
