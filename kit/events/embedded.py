"""The event log in PostgreSQL: partitions, offsets, groups and redelivery as Kafka has them.

Why it is right: writers of a topic take turns under an advisory lock that is released after their
commit is visible, so offsets follow commit order and a reader never sees a gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

import asyncpg
import structlog

from kit.events.bus import (
    TOPIC_SETTINGS,
    BusUnavailable,
    Message,
    Record,
    StartOffsets,
    TopicPartition,
    TopicState,
)
from kit.events.embedded_common import (
    CHANNEL,
    CONNECTION_ERRORS,
    RECORD_COLUMNS,
    RELEASED,
    lock_key,
    pack_headers,
    to_record,
    unavailable_when_lost,
)
from kit.events.embedded_consumer import EmbeddedConsumer
from kit.events.embedded_locks import SharedLocks
from kit.events.envelope import PARTITIONS
from kit.events.partitions import partition_of

log = structlog.get_logger(__name__)

_CHUNK_MESSAGES = 1000
_CHUNK_BYTES = 16 * 1024 * 1024
_RECONNECT_SECONDS = 0.5
_CLOSE_SECONDS = 5.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS log_topic (topic text PRIMARY KEY);
CREATE TABLE IF NOT EXISTS log_record (
    topic text NOT NULL,
    partition int NOT NULL,
    "offset" bigint NOT NULL,
    key text NOT NULL,
    value bytea NOT NULL,
    headers text NOT NULL,
    timestamp_ms bigint NOT NULL,
    PRIMARY KEY (topic, partition, "offset")
);
CREATE TABLE IF NOT EXISTS group_offset (
    group_name text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    "offset" bigint NOT NULL,
    PRIMARY KEY (group_name, topic, partition)
);
"""

_APPEND = """
WITH ends AS (
    SELECT p, (SELECT coalesce(max(r."offset") + 1, 0) FROM log_record r WHERE r.topic = $1 AND r.partition = p) AS next
    FROM generate_series(0, $2::int - 1) AS p
)
INSERT INTO log_record (topic, partition, "offset", key, value, headers, timestamp_ms)
SELECT t.topic, m.partition, e.next + row_number() OVER (PARTITION BY m.partition ORDER BY m.place) - 1,
       m.key, m.value, m.headers, (extract(epoch FROM clock_timestamp()) * 1000)::bigint
FROM unnest($3::int[], $4::text[], $5::bytea[], $6::text[])
     WITH ORDINALITY AS m (partition, key, value, headers, place)
JOIN ends e ON e.p = m.partition
JOIN log_topic t ON t.topic = $1
"""

_BOUNDS = """
SELECT p AS partition,
       (SELECT min(r."offset") FROM log_record r WHERE r.topic = $1 AND r.partition = p) AS first,
       (SELECT max(r."offset") FROM log_record r WHERE r.topic = $1 AND r.partition = p) AS last
FROM generate_series(0, $2::int - 1) AS p
WHERE EXISTS (SELECT FROM log_topic WHERE topic = $1)
"""

_READ = f"""
SELECT {RECORD_COLUMNS} FROM log_record r
WHERE r.topic = $1 AND r.partition = $2 AND r."offset" >= $3 ORDER BY r."offset" LIMIT $4
"""


def _chunks(messages: Sequence[Message]) -> list[list[Message]]:
    chunks: list[list[Message]] = [[]]
    size = 0
    for message in messages:
        if chunks[-1] and (len(chunks[-1]) >= _CHUNK_MESSAGES or size + len(message.value) > _CHUNK_BYTES):
            chunks.append([])
            size = 0
        chunks[-1].append(message)
        size += len(message.value)
    return chunks


