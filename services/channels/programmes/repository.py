"""SQL of rebate programmes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.channels.programmes.models import RebateProgramme

LOCK = 0x43524D_21
"""Advisory lock: accruals share it, publishing a programme holds it alone."""

_VALID = select_sql(
    RebateProgramme,
    """state = 'published' AND coalesce(lineage_id, id) IN (
    SELECT id FROM rebate_programme
    WHERE state = 'published' AND lineage_id IS NULL AND valid_from <= $2 AND valid_to >= $1
) ORDER BY coalesce(lineage_id, id), revision""",
)
_PUBLISHED = select_sql(RebateProgramme, "state = 'published' ORDER BY coalesce(lineage_id, id), revision")
_LINEAGES = select_sql(
    RebateProgramme,
    """state = 'published' AND coalesce(lineage_id, id) IN (
    SELECT coalesce(lineage_id, id) FROM rebate_programme WHERE id = ANY($1::uuid[])
) ORDER BY coalesce(lineage_id, id), revision""",
)
_VERSIONS = select_sql(RebateProgramme, "id = $1 OR lineage_id = $1 ORDER BY revision")
_LOCK_FIRST = "SELECT FROM rebate_programme WHERE id = $1 FOR NO KEY UPDATE"
_BY_ID = select_sql(RebateProgramme, "id = ANY($1::uuid[])")


async def hold_lock(tx: Tx) -> None:
    """Wait for the accruals under way and keep new ones out until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", LOCK)


async def share_lock(tx: Tx) -> None:
    """Keep programmes from being published until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock_shared($1)", LOCK)


async def list_valid(tx: Tx, first: date, last: date) -> list[RebateProgramme]:
    """Published programmes that are valid on some day from `first` to `last`, with all versions of each, the first
    first."""
    return await tx.rows(RebateProgramme, _VALID, first, last)


async def list_published(tx: Tx) -> list[RebateProgramme]:
    """Every published programme, the versions of each together, the first first."""
    return await tx.rows(RebateProgramme, _PUBLISHED)


async def list_lineages(tx: Tx, programme_ids: Sequence[UUID]) -> list[RebateProgramme]:
    """All published versions of the programmes of which these are some, the first first."""
    return await tx.rows(RebateProgramme, _LINEAGES, programme_ids)


async def lock_versions(tx: Tx, first_id: UUID) -> list[RebateProgramme]:
    """All versions of a programme, the first first; who adds one holds the first until the transaction ends."""
    await tx.execute(_LOCK_FIRST, first_id)
    return await tx.rows(RebateProgramme, _VERSIONS, first_id)


async def list_by_id(tx: Tx, programme_ids: Sequence[UUID]) -> list[RebateProgramme]:
    """Programmes of these ids."""
    return await tx.rows(RebateProgramme, _BY_ID, programme_ids)
