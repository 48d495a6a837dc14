"""A database with reminders, and a clock that the test sets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kit import clock
from kit.ids import new_id
from kit.runtime import Runtime
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name
from tests.kit.due.reminders import DDL, runtime_on

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


class Clock:
    """Stands still until the test moves it."""

    def __init__(self) -> None:
        self.time = START

    def __call__(self) -> datetime:
        return self.time

    def step(self, **by: float) -> None:
        self.time += timedelta(**by)


@dataclass
class Reminders:
    """The table under test."""

    runtime: Runtime

    async def add(self, count: int = 1, *, kind: str = "once", due: datetime = START, first: int = 0) -> list[UUID]:
        ids = [new_id() for _ in range(count)]
        rows = [(row_id, kind, first + n, due) for n, row_id in enumerate(ids)]
        async with self.runtime.db.transaction() as tx:
            await tx.copy("reminder", ["id", "kind", "n", "due_at"], rows)
        return ids

    async def said(self) -> list[int]:
        return [row["n"] for row in await self.fetch("SELECT n FROM said ORDER BY n")]

    async def fetch(self, sql: str, *args: object) -> list[Any]:
        async with self.runtime.db.reading() as tx:
            return await tx.fetch(sql, *args)

    async def execute(self, sql: str, *args: object) -> None:
        async with self.runtime.db.transaction() as tx:
            await tx.execute(sql, *args)


@pytest.fixture
async def reminders(postgres_server: TestServer) -> AsyncIterator[Reminders]:
    name = await create_database(postgres_server, unique_name("due"))
    runtime = runtime_on(postgres_server.connect_args(name))
    try:
        async with runtime.db.transaction() as tx:
            await tx.execute(DDL)
        yield Reminders(runtime)
    finally:
        await runtime.db.stop()
        await drop_database(postgres_server, name)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(clock, "now", made)
    return made
