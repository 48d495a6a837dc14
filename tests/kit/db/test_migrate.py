"""Migrations of several services, at once and again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from kit.db.database import Database
from kit.db.migrate import current, head, is_current, pending, run_alembic, upgrade

ENVIRONMENT = """
import sqlalchemy as sa

from kit.db.migrate import run_environment

run_environment(sa.MetaData())
"""
REVISION = """
import time

from alembic import op

revision, down_revision = "{number}", {before!r}


def upgrade():
    op.execute("CREATE TABLE {service}_{number} (id int)")
    time.sleep(0.05)


def downgrade():
    op.execute("DROP TABLE {service}_{number}")
"""


@pytest.fixture
def services(tmp_path: Path, monkeypatch: Any) -> list[str]:
    """Three services with two revisions each."""
    names = ["alpha", "beta", "gamma"]
    for name in names:
        versions = tmp_path / name / "migrations/versions"
        versions.mkdir(parents=True)
        (versions.parent / "env.py").write_text(ENVIRONMENT)
        for number, before in (("0001", None), ("0002", "0001")):
            text = REVISION.format(number=number, before=before, service=name)
            (versions / f"{number}_x.py").write_text(text)
        module = ModuleType(f"services.{name}")
        module.__file__ = str(tmp_path / name / "__init__.py")
        monkeypatch.setitem(sys.modules, f"services.{name}", module)
    return names


async def tables(database: Database) -> list[str]:
    async with database.reading() as tx:
        rows = await tx.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    return [row["tablename"] for row in rows]


async def test_several_processes_migrate_one_database_once(database: Database, services: list[str]) -> None:
    done = await asyncio.gather(*(upgrade(services[0], database.settings) for _ in range(3)))
    assert sorted(done) == [False, False, True]
    assert await tables(database) == ["alembic_version", "alpha_0001", "alpha_0002"]
    assert head("alpha") == "0002"
    assert await is_current("alpha", database.settings)
    assert await upgrade("alpha", database.settings) is False


async def test_several_services_migrate_at_once_in_one_process(database: Database, services: list[str]) -> None:
    """As standalone does; each has a database of its own."""
    server = await asyncpg.connect(**database.settings.connect)
    connects = []
    base = dict(database.settings.connect)
    try:
        for name in services:
            own = f"{base['database']}_{name}"
            await server.execute(f'CREATE DATABASE "{own}"')
            connects.append(Database(type(database.settings)({**base, "database": own})))
        await asyncio.gather(*(upgrade(n, db.settings) for n, db in zip(services, connects, strict=True)))
        for name, db in zip(services, connects, strict=True):
            assert await tables(db) == ["alembic_version", f"{name}_0001", f"{name}_0002"]
            await db.stop()
    finally:
        for name in services:
            await server.execute(f'DROP DATABASE IF EXISTS "{base["database"]}_{name}" WITH (FORCE)')
        await server.close()


async def test_up_down_up(database: Database, services: list[str]) -> None:
    connection = await asyncpg.connect(**database.settings.connect)
    assert await current(connection) is None
    assert not await is_current(services[1], database.settings)
    await upgrade("beta", database.settings, "0001")
    assert not await is_current("beta", database.settings)
    await upgrade("beta", database.settings)
    await asyncio.to_thread(run_alembic, "beta", database.settings.connect, "downgrade", "0001")
    assert (await current(connection), await tables(database)) == ("0001", ["alembic_version", "beta_0001"])
    assert await upgrade("beta", database.settings)
    assert await current(connection) == "0002"
    await connection.close()


async def test_service_without_revisions_has_no_head(services: list[str], tmp_path: Path) -> None:
    for file in (tmp_path / services[2] / "migrations/versions").glob("*.py"):
        file.unlink()
    assert head(services[2]) == ""


@pytest.mark.usefixtures("services")
async def test_what_is_pending(database: Database) -> None:
    at, waiting = await pending("alpha", database.settings)
    assert (at, [(each.revision, each.phase) for each in waiting]) == (None, [("0001", "expand"), ("0002", "expand")])
    await upgrade("alpha", database.settings, "0001")
    at, waiting = await pending("alpha", database.settings)
    assert (at, [each.revision for each in waiting]) == ("0001", ["0002"])
    await upgrade("alpha", database.settings)
    assert await pending("alpha", database.settings) == ("0002", [])
    async with database.transaction() as tx:
        await tx.execute("UPDATE alembic_version SET version_num = '9999'")
    assert await pending("alpha", database.settings) == ("9999", []), "a newer release was here"


BUILT = """
from alembic import op

revision, down_revision = "0003", "0002"


def upgrade():
    op.execute("CREATE TABLE part (id int)")
    op.execute("INSERT INTO part VALUES (1)")
    with op.get_context().autocommit_block():
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uq_part ON part (id)")
    op.execute("INSERT INTO part VALUES (2)")
    with op.get_context().autocommit_block():
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uq_twins ON alpha_0001 (id)")
    op.execute("INSERT INTO part VALUES (3)")


def downgrade():
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS uq_twins")
    op.execute("DROP TABLE part")
"""


@pytest.mark.usefixtures("services")
async def test_a_migration_goes_on_where_it_was_cut_off(database: Database, tmp_path: Path) -> None:
    """What its first parts committed is done once, and an index that was not finished is built again."""
    (tmp_path / "alpha/migrations/versions/0003_parts.py").write_text(BUILT)
    await upgrade("alpha", database.settings, "0002")
    async with database.transaction() as tx:
        await tx.execute("INSERT INTO alpha_0001 VALUES (7), (7)")
    for _ in range(2):
        with pytest.raises(IntegrityError, match="uq_twins"):
            await upgrade("alpha", database.settings)
    connection = await asyncpg.connect(**database.settings.connect)
    valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'uq_twins'::regclass"
    assert (await current(connection), await connection.fetchval(valid)) == ("0002", False)
    await connection.execute("DELETE FROM alpha_0001")
    for _ in range(2):
        assert await upgrade("alpha", database.settings)
        assert await connection.fetchval(valid)
        assert await connection.fetchval("SELECT array_agg(id ORDER BY id) FROM part") == [1, 2, 3]
        await asyncio.to_thread(run_alembic, "alpha", database.settings.connect, "downgrade", "0002")
        assert await tables(database) == ["alembic_version", "alpha_0001", "alpha_0002"]
    await connection.close()
