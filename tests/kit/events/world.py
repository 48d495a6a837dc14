"""The tiny service on a fresh database with a log, for tests of relay, inbox and rebuild."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit import clock
from kit.db.database import Database, DatabaseSettings
from kit.events.bus import EventBus, Message, Record, TopicPartition
from kit.events.embedded import EmbeddedBus
from kit.events.envelope import Event, dead_letter_topic_of, to_headers, topic_of
from kit.events.filling import Filler
from kit.events.handlers import Subscriptions
from kit.events.inbox import InboxConsumer
from kit.events.kafka import KafkaBus
from kit.events.relay import Relay
from kit.ids import new_id
from kit.testing.postgres import TestServer, drop_database
from tests.kit.tiny import SETTINGS, Handlers, happened, rows, subscriptions_of, tiny_database

ROOT = Path(__file__).parents[3]
PROCESS = Path(__file__).with_name("tiny_process.py")
DEADLINE = 30.0


@dataclass
class Tiny:
    """The tiny service `service` and the service `source` that it hears, on one database."""

    db: Database
    bus: EventBus
    make_bus: Callable[[], EventBus]
    where: dict[str, Any]
    source: str
    service: str
    handlers: Handlers = field(default_factory=Handlers)
    _number: int = 0

    @property
    def subscriptions(self) -> Subscriptions:
        return subscriptions_of(self.service, self.source, self.handlers)

    @property
    def group(self) -> str:
        return f"crmesh.{self.service}.core"

    @property
    def topic(self) -> str:
        return topic_of(self.source)

    def event(self, n: int, key: str = "k", event_type: str | None = None) -> Event:
        self._number += 1
        return Event(
            id=new_id(),
            type=event_type or happened(self.source),
            source=f"/crmesh/{self.source}",
            subject=key,
            time=clock.now(),
            key=key,
            sequence=self._number,
            data=json.dumps({"n": n}).encode(),
        )

    async def publish(self, *events: Event) -> None:
        """Straight into the log."""
        await self.bus.publish(self.topic, [Message(e.key, e.data, tuple(to_headers(e))) for e in events])

    async def log(self, topic: str | None = None) -> list[Record]:
        """Everything in a topic, partition by partition."""
        found: list[Record] = []
        for partition, (first, end) in (await self.bus.bounds(topic or self.topic)).items():
            while first < end:
                records = await self.bus.read(partition, first, 500)
                found += records
                first = records[-1].offset + 1
        return found

    async def polled(self) -> dict[TopicPartition, list[Record]]:
        """The whole log as one poll would give it."""
        found: dict[TopicPartition, list[Record]] = {}
        for record in await self.log():
            found.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
        return found

    def consumer(self, bus: EventBus | None = None, handlers: Handlers | None = None) -> InboxConsumer:
        subscriptions = subscriptions_of(self.service, self.source, handlers or self.handlers)
        return InboxConsumer(self.db, bus or self.bus, subscriptions.lane("core"), SETTINGS)

    @asynccontextmanager
    async def running(self, *parts: Relay | InboxConsumer | Filler) -> AsyncIterator[None]:
        """Relays, consumers and fillers at work."""
        stop = asyncio.Event()
        tasks = [asyncio.create_task(part.run(stop)) for part in parts]
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), DEADLINE)

    async def process(self, what: str, crash_at: str = "") -> int:
        """Run `what` in a process of its own until it kills itself (or has settled); returns its exit code."""
        arguments = {"what": what, "where": self.where, "connect": dict(self.db.settings.connect)}
        arguments |= {"service": self.service, "source": self.source}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(PROCESS),
            json.dumps(arguments),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": ".", "CRMESH_CRASH_AT": crash_at},
        )
        try:
            return await asyncio.wait_for(process.wait(), DEADLINE)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def rows(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        return await rows(self.db, sql, *args)

    async def effects(self) -> list[tuple[str, int]]:
        return [(key, n) for key, n in await self.rows("SELECT key, n FROM effect ORDER BY id")]


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = DEADLINE) -> None:
    deadline = time.monotonic() + seconds
    while not await check():
        assert time.monotonic() < deadline, "it did not come about in time"
        await asyncio.sleep(0.03)


def by_key(pairs: Sequence[tuple[str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for key, n in pairs:
        found.setdefault(key, []).append(n)
    return found


@asynccontextmanager
async def tiny_on(server: TestServer, bootstrap: str | None) -> AsyncIterator[Tiny]:
    name = await tiny_database(server)
    connect = server.connect_args(name)

    def make_bus() -> EventBus:
        return KafkaBus(bootstrap, "tiny") if bootstrap else EmbeddedBus(connect)

    suffix = secrets.token_hex(4)
    db = Database(DatabaseSettings(connect, name="tiny", writers=20, readers=4))
    tiny = Tiny(db, make_bus(), make_bus, {"kafka": bootstrap}, f"source{suffix}", f"tiny{suffix}")
    await tiny.bus.start()
    try:
        topics = [topic_of(tiny.source), topic_of(tiny.service), dead_letter_topic_of(tiny.service)]
        await tiny.bus.ensure_topics(topics)
        yield tiny
    finally:
        await tiny.bus.stop()
        await db.stop()
        await drop_database(server, name)
