"""SQL of the units."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import select_sql
from services.targets.units.models import Unit

_BY_ID = select_sql(Unit, "id = ANY($1::uuid[])")
_LED = """
SELECT DISTINCT u.id FROM principal p JOIN unit u ON u.path && p.path[cardinality(p.path):]
WHERE p.subject = $1 AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)
"""


async def list_by_id(tx: Tx, unit_ids: Collection[UUID]) -> list[Unit]:
    """The known ones among `unit_ids`."""
    return await tx.rows(Unit, _BY_ID, list(unit_ids))


async def list_units_led(tx: Tx, subject: str, today: date) -> list[UUID]:
    """Ids of the units, and all below them, to which a subject belongs on a day."""
    return [row["id"] for row in await tx.fetch(_LED, subject, today)]
