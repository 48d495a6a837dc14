"""SQL of partners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from kit.db.database import Row, Tx
from kit.db.lists import Field, ListSpec
from kit.db.rows import columns_of, insert_rows
from services.channels.partners.enums import PartnerKind, PartnerState
from services.channels.partners.models import Partner

SPEC = ListSpec(
    source="partner p",
    fields={
        "id": Field("p.id", "uuid"),
        "code": Field("p.code", sortable=True),
        "name": Field("p.name", sortable=True),
        "kind": Field("p.kind", enum=tuple(PartnerKind)),
        "state": Field("p.state", enum=tuple(PartnerState)),
        "regions": Field("to_jsonb(p.regions)", "json"),
        "region": Field("p.regions", match="p.regions && {}"),
        "version": Field("p.version", "int"),
        "created_at": Field("p.created_at", "datetime"),
        "updated_at": Field("p.updated_at", "datetime"),
    },
    search=("p.code", "p.name"),
    default_sort="code",
)

_GET = f"SELECT {columns_of(Partner)} FROM partner WHERE id = $1"
_LOCK = f"SELECT {columns_of(Partner)} FROM partner WHERE id = $1 FOR UPDATE"
_KNOWN = "SELECT id FROM partner WHERE id = ANY($1::uuid[])"


async def add_partner(tx: Tx, row: Mapping[str, Any]) -> bool:
    """Insert a partner unless its code is taken; returns whether it went in."""
    return await insert_rows(tx, Partner, [row], "ON CONFLICT (code) DO NOTHING") == 1


async def get_partner(tx: Tx, partner_id: UUID, *, lock: bool = False) -> Row | None:
    """A partner by id, locked on request."""
    return await tx.fetchrow(_LOCK if lock else _GET, partner_id)


async def known_partners(tx: Tx, partner_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are partners."""
    return {row["id"] for row in await tx.fetch(_KNOWN, partner_ids)}
