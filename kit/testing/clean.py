"""Emptying a database between two tests that share it: cheaper than a new one by far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

WAIT_MS: Final = 2000
"""How long a row may be locked by what a test has left running."""

_TABLES = """
SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') AND tablename <> 'alembic_version'
ORDER BY 1
"""
_FILLED = "SELECT EXISTS (SELECT FROM {table})"
_ROWS = "SELECT jsonb_agg(to_jsonb(t))::text FROM {table} t"
_PUT_BACK = "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1)"
# Without triggers and foreign keys the order of the tables says nothing, and no trigger keeps a sum meanwhile.
_BEGIN = f"SET LOCAL lock_timeout = {WAIT_MS}; SET LOCAL session_replication_role = replica"
_SEQUENCES = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences WHERE last_value IS NOT NULL
"""
_CULPRITS = """
SELECT pid, application_name, state, query FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""

_POSITIONS = """
SELECT format('%I.%I', schemaname, sequencename) AS name, last_value FROM pg_sequences WHERE last_value IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Seed:
    """What a fresh database holds: rows (JSON) by table and positions of sequences, as the migrations left them."""

    rows: dict[str, str] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)


class LeftRunning(AssertionError):
    """A test ended while a transaction of its own held rows or tables."""


async def seed_of(connection: asyncpg.Connection) -> Seed:
    """What the fresh database holds, so that it stays."""
    tables = [row["name"] for row in await connection.fetch(_TABLES)]
    filled = [table for table in tables if await connection.fetchval(_FILLED.format(table=table))]
    rows = {table: await connection.fetchval(_ROWS.format(table=table)) for table in filled}
    return Seed(rows, {row["name"]: row["last_value"] for row in await connection.fetch(_POSITIONS)})


async def clean(connection: asyncpg.Connection, seed: Seed) -> None:
    """Leave the rows of `seed` and nothing else; sequences go back too.

    Tables made meanwhile (those of the embedded log) are emptied too. The user must be a superuser. Raises LeftRunning,
    with what the sessions of the test were doing, when one holds a lock for two seconds; they are ended and the
    database is empty all the same, so that only the test that left them fails.
    """
    try:
        await _empty(connection, seed)
    except asyncpg.LockNotAvailableError:
        culprits = [dict(row) for row in await connection.fetch(_CULPRITS)]
        for culprit in culprits:
            await connection.execute("SELECT pg_terminate_backend($1, 1000)", culprit["pid"])
        await _empty(connection, seed)
        raise LeftRunning(f"the test has left a transaction open: {_told(culprits)}") from None


async def _empty(connection: asyncpg.Connection, seed: Seed) -> None:
    async with connection.transaction():
        await connection.execute(_BEGIN)
        tables = [row["name"] for row in await connection.fetch(_TABLES)]
        await connection.execute("; ".join(f"DELETE FROM {table}" for table in tables))
        await connection.fetch(_SEQUENCES)
        for table, rows in seed.rows.items():
            await connection.execute(_PUT_BACK.format(table=table), rows)
        for sequence, position in seed.positions.items():
            await connection.execute("SELECT setval($1::text::regclass, $2)", sequence, position)


def _told(culprits: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{row['application_name'] or 'session'} {row['pid']}, {row['state']}: {' '.join(row['query'].split())}"
        for row in culprits
    )
