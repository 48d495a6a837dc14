"""SQL of partners."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import dumps, insert_rows, select_sql, update_rows
from kit.db.text_keys import code_sql
from services.channels.partners.models import Partner
from services.channels.partners.sealing import SEALED

LOCK: Final = 5_113_027
"""The advisory lock of tax ids: who holds it says whose a tax id is."""
_CODE = code_sql("code")
_LOCK_CODES = select_sql(Partner, f"{_CODE} = ANY($1::text[]) ORDER BY {_CODE}, id FOR NO KEY UPDATE")
_HOLDERS = "SELECT id, country, tax_id_hash FROM partner WHERE tax_id_hash = ANY($1::text[])"
_SEALED = f"SELECT id, {', '.join(SEALED)} FROM partner WHERE id = ANY($1::uuid[])"
_SEAL = {
    name: f"UPDATE partner p SET {name} = r.{name} "
    "FROM json_populate_recordset(NULL::partner, $1::json) r WHERE r.id = p.id"
    for name in SEALED
}


_HASHED = """
SELECT id FROM partner WHERE (tax_id_hash IS NOT NULL OR bank_hash IS NOT NULL) AND id > $1 ORDER BY id LIMIT $2
"""
_LOCK_SOME = select_sql(Partner, "id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE")
_PUT_HASHES = """
UPDATE partner p SET tax_id_hash = r.tax_id_hash, bank_hash = r.bank_hash
FROM json_to_recordset($1::json) AS r(id uuid, tax_id_hash text, bank_hash text) WHERE r.id = p.id
"""


class SealedPartner(NamedTuple):
    """What is sealed of a partner."""

    id: UUID
    tax_id: bytes | None
    bank: bytes | None


async def known_partners(tx: Tx, partner_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are partners."""
    return set(await tx.column(UUID, "SELECT id FROM partner WHERE id = ANY($1::uuid[])", partner_ids))


async def hold_tax_ids(tx: Tx) -> None:
    """Until the end of the transaction nobody else gives a partner a tax id. Held before any row is locked."""
    await tx.execute("SELECT pg_advisory_xact_lock($1)", LOCK)


async def lock_by_code(tx: Tx, codes: Collection[str]) -> list[Partner]:
    """Partners by folded codes, locked, in the order of the codes."""
    return await tx.rows(Partner, _LOCK_CODES, sorted(codes))


async def holders(tx: Tx, hashes: Collection[str]) -> dict[tuple[str, str], UUID]:
    """Who has tax ids of these hashes: (country, hash) -> partner."""
    rows = await tx.fetch(_HOLDERS, sorted(hashes)) if hashes else []
    return {(row["country"], row["tax_id_hash"]): row["id"] for row in rows}


async def countries_with_tax_ids(tx: Tx) -> list[str]:
    """Countries in which some partner has a tax id."""
    rows = await tx.fetch("SELECT DISTINCT country FROM partner WHERE tax_id_hash IS NOT NULL ORDER BY country")
    return [row["country"] for row in rows]


async def sealed_of(tx: Tx, partner_ids: Collection[UUID]) -> list[SealedPartner]:
    """What is sealed of these partners."""
    return await tx.rows(SealedPartner, _SEALED, list(partner_ids)) if partner_ids else []


async def hashed_after(tx: Tx, after: UUID, limit: int) -> list[UUID]:
    """Partners of which something is hashed, after one, in order of id."""
    return await tx.column(UUID, _HASHED, after, limit)


async def lock_partners(tx: Tx, partner_ids: Collection[UUID]) -> list[Partner]:
    """Partners by id, locked until the transaction ends."""
    return await tx.rows(Partner, _LOCK_SOME, list(partner_ids))


async def partners_by_id(tx: Tx, partner_ids: Collection[UUID]) -> list[Partner]:
    """Partners by id."""
    return await tx.rows(Partner, select_sql(Partner, "id = ANY($1::uuid[])"), list(partner_ids))


async def put_hashes(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write hashes of locked partners anew: rows of `id`, `tax_id_hash` and `bank_hash`."""
    if rows:
        await tx.execute(_PUT_HASHES, dumps(rows))


async def put_sealed(tx: Tx, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write a sealed column of partners whose versions were written before: rows of `id` and the column."""
    if rows:
        await tx.execute(_SEAL[name], dumps(rows))


async def add_partners(tx: Tx, rows: Sequence[Partner]) -> bool:
    """Insert partners; False when one clashed with another's code or tax id: the caller then rolls back."""
    return await insert_rows(tx, Partner, rows, "ON CONFLICT DO NOTHING") == len(rows)


async def save_partners(tx: Tx, rows: Sequence[Partner]) -> None:
    """Write changed partners that carry their new version; raises VersionMismatch when one has moved on."""
    await update_rows(tx, Partner, rows)
