"""The release before serves on the schema of the next one: while it is migrated, afterwards, and started anew."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest

from cli.load.client import connected
from cli.story import run_story
from cli.story_report import StoryReport
from kit.db.database import DatabaseSettings
from kit.db.migrate import upgrade
from kit.db.phases import phase_of
from kit.native.process import free_port
from kit.testing.native import run_apart
from kit.testing.program import Program, run_program, start_program, system_folder
from standalone.registry import SERVICES

NEXT = "9999"


@pytest.fixture
def folder(prepared: Callable[[Path], Path]) -> Iterator[Path]:
    with system_folder() as made:
        yield prepared(made)


@contextmanager
def serving(folder: Path) -> Iterator[Program]:
    port = free_port()
    log = folder / f"run-{port}.log"
    program = start_program("run", "--data", str(folder), "--port", str(port), log=log, url=f"http://127.0.0.1:{port}")
    try:
        program.wait_ready()
        yield program
    finally:
        assert program.stop() == 0


async def tell(url: str) -> StoryReport:
    async with connected(url) as api:
        return await run_story(api)


async def next_release(folder: Path) -> None:
    """Expand every table of every service as a later revision might, in short transactions as Alembic's."""
    dsn = json.loads((folder / "system.json").read_text())["postgres"]
    for service in SERVICES:
        connection = await asyncpg.connect(dsn, database=f"crmesh_{service}")
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        for (table,) in tables:
            sql = (
                f"ALTER TABLE {table} ADD COLUMN later_note text, ADD COLUMN later_level integer DEFAULT 0 NOT NULL;"
                f"CREATE INDEX ix_next_{table} ON {table} (later_level)"
            )
            assert phase_of(sql) == "expand"
            await connection.execute(sql)
        await connection.execute("CREATE TABLE next_thing (id uuid PRIMARY KEY)")
        await connection.execute("UPDATE alembic_version SET version_num = $1", NEXT)
        settings = DatabaseSettings(connect={"dsn": dsn, "database": f"crmesh_{service}"}, name=service)
        assert await upgrade(service, settings) is False, "the old release's migrate step leaves it alone"
        await connection.close()


async def stories_meanwhile(folder: Path, url: str) -> list[StoryReport]:
    """Stories from before the migration to after it: every statement is prepared before, and used again after."""
    told: list[StoryReport] = [await tell(url)]
    migrating = asyncio.create_task(next_release(folder))
    while not migrating.done():
        told.append(await tell(url))
    await migrating
    told.append(await tell(url))
    async with connected(url) as api:
        for path in ("accounts", "orders", "products", "partners", "rebate-programmes", "targets", "credit-decisions"):
            items = (await api.get(f"/v1/{path}"))["items"]
            whole = await api.get(f"/v1/{path}/{items[0]['id']}")
            assert not [name for name in (*items[0], *whole) if name.startswith("next_")], path
    return told


def test_the_old_release_serves_before_while_and_after(folder: Path) -> None:
    with serving(folder) as program:
        told = run_apart(stories_meanwhile(folder, program.url))
        assert len(told) >= 3
        assert [story.broken for story in told] == [""] * len(told), program.output()[-5000:]
        assert "Traceback" not in program.output()
        proven(folder)
    with serving(folder) as again:
        assert run_apart(tell(again.url)).broken == ""
        proven(folder)
        status = run_program("migrate", "--status", "--json", "--data", str(folder))
    assert (status.returncode, {row["at"] for row in json.loads(status.stdout)}) == (0, {NEXT})


def proven(folder: Path) -> None:
    """Every table equals the log, every decision follows, nothing is parked."""
    for command in (("rebuild", "all"), ("verify",), ("doctor",)):
        answer = run_program(*command, "--data", str(folder))
        assert answer.returncode == 0, answer.stdout + answer.stderr
