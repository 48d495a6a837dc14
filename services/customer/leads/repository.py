"""SQL of leads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows, select_sql, update_rows
from services.customer.leads.models import SealedLead
from services.customer.leads.sealing import SEALED, UNSHOWN

Pair = tuple[str, str]
"""Source and id there."""

_BY_EXTERNAL = (
    "SELECT l.external_source, l.external_id, l.id FROM unnest($1::text[], $2::text[]) "
    "AS k(external_source, external_id) JOIN lead l USING (external_source, external_id)"
)
_NOT_OF = select_sql(
    SealedLead,
    "account_id = ANY($1::uuid[]) AND owner_id IS DISTINCT FROM $2 ORDER BY id LIMIT $3 FOR NO KEY UPDATE",
)
_LOCK = "SELECT id FROM lead WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_BADLY = " OR ".join(
    f"(l.{name} IS NOT NULL AND ${number}) <> (l.{name}_index_{number} IS NOT NULL)"
    for name in SEALED
    for number in (1, 2)
)
_BADLY_INDEXED = f"SELECT l.id FROM lead l WHERE ({_BADLY}) AND l.id > $3 ORDER BY l.id LIMIT $4"
_PUT_INDEXES = (
    f"UPDATE lead l SET {', '.join(f'{name} = r.{name}' for name in (*SEALED, *UNSHOWN))} "
    "FROM json_populate_recordset(NULL::lead, $1::json) r WHERE r.id = l.id"
)


class Named(NamedTuple):
    """A lead by its id in another system."""

    source: str
    external_id: str
    id: UUID


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Lead ids of (source, external id), whoever owns them."""
    if not pairs:
        return {}
    rows = await tx.rows(Named, _BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(row.source, row.external_id): row.id for row in rows}


async def load_leads(tx: Tx, ids: Collection[UUID]) -> list[SealedLead]:
    """Leads by id; unknown ids are missing."""
    return await tx.rows(SealedLead, select_sql(SealedLead, "id = ANY($1::uuid[])"), list(ids)) if ids else []


async def lock_leads(tx: Tx, ids: Collection[UUID]) -> list[SealedLead]:
    """Leads by id, locked until the transaction ends, as they are once the lock is held."""
    if ids:
        await tx.fetch(_LOCK, list(ids))
    return await load_leads(tx, ids)


async def lock_not_of(tx: Tx, accounts: Collection[UUID], owner_id: UUID, limit: int) -> list[SealedLead]:
    """The first leads that became accounts, by id, that are not an owner's, locked until the transaction ends."""
    return await tx.rows(SealedLead, _NOT_OF, list(accounts), owner_id, limit)


async def add_leads(tx: Tx, leads: Sequence[SealedLead]) -> bool:
    """Insert leads; False when one clashed with another's external id: the caller then rolls back."""
    return await insert_rows(tx, SealedLead, leads, "ON CONFLICT DO NOTHING") == len(leads)


async def save_leads(tx: Tx, leads: Sequence[SealedLead]) -> None:
    """Write changed leads that carry their new version; raises VersionMismatch when one has moved on."""
    await update_rows(tx, SealedLead, leads)


async def badly_indexed(tx: Tx, places: Collection[str], after: UUID, limit: int) -> list[UUID]:
    """Leads after one, in order of id, whose hashes are not those of exactly these places of index keys."""
    rows = await tx.fetch(_BADLY_INDEXED, "1" in places, "2" in places, after, limit)
    return [row["id"] for row in rows]


async def put_indexes(tx: Tx, leads: Sequence[SealedLead]) -> None:
    """Write what is sealed of leads and what they are found by, under the version that they have."""
    if leads:
        await tx.execute(_PUT_INDEXES, dumps(leads))
