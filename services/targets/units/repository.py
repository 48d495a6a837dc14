"""SQL of the units."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import insert_rows, select_sql, update_rows
from services.targets.units.models import Unit

_BY_ID = select_sql(Unit, "id = ANY($1::uuid[])")
_HOLD = select_sql(Unit, "id = ANY($1::uuid[]) ORDER BY id FOR SHARE")
_LOCK = select_sql(Unit, "id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE")
_BELOW = select_sql(
    Unit, "path @> ARRAY[$1::uuid] AND (valid_to IS NULL OR valid_to >= $2) ORDER BY cardinality(path), code"
)
_LED = """
WITH RECURSIVE own(id) AS (
    SELECT p.path[cardinality(p.path)] FROM principal p
    WHERE p.subject = $1 AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)
    UNION
    SELECT u.id FROM member m
    JOIN unit u ON u.leads @> jsonb_build_array(jsonb_build_object('member_id', m.id))
    CROSS JOIN jsonb_to_recordset(u.leads) AS l(member_id uuid, valid_from date, valid_to date)
    WHERE m.subject = $1 AND l.member_id = m.id AND l.valid_from <= $2 AND (l.valid_to IS NULL OR l.valid_to >= $2)
    UNION
    SELECT u.id FROM own JOIN unit u ON u.successor_id = own.id
)
SELECT DISTINCT u.id FROM own JOIN unit u ON u.path @> ARRAY[own.id]
"""
_INSIDE = """
SELECT DISTINCT s.member_id FROM membership s JOIN unit u ON u.id = s.unit_id
WHERE u.path && $1::uuid[] AND s.valid_from <= $2 AND (s.valid_to IS NULL OR s.valid_to > $2)
"""


async def list_by_id(tx: Tx, unit_ids: Collection[UUID]) -> list[Unit]:
    """The known ones among `unit_ids`."""
    return await tx.rows(Unit, _BY_ID, list(unit_ids))


async def hold(tx: Tx, unit_ids: Collection[UUID]) -> list[Unit]:
    """The known ones among units, which are there as they are until the commit; who joins them waits for nobody."""
    return await tx.rows(Unit, _HOLD, list(unit_ids))


async def lock(tx: Tx, unit_ids: Collection[UUID]) -> list[Unit]:
    """The known ones among units, in the order of their ids; who joins or changes them waits."""
    return await tx.rows(Unit, _LOCK, list(unit_ids))


async def list_below(tx: Tx, unit_id: UUID, on: date) -> list[Unit]:
    """A unit and all below it that have not ended by a day, parents first."""
    return await tx.rows(Unit, _BELOW, unit_id, on)


async def add_units(tx: Tx, units: Sequence[Unit]) -> bool:
    """Insert units, parents first; False when a code of theirs is taken."""
    return await insert_rows(tx, Unit, units, "ON CONFLICT DO NOTHING") == len(units)


async def write_units(tx: Tx, units: Sequence[Unit]) -> None:
    """Write changed units; raises VersionMismatch when one has moved on."""
    await update_rows(tx, Unit, units)


async def list_inside(tx: Tx, unit_ids: Collection[UUID], on: date) -> list[UUID]:
    """Members who belong on a day to units or to what is below them."""
    return await tx.column(UUID, _INSIDE, list(unit_ids), on)


async def list_units_led(tx: Tx, subject: str, today: date) -> list[UUID]:
    """Ids of the units that a subject leads or belongs to on a day, of what they were before they went on below
    another parent, and of all below these."""
    return [row["id"] for row in await tx.fetch(_LED, subject, today)]
