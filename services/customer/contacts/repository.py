"""SQL of contacts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from kit.db.database import Tx
from kit.db.rows import columns_of, dumps, insert_rows, insert_sql, keyed, update_row, update_rows, written
from kit.ids import derived_id
from kit.security.blind_index import IndexPair
from services.customer.accounts.lists import SEEN_BY
from services.customer.contacts.lists import EXTERNAL_IDS
from services.customer.contacts.models import (
    Contact,
    ContactColumns,
    ContactExternalId,
    ContactPoint,
    SealedContact,
    StoredContact,
)

Pair = tuple[str, str]
"""Source and id there."""

_SELECT = (
    f"SELECT {columns_of(SealedContact, 'c')}, {EXTERNAL_IDS} AS external_ids, {SEEN_BY} AS owner_id, a.stream_key, "
    "a.country "
    "FROM contact c JOIN account a ON a.id = c.account_id WHERE c.id = ANY($1::uuid[])"
)
_LOCK = "SELECT id FROM contact WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"
_ADD = f"""
WITH c AS ({insert_sql("contact", written(SealedContact), "ON CONFLICT DO NOTHING RETURNING 1")}), e AS (
  {insert_sql("contact_external_id", tuple(ContactExternalId.model_fields), "ON CONFLICT DO NOTHING RETURNING 1", "$2")}
) SELECT (SELECT count(*) FROM c) + (SELECT count(*) FROM e)
"""
_BY_EXTERNAL = (
    "SELECT e.source, e.external_id, e.contact_id FROM unnest($1::text[], $2::text[]) AS k(source, external_id) "
    "JOIN contact_external_id e USING (source, external_id)"
)
_ROOTS = "SELECT id, coalesce(root_id, id) AS root_id FROM account WHERE id = ANY($1::uuid[])"
_HOLDERS = """
SELECT coalesce(f.root_id, f.id) AS account_id, p.value_index_1, p.value_index_2, c.id
FROM account f JOIN contact c ON c.account_id = f.id JOIN contact_point p ON p.contact_id = c.id
WHERE p.kind = 'email' AND coalesce(f.root_id, f.id) = ANY($1::uuid[]) AND c.archived_at IS NULL
  AND (p.value_index_1 = ANY($2::bytea[]) OR p.value_index_2 = ANY($2::bytea[])) ORDER BY c.id
"""
_HOLDERS_ANYWHERE = """
SELECT c.account_id, p.value_index_1, p.value_index_2, c.id FROM contact_point p
JOIN contact c ON c.id = p.contact_id JOIN account a ON a.id = c.account_id
WHERE p.kind = 'email' AND c.archived_at IS NULL AND a.archived_at IS NULL
  AND (p.value_index_1 = ANY($1::bytea[]) OR p.value_index_2 = ANY($1::bytea[])) ORDER BY c.id LIMIT 200
