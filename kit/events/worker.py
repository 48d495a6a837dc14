"""The second process of a service: relay, consumer, jobs, housekeeping; stopped in that order reversed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import structlog

from kit.events.handlers import Subscriptions
from kit.events.inbox import InboxConsumer, stored_offsets
from kit.events.relay import RETRYABLE, Relay
from kit.jobs.jobs import JobHandler, JobRunner
from kit.runtime import Runtime

log = structlog.get_logger(__name__)

MEASURE_SECONDS = 5.0
PURGE_EVERY_MEASURES = 120
_MEASURE = """
SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS depth,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(time)), 0) FROM outbox
        WHERE published_at IS NULL) AS age,
       (SELECT count(DISTINCT key) FROM parked_event WHERE grp = $1 AND discarded_at IS NULL) AS parked
"""
_PURGES = (
    "DELETE FROM inbox WHERE handled_at < now() - interval '14 days'",
    "DELETE FROM outbox WHERE published_at < now() - interval '14 days'",
    "DELETE FROM idempotency_key WHERE created_at < now() - interval '24 hours'",
)


class Worker:
    """Runs a service's background work until stopped."""

    def __init__(self, runtime: Runtime, subscriptions: Subscriptions, jobs: Mapping[str, JobHandler]) -> None:
        self.runtime = runtime
        self.subscriptions = subscriptions
        self.relay = Relay(runtime.db, runtime.bus)
        self.consumer = InboxConsumer(runtime.db, runtime.bus, subscriptions)
        self.jobs = JobRunner(runtime.db, jobs) if jobs else None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; the relay stops last, so that what was committed is sent."""
        relay_stop = asyncio.Event()
        relay = asyncio.create_task(self.relay.run(relay_stop), name=f"{self.runtime.service}-relay")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.consumer.run(stop), name=f"{self.runtime.service}-consumer")
                group.create_task(self._housekeeping(stop), name=f"{self.runtime.service}-housekeeping")
                if self.jobs is not None:
                    group.create_task(self.jobs.run(stop), name=f"{self.runtime.service}-jobs")
        finally:
            relay_stop.set()
            await relay

    async def _housekeeping(self, stop: asyncio.Event) -> None:
        turn = 0
        while not stop.is_set():
            try:
                await self.measure()
                if turn % PURGE_EVERY_MEASURES == 0:
                    await self.purge()
            except RETRYABLE as error:
                log.warning("housekeeping_retry", service=self.runtime.service, error=repr(error))
            turn += 1
            try:
                await asyncio.wait_for(stop.wait(), MEASURE_SECONDS)
            except TimeoutError:
                continue

    async def measure(self) -> None:
        """Refresh the gauges of outbox, parked keys and consumer lag."""
        async with self.runtime.db.reading() as tx:
            row = await tx.fetchrow(_MEASURE, self.subscriptions.group)
        assert row is not None
        self.runtime.metrics.outbox(int(row["depth"]), float(row["age"]))
        self.runtime.metrics.parked(int(row["parked"]))
        self.runtime.metrics.lag(sum((await self.lag()).values()))

    async def lag(self) -> dict[str, int]:
        """Records of each subscribed topic that the group has not applied."""
        topics = self.subscriptions.topics()
        async with self.runtime.db.reading() as tx:
            stored = await stored_offsets(tx, self.subscriptions.group, topics)
        lags: dict[str, int] = {}
        for topic in topics:
            bounds = await self.runtime.bus.bounds(topic)
            lags[topic] = sum(end - max(first, stored.get(p, 0)) for p, (first, end) in bounds.items())
        return lags

    async def purge(self) -> None:
        """Drop what only served delivery and is old."""
        for statement in _PURGES:
            async with self.runtime.db.transaction() as tx:
                await tx.execute(statement)
