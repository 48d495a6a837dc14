"""One transaction handle (`Tx`) over one asyncpg connection, and the pools of one service's database.

SQL is written as SQL. Every handle speaks to exactly one connection; commit and rollback happen here
and nowhere else: the caller leaves the `async with` block normally (commit) or by an exception.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import Any, TypeVar, cast

import asyncpg
import orjson
from pydantic import BaseModel

from kit.db.pool import Connection, Pool, is_well

Row = asyncpg.Record
STOP_SECONDS = 10.0


Kind = TypeVar("Kind")
"""A row type: a model, or a NamedTuple in the order of the columns."""
Second = TypeVar("Second")


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return value.__dict__ if isinstance(value, BaseModel) else str(value)


def dumps(value: object) -> str:
    """JSON text for a json parameter or column; rows become objects, Decimals and bytes become text as
    PostgreSQL reads it."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _maker(kind: type[Kind]) -> Callable[[Row], Kind]:
    """How an object of this type is made of what the database gives."""
    if issubclass(kind, BaseModel):
        validate = kind.__pydantic_validator__.validate_python
        return lambda row: cast(Kind, validate(dict(row)))
    return lambda row: kind(*row)


@lru_cache(maxsize=256)
def _together(inserts: tuple[str, ...]) -> str:
    """One statement out of several INSERTs; the n-th reads parameter $n where it has $1."""
    *first, last = [insert.replace("$1", f"${number}") for number, insert in enumerate(inserts, 1)]
    named = ", ".join(f"insert_{number} AS ({insert})" for number, insert in enumerate(first, 1))
    return f"WITH {named} {last}" if first else last


