"""Keys of personal values change while requests run, and after a kill half way the rest follows."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from pydantic import SecretStr

from kit.security.blind_index import BlindIndex
from kit.security.cipher import KeyRing, UnknownKey, WrappedKey
from kit.security.data_keys import erase, left_to_wrap, rotate
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, service_harness
from services.customer.contacts.models import Contact, ContactPoint
from services.customer.contacts.sealing import points_of
from services.customer.keys import fill_index, left_to_fill
from services.customer.persons.sealing import index_of, ring_of

OLD, NEW = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))
PEOPLE = 40


class Killed(BaseException):
    """The process ends."""


@pytest.fixture
async def service(postgres_server: TestServer) -> AsyncIterator[ServiceHarness]:
    async with service_harness(postgres_server, "customer", keys=f"old:{OLD}", index_keys=f"1:{OLD}") as harness:
        yield harness


def set_keys(service: ServiceHarness, **keys: str) -> None:
    """The process is one with these keys."""
    for name, value in keys.items():
        setattr(service.runtime.settings, name, SecretStr(value))


def email(number: int) -> str:
    return f"person{number}@harbour.example"


async def people(service: ServiceHarness, first: int, count: int) -> None:
    account = (await service.post("/v1/accounts", {"kind": "organization", "name": f"Harbour {first}"})).json()["id"]
    rows = [
        {"account_id": account, "name": f"N {n}", "external_ids": {"erp": f"K-{n}"}, "emails": [{"value": email(n)}]}
        for n in range(first, first + count)
    ]
    answer = await service.post("/v1/contacts/batch", {"rows": rows})
    assert answer.json()["created"] == count, answer.text


async def check(service: ServiceHarness, numbers: range) -> None:
    """Everybody is found by the address, and the address is read."""
    for number in numbers:
        (item,) = (await service.get(f"/v1/contacts?email={email(number)}")).json()["items"]
        assert (item["name"], item["emails"][0]["value"]) == (f"N {number}", email(number))


async def requests(service: ServiceHarness, stop: asyncio.Event, start: int) -> int:
    """Read, change and create until told to stop; how many were created."""
    made = 0
    while not stop.is_set():
        await people(service, start + made, 1)
        made += 1
        await check(service, range(made % PEOPLE, made % PEOPLE + 1))
        (item,) = (await service.get(f"/v1/contacts?email={email(start + made - 1)}")).json()["items"]
        changed = await service.patch(f"/v1/contacts/{item['id']}", {"address": "18 Bund"}, item["version"])
        assert changed.json()["address"] == "18 Bund"
    return made


async def test_the_ring_turns_while_requests_run(service: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    await people(service, 0, PEOPLE)
    set_keys(service, keys=f"new:{NEW},old:{OLD}")
    original, calls = KeyRing.rewrap, []

    def dying(ring: KeyRing, person: UUID, stored: WrappedKey) -> WrappedKey:
        calls.append(person)
        if len(calls) == PEOPLE // 2:
            raise Killed
        return original(ring, person, stored)

    stop, db = asyncio.Event(), service.runtime.db
    running = [asyncio.create_task(requests(service, stop, start)) for start in (1000, 2000)]
    with monkeypatch.context() as patched:
        patched.setattr(KeyRing, "rewrap", dying)
        with pytest.raises(Killed):
            await rotate(db, ring_of(service.runtime.settings), batch=5)
    async with db.reading() as tx:
        left = await left_to_wrap(tx, ring_of(service.runtime.settings))
    assert 0 < left["old"] < PEOPLE
    await check(service, range(PEOPLE))
    await asyncio.gather(*(rotate(db, ring_of(service.runtime.settings), batch=3) for _ in range(2)))
    stop.set()
    made = await asyncio.gather(*running)
    async with db.reading() as tx:
        assert await left_to_wrap(tx, ring_of(service.runtime.settings)) == {}
    set_keys(service, keys=f"new:{NEW}")
    await check(service, range(PEOPLE))
    for start, count in zip((1000, 2000), made, strict=True):
        await check(service, range(start, start + count))


async def test_without_the_old_key_nothing_is_touched(service: ServiceHarness) -> None:
    await people(service, 0, 1)
    set_keys(service, keys=f"new:{NEW}")
    with pytest.raises(UnknownKey, match="old"):
        await rotate(service.runtime.db, ring_of(service.runtime.settings))
    set_keys(service, keys=f"old:{OLD}")
    await check(service, range(1))


async def test_an_index_key_changes_while_requests_run(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people(service, 0, PEOPLE)
    set_keys(service, index_keys=f"1:{OLD},2:{NEW}")
    assert await left_to_fill(service.runtime)
    calls: list[Contact] = []

    def dying(index: BlindIndex, one: Contact) -> list[ContactPoint]:
        calls.append(one)
        if len(calls) == PEOPLE // 2:
            raise Killed
        return points_of(index, one)

    with monkeypatch.context() as patched:
        patched.setattr("services.customer.contacts.service.points_of", dying)
        with pytest.raises(Killed):
            await fill_index(service.runtime, batch=5)
    await check(service, range(PEOPLE))
    stop = asyncio.Event()
    running = asyncio.create_task(requests(service, stop, 1000))
    assert 0 < await fill_index(service.runtime, batch=3) < PEOPLE
    assert not await left_to_fill(service.runtime)
    stop.set()
    made = await running
    set_keys(service, index_keys=f"2:{NEW}")
    await check(service, range(PEOPLE))
    assert await fill_index(service.runtime) == PEOPLE + made
    await check(service, range(PEOPLE))
    await check(service, range(1000, 1000 + made))
    (row,) = await service.rows("SELECT count(value_index_1) AS old, count(value_index_2) AS new FROM contact_point")
    assert (row["old"], row["new"]) == (0, PEOPLE + made)
    assert index_of(service.runtime.settings).places == {"2"}


async def test_leads_are_found_under_another_index_key(service: ServiceHarness) -> None:
    made = []
    for number in range(3):
        body = {"company": f"Quay {number}", "email": email(number), "phone": f"1381234567{number}"}
        made.append((await service.post("/v1/leads", body)).json())
    bare = await service.post("/v1/leads", {"company": "Nobody"})
    assert bare.status_code == 201
    async with service.transaction() as tx:
        assert await erase(tx, UUID(made[2]["id"]))
    for keys in (f"1:{OLD},2:{NEW}", f"2:{NEW}"):
        set_keys(service, index_keys=keys)
        assert await left_to_fill(service.runtime)
        assert await fill_index(service.runtime, batch=2) >= 2
        assert not await left_to_fill(service.runtime)
        for number, found in ((0, 1), (1, 1), (2, 0)):
            assert len((await service.get(f"/v1/leads?email={email(number)}")).json()["items"]) == found
            assert len((await service.get(f"/v1/leads?phone=1381234567{number}")).json()["items"]) == found
    rows = await service.rows("SELECT 1 FROM lead WHERE email_index_1 IS NOT NULL OR phone_index_1 IS NOT NULL")
    assert rows == []
    assert (await service.get(f"/v1/leads/{made[0]['id']}")).json() == made[0]
