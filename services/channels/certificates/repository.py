"""SQL of certificates of partners."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql, update_rows
from services.channels.certificates.models import PartnerCertificate

_SAME = select_sql(PartnerCertificate, "partner_id = $1 AND kind = $2 AND number = $3")

_LOCKED = select_sql(PartnerCertificate, "id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE")


async def add_all(tx: Tx, rows: Sequence[PartnerCertificate]) -> bool:
    """Insert certificates; False where one has the number of another of its partner and kind."""
    return await insert_rows(tx, PartnerCertificate, rows, "ON CONFLICT DO NOTHING") == len(rows)


async def lock_all(tx: Tx, ids: Collection[UUID]) -> list[PartnerCertificate]:
    """Certificates by id, locked."""
    return await tx.rows(PartnerCertificate, _LOCKED, list(ids))


async def save_all(tx: Tx, rows: Sequence[PartnerCertificate]) -> None:
    """Write changed certificates, which carry their new version."""
    await update_rows(tx, PartnerCertificate, rows)


async def same_as(tx: Tx, one: PartnerCertificate) -> PartnerCertificate | None:
    """The certificate of this partner, kind and number."""
    return await tx.row(PartnerCertificate, _SAME, one.partner_id, one.kind, one.number)
