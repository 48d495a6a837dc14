"""What every service's handlers must stand: a suite over one service, its real database and the embedded log.

A story prepares the service and gives the events it hears. The suite lets the consumer and the relay work the story
under trouble and looks at everything the service then knows and has said, with ids replaced by the place where they
first appear in the story and times left out: two runs of a story are comparable, and must be equal.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from bench.faults.rules import counter_of
from kit.events import inbox, relay
from kit.events.bus import Message
from kit.events.envelope import Event, dead_letter_topic_of, from_headers, to_headers, topic_of
from kit.events.handlers import topic_of_type
from kit.events.inbox import InboxConsumer
from kit.events.rebuild import rebuild
from kit.events.relay import Relay
from kit.events.status import delivery_status
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, service_harness

SERVICES = ("customer", "targets", "channels", "risk")
POINTS = (
    "inbox.before_effect",
    "inbox.after_effect",
    "inbox.before_commit",
    "relay.before_send",
    "relay.before_mark",
)
DELIVERY_TABLES = {
    "inbox",
    "consumer_offset",
    "parked_event",
    "projection_state",
    "job",
    "idempotency_key",
    "audit_log",
    "outbox",
}
MARKS = {"indicator_mark", "credit_mark"}
"""What is to be looked at again: a batch marks it once, so which rows there are counts, not how many of each."""
DEADLINE_SECONDS = 60.0

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[0-9.]*(?:Z|[+-]\d\d(?::\d\d)?)?")
_OF_OTHER_KEYS = re.compile(r"""(["']partner_exposure["'](?:: ?|, ))(?:-?\d+|null|None)""")
"""What a decision saw of a partner: orders of any account, whichever came first."""
_HASH = re.compile(r"\b[0-9a-f]{64}\b")
_SAID = """
SELECT type, subject, key, sequence, causation_id, data FROM outbox WHERE topic LIKE '%.events.v1' ORDER BY id
"""


class Crash(BaseException):
    """The process is gone at this point."""


@dataclass
class Stage:
    """A service with a log."""

    harness: ServiceHarness

    @property
    def service(self) -> str:
        return self.harness.subscriptions.service

    async def publish(self, events: Iterable[Event]) -> None:
        """Into the log, in this order."""
        for event in events:
            message = Message(event.key, event.data, tuple(to_headers(event)))
            await self.harness.runtime.bus.publish(topic_of_type(event.type), [message])

    async def hear(self, *events: Event) -> None:
        """Into the log, and worked."""
        await self.publish(events)
        await self.work()

    async def work(self, workers: int = 1) -> None:
        """Run consumers and relays until nothing waits; an end by `Crash` is passed on."""
        runtime, stop = self.harness.runtime, asyncio.Event()
        parts: list[InboxConsumer | Relay] = []
        for _ in range(workers):
            for lane in self.harness.subscriptions.lanes:
                parts += [InboxConsumer(runtime.db, runtime.bus, lane, runtime.settings)]
            parts += [Relay(runtime.db, runtime.bus)]
        tasks = [asyncio.create_task(part.run(stop)) for part in parts]
        settled = asyncio.create_task(self._settled())
        try:
            done, _ = await asyncio.wait([*tasks, settled], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            stop.set()
            settled.cancel()
            for task in [*tasks, settled]:
                with contextlib.suppress(Crash, asyncio.CancelledError):
                    await task

    async def _settled(self) -> None:
        runtime, deadline = self.harness.runtime, time.monotonic() + DEADLINE_SECONDS
        while True:
            async with runtime.db.reading() as tx:
                if (await delivery_status(tx, runtime.bus, self.harness.subscriptions)).is_settled():
                    return
            assert time.monotonic() < deadline, "it does not settle"
            await asyncio.sleep(0.01)

    async def forget(self) -> None:
        """Purge the inbox, as housekeeping does after two weeks."""
        async with self.harness.transaction() as tx:
            await tx.execute("DELETE FROM inbox")

    async def said(self) -> list[Event]:
        """First occurrences of the service's own facts in the log."""
        bus, found = self.harness.runtime.bus, dict[Any, Event]()
        for partition, (first, end) in (await bus.bounds(topic_of(self.service))).items():
            for record in await bus.read(partition, first, end - first) if end else ():
                event = from_headers(record.headers, record.value)
                found.setdefault(event.id, event)
        return list(found.values())


Story = Callable[[Stage], Awaitable[list[Event]]]


@asynccontextmanager
async def staged(server: TestServer, service: str) -> AsyncIterator[Stage]:
    """The service on a fresh database that holds the log as well."""
    async with service_harness(server, service) as harness:
        bus = harness.runtime.bus
        await bus.start()
        await bus.ensure_topics([topic_of(name) for name in SERVICES] + [dead_letter_topic_of(service)])
        try:
            yield Stage(harness)
        finally:
            await bus.stop()


@contextlib.contextmanager
def crashing(patch: pytest.MonkeyPatch, point: str, count: int) -> Iterator[None]:
    """End the worker when it passes a crash point for the n-th time."""
    left = count

    def crash_point(name: str) -> None:
        nonlocal left
        left -= name == point
        if name == point and left <= 0:
            raise Crash(point)

    with patch.context() as inner:
        inner.setattr(inbox, "crash_point", crash_point)
        inner.setattr(relay, "crash_point", crash_point)
        yield


class Canon:
    """Texts in which runs of one story are equal."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._places: dict[str, str] = {}
        for event in events:
            for one in _UUID.findall(" ".join([str(event.id), event.key, event.subject, event.data.decode()])):
                self._places.setdefault(one, f"id-{len(self._places)}")

    def __call__(self, value: object) -> str:
        """Known ids by their place; other ids, times and hashes (of ids) left out."""
        text = _UUID.sub(lambda found: self._places.get(found[0], "*"), str(value))
        text = _OF_OTHER_KEYS.sub(r"\1*", text)
        return _HASH.sub("hash", _MOMENT.sub("then", text))


async def knowledge(stage: Stage, events: Sequence[Event], without: Sequence[str] = ()) -> dict[str, list[str]]:
    """Every row of every table the service has, and every fact it has announced, in canonical form.

    `without`: tables whose rows depend on the order across keys, of which only the count is kept.
    """
    canon = Canon(events)
    found: dict[str, list[str]] = {}
    tables = importlib.import_module(f"services.{stage.service}.tables").METADATA.tables
    labels = await stage.harness.rows("SELECT * FROM credit_label") if "credit_label" in tables else []
    words = {row["id"]: canon((row["kind"], row["value"])) for row in labels}  # ids are hashes, also of ids
    for name in sorted(set(tables) - DELIVERY_TABLES):
        rows = await stage.harness.rows(f'SELECT * FROM "{name}"')
        named = [
            {column: words.get(value, value) if isinstance(value, int) else value for column, value in row.items()}
            for row in map(_without_places, rows)
        ]
        if name == "conflict":  # numbered as they are found, by orders of any key
            named = [{column: value for column, value in row.items() if column != "number"} for row in named]
        if name == "account_owner":  # the moment of the change itself
            named = [{column: value for column, value in row.items() if column != "since"} for row in named]
        named = [part for row in named for part in _spread(row)] if name in MARKS else named
        texts = sorted(canon(sorted(row.items())) for row in named)
        texts = sorted(set(texts)) if name in MARKS else texts
        found[name] = [str(len(texts))] if name in without else texts
    said = [_without_places(row) for row in await stage.harness.rows(_SAID)]
    if "outbox" in without:
        said = [{name: row[name] for name in ("type", "causation_id")} for row in said]
    found["outbox"] = sorted(canon(sorted(row.items())) for row in said)
    return found


def _spread(row: dict[str, Any]) -> list[dict[str, Any]]:
    """A mark of many as a mark of each: one batch marks for all of its facts at once."""
    plain = {column: value for column, value in row.items() if not isinstance(value, list | tuple)}
    many = [value for value in row.values() if isinstance(value, list | tuple)]
    return [plain, *({**plain, "of": str(each)} for value in many for each in value)]


def _without_places(row: dict[str, Any]) -> dict[str, Any]:
    """Ids are drawn at random or from events: what matters is what they belong to."""
    return {name: value for name, value in row.items() if name != "at" and not name.endswith("_at")}


async def check_sound(stage: Stage) -> None:
    """Nothing parked; facts sent once, in order; rebuilds equal; audits find nothing."""
    harness = stage.harness
    assert await harness.parked() == []
    committed = [event.id for event in await harness.published()]
    said = await stage.said()
    assert sorted(event.id for event in said) == sorted(committed)
    latest: dict[tuple[str, str], int] = {}
    for event in said:
        counted = (counter_of(event.type), event.subject)
        assert event.sequence >= latest.get(counted, 0), f"{event.type} of {event.subject} out of order"
        latest[counted] = event.sequence
    for name in harness.subscriptions.projections:
        report = await rebuild(harness.runtime.db, harness.runtime.bus, harness.subscriptions, name)
        assert report.equal, report
    verify = importlib.import_module(f"services.{stage.service}.verify").verify
    findings = await verify(harness.runtime.db, harness.runtime.bus)
    assert [finding for finding in findings if not finding.ok] == []
