"""Data keys in a database: made once, re-wrapped while they are read, destroyed for good."""

from __future__ import annotations

import asyncio
import os
from uuid import UUID, uuid4

import pytest
from sqlalchemy.schema import CreateTable
from sqlmodel import SQLModel

from kit.db.columns import new_registry
from kit.db.database import Database
from kit.security.cipher import KeyRing, Place, UnknownKey, WrappedKey
from kit.security.data_keys import DataKeyRow, Erased, data_keys, erase, left_to_wrap, rotate, sealing_keys
from tests.kit.tiny import POSTGRESQL

OLD, NEW = os.urandom(32), os.urandom(32)
OLD_RING, BOTH, NEW_RING = KeyRing.of({"old": OLD}), KeyRing.of({"new": NEW, "old": OLD}), KeyRing.of({"new": NEW})


class Base(SQLModel, registry=new_registry()):
    """Base of the one table."""


class DataKeyTable(DataKeyRow, Base, table=True):
    """Keys."""


@pytest.fixture(autouse=True)
async def table(db: Database) -> None:
    made = CreateTable(DataKeyTable.metadata.tables["data_key"])
    async with db.transaction() as tx:
        await tx.execute(str(made.compile(dialect=POSTGRESQL)))


class Killed(BaseException):
    """The process ends."""


def place(person: UUID) -> Place:
    return Place("contact", "emails", person)


async def sealed_for(db: Database, ring: KeyRing, persons: list[UUID]) -> dict[UUID, bytes]:
    async with db.transaction() as tx:
        keys = await sealing_keys(tx, ring, persons)
    return {person: keys[person].seal(f"secret of {person}", place(person)) for person in persons}


async def check(db: Database, ring: KeyRing, sealed: dict[UUID, bytes]) -> None:
    async with db.reading() as tx:
        keys = await data_keys(tx, ring, sealed)
    assert all(keys[person].open(value, place(person)) == f"secret of {person}" for person, value in sealed.items())


async def test_two_at_once_make_one_key(db: Database) -> None:
    persons = [uuid4() for _ in range(20)]
    makers = [sealed_for(db, OLD_RING, persons[start:] + persons[:start]) for start in range(8)]
    for sealed in await asyncio.gather(*makers):
        await check(db, OLD_RING, sealed)


async def test_who_has_none_is_not_named(db: Database) -> None:
    async with db.reading() as tx:
        assert await data_keys(tx, OLD_RING, [uuid4()]) == {}
    async with db.transaction() as tx:
        assert await sealing_keys(tx, OLD_RING, []) == {}


async def test_rotation_while_values_are_read_and_sealed(db: Database) -> None:
    """Readers with both keys never fail; sealers of a process that still wraps by the old key are caught up with."""
    sealed = await sealed_for(db, OLD_RING, [uuid4() for _ in range(60)])
    ended = asyncio.Event()

    async def read() -> int:
        times = 0
        while not ended.is_set():
            await check(db, BOTH, sealed)
            times += 1
        return times

    async def seal() -> dict[UUID, bytes]:
        more: dict[UUID, bytes] = {}
        for ring in (OLD_RING, BOTH) * 5:
            more |= await sealed_for(db, ring, [uuid4()])
            await sealed_for(db, BOTH, list(sealed))
        return more

    reader = asyncio.create_task(read())
    more, *_ = await asyncio.gather(seal(), rotate(db, BOTH, batch=7), rotate(db, BOTH, batch=5))
    ended.set()
    assert await reader > 0
    await rotate(db, BOTH)
    async with db.reading() as tx:
        assert await left_to_wrap(tx, BOTH) == {}
    await check(db, NEW_RING, sealed | more)


async def test_rotation_goes_on_after_a_kill(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = await sealed_for(db, OLD_RING, [uuid4() for _ in range(25)])
    rewraps = 0

    def dying(ring: KeyRing, person: UUID, stored: WrappedKey) -> WrappedKey:
        nonlocal rewraps
        rewraps += 1
        if rewraps > 12:
            raise Killed
        return original(ring, person, stored)

    original = KeyRing.rewrap
    monkeypatch.setattr(KeyRing, "rewrap", dying)
    with pytest.raises(Killed):
        await rotate(db, BOTH, batch=5)
    monkeypatch.undo()
    async with db.reading() as tx:
        assert await left_to_wrap(tx, BOTH) == {"old": 15}
    await check(db, BOTH, sealed)
    assert await rotate(db, BOTH, batch=5) == 15
    assert await rotate(db, BOTH, batch=5) == 0
    await check(db, NEW_RING, sealed)


async def test_a_key_that_is_missing_stops_the_rotation_before_it_begins(db: Database) -> None:
    sealed = await sealed_for(db, OLD_RING, [uuid4()])
    with pytest.raises(UnknownKey, match="old"):
        await rotate(db, NEW_RING)
    await check(db, OLD_RING, sealed)
    with pytest.raises(UnknownKey):
        await check(db, NEW_RING, sealed)


async def test_an_erased_person_cannot_be_read_or_sealed_for(db: Database) -> None:
    person, other = uuid4(), uuid4()
    sealed = await sealed_for(db, OLD_RING, [person, other])
    async with db.transaction() as tx:
        assert await erase(tx, person)
        assert not await erase(tx, person)
        assert not await erase(tx, uuid4())
    async with db.reading() as tx:
        assert (await data_keys(tx, OLD_RING, [person, other])).keys() == {other}
    with pytest.raises(Erased):
        await sealed_for(db, OLD_RING, [person])
    assert await rotate(db, BOTH) == 1, "what was erased stays erased"
    await check(db, BOTH, {other: sealed[other]})
    async with db.reading() as tx:
        assert await tx.fetchval(
            "SELECT wrapped IS NULL AND erased_at IS NOT NULL FROM data_key WHERE person_id = $1", person
        )


async def test_an_erasure_waits_for_what_is_sealed_meanwhile(db: Database) -> None:
    person = uuid4()
    await sealed_for(db, OLD_RING, [person])

    async def erasing() -> None:
        async with db.transaction() as tx:
            await erase(tx, person)

    async with db.transaction() as tx:
        await sealing_keys(tx, OLD_RING, [person])
        erasure = asyncio.create_task(erasing())
        await asyncio.sleep(0.2)
        assert not erasure.done()
    await erasure
    with pytest.raises(Erased):
        await sealed_for(db, OLD_RING, [person])
