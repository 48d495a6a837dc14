"""Relay: sends outbox rows to the log, in order, by one active process per service.

The active relay holds a session advisory lock on a connection of its own. It reads and marks in
short autocommit statements and holds no transaction while the log acknowledges. After a crash
between send and mark the rows are sent again: duplicates, with first occurrences in order.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

import asyncpg
import structlog

from kit.db.database import TRANSIENT_ERRORS, Database, Row
from kit.events import outbox
from kit.events.bus import BusUnavailable, EventBus, Message
from kit.events.envelope import Event, to_headers, traced
from kit.events.faults import crash_point
from kit.events.gathering import SENDING
from kit.parts import is_cancelled
from kit.telemetry.metrics import Metrics

log = structlog.get_logger(__name__)

RETRYABLE: tuple[type[BaseException], ...] = (BusUnavailable, *TRANSIENT_ERRORS)
RELAY_LOCK = 0x43524D_01
BATCH = 500
IDLE_SECONDS = 0.04
RETRY_SECONDS = 0.5

_READ = """
SELECT id, topic, event_id, type, source, subject, key, sequence, time,
       correlation_id, causation_id, traceparent, data
FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT $1
"""
_MARK = "UPDATE outbox SET published_at = clock_timestamp() WHERE id = ANY($1::bigint[])"


def event_of(row: Row) -> Event:
    """The event of an outbox row."""
    return Event(
        id=row["event_id"],
        type=row["type"],
        source=row["source"],
        subject=row["subject"],
        time=row["time"],
        key=row["key"],
        sequence=row["sequence"],
        data=row["data"].encode(),
        correlation_id=row["correlation_id"],
        causation_id=row["causation_id"],
        traceparent=row["traceparent"],
    )


def _message(event: Event) -> Message:
    return Message(key=event.key, value=event.data, headers=tuple(to_headers(event)))


async def _send(bus: EventBus, rows: Sequence[Row], service: str = "") -> None:
    events = [event_of(row) for row in rows]
    with traced("producer", service, events) as sent:
        by_topic: dict[str, list[Message]] = {}
        for row, event in zip(rows, sent, strict=True):
            by_topic.setdefault(row["topic"], []).append(_message(event))
        for topic, messages in by_topic.items():
            await bus.publish(topic, messages)


class Relay:
    """Drains one service's outbox until stopped."""

    def __init__(self, db: Database, bus: EventBus, metrics: Metrics | None = None) -> None:
        self._metrics = metrics
        self._db = db
        self._bus = bus
        self._wake = outbox.listen()
        self.is_active = False
        self.sent = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Hold the lock and drain; nothing but `stop` ends it, errors are logged and retried."""
        while not stop.is_set():
            connection: asyncpg.Connection | None = None
            try:
                connection = await self._db.connect()
                await self._lead(connection, stop)
            except RETRYABLE as error:
                log.warning("relay_retry", service=self._db.settings.name, error=repr(error))
                await _pause(stop, RETRY_SECONDS)
            except (Exception, asyncio.CancelledError) as error:
                if is_cancelled(error):
                    raise
                log.error("relay_failed", service=self._db.settings.name, error=repr(error), exc_info=error)
                await _pause(stop, 4 * RETRY_SECONDS)
            finally:
                self.is_active = False
                if connection is not None:
                    connection.terminate()

    async def _lead(self, connection: asyncpg.Connection, stop: asyncio.Event) -> None:
        while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", RELAY_LOCK):
            if await _pause(stop, RETRY_SECONDS):
                return
        self.is_active = True
        # A mark that a crash of the server takes back is a row sent twice, which the inbox drops: no need to wait for
        # the disk.
        await connection.execute("SET synchronous_commit = off")
        while not stop.is_set():
            self._wake.clear()
            began = time.monotonic()
            if await self.drain_once(connection) < BATCH:
                await _pause(stop, SENDING.pause(time.monotonic() - began))
                await self._idle(stop)
        while await self.drain_once(connection) == BATCH:
            continue

    async def drain_once(self, connection: asyncpg.Connection) -> int:
        """Send and mark one batch; returns how many rows it had."""
        rows = await connection.fetch(_READ, BATCH)
        if rows:
            crash_point("relay.before_send")
            await _send(self._bus, rows, self._db.settings.name)
            crash_point("relay.before_mark")
            await connection.execute(_MARK, [row["id"] for row in rows])
            self.sent += len(rows)
            if self._metrics is not None:
                for event_type, count in Counter(row["type"] for row in rows).items():
                    self._metrics.published(event_type, count)
        return len(rows)

    async def _idle(self, stop: asyncio.Event) -> None:
        if self._wake.is_set() or stop.is_set():
            return
        try:
            await asyncio.wait_for(self._wake.wait(), IDLE_SECONDS)
        except TimeoutError:
            return


async def _pause(stop: asyncio.Event, seconds: float) -> bool:
    """Sleep unless stopped; returns whether `stop` is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True
