"""Replay: facts that were sent but are no longer in the log are sent again, in their order.

A log on Kafka can lose its end: a disk, an unclean election, a restored volume. Sent outbox rows are kept for
some days, so what was lost can be put back. Rows found missing are marked unsent and the relay, the only writer of
the topic, sends them before anything newer. Every id stays: consumers that handled a fact before drop it now, by
their inbox (kept at least as long as the outbox) and by their ledgers.

What would not be safe is refused:

- a missing fact with a later one of the same key in the log: it would come out of order, live and in rebuilds;
- a group whose stored offset lies beyond the end of the log: it would take what is written there next, replayed or
  new, for what it has handled already. `mend_offsets` sets it to the end, with its worker stopped.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg

from kit.db.database import Database, Tx
from kit.errors import Conflict
from kit.events.bus import EventBus, TopicPartition
from kit.events.envelope import topic_of
from kit.events.handlers import Lane, Subscriptions
from kit.events.reading import decode, scan
from kit.events.relay import RELAY_LOCK
from kit.events.starts import stored_offsets

SHOWN = 20
WAIT_SECONDS = 60.0

_CANDIDATES = """
CREATE TEMP TABLE replay_sent ON COMMIT PRESERVE ROWS AS
SELECT id, event_id, key FROM public.outbox WHERE topic = '{topic}' AND published_at IS NOT NULL
"""
_SEEN = "CREATE TEMP TABLE replay_seen (event_id uuid)"
_MISSING = """
CREATE TEMP TABLE replay_missing AS
SELECT s.id, s.key FROM replay_sent s WHERE NOT EXISTS (SELECT FROM replay_seen n WHERE n.event_id = s.event_id)
"""
_DISORDERED = """
SELECT f.key FROM (SELECT key, min(id) AS id FROM replay_missing GROUP BY key) f
WHERE EXISTS (
    SELECT FROM public.outbox o
    WHERE o.topic = $1 AND o.key = f.key AND o.id > f.id AND o.published_at IS NOT NULL
    AND NOT EXISTS (SELECT FROM replay_missing m WHERE m.id = o.id))
ORDER BY f.key LIMIT $2
"""
_ON_ITS_WAY = """
SELECT EXISTS (SELECT FROM public.outbox o WHERE o.published_at IS NULL AND o.topic = $1
               AND o.key IN (SELECT key FROM replay_missing))
"""
_MARK = "UPDATE public.outbox o SET published_at = NULL FROM replay_missing m WHERE o.id = m.id"


class ReplayRefused(Conflict):
    code, title = "replay-refused", "The events cannot be sent again safely"


class WorkerRuns(Conflict):
    code, title = "worker-runs", "A worker of the service is running"


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """`kept`: sent facts still in the outbox, `missing` of them in the log, `replayed` now. `disordered`: some of
    the keys (at most SHOWN) of which a later fact is in the log."""

    service: str
    kept: int
    missing: int
    disordered: tuple[str, ...]
    replayed: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


async def replay(db: Database, bus: EventBus, service: str, *, apply: bool) -> ReplayReport:
    """Compare the kept facts of a service with its topic; with `apply` let the relay send what is missing.

    Raises ReplayRefused (nothing changed) when keys would come out of order, or the relay does not send.
    """
    topic = topic_of(service)
    connection = await db.connect()
    tx = Tx(connection)
    try:
        await tx.execute("SET statement_timeout = 0")
        # before the ends are asked for: what was acknowledged until here lies before them
        kept = await tx.execute(_CANDIDATES.format(topic=topic))
        await _collect_seen(tx, bus, topic)
        await tx.execute(_MISSING)
        await tx.execute("CREATE INDEX ON replay_missing (id)")
        missing = int(await tx.fetchval("SELECT count(*) FROM replay_missing"))
        disordered = [row["key"] for row in await tx.fetch(_DISORDERED, topic, SHOWN)]
        replayed = 0
        if apply and missing:
            replayed = await _mark(tx, topic)
        return ReplayReport(service, kept, missing, tuple(disordered), replayed)
    finally:
        connection.terminate()


async def _collect_seen(tx: Tx, bus: EventBus, topic: str) -> None:
    await tx.execute(_SEEN)
    bounds = await bus.bounds(topic)
    positions = {place: first for place, (first, _end) in bounds.items()}
    async for records in scan(bus, positions, {place: end for place, (_first, end) in bounds.items()}):
        events = [event for record in records if (event := decode(record)) is not None]
        await tx.copy("replay_seen", ["event_id"], [(event.id,) for event in events])
    await tx.execute("CREATE INDEX ON replay_seen (event_id)")
    await tx.execute("ANALYZE replay_seen")


async def _mark(tx: Tx, topic: str) -> int:
    """Mark what is missing as unsent while nothing of its keys is on its way: nothing newer may pass it."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        with suppress(asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            async with tx.savepoint():
                # writers, and the relay when it marks, wait: what is not unsent now has arrived
                await tx.execute("LOCK TABLE public.outbox IN EXCLUSIVE MODE")
                if not await tx.fetchval(_ON_ITS_WAY, topic):
                    if keys := [row["key"] for row in await tx.fetch(_DISORDERED, topic, SHOWN)]:
                        raise ReplayRefused(f"later facts of these keys are in the log: {', '.join(keys)}")
                    return await tx.execute(_MARK)
        await asyncio.sleep(0.05)
    raise ReplayRefused("newer facts of the same keys are not sent: is a worker of the service running?")


async def beyond_the_end(tx: Tx, bus: EventBus, lane: Lane) -> dict[TopicPartition, tuple[int, int]]:
    """Partitions where the group's stored offset lies beyond the end of the log: (stored, end)."""
    found = {}
    for topic in lane.topics():
        stored = await stored_offsets(tx, lane.group, [topic])
        for place, (_first, end) in (await bus.bounds(topic)).items():
            if stored.get(place, 0) > end:
                found[place] = (stored[place], end)
    return found


async def mend_offsets(db: Database, bus: EventBus, subscriptions: Subscriptions) -> int:
    """Set stored offsets of all lanes beyond the end of the log to the end; returns how many. Raises WorkerRuns.

    A running consumer would go on from the offset it remembers, so its worker has to be stopped: whoever runs it
    holds the lock of the relay.
    """
    async with db.transaction() as tx:
        if not await tx.fetchval("SELECT pg_try_advisory_xact_lock($1)", RELAY_LOCK):
            raise WorkerRuns(f"stop the worker of {subscriptions.service} first")
        mended = 0
        for lane in subscriptions.lanes:
            beyond = await beyond_the_end(tx, bus, lane)
            for place, (_stored, end) in beyond.items():
                await tx.execute(
                    "UPDATE consumer_offset SET next_offset = $4 WHERE grp = $1 AND topic = $2 AND partition = $3",
                    lane.group,
                    place.topic,
                    place.partition,
                    end,
                )
            mended += len(beyond)
    return mended