"""
_BADLY_INDEXED = """
SELECT DISTINCT contact_id FROM contact_point
WHERE ((value_index_1 IS NOT NULL) <> $1 OR (value_index_2 IS NOT NULL) <> $2) AND contact_id > $3
ORDER BY contact_id LIMIT $4
"""


class Holder(NamedTuple):
    """Who has an e-mail address at an account, or at one that reads as it."""

    account_id: UUID
    first: bytes | None
    second: bytes | None
    contact_id: UUID


async def load_contacts(tx: Tx, ids: Collection[UUID]) -> list[StoredContact]:
    """Contacts by id; unknown ids are missing."""
    return await tx.rows(StoredContact, _SELECT, list(ids)) if ids else []


async def lock_contacts(tx: Tx, ids: Collection[UUID]) -> list[StoredContact]:
    """Contacts by id, locked until the transaction ends, as they are once the lock is held."""
    if ids:
        await tx.fetch(_LOCK, list(ids))
    return await load_contacts(tx, ids)


async def roots_of(tx: Tx, account_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """What accounts read as: those that were merged have their root."""
    return dict(await tx.pairs(UUID, UUID, _ROOTS, list(account_ids)))


async def hold_accounts(tx: Tx, account_ids: Collection[UUID]) -> None:
    """Let no other transaction give e-mail addresses to contacts of these accounts until this one ends."""
    for number in sorted(derived_id("contacts of", account_id).int & (2**63 - 1) for account_id in account_ids):
        await tx.execute("SELECT pg_advisory_xact_lock($1)", number)


async def hold_emails(tx: Tx, emails: Collection[str]) -> None:
    """Take turns with others who ask so for one of these e-mail addresses, until the transaction ends."""
    for number in sorted(derived_id("contact email", email).int & (2**63 - 1) for email in set(emails)):
        await tx.execute("SELECT pg_advisory_xact_lock($1)", number)


async def email_holders(tx: Tx, account_ids: Collection[UUID], hashes: Collection[IndexPair]) -> list[Holder]:
    """Contacts of these accounts and of those merged into them, archived ones aside, that have one of these e-mail
    addresses."""
    wanted = [one for pair in hashes for one in pair if one is not None]
    return await tx.rows(Holder, _HOLDERS, list(account_ids), wanted) if wanted else []


async def holders_anywhere(tx: Tx, hashes: Collection[IndexPair]) -> list[Holder]:
    """Contacts of all accounts, archived ones aside, that have one of these e-mail addresses; the first of many."""
    wanted = [one for pair in hashes for one in pair if one is not None]
    return await tx.rows(Holder, _HOLDERS_ANYWHERE, wanted) if wanted else []


async def find_by_external(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Contact ids of (source, external id)."""
    if not pairs:
        return {}
    rows = await tx.rows(ContactExternalId, _BY_EXTERNAL, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    return {(row.source, row.external_id): row.contact_id for row in rows}


async def add_contacts(tx: Tx, contacts: Sequence[SealedContact], external_ids: Sequence[ContactExternalId]) -> bool:
    """Insert contacts and ids in other systems, in key order, by one statement.

    False when something clashed with another's external id: the caller then rolls back.
    """
    if not contacts and not external_ids:
        return True
    named = sorted(external_ids, key=lambda row: (row.source, row.external_id))
    return int(await tx.fetchval(_ADD, dumps(keyed(SealedContact, contacts)), dumps(named))) == len(contacts) + len(
        named
    )


async def save_contacts(tx: Tx, contacts: Sequence[SealedContact]) -> None:
    """Write changed contacts that carry their new version; raises VersionMismatch when one has moved on."""
    await update_rows(tx, SealedContact, contacts)


async def save_channels(tx: Tx, version: int, after: Contact) -> None:
    """Write what a contact of this version allows; raises VersionMismatch when it has moved on."""
    await update_row(
        tx, ContactColumns, after.id, version, {"channels": after.channels, "updated_at": after.updated_at}
    )


async def set_points(tx: Tx, contact_ids: Collection[UUID], points: Sequence[ContactPoint]) -> None:
    """Let these contacts be found by `points` and by nothing else."""
    await tx.execute("DELETE FROM contact_point WHERE contact_id = ANY($1::uuid[])", list(contact_ids))
    await insert_rows(tx, ContactPoint, points)


async def badly_indexed(tx: Tx, places: Collection[str], after: UUID, limit: int) -> list[UUID]:
    """Contacts after one, in order of id, whose hashes are not those of exactly these places of index keys."""
    rows = await tx.fetch(_BADLY_INDEXED, "1" in places, "2" in places, after, limit)
    return [row["contact_id"] for row in rows]


async def drop_external_ids(tx: Tx, contact_ids: Collection[UUID]) -> None:
    """Remove the external ids of contacts."""
    await tx.execute("DELETE FROM contact_external_id WHERE contact_id = ANY($1::uuid[])", list(contact_ids))
