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

_VALID = select_sql(RebateProgramme, "state = 'published' AND valid_from <= $2 AND valid_to >= $1 ORDER BY id")
_PUBLISHED = select_sql(RebateProgramme, "state = 'published' ORDER BY id")
_BY_ID = select_sql(RebateProgramme, "id = ANY($1::uuid[])")


async def hold_lock(tx: Tx) -> None:
    """Wait for the accruals under way and keep new ones out until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", LOCK)


async def share_lock(tx: Tx) -> None:
    """Keep programmes from being published until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock_shared($1)", LOCK)


async def list_valid(tx: Tx, first: date, last: date) -> list[RebateProgramme]:
    """Published programmes that are valid on some day from `first` to `last`."""
    return await tx.rows(RebateProgramme, _VALID, first, last)


async def list_published(tx: Tx) -> list[RebateProgramme]:
    """Every published programme."""
    return await tx.rows(RebateProgramme, _PUBLISHED)


async def list_by_id(tx: Tx, programme_ids: Sequence[UUID]) -> list[RebateProgramme]:
    """Programmes of these ids."""
    return await tx.rows(RebateProgramme, _BY_ID, programme_ids)
