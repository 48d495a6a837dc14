"""SQL of criteria."""

from __future__ import annotations

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.channels.partner_criteria.models import PartnerCriteria

LOCK = 7_301_250
"""The advisory lock under which versions get their numbers."""
_IN_FORCE = select_sql(PartnerCriteria, "state = 'published' ORDER BY criteria_version DESC LIMIT 1")
_BY_NUMBER = select_sql(PartnerCriteria, "criteria_version = $1")


async def hold_lock(tx: Tx) -> None:
    """Publish alone until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", LOCK)


async def in_force(tx: Tx) -> PartnerCriteria | None:
    """The published version that counts."""
    return await tx.row(PartnerCriteria, _IN_FORCE)


async def by_number(tx: Tx, number: int) -> PartnerCriteria | None:
    """A published version."""
    return await tx.row(PartnerCriteria, _BY_NUMBER, number)
