"""An audit log of its own, and its sealer."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.schema import CreateTable

from kit.db.database import Database, DatabaseSettings
from kit.security.audit_chain import AuditSealer
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name
from tests.kit.security.chain import KEY, Audit
from tests.kit.tiny import POSTGRESQL


@pytest.fixture
async def db(postgres_server: TestServer) -> AsyncIterator[Database]:
    name = await create_database(postgres_server, unique_name("chain"))
    database = Database(DatabaseSettings(connect=postgres_server.connect_args(name), writers=12))
    try:
        async with database.transaction() as tx:
            await tx.execute(str(CreateTable(Audit.metadata.tables["audit_log"]).compile(dialect=POSTGRESQL)))
        yield database
    finally:
        await database.stop()
        await drop_database(postgres_server, name)


@pytest.fixture
def sealer(db: Database) -> AuditSealer:
    return AuditSealer(db, KEY)
