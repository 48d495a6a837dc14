"""Inbox: reads the log in batches, one transaction a batch, every event handled once.

In the transaction of the effects: the group's next offsets are moved (which also fences a member that
lost its partitions: it finds the offset moved and drops its records), and event ids are remembered
(which drops what a relay sent twice). The broker's offsets, by which others tell a lag, follow within a second.

A lane reads only what it handles: the type is looked up before anything is decoded, and positions behind skipped
records are stored with the next batch, when there is nothing else to do for a moment, or after a second.

A failed batch is worked one event at a time. An event that keeps failing parks its key: it and later
events of the key wait in `parked_event`, others flow; a copy with the error goes to the dead-letter topic.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from typing import Any

import structlog

from kit import clock
from kit.db.database import Database, Tx
from kit.db.rows import dumps
from kit.events import outbox, parked, projections, starts
from kit.events.bus import Consumer, ConsumerStalled, EventBus, Record, TopicPartition
from kit.events.commits import Commits
from kit.events.envelope import Event, UndecodableEvent, dead_letter_topic_of, from_headers, traced, type_of
from kit.events.faults import crash_point
from kit.events.gathering import DECISIONS, DERIVED, LABELS
from kit.events.handlers import Lane
from kit.events.outages import RETRYABLE, is_outage
from kit.events.starts import stored_offsets
from kit.parts import is_cancelled
from kit.settings import ServiceSettings
from kit.telemetry.metrics import Metrics
from kit.telemetry.tracing import continuing
from kit.work import system_work

log = structlog.get_logger(__name__)

BATCH = 500
POLL_SECONDS = 1.0
IDLE_SECONDS = 0.2
"""Without news for so long, positions behind skipped records are stored. While others write, news come more often: a
transaction for each pause between two would cost as much as those that do something."""
SKIPPED_SECONDS = 1.0
"""They are stored after this time at the latest."""
FAILURE_SECONDS = 2.0
"""Before a new client after an error nobody thought of."""
MAX_ATTEMPTS = 6
"""Tries of one event before its key is parked."""
SILENT_SECONDS = 120.0
"""A batch is worked in less, and every wait for the log or the database ends earlier."""
MAX_STALLS = 3
"""Clients in a row that brought nothing though the log went on: only a new process may help."""
START_SECONDS = 60.0

_MOVE_OFFSETS = """
INSERT INTO consumer_offset AS o (grp, topic, partition, next_offset)
SELECT $1, topic, partition, next_offset
FROM unnest($2::text[], $3::int[], $4::bigint[]) AS n(topic, partition, next_offset)
ORDER BY topic, partition
ON CONFLICT (grp, topic, partition) DO UPDATE SET next_offset = GREATEST(o.next_offset, excluded.next_offset)
RETURNING o.topic, o.partition, old.next_offset AS before
"""
_REMEMBER = """
INSERT INTO inbox (grp, event_id) SELECT $1, id FROM unnest($2::uuid[]) AS n(id)
WHERE NOT EXISTS (SELECT FROM inbox f WHERE f.grp = $3 AND f.event_id = n.id)
ORDER BY id ON CONFLICT DO NOTHING RETURNING event_id
"""


class InboxConsumer:
    """Feeds one lane of a service until stopped. Consumers with the same `turn` have one transaction at a time."""

    def __init__(
        self,
        db: Database,
        bus: EventBus,
        lane: Lane,
        settings: ServiceSettings,
        metrics: Metrics | None = None,
        turn: AbstractAsyncContextManager[Any] | None = None,
    ) -> None:
        self._metrics = metrics
        self._turn = turn or nullcontext()
        self._settings = settings
        self._db = db
        self._bus = bus
        self._lane = lane
        self.group = lane.group
        self._gathering = {"core": DECISIONS, "directory": LABELS, "insight": DERIVED}[lane.name]
        self._skipped: dict[TopicPartition, int] = {}
        self._skipped_at = 0.0
        self._commits = Commits()
        self._projection = ""
        self._set_aside = False
        self.handled = 0
        self.last_beat = time.monotonic()
        self.stalls = 0

    def is_stuck(self) -> bool:
        """Whether the watchdog gives up. A log or database that is away does not count: waiting goes on."""
        is_silent = bool(self._lane.topics()) and time.monotonic() - self.last_beat > SILENT_SECONDS
        return is_silent or self.stalls >= MAX_STALLS

    async def run(self, stop: asyncio.Event) -> None:
        """Join the group and work; a failing log client is replaced by a new one.

        Nothing ends this loop but `stop`: an unexpected error is logged and the records come again.
        """
        if not self._lane.topics():
            await stop.wait()
            return
        while not stop.is_set():
            consumer = self._bus.consumer(self.group, self._lane.topics(), self._start_offsets, self._gathering.held)
            try:
                await starts.ensure(self._db, self._bus, self._lane.door)
                if await self._must_wait(stop):
                    continue
                await self._release()
                try:
                    async with asyncio.timeout(START_SECONDS):
                        await consumer.start()
                    await self._work(consumer, stop)
                finally:
                    await consumer.stop()
            except ConsumerStalled as error:
                self.stalls += 1
                log.warning("consumer_stalled", group=self.group, stalls=self.stalls, error=repr(error))
            except RETRYABLE as error:
                log.warning("consumer_retry", group=self.group, error=repr(error))
                await _sleep(stop, 0.5)
            except (Exception, asyncio.CancelledError) as error:
                if is_cancelled(error):
                    raise
                log.error("consumer_failed", group=self.group, error=repr(error), exc_info=error)
                await _sleep(stop, FAILURE_SECONDS)
            self.last_beat = time.monotonic()

    async def _must_wait(self, stop: asyncio.Event) -> bool:
        """What core reads is filled before core runs on it."""
        if not await projections.holds_up(self._db, self._lane):
            return False
        log.info("lane_waits_for_projections", group=self.group)
        await _sleep(stop, POLL_SECONDS)
        return True

    async def _release(self) -> None:
        """Handle what was parked for the sake of projections that have been set aside; what fails again stays."""
        async with self._db.reading() as tx:
            keys = await projections.held_for(tx, self._lane)
        for key in keys:
            try:
                await parked.retry_in(self._db, self._lane, self._settings, key)
            except Exception as error:
                if is_outage(error):
                    raise
                log.warning("still_parked", group=self.group, key=key, error=repr(error))
        self._set_aside = False

    async def _start_offsets(self, partitions: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        async with self._db.reading() as tx:
            stored = await stored_offsets(tx, self.group, sorted({p.topic for p in partitions}))
        starts_at = {partition: stored[partition] for partition in partitions if partition in stored}
        self._commits.note({each: at for each, at in starts_at.items() if at})  # who ended may not have committed them
        return starts_at

    async def _work(self, consumer: Consumer, stop: asyncio.Event) -> None:
        self._skipped.clear()
        try:
            while not stop.is_set():
                await self._turn_of(consumer, stop)
        finally:
            await self._commits.send(consumer, all_of_them=True)

    async def _turn_of(self, consumer: Consumer, stop: asyncio.Event) -> None:
        """Handle what one poll brings; store and commit what is due."""
        polled = await consumer.poll(BATCH, self._commits.patience(IDLE_SECONDS if self._skipped else POLL_SECONDS))
        began = self.last_beat = time.monotonic()
        if polled:
            self.stalls = 0
            if applied := await self.handle(polled, stop):
                crash_point("inbox.before_commit")
                self._commits.note(applied)
            if sum(map(len, polled.values())) < BATCH:
                await _sleep(stop, self._gathering.pause(time.monotonic() - began))
        if self._skipped and (not polled or stop.is_set() or began - self._skipped_at > SKIPPED_SECONDS):
            await self._store_skipped()
        await self._commits.send(consumer)

    async def _store_skipped(self) -> None:
        async with self._turn, self._db.transaction() as tx:
            await self._move(tx, self._skipped)
        self._commits.note(self._skipped)
        self._skipped.clear()

    async def handle(
        self, polled: Mapping[TopicPartition, Sequence[Record]], stop: asyncio.Event
    ) -> dict[TopicPartition, int]:
        """Apply the lane's records exactly once; returns when all are applied or parked, with the next offsets that
        were stored."""
        wanted = self._wanted(polled)
        ends = {partition: records[-1].offset + 1 for partition, records in polled.items()}
        stored: dict[TopicPartition, int] = {}
        try:
            if wanted:
                await self._apply(wanted, also=self._skipped | ends)
                stored = self._skipped | ends
        except Exception as error:  # the events are worked one by one, where each error is judged
            log.info("batch_failed", group=self.group, error=repr(error))
            for partition, records in wanted.items():
                for record in records:
                    await self._apply_one(partition, record, stop)
                    self.last_beat = time.monotonic()
                stored[partition] = records[-1].offset + 1
        self.handled += sum(len(records) for records in polled.values())
        self._note_skipped(ends, stored)
        return stored

    def _wanted(self, polled: Mapping[TopicPartition, Sequence[Record]]) -> dict[TopicPartition, list[Record]]:
        wanted = {
            partition: [each for each in records if self._lane.wants(partition.topic, type_of(each.headers))]
            for partition, records in polled.items()
        }
        return {partition: records for partition, records in wanted.items() if records}

    def _note_skipped(self, ends: Mapping[TopicPartition, int], stored: Mapping[TopicPartition, int]) -> None:
        """Remember the positions that no transaction has stored yet."""
        self._skipped_at = self._skipped_at if self._skipped else time.monotonic()
        self._skipped |= ends
        for partition in self._skipped.keys() & stored.keys():
            if self._skipped[partition] == stored[partition]:
                del self._skipped[partition]

    async def _apply_one(self, partition: TopicPartition, record: Record, stop: asyncio.Event) -> None:
        attempts = pauses = 0
        while True:
            try:
                await self._apply({partition: [record]})
                return
            except Exception as error:
                self.last_beat = time.monotonic()
                if not is_outage(error):  # an outage is no fault of the event: it does not count as an attempt
                    attempts += 1
                    if attempts >= MAX_ATTEMPTS or not isinstance(error, RETRYABLE):
                        await self._apply({partition: [record]}, failure=error, attempts=attempts)
                        if self._set_aside:
                            await self._release()
                        return
                if stop.is_set():
                    raise
            pauses += 1
            await _sleep(stop, min(2.0, 0.05 * 2 ** min(pauses, 6)) * random.uniform(0.5, 1.5))

    async def _apply(
        self,
        polled: Mapping[TopicPartition, Sequence[Record]],
        failure: Exception | None = None,
        attempts: int = 0,
        also: Mapping[TopicPartition, int] | None = None,
    ) -> None:
        """One transaction: move offsets, drop what is known, handle the rest (or park it all on `failure`). `also`:
        positions to store that lie further on, with nothing to handle before them."""
        if failure is None:
            self._projection = ""
        async with self._turn, self._db.transaction() as tx:
            fresh = await self._claim(tx, polled, also or {})
            decoded: list[tuple[Record, Event]] = []
            for record in fresh:
                try:
                    event = from_headers(record.headers, record.value)
                    _ = event.payload
                    decoded.append((record, event))
                except UndecodableEvent as error:
                    if self._lane.buries(record.topic, type_of(record.headers)):
                        await self._dead_letter(tx, record, error)
            new = await self._work_on(tx, decoded, failure, attempts)
            crash_point("inbox.before_effect")
        crash_point("inbox.after_effect")
        if self._metrics is not None:
            self._count(self._metrics, new)

    async def _work_on(
        self, tx: Tx, decoded: Sequence[tuple[Record, Event]], failure: Exception | None, attempts: int
    ) -> list[Event]:
        """Handle what is new and not held back; returns it. An event that comes alone lends its trace to the logs."""
        with continuing(decoded[0][1].traceparent) if len(decoded) == 1 else nullcontext():
            turn = await projections.look(tx, self._lane, {event.key for _record, event in decoded})
            waiting = await self._park(tx, decoded, turn.blocked, failure, attempts)
            new = await self._remember(tx, [event for record, event in decoded if event.id not in waiting])
            with traced("consumer", self._lane.service, new) as events:
                work = system_work(tx, self._lane.service, self._settings)
                await self._lane.handle(work, events, turn.off, self._enter)
            await projections.succeeded(tx, turn.suspects & self._lane.projections_of(new))
        return new

    def _enter(self, projection: str) -> None:
        self._projection = projection

    def _count(self, metrics: Metrics, handled: Sequence[Event]) -> None:
        now = clock.now()
        by_type: dict[str, list[float]] = {}
        for event in handled:
            by_type.setdefault(event.type, []).append((now - event.time).total_seconds())
        for event_type, seconds in by_type.items():
            metrics.handled(event_type, seconds)

    async def _claim(
        self, tx: Tx, polled: Mapping[TopicPartition, Sequence[Record]], also: Mapping[TopicPartition, int]
    ) -> list[Record]:
        before = await self._move(tx, {p: records[-1].offset + 1 for p, records in polled.items()} | dict(also))
        return [record for p in sorted(polled) for record in polled[p] if record.offset >= before[p]]

    async def _move(self, tx: Tx, ends: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Move the stored offsets forward; returns where they stood."""
        places = sorted(ends)
        rows = await tx.fetch(
            _MOVE_OFFSETS,
            self.group,
            [p.topic for p in places],
            [p.partition for p in places],
            [ends[p] for p in places],
        )
        return {TopicPartition(row["topic"], row["partition"]): row["before"] or 0 for row in rows}

    async def _remember(self, tx: Tx, events: Sequence[Event]) -> list[Event]:
        rows = (
            await tx.fetch(_REMEMBER, self.group, [event.id for event in events], self._lane.door.former_group)
            if events
            else []
        )
        unseen = {str(row["event_id"]) for row in rows}
        fresh = []
        for event in events:
            if str(event.id) in unseen:
                unseen.discard(str(event.id))
                fresh.append(event)
        return fresh

    async def _park(
        self,
        tx: Tx,
        decoded: Sequence[tuple[Record, Event]],
        seen: Collection[str],
        failure: Exception | None,
        attempts: int,
    ) -> set[Any]:
        """Park what failed or waits behind a parked key; returns the ids of what was parked."""
        keys = sorted({event.key for _record, event in decoded})
        if failure is None:
            blocked = await parked.blocked_keys(tx, self.group, seen)
        else:
            blocked = set(keys)
            await parked.lock_keys(tx, self.group, keys)
        held = [(record, event) for record, event in decoded if event.key in blocked]
        if held:
            await parked.park(tx, self.group, held, failure, attempts)
        if failure is not None:
            for record, _event in held:
                await self._dead_letter(tx, record, failure)
            log.error("event_parked", group=self.group, keys=keys, error=repr(failure))
            await self._blame(tx, keys, failure)
        return {event.id for _record, event in held}

    async def _blame(self, tx: Tx, keys: Sequence[str], failure: Exception) -> None:
        """When a projection failed, count the keys against it."""
        for key in keys if self._projection else ():
            if await projections.failed(tx, self._projection, key, parked.reason(failure)):
                self._set_aside = True
                log.error("projection_set_aside", group=self.group, projection=self._projection, error=repr(failure))

    async def _dead_letter(self, tx: Tx, record: Record, error: Exception) -> None:
        await tx.execute(
            parked.DEAD_LETTER,
            dead_letter_topic_of(self._lane.service),
            parked.storable(record.key, 1000),
            dumps(parked.describe(record, error)),
            f"/crmesh/{self._lane.service}",
            f"{self.group}:{record.topic}:{record.partition}:{record.offset}",
        )
        tx.after_commit(outbox.wake_relays)
        if self._metrics is not None:
            tx.after_commit(partial(self._metrics.dead_lettered, 1))


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
