"""An own PostgreSQL for this folder, and an empty database for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path

import pytest

from kit.db.database import Database, DatabaseSettings
from kit.native.postgres import EmbeddedPostgres

_numbers = count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    folder: Path = tmp_path_factory.mktemp("postgres")
    postgres = EmbeddedPostgres(folder, fast=True)
    asyncio.run(postgres.start())
    yield postgres
    asyncio.run(postgres.destroy())


@pytest.fixture
async def database(server: EmbeddedPostgres) -> AsyncIterator[Database]:
    name = f"db_{next(_numbers)}"
    await server.ensure_database(name)
    database = Database(DatabaseSettings(server.connect_args(name), writers=8))
    yield database
    await database.stop()
