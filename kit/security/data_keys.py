"""The data keys of persons in a service's database: made, read, re-wrapped, destroyed.

A person has one row: whoever seals for the first time makes it, and two at once end with one key. Kit's SQL uses the
name of the table, `data_key`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import declared_attr
from sqlmodel import Field, SQLModel

from kit.db.columns import identifier, moment, text
from kit.db.database import Database, Tx
from kit.errors import Conflict
from kit.security.cipher import DataKey, KeyRing, UnknownKey, WrappedKey

BATCH = 500
_START = UUID(int=0)


class DataKeyRow(SQLModel):
    """The wrapped key of a person; without one, what was sealed under it is gone for ever."""

    __tablename__ = "data_key"

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        return (sa.CheckConstraint("(wrapped IS NULL) = (erased_at IS NOT NULL)", name="erased"),)

    person_id: UUID = identifier(primary_key=True)
    key_id: str = text(nullable=False)
    wrapped: bytes | None = Field(sa_type=sa.LargeBinary, nullable=True, default=None)
    created_at: datetime = moment(nullable=False, sa_column_kwargs={"server_default": sa.text("now()")})
    erased_at: datetime | None = moment(nullable=True, default=None)


class Erased(Conflict):
    """The person's data key was destroyed: nothing can be sealed for them any more."""

    code, title = "person-erased", "The person was erased; nothing personal can be kept of them any more"


class _Stored(NamedTuple):
    person_id: UUID
    key_id: str
    wrapped: bytes | None


async def data_keys(tx: Tx, ring: KeyRing, persons: Iterable[UUID]) -> dict[UUID, DataKey]:
    """The keys of those who have one; who is missing was never sealed for, or is erased.

    Raises UnknownKey, CannotOpen.
    """
    stored = await tx.rows(
        _Stored,
        "SELECT person_id, key_id, wrapped FROM data_key WHERE person_id = ANY($1::uuid[]) AND wrapped IS NOT NULL",
        list(persons),
    )
    return {row.person_id: ring.unwrap(row.person_id, WrappedKey(row.key_id, row.wrapped or b"")) for row in stored}


async def sealing_keys(tx: Tx, ring: KeyRing, persons: Iterable[UUID]) -> dict[UUID, DataKey]:
    """The keys of these persons, made where there is none. They are held until the commit, so that an erasure waits for
    what is sealed meanwhile and nothing is sealed after it. Raises Erased, UnknownKey, CannotOpen."""
    wanted = sorted(set(persons))
    keys = await _held(tx, ring, wanted)
    if missing := [person_id for person_id in wanted if person_id not in keys]:
        fresh = {person_id: ring.new_key(person_id) for person_id in missing}
        made = await tx.fetch(
            "INSERT INTO data_key (person_id, key_id, wrapped) "
            "SELECT person, $2, wrapped FROM unnest($1::uuid[], $3::bytea[]) AS new(person, wrapped) ORDER BY person "
            "ON CONFLICT (person_id) DO NOTHING RETURNING person_id",
            missing, ring.current, [stored.wrapped for _, stored in fresh.values()],
        )  # fmt: skip
        keys |= {row["person_id"]: fresh[row["person_id"]][0] for row in made}
        keys |= await _held(tx, ring, [person_id for person_id in missing if person_id not in keys])
    return keys


async def _held(tx: Tx, ring: KeyRing, persons: list[UUID]) -> dict[UUID, DataKey]:
    if not persons:
        return {}
    stored = await tx.rows(
        _Stored,
        "SELECT person_id, key_id, wrapped FROM data_key WHERE person_id = ANY($1::uuid[]) "
        "ORDER BY person_id FOR SHARE",
        persons,
    )
    if erased := [row.person_id for row in stored if row.wrapped is None]:
        raise Erased(", ".join(map(str, erased)))
    return {row.person_id: ring.unwrap(row.person_id, WrappedKey(row.key_id, row.wrapped or b"")) for row in stored}


async def erase(tx: Tx, person_id: UUID) -> bool:
    """Destroy a person's key; whether there was one. Blind indexes of the person's values are the caller's to clear;
    backups keep the key as long as they are kept."""
    return bool(
        await tx.execute(
            "UPDATE data_key SET wrapped = NULL, erased_at = now() WHERE person_id = $1 AND wrapped IS NOT NULL",
            person_id,
        )
    )


async def left_to_wrap(tx: Tx, ring: KeyRing) -> dict[str, int]:
    """Data keys under another key than the current one, by its id: a key may leave the ring when it is not named."""
    rows = await tx.fetch(
        "SELECT key_id, count(*) AS number FROM data_key WHERE wrapped IS NOT NULL AND key_id <> $1 GROUP BY key_id",
        ring.current,
    )
    return {row["key_id"]: row["number"] for row in rows}


async def rotate(db: Database, ring: KeyRing, *, batch: int = BATCH) -> int:
    """Wrap every data key by the current key, a transaction per batch; how many were. What is committed stays, so the
    same call goes on after a kill; two at once share the work. Raises UnknownKey before anything is touched."""
    async with db.reading() as tx:
        unknown = [key_id for key_id in await left_to_wrap(tx, ring) if key_id not in ring]
    if unknown:
        raise UnknownKey(f"data keys are wrapped by {', '.join(sorted(unknown))}, which this process lacks")
    total, after = 0, _START
    while True:
        done, last = await _rotate_batch(db, ring, after, batch)
        if not done and after == _START:
            return total
        total, after = total + done, last  # from the start again at the end: for keys that were made meanwhile


async def _rotate_batch(db: Database, ring: KeyRing, after: UUID, batch: int) -> tuple[int, UUID]:
    async with db.transaction() as tx:
        stored = await tx.rows(
            _Stored,
            "SELECT person_id, key_id, wrapped FROM data_key WHERE wrapped IS NOT NULL AND key_id <> $1 "
            "AND person_id > $2 ORDER BY person_id LIMIT $3 FOR NO KEY UPDATE",
            ring.current, after, batch,
        )  # fmt: skip
        fresh = [ring.rewrap(row.person_id, WrappedKey(row.key_id, row.wrapped or b"")) for row in stored]
        await tx.execute(
            "UPDATE data_key SET key_id = $1, wrapped = new.wrapped "
            "FROM unnest($2::uuid[], $3::bytea[]) AS new(person_id, wrapped) WHERE data_key.person_id = new.person_id",
            ring.current, [row.person_id for row in stored], [key.wrapped for key in fresh],
        )  # fmt: skip
    return len(stored), stored[-1].person_id if stored else _START