@dataclass(slots=True)
class Tx:
    """Handle passed to every service and repository function.

    `after_commit` callbacks run once the commit has succeeded (never after a rollback); they only
    wake things up and must not fail. `kept` is what was found out under locks that are held to the end, by the name
    of who keeps it.
    """

    connection: Connection
    kept: dict[str, Any] = field(default_factory=dict)
    _appended: dict[str, list[Mapping[str, object]]] = field(default_factory=dict)
    _after_commit: list[Callable[[], None]] = field(default_factory=list)

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """All rows."""
        return await self.connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        """The first row, or None."""
        return await self.connection.fetchrow(sql, *args)

    async def rows(self, kind: type[Kind], sql: str, *args: object) -> list[Kind]:
        """All rows as typed objects; a model takes the columns by name, a NamedTuple in their order."""
        make = _maker(kind)
        return [make(row) for row in await self.connection.fetch(sql, *args)]

    async def row(self, kind: type[Kind], sql: str, *args: object) -> Kind | None:
        """The first row as a typed object, or None."""
        row = await self.connection.fetchrow(sql, *args)
        return None if row is None else _maker(kind)(row)

    async def column(self, _kind: type[Kind], sql: str, *args: object) -> list[Kind]:
        """The only column, whose values are of this type."""
        return [row[0] for row in await self.connection.fetch(sql, *args)]

    async def pairs(
        self, _first: type[Kind], _second: type[Second], sql: str, *args: object
    ) -> list[tuple[Kind, Second]]:
        """The only two columns, whose values are of these types."""
        return [(row[0], row[1]) for row in await self.connection.fetch(sql, *args)]

    async def fetchval(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        return await self.connection.fetchval(sql, *args)

    def stream(self, sql: str, *args: object) -> AsyncIterable[Row]:
        """All rows, fetched a thousand at a time; inside a transaction."""
        rows: AsyncIterable[Row] = self.connection.cursor(sql, *args, prefetch=1000)
        return rows

    async def stream_rows(self, kind: type[Kind], sql: str, *args: object) -> AsyncIterator[Kind]:
        """All rows as typed objects, fetched a thousand at a time; inside a transaction."""
        make = _maker(kind)
        async for row in self.stream(sql, *args):
            yield make(row)

    async def execute(self, sql: str, *args: object) -> int:
        """Run a statement; returns the number of rows it touched."""
        status = await self.connection.execute(sql, *args)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def copy(self, table: str, columns: Sequence[str], records: Iterable[Sequence[object]]) -> int:
        """Bulk insert by COPY; returns the number of rows."""
        status = await self.connection.copy_records_to_table(table, columns=columns, records=records)
        return int(status.rpartition(" ")[2])

    def append(self, insert: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Rows that nobody looks for before the commit (events to send, audit, kept answers): those of all tables
        are written by one statement at the end. `insert` reads the rows from one json parameter, `$1`."""
        self._appended.setdefault(insert, []).extend(rows)

    async def flush(self) -> None:
        """Write what was appended; called by the owner of the transaction before its commit."""
        if self._appended:
            appended, self._appended = self._appended, {}
            await self.connection.fetch(_together(tuple(appended)), *map(dumps, appended.values()))

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What happens inside is undone when the block raises; the transaction goes on."""
        before = {insert: len(rows) for insert, rows in self._appended.items()}
        try:
            async with self.connection.transaction():
                yield
        except BaseException:
            self._appended = {insert: self._appended[insert][:count] for insert, count in before.items()}
            raise

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Run `callback` after a successful commit; the same callback runs once."""
        if callback not in self._after_commit:
            self._after_commit.append(callback)

    def committed(self) -> None:
        """Called by the owner of the transaction after its commit."""
        for callback in self._after_commit:
            callback()
        self._after_commit.clear()


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where a service's database is and how much of it may be used.

    `connect` are keyword arguments of `asyncpg.connect` (dsn, or host/user/database).
    """

    connect: Mapping[str, Any]
    name: str = "crmesh"
    writers: int = 4
    readers: int = 3
    statement_timeout_ms: int = 30_000
    lock_timeout_ms: int = 5_000


async def _keep_state(_connection: Connection) -> None:
    """Returned connections need no RESET round trip: only SET LOCAL and transaction locks are used."""


class Database:
    """Pools of one database: read-write transactions and read-only autocommit reads."""

    def __init__(self, settings: DatabaseSettings) -> None:
        self.settings = settings
        self._writers: Pool | None = None
        self._readers: Pool | None = None
        self._lock = asyncio.Lock()

    async def _pool(self, size: int, *, read_only: bool) -> Pool:
        pool = await asyncpg.create_pool(
            **self.settings.connect,
            min_size=0,
            max_size=size,
            reset=_keep_state,
            max_inactive_connection_lifetime=60,
            server_settings=self.server_settings(read_only=read_only),
        )
        return Pool(pool, size)

    def server_settings(self, *, read_only: bool = False) -> dict[str, str]:
        """Session settings of every connection."""
        return {
            "application_name": f"crmesh-{self.settings.name}",
            "timezone": "UTC",
            "statement_timeout": str(self.settings.statement_timeout_ms),
            "lock_timeout": str(self.settings.lock_timeout_ms),
            "idle_in_transaction_session_timeout": "60000",
            "default_transaction_read_only": "on" if read_only else "off",
            "jit": "off",
            "random_page_cost": "1.1",  # solid state: otherwise tables of some hundred rows are read whole
            # Commands look rows up by keys: one plan serves all values, and planning costs more than running it.
            # Lists stay with the planner: a rare value of a filter may want another index than a frequent one. But it
            # charges planning a thousand of these by the table, a quarter of what a look-up by keys really takes.
            "plan_cache_mode": "auto" if read_only else "force_generic_plan",
            "cpu_operator_cost": "0.01" if read_only else "0.0025",
        }

    async def start(self) -> None:
        """Create the pools; connections open on first use."""
        async with self._lock:
            if self._writers is None:
                self._writers = await self._pool(self.settings.writers, read_only=False)
                self._readers = await self._pool(self.settings.readers, read_only=True)

    async def stop(self) -> None:
        """Close every connection, waiting a moment for those in use."""
        async with self._lock:
            pools, self._writers, self._readers = (self._writers, self._readers), None, None
            for pool in pools:
                if pool is not None:
                    await pool.close(STOP_SECONDS)

    def connections_in_use(self, *, read_only: bool = False) -> int:
        """How many connections of a pool somebody works with right now."""
        pool = self._readers if read_only else self._writers
        return 0 if pool is None else pool.in_use

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """One read-write transaction: commits when the block ends, rolls back when it raises."""
        if self._writers is None:
            await self.start()
        assert self._writers is not None
        async with self._writers.lend() as connection:
            tx = Tx(connection)
            async with connection.transaction():
                yield tx
                await tx.flush()
        tx.committed()

    def reading(self) -> Reading:
        """Read-only autocommit statements (no BEGIN); may point at a replica."""
        return Reading(self)

    async def readers(self) -> Pool:
        """The pool of the reading connections, made on first use."""
        if self._readers is None:
            await self.start()
        assert self._readers is not None
        return self._readers

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Tx]:
        """A read-only REPEATABLE READ transaction: every statement sees the same state."""
        readers = await self.readers()
        async with (
            readers.lend() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield Tx(connection)

    async def connect(self) -> asyncpg.Connection:
        """A connection of one's own outside the pools (session locks, rebuilds); the caller closes it."""
        return await asyncpg.connect(**self.settings.connect, server_settings=self.server_settings())


class Reading:
    """See Database.reading. A class: it is on the way of every read, and a generator costs more than the rest of it."""

    __slots__ = ("_connection", "_db", "_pool")

    def __init__(self, db: Database) -> None:
        self._db = db

    async def __aenter__(self) -> Tx:
        self._pool = await self._db.readers()
        self._connection = await self._pool.take()
        return Tx(self._connection)

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        await self._pool.give_back(self._connection, is_well=is_well(kind))


TRANSIENT_ERRORS: tuple[type[BaseException], ...] = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.PostgresConnectionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.DiskFullError,
    asyncpg.OutOfMemoryError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InvalidAuthorizationSpecificationError,  # a password is being changed
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a statement sent while the server's farewell is being read
    ConnectionError,
    OSError,
    TimeoutError,
)
"""Errors after which the same work may succeed (the server is away or full, or another transaction won)."""
