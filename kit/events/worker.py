"""The second process of a service: relay, consumer, jobs, housekeeping; stopped in that order reversed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from kit.events.handlers import Subscriptions
from kit.events.inbox import InboxConsumer
from kit.events.relay import RETRYABLE, Relay
from kit.events.status import delivery_status
from kit.jobs.jobs import JobHandler, JobRunner
from kit.parts import until
from kit.runtime import Runtime
from kit.security.audit_chain import AuditSealer

log = structlog.get_logger(__name__)

MEASURE_SECONDS = 5.0
PURGE_EVERY_MEASURES = 120
PURGE_ROWS = 5000
_PURGE = """
DELETE FROM {table} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM {table} WHERE {column} < now() - interval '{keep}' LIMIT {rows}))
"""
_PURGES = (
    ("inbox", "handled_at", "14 days"),
    ("outbox", "published_at", "14 days"),
    ("idempotency_key", "created_at", "24 hours"),
)


class Worker:
    """Runs a service's background work until stopped."""

    def __init__(self, runtime: Runtime, subscriptions: Subscriptions, jobs: Mapping[str, JobHandler]) -> None:
        self.runtime = runtime
        self.subscriptions = subscriptions
        self.relay = Relay(runtime.db, runtime.bus, runtime.metrics)
        self.consumer = InboxConsumer(runtime.db, runtime.bus, subscriptions, runtime.metrics)
        self.jobs = JobRunner(runtime.db, jobs) if jobs else None
        self.sealer = AuditSealer(runtime.db, runtime.secret)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; the relay stops last, so that what was committed is sent.

        Raises PartEnded when a part of it ends before that: a worker that only looks alive is worse than none.
        """
        service, relay_stop = self.runtime.service, asyncio.Event()
        async with asyncio.TaskGroup() as all_tasks:
            all_tasks.create_task(until(relay_stop, f"{service}-relay", self.relay.run))
            async with asyncio.TaskGroup() as group:
                group.create_task(until(stop, f"{service}-consumer", self.consumer.run))
                group.create_task(until(stop, f"{service}-housekeeping", self._housekeeping))
                if self.jobs is not None:
                    group.create_task(until(stop, f"{service}-jobs", self.jobs.run))
            relay_stop.set()

    async def _housekeeping(self, stop: asyncio.Event) -> None:
        turn = 0
        while not stop.is_set():
            try:
                await self.measure()
                await self.sealer.turn()
                if turn % PURGE_EVERY_MEASURES == 0:
                    await self.purge()
            except RETRYABLE as error:
                log.warning("housekeeping_retry", service=self.runtime.service, error=repr(error))
            except Exception as error:  # figures and cleaning must not stop the work
                log.error("housekeeping_failed", service=self.runtime.service, error=repr(error), exc_info=error)
            turn += 1
            try:
                await asyncio.wait_for(stop.wait(), MEASURE_SECONDS)
            except TimeoutError:
                continue

    async def measure(self) -> None:
        """Refresh the gauges of outbox, parked keys and consumer lag."""
        async with self.runtime.db.reading() as tx:
            status = await delivery_status(tx, self.runtime.bus, self.subscriptions)
        self.runtime.metrics.outbox(status.outbox_waiting, status.outbox_age)
        self.runtime.metrics.parked(status.parked_keys)
        self.runtime.metrics.lag(sum(status.lag.values()))

    async def purge(self) -> None:
        """Drop what only served delivery and is old, in short transactions."""
        for table, column, keep in _PURGES:
            gone = PURGE_ROWS
            while gone == PURGE_ROWS:
                async with self.runtime.db.transaction() as tx:
                    gone = await tx.execute(_PURGE.format(table=table, column=column, keep=keep, rows=PURGE_ROWS))
