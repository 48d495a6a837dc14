"""A database that tests share is as new for each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest

from kit.testing import clean as cleaning
from kit.testing.clean import LeftRunning, Seed, clean, seed_of
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name
from kit.testing.service import make_event, shared_harness

TABLES = """
CREATE TABLE kind (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, shape jsonb, day date);
INSERT INTO kind (name, shape, day) VALUES ('a', '{"x": [1]}', '2026-02-28'), (NULL, NULL, NULL);
CREATE TABLE thing (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, kind bigint REFERENCES kind,
                    parent bigint REFERENCES thing);
CREATE FUNCTION never() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION $$never$$; END';
CREATE TRIGGER never AFTER DELETE ON thing FOR EACH ROW EXECUTE FUNCTION never();
"""


@pytest.fixture
async def database(postgres_server: TestServer) -> AsyncIterator[str]:
    name = await create_database(postgres_server, unique_name("clean"))
    yield name
    await drop_database(postgres_server, name)


@pytest.fixture
async def connection(postgres_server: TestServer, database: str) -> AsyncIterator[asyncpg.Connection]:
    connected = await asyncpg.connect(**postgres_server.connect_args(database))
    await connected.execute(TABLES)
    yield connected
    await connected.close()


async def content(connection: asyncpg.Connection) -> list[list[tuple[object, ...]]]:
    tables = ("kind", "thing")
    return [[tuple(row) for row in await connection.fetch(f"SELECT * FROM {table} ORDER BY id")] for table in tables]


async def test_the_rows_of_the_migrations_are_put_back(connection: asyncpg.Connection) -> None:
    before, seed = await content(connection), await seed_of(connection)
    await connection.execute("UPDATE kind SET name = 'b'; INSERT INTO thing (kind, parent) VALUES (1, 1), (2, 1)")
    await connection.execute("CREATE TABLE made_since (n int); INSERT INTO made_since VALUES (1)")
    await clean(connection, seed)
    assert await content(connection) == before
    assert await connection.fetchval("SELECT count(*) FROM made_since") == 0
    assert await connection.fetchval("INSERT INTO thing (kind) VALUES (1) RETURNING id") == 1, "sequences begin again"
    assert await connection.fetchval("INSERT INTO kind DEFAULT VALUES RETURNING id") == 3, "behind what was put back"
    assert await connection.fetchval("SHOW session_replication_role") == "origin"


async def test_the_session_that_is_waited_for_is_named_and_ended(
    connection: asyncpg.Connection, postgres_server: TestServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "_BEGIN", cleaning._BEGIN.replace(str(cleaning.WAIT_MS), "50"))
    culprit = await asyncpg.connect(
        **postgres_server.connect_args(database), server_settings={"application_name": "forgetful"}
    )
    await culprit.execute("BEGIN")
    await culprit.execute("UPDATE kind SET name = 'mine'")
    with pytest.raises(LeftRunning, match=r"forgetful.*idle in transaction: UPDATE kind SET name = 'mine'"):
        await clean(connection, Seed())
    assert await content(connection) == [[], []]
    culprit.terminate()


async def test_a_service_is_as_new_for_each_test(postgres_server: TestServer) -> None:
    """Also its log, its consumer's offsets and its inbox: the same events are heard again from the beginning."""
    unit = {"code": "u", "name": "U", "kind": "company"}
    event = make_event("customer.order.confirmed.v1", {"id": 1}, "k")
    numbers = []
    async with shared_harness(postgres_server, "targets") as turns:
        for _ in range(2):
            async with turns.turn() as service:
                assert (await service.post("/v1/units", unit)).status_code == 201
                await service.runtime.bus.start()
                await service.runtime.bus.ensure_topics(["customer.events.v1"])
                await service.deliver(event)
                assert {row["grp"] for row in await service.parked()} == {
                    "crmesh.targets.core",
                    "crmesh.targets.insight",
                }
                numbers.append(await service.rows("SELECT id FROM outbox"))
    assert numbers[0] == numbers[1] != []
