"""SQL of the units."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.lists import Field, ListSpec
from kit.db.rows import insert_rows
from services.targets.units.models import Unit

UNITS = ListSpec(
    "unit u",
    {
        "id": Field("u.id", "uuid"),
        "code": Field("u.code", sortable=True),
        "name": Field("u.name", sortable=True),
        "kind": Field("u.kind"),
        "parent_id": Field("u.parent_id", "uuid", nullable=True),
        "path": Field("to_jsonb(u.path)", "json"),
        "below": Field("u.path", "uuid", match="u.path && {}"),
        "version": Field("u.version", "int", filterable=False),
        "created_at": Field("u.created_at", "datetime"),
        "updated_at": Field("u.updated_at", "datetime"),
    },
    search=("u.code", "u.name"),
)

_COLUMNS = "id, code, name, kind, parent_id, path, version, created_at, updated_at"
_GET = f"SELECT {_COLUMNS} FROM unit WHERE id = $1"
_PATHS = "SELECT id, code, path FROM unit WHERE id = ANY($1::uuid[])"
_LED = """
SELECT DISTINCT u.id FROM principal p JOIN unit u ON u.path && p.path[cardinality(p.path):]
WHERE p.subject = $1 AND p.valid_from <= $2 AND (p.valid_to IS NULL OR p.valid_to > $2)
"""


async def add_unit(tx: Tx, row: Mapping[str, Any]) -> bool:
    """Insert a unit; False when its code is taken."""
    return await insert_rows(tx, Unit, [row], "ON CONFLICT (code) DO NOTHING") == 1


async def get_unit(tx: Tx, unit_id: UUID, *, lock: bool = False) -> Row | None:
    """A unit's row, or None."""
    return await tx.fetchrow(_GET + (" FOR UPDATE" if lock else ""), unit_id)


async def get_unit_id(tx: Tx, code: str) -> UUID | None:
    """Id of the unit with a code, or None."""
    found: UUID | None = await tx.fetchval("SELECT id FROM unit WHERE code = $1", code)
    return found


async def get_units(tx: Tx, unit_ids: Collection[UUID]) -> dict[UUID, Row]:
    """Id, code and path of the known ones among `unit_ids`."""
    return {row["id"]: row for row in await tx.fetch(_PATHS, list(unit_ids))}


async def list_units_led(tx: Tx, subject: str, today: date) -> list[UUID]:
    """Ids of the units, and all below them, to which a subject belongs on a day."""
    return [row["id"] for row in await tx.fetch(_LED, subject, today)]
