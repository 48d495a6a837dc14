"""An empty database for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kit.db.database import Database, DatabaseSettings
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name


@pytest.fixture
async def database(postgres_server: TestServer) -> AsyncIterator[Database]:
    name = await create_database(postgres_server, unique_name("db"))
    database = Database(DatabaseSettings(postgres_server.connect_args(name), writers=8))
    try:
        yield database
    finally:
        await database.stop()
        await drop_database(postgres_server, name)
