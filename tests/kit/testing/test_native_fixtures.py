"""The fixtures that other tests stand on."""

from __future__ import annotations

import shutil
from pathlib import Path

import asyncpg
import pytest

from kit.native.postgres import EmbeddedPostgres
from kit.testing.kafka import create_topic, delete_topics
from kit.testing.native import PREFIX, make_folder, run_apart, sweep
from kit.testing.postgres import TestServer, create_database, drop_database, parse_server, unique_name


async def test_databases_are_copies_of_their_template(postgres_server: TestServer) -> None:
    template = await create_database(postgres_server, unique_name("template"))
    connection = await asyncpg.connect(postgres_server.dsn(template))
    await connection.execute("CREATE TABLE marks AS SELECT 7 AS mark")
    await connection.close()
    copy = await create_database(postgres_server, unique_name('odd"name'), template)
    connection = await asyncpg.connect(**postgres_server.connect_args(copy))
    assert await connection.fetchval("SELECT mark FROM marks") == 7
    with pytest.raises(asyncpg.DuplicateDatabaseError):
        await create_database(postgres_server, copy)
    for name in (copy, copy, template):
        await drop_database(postgres_server, name)
    assert connection.is_closed() or await _is_dead(connection)


async def _is_dead(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    try:
        await connection.fetchval("SELECT 1")
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError):
        return True
    return False


async def test_topics_can_be_made_and_removed(kafka_bootstrap: str) -> None:
    name = await create_topic(kafka_bootstrap, unique_name("topic"), 3)
    with pytest.raises(Exception, match=name):
        await create_topic(kafka_bootstrap, name)
    await delete_topics(kafka_bootstrap, name)
    with pytest.raises(Exception, match=name):
        await delete_topics(kafka_bootstrap, name)


def test_server_addresses() -> None:
    server = parse_server("postgresql://some%40body:p%2Fw@db.example:6000/")
    assert server.dsn("a b") == "postgresql://some%40body:p%2Fw@db.example:6000/a%20b"
    assert server.connect_args("x") == {
        "host": "db.example", "port": 6000, "user": "some@body", "database": "x", "password": "p/w"
    }  # fmt: skip
    assert parse_server("postgresql://postgres@127.0.0.1").port == 5432
    with pytest.raises(ValueError, match="CRMESH_POSTGRES"):
        parse_server("mysql://x@y/")


async def test_sweep_clears_what_a_dead_run_left_and_spares_the_living() -> None:
    root = make_folder("postgres")
    living, left, mixed = (root / f"{PREFIX}{name}" for name in ("system-1", "postgres-2", "infra-3"))
    server = EmbeddedPostgres(living / "data" / "postgres", fast=True)
    orphans = [EmbeddedPostgres(left, fast=True), EmbeddedPostgres(mixed / "postgres", fast=True)]
    await server.start()
    for orphan in orphans:
        await orphan.start()
        orphan.detach()
    assert await sweep(root) == []
    assert await sweep(root, min_age=0) == [mixed, left]
    assert server.is_running()
    assert not any(orphan.is_running() for orphan in orphans)
    await server.destroy()
    shutil.rmtree(root)


def test_coroutines_run_apart_from_a_running_loop(tmp_path: Path) -> None:
    async def inner() -> Path:
        return tmp_path

    async def outer() -> Path:
        return run_apart(inner())

    assert run_apart(outer()) == tmp_path
