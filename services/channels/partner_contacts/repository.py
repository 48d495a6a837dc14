"""SQL of contacts of partners."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows, select_sql, update_rows
from services.channels.partner_contacts.models import SealedPartnerContact
from services.channels.partner_contacts.sealing import SEALED, UNSHOWN

_ONE = select_sql(SealedPartnerContact, "id = $1")
_ONE_LOCKED = f"{_ONE} FOR NO KEY UPDATE"
_SOME_LOCKED = select_sql(SealedPartnerContact, "id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE")
_BADLY = " OR ".join(
    f"(c.{name} IS NOT NULL AND ${number}) <> (c.{name}_index_{number} IS NOT NULL)"
    for name in SEALED
    for number in (1, 2)
)
_BADLY_INDEXED = f"SELECT c.id FROM partner_contact c WHERE ({_BADLY}) AND c.id > $3 ORDER BY c.id LIMIT $4"
_PUT_INDEXES = (
    f"UPDATE partner_contact c SET {', '.join(f'{name} = r.{name}' for name in (*SEALED, *UNSHOWN))} "
    "FROM json_populate_recordset(NULL::partner_contact, $1::json) r WHERE r.id = c.id"
)


async def find_contact(tx: Tx, contact_id: UUID, *, lock: bool = False) -> SealedPartnerContact | None:
    """A contact by id."""
    return await tx.row(SealedPartnerContact, _ONE_LOCKED if lock else _ONE, contact_id)


async def partners_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The partner of each of these contacts that there are."""
    rows = await tx.fetch("SELECT id, partner_id FROM partner_contact WHERE id = ANY($1::uuid[])", list(ids))
    return {row["id"]: row["partner_id"] for row in rows}


async def lock_contacts(tx: Tx, ids: Collection[UUID]) -> list[SealedPartnerContact]:
    """Contacts by id, locked until the transaction ends."""
    return await tx.rows(SealedPartnerContact, _SOME_LOCKED, list(ids)) if ids else []


async def add_contact(tx: Tx, row: SealedPartnerContact) -> None:
    """Insert a contact."""
    await insert_rows(tx, SealedPartnerContact, [row])


async def save_contact(tx: Tx, row: SealedPartnerContact) -> None:
    """Write a changed contact that carries its new version; raises VersionMismatch when it has moved on."""
    await update_rows(tx, SealedPartnerContact, [row])


async def badly_indexed(tx: Tx, places: Collection[str], after: UUID, limit: int) -> list[UUID]:
    """Contacts after one, in order of id, whose hashes are not those of exactly these places of index keys."""
    rows = await tx.fetch(_BADLY_INDEXED, "1" in places, "2" in places, after, limit)
    return [row["id"] for row in rows]


async def put_indexes(tx: Tx, rows: Sequence[SealedPartnerContact]) -> None:
    """Write what is sealed of contacts and what they are found by, under the version that they have."""
    if rows:
        await tx.execute(_PUT_INDEXES, dumps(rows))
