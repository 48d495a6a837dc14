"""Migrations of every service: they build what the models say, go back, and are safe to run twice or at once."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kit.db.database import DatabaseSettings
from kit.db.migrate import LIMITS, head, is_current, migration_sql, migrations_folder, run_alembic, upgrade
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name
from standalone.registry import SERVICES, room
from tests.migrations.catalog import counts_of, fill, programs_of, schema_of, tables_of

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.parametrize("service", SERVICES)


@pytest.fixture
async def database(postgres_server: TestServer, service: str) -> AsyncIterator[DatabaseSettings]:
    """An empty database."""
    name = await create_database(postgres_server, unique_name(f"migrate_{service}"))
    yield DatabaseSettings(connect=postgres_server.connect_args(name), name=service)
    await drop_database(postgres_server, name)


@pytest.fixture
async def connection(database: DatabaseSettings) -> AsyncIterator[asyncpg.Connection]:
    connected = await asyncpg.connect(**database.connect)
    yield connected
    await connected.close()


def revisions_of(service: str) -> list[str]:
    return sorted(path.name[:4] for path in (migrations_folder(service) / "versions").glob("[0-9]*.py"))


async def on_engine(database: DatabaseSettings, work: Any) -> Any:
    """Run `work(sync connection)` in a transaction through SQLAlchemy."""

    async def creator() -> asyncpg.Connection:
        return await asyncpg.connect(**database.connect)

    engine = create_async_engine("postgresql+asyncpg://", async_creator=creator, poolclass=NullPool)
    try:
        async with engine.begin() as connected:
            return await connected.run_sync(work)
    finally:
        await engine.dispose()


async def schema_of_models(service: str, server: TestServer) -> set[str]:
    """The catalog of a database made from the tables in code."""
    name = await create_database(server, unique_name(f"models_{service}"))
    made = DatabaseSettings(connect=server.connect_args(name), name=service)
    try:
        await on_engine(made, room(service, "tables").METADATA.create_all)
        other = await asyncpg.connect(**made.connect)
        expected = await schema_of(other)
        await other.close()
    finally:
        await drop_database(server, name)
    return expected


def test_revisions_are_numbered_without_gap(service: str) -> None:
    assert revisions_of(service) == [f"{number:04d}" for number in range(1, len(revisions_of(service)) + 1)]
    assert head(service) == revisions_of(service)[-1]


async def test_autogenerate_finds_nothing(service: str, database: DatabaseSettings) -> None:
    metadata = room(service, "tables").METADATA
    await upgrade(service, database)

    def difference(connected: Any) -> Any:
        return compare_metadata(MigrationContext.configure(connected, opts={"compare_type": True}), metadata)

    assert await on_engine(database, difference) == []


async def test_the_catalog_is_that_of_the_models(
    service: str, database: DatabaseSettings, connection: asyncpg.Connection, postgres_server: TestServer
) -> None:
    """Sees what autogenerate does not compare: CHECK constraints, names, server defaults, index conditions."""
    await upgrade(service, database)
    found, expected = await schema_of(connection), await schema_of_models(service, postgres_server)
    assert (sorted(found - expected), sorted(expected - found)) == ([], [])


async def test_no_extension_is_needed(service: str, database: DatabaseSettings, connection: asyncpg.Connection) -> None:
    """The PostgreSQL that comes as a wheel has no contrib modules."""
    await upgrade(service, database)
    assert [row[0] for row in await connection.fetch("SELECT extname FROM pg_extension")] == ["plpgsql"]


async def test_down_to_nothing_and_up_again(
    service: str, database: DatabaseSettings, connection: asyncpg.Connection
) -> None:
    await upgrade(service, database)
    before = await schema_of(connection), await programs_of(connection)
    filled = await fill(connection)
    assert {"outbox", "inbox", "consumer_offset", "job"} <= filled
    await asyncio.to_thread(run_alembic, service, database.connect, "downgrade", "base")
    assert (await tables_of(connection), await programs_of(connection)) == ([], set())
    assert not await is_current(service, database)
    await upgrade(service, database)
    assert (await schema_of(connection), await programs_of(connection)) == before


async def test_each_step_down_and_up_keeps_the_rows(
    service: str, database: DatabaseSettings, connection: asyncpg.Connection
) -> None:
    previous = None
    for revision in revisions_of(service):
        if previous is not None:
            await fill(connection)
            rows = await counts_of(connection)
            schema, programs = await schema_of(connection), await programs_of(connection)
            await upgrade(service, database, revision)
            await asyncio.to_thread(run_alembic, service, database.connect, "downgrade", previous)
            assert (await schema_of(connection), await programs_of(connection)) == (schema, programs)
            assert await counts_of(connection) == rows
        await upgrade(service, database, revision)
        previous = revision
    assert await is_current(service, database)


async def test_two_at_once_do_it_once(service: str, database: DatabaseSettings) -> None:
    worked = await asyncio.gather(*(upgrade(service, database) for _ in range(3)))
    assert sorted(worked) == [False, False, True]
    assert await upgrade(service, database) is False
    assert await is_current(service, database)


class Killed(Exception):
    """Stands for a process that is no more: what was committed stays, nothing else."""


def killing(monkeypatch: pytest.MonkeyPatch, killed: set[tuple[Any, int]], is_late: bool) -> None:
    """The first block that was not killed before ends at its beginning, or when all of it was done."""
    entered, block = Counter[Any](), MigrationContext.autocommit_block

    @contextmanager
    def cut(context: MigrationContext) -> Iterator[None]:
        behind = context.get_current_heads()
        entered[behind] += 1
        place = behind, entered[behind]
        with block(context):
            if place not in killed and not is_late:
                killed.add(place)
                raise Killed
            yield
            if place not in killed:
                killed.add(place)
                raise Killed

    monkeypatch.setattr(MigrationContext, "autocommit_block", cut)


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_migration_that_was_killed_between_its_parts_goes_on(
    service: str,
    database: DatabaseSettings,
    connection: asyncpg.Connection,
    postgres_server: TestServer,
    is_late: bool,
) -> None:
    """Each block of each revision is interrupted once, and the migration run again."""
    killed: set[tuple[Any, int]] = set()
    while not await is_current(service, database):
        with pytest.MonkeyPatch.context() as patched, suppress(Killed):
            killing(patched, killed, is_late)
            await upgrade(service, database)
    assert len(killed) >= 5
    found, expected = await schema_of(connection), await schema_of_models(service, postgres_server)
    assert (sorted(found - expected), sorted(expected - found)) == ([], [])


async def test_a_newer_database_is_left_alone(
    service: str, database: DatabaseSettings, connection: asyncpg.Connection
) -> None:
    """The old release starts once more while the new one is rolled out."""
    await upgrade(service, database)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert await upgrade(service, database) is False
    assert await is_current(service, database)


def test_locks_are_safe(service: str, tmp_path: Path) -> None:
    squawk = shutil.which("squawk", path=str(Path(sys.executable).parent)) or "squawk"
    file = tmp_path / f"{service}.sql"
    own = re.sub(r"CREATE TABLE alembic_version.*?;", "", migration_sql(service), flags=re.DOTALL)
    assert "CREATE TABLE outbox" in own
    file.write_text(own)
    done = subprocess.run(
        [squawk, "--config", str(ROOT / ".squawk.toml"), "--reporter", "gcc", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


async def test_a_migration_does_not_wait_long_for_a_lock(
    service: str, database: DatabaseSettings, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for an exclusive lock makes everybody behind wait as well."""
    monkeypatch.setitem(LIMITS, "lock_timeout", "200ms")
    await upgrade(service, database)
    async with connection.transaction():
        await connection.execute("LOCK TABLE outbox IN ACCESS SHARE MODE")
        with pytest.raises(DBAPIError, match="lock timeout"):
            await asyncio.to_thread(run_alembic, service, database.connect, "downgrade", "base")
    assert "outbox" in await tables_of(connection)
