"""SQL of tier programmes."""

from __future__ import annotations

from datetime import date

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.channels.tier_programmes.models import TierProgramme

_VERSIONS = select_sql(TierProgramme, "code = $1 ORDER BY programme_version")
_LOCK_VERSIONS = "SELECT FROM tier_programme WHERE code = $1 ORDER BY programme_version FOR NO KEY UPDATE"
_ON = select_sql(
    TierProgramme, "code = $1 AND state = 'published' AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1"
)


async def lock_versions(tx: Tx, code: str) -> list[TierProgramme]:
    """All versions, oldest first, locked; read again then, for whoever was waited for may have added one."""
    await tx.execute(_LOCK_VERSIONS, code)
    return await tx.rows(TierProgramme, _VERSIONS, code)


async def version_on(tx: Tx, code: str, day: date) -> TierProgramme | None:
    """The published version that counts on a day."""
    return await tx.row(TierProgramme, _ON, code, day)


async def all_versions(tx: Tx) -> list[TierProgramme]:
    """Every version of every programme."""
    return await tx.rows(TierProgramme, select_sql(TierProgramme, "TRUE"))
