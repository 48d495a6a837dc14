"""A database with a job table, and waiting for a row to reach a state."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.schema import CreateIndex, CreateTable, ExecutableDDLElement
from sqlmodel import SQLModel

from kit.db.columns import new_registry
from kit.db.database import Database, DatabaseSettings, Row
from kit.jobs.jobs import JobRunner
from kit.jobs.tables import JobRow
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name
from tests.kit.tiny import POSTGRESQL


class Base(SQLModel, registry=new_registry()):
    pass


class Job(JobRow, Base, table=True):
    __tablename__ = "job"


def ddl() -> str:
    table = Job.metadata.tables["job"]
    statements: list[ExecutableDDLElement] = [CreateTable(table), *map(CreateIndex, table.indexes)]
    return ";".join(str(statement.compile(dialect=POSTGRESQL)) for statement in statements)


@pytest.fixture
async def db(postgres_server: TestServer) -> AsyncIterator[Database]:
    name = await create_database(postgres_server, unique_name("jobs"))
    database = Database(DatabaseSettings(connect=postgres_server.connect_args(name), name="jobs", writers=8))
    try:
        async with database.transaction() as tx:
            await tx.execute(ddl())
        yield database
    finally:
        await database.stop()
        await drop_database(postgres_server, name)


@pytest.fixture
def until(db: Database) -> Callable[..., Awaitable[Row]]:
    """Wait until the job's columns have the given values; returns its whole row."""

    async def wait(job_id: UUID, **expected: Any) -> Row:
        row: Row | None = None
        for _ in range(400):
            async with db.reading() as tx:
                row = await tx.fetchrow("SELECT * FROM job WHERE id = $1", job_id)
            if row is not None and all(row[name] == value for name, value in expected.items()):
                return row
            await asyncio.sleep(0.025)
        raise AssertionError(f"{expected} not reached: {dict(row or {})}")

    return wait


@asynccontextmanager
async def started(*runners: JobRunner) -> AsyncIterator[asyncio.Event]:
    stop = asyncio.Event()
    tasks = [asyncio.create_task(runner.run(stop)) for runner in runners]
    try:
        yield stop
    finally:
        stop.set()
        await asyncio.gather(*tasks)


@pytest.fixture
def working() -> Any:
    """`async with working(runner, ...)`: the runners work inside the block and are stopped in an orderly way."""
    return started