class EmbeddedBus:
    """The log in one PostgreSQL database; connections: up to `pool_size`, one that listens, and one for
    the locks of all active consumers. `connect_args` go to `asyncpg.connect`; a missing database they name is
    created."""

    def __init__(self, connect_args: Mapping[str, Any], *, pool_size: int = 4, fallback_poll: float = 1.0) -> None:
        self.connect_args = dict(connect_args)
        self.fallback_poll = fallback_poll
        self._pool_size = pool_size
        self._pool: asyncpg.Pool | None = None
        self._id = uuid4().hex
        self._listener: asyncio.Task[None] | None = None
        self._members: set[EmbeddedConsumer] = set()
        self._writers: dict[str, asyncio.Lock] = {}
        self.locks = SharedLocks(self.connect)

    async def start(self) -> None:
        """Create what is missing and begin to listen; idempotent. BusUnavailable when there is no server."""
        if self._pool is not None:
            return
        async with unavailable_when_lost():
            await self._ensure_database()
            pool = asyncpg.create_pool(min_size=0, max_size=self._pool_size, **self.connect_args)
            self._pool = await pool
        try:
            await self.ensure_schema()
        except BaseException:
            self._pool = None
            await pool.close()
            raise
        self._listener = asyncio.create_task(self._listen(), name="embedded log listener")

    async def stop(self) -> None:
        """Close every connection of the bus; consumers close their own."""
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener
            self._listener = None
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await pool.close()
            except TimeoutError:
                pool.terminate()

    async def connect(self) -> Any:
        """A connection outside the pool; the caller closes it."""
        return await asyncpg.connect(**self.connect_args)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """A pooled connection; errors of the connection become BusUnavailable."""
        if self._pool is None:
            raise BusUnavailable("the embedded log is not started")
        async with unavailable_when_lost(), self._pool.acquire() as connection:
            yield connection

    async def ensure_schema(self) -> None:
        """Create the tables of the log; safe when several do it at once."""
        async with self.connection() as connection, connection.transaction():
            await connection.execute(f"SELECT pg_advisory_xact_lock({lock_key('schema')})")
            await connection.execute(_SCHEMA)

    async def ensure_topics(self, topics: Sequence[str]) -> None:
        """Create missing topics; idempotent."""
        async with self.connection() as connection:
            await connection.execute(
                "INSERT INTO log_topic (topic) SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING",
                sorted(set(topics)),
            )

    async def describe_topics(self, topics: Sequence[str]) -> dict[str, TopicState]:
        """Every topic of this log is kept in the same way, once."""
        async with self.connection() as connection:
            rows = await connection.fetch("SELECT topic FROM log_topic WHERE topic = ANY($1::text[])", list(topics))
        state = TopicState(PARTITIONS, 1, 1, {**TOPIC_SETTINGS, "min.insync.replicas": "1"})
        return {row["topic"]: state for row in rows}

    async def configure_topics(self, topics: Sequence[str]) -> None:
        """Nothing to do: no setting can be another one. An unknown topic is BusUnavailable."""
        if missing := set(topics) - set(await self.describe_topics(topics)):
            raise BusUnavailable(f"no topics {sorted(missing)}")

    async def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """Append all messages in one transaction: all or none. An unknown topic is BusUnavailable."""
        if not messages:
            return
        async with AsyncExitStack() as stack:
            # Writers of this process queue here, not in the database where each would hold a connection.
            await stack.enter_async_context(self._writers.setdefault(topic, asyncio.Lock()))
            connection = await stack.enter_async_context(self.connection())
            await stack.enter_async_context(connection.transaction())
            await connection.execute(f"SELECT pg_advisory_xact_lock({lock_key('publish', topic)})")
            for chunk in _chunks(messages):
                await self._append(connection, topic, chunk)
            await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{self._id}:{topic}")
        self._wake(topic)

    async def _append(self, connection: Any, topic: str, chunk: Sequence[Message]) -> None:
        status = await connection.execute(
            _APPEND,
            topic,
            PARTITIONS,
            [partition_of(message.key) for message in chunk],
            [message.key for message in chunk],
            [message.value for message in chunk],
            [pack_headers(message.headers) for message in chunk],
        )
        if status != f"INSERT 0 {len(chunk)}":
            raise BusUnavailable(f"no topic {topic}")

    def consumer(
        self, group: str, topics: Sequence[str], start_offsets: StartOffsets | None = None, patience: float = 0.0
    ) -> EmbeddedConsumer:
        """A new, not yet started member of `group`; reads are cheap here, and nobody gathers, whatever its patience."""
        del patience
        return EmbeddedConsumer(self, group, topics, start_offsets)

    async def read(self, partition: TopicPartition, offset: int, max_records: int) -> list[Record]:
        """Records from `offset` on without a group; empty at the end."""
        async with self.connection() as connection:
            rows = await connection.fetch(_READ, partition.topic, partition.partition, offset, max_records)
        return [to_record(row) for row in rows]

    async def bounds(self, topic: str) -> dict[TopicPartition, tuple[int, int]]:
        """First available and next offset of each partition; an unknown topic is BusUnavailable."""
        async with self.connection() as connection:
            rows = await connection.fetch(_BOUNDS, topic, PARTITIONS)
        if not rows:
            raise BusUnavailable(f"no topic {topic}")
        return {
            TopicPartition(topic, row["partition"]): (0, 0) if row["last"] is None else (row["first"], row["last"] + 1)
            for row in rows
        }

    async def committed(self, group: str, topic: str) -> dict[TopicPartition, int]:
        """Committed next offsets of a group."""
        async with self.connection() as connection:
            rows = await connection.fetch(
                'SELECT partition, "offset" FROM group_offset WHERE group_name = $1 AND topic = $2', group, topic
            )
        return {TopicPartition(topic, partition): offset for partition, offset in rows}

    def join(self, member: EmbeddedConsumer) -> None:
        """Wake this member on news of its topics."""
        self._members.add(member)

    def leave(self, member: EmbeddedConsumer) -> None:
        """No longer wake it."""
        self._members.discard(member)

    def _wake(self, topic: str | None = None, *, released: bool = False) -> None:
        for member in tuple(self._members):
            if topic is None or topic in member.topics:
                member.wake(released=released)

    async def _ensure_database(self) -> None:
        try:
            connection = await self.connect()
        except asyncpg.InvalidCatalogNameError:
            if "database" not in self.connect_args:
                raise
            name = str(self.connect_args["database"]).replace('"', '""')
            server = await asyncpg.connect(**{**self.connect_args, "database": "postgres"})
            try:
                with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                    await server.execute(f'CREATE DATABASE "{name}"')
            finally:
                await server.close()
        else:
            await connection.close()

    async def _listen(self) -> None:
        """Keep one connection listening; whenever it is new, wake all: news may have been missed."""
        while True:
            try:
                connection = await self.connect()
            except (*CONNECTION_ERRORS, asyncpg.PostgresError) as error:
                log.warning("embedded_log.listener_unavailable", error=repr(error))
                await asyncio.sleep(_RECONNECT_SECONDS)
                continue
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _connection, lost=lost: lost.set())
            try:
                async with unavailable_when_lost():
                    await connection.add_listener(CHANNEL, self._heard)
                self._wake(released=True)
                await lost.wait()
            except BusUnavailable as error:
                log.warning("embedded_log.listener_lost", error=str(error))
            finally:
                connection.terminate()

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        sender, _, topic = str(payload).partition(":")
        if sender != self._id:
            self._wake(topic, released=sender == RELEASED)
