"""A member of a group on the embedded log.

The active member of a group and topic holds a session lock on the connection that all members of its process
share, and reads and commits through that same connection: a member that lost its lock can do neither.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Protocol

from kit.events.bus import BusUnavailable, Record, StartOffsets, TopicPartition
from kit.events.embedded_common import RECORD_COLUMNS, lock_key, to_record
from kit.events.embedded_locks import SharedLocks
from kit.events.envelope import PARTITIONS

_TAKEOVER_SECONDS = 0.5
"""How often a member without all its topics looks whether they are free."""

_WAITING = """
SELECT a.topic, a.partition,
       (SELECT max(r."offset") + 1 FROM log_record r WHERE r.topic = a.topic AND r.partition = a.partition) AS next
FROM unnest($1::text[], $2::int[]) AS a (topic, partition)
"""

_FETCH = f"""
SELECT {RECORD_COLUMNS}
FROM unnest($1::text[], $2::int[], $3::bigint[], $4::bigint[]) AS a (topic, partition, start, quota)
CROSS JOIN LATERAL (
    SELECT * FROM log_record l
    WHERE l.topic = a.topic AND l.partition = a.partition AND l."offset" >= a.start
    ORDER BY l."offset" LIMIT a.quota
) r
ORDER BY r.topic, r.partition, r."offset"
"""

_COMMIT = """
INSERT INTO group_offset (group_name, topic, partition, "offset")
SELECT $1, a.topic, a.partition, a.next FROM unnest($2::text[], $3::int[], $4::bigint[]) AS a (topic, partition, next)
ON CONFLICT (group_name, topic, partition) DO UPDATE SET "offset" = excluded."offset"
"""


class Host(Protocol):
    """What a member needs of its bus."""

    fallback_poll: float
    locks: SharedLocks

    def connection(self) -> AbstractAsyncContextManager[Any]:
        """A pooled connection."""
        ...

    def join(self, member: EmbeddedConsumer) -> None:
        """Wake this member on news of its topics."""
        ...

    def leave(self, member: EmbeddedConsumer) -> None:
        """No longer wake it."""
        ...


def share_out(waiting: Mapping[TopicPartition, int], budget: int) -> dict[TopicPartition, int]:
    """Max-min fair quotas: equal shares, and what small backlogs leave goes to larger ones.

    With fewer records in the budget than partitions waiting, the first in order get one each.
    """
    hungry = [partition for partition, count in waiting.items() if count > 0][:budget]
    quotas: dict[TopicPartition, int] = {}
    for served, partition in enumerate(sorted(hungry, key=lambda each: waiting[each])):
        share = budget // (len(hungry) - served)
        quotas[partition] = min(waiting[partition], share)
        budget -= quotas[partition]
    return quotas


class EmbeddedConsumer:
    """One member of a group. `last_poll_at` (monotonic seconds) is for the watchdog."""

    def __init__(self, host: Host, group: str, topics: Sequence[str], start_offsets: StartOffsets | None) -> None:
        self.topics = frozenset(topics)
        self.last_poll_at = time.monotonic()
        self._host = host
        self._group = group
        self._start_offsets = start_offsets
        self._positions: dict[TopicPartition, int] = {}
        self._news = asyncio.Event()
        self._turn = asyncio.Lock()
        self._first = 0
        self._next_try = 0.0
        self._running = False

    async def start(self) -> None:
        """Join; without a free topic the member stands by. BusUnavailable when the log cannot be reached."""
        self._running = True
        self._host.join(self)
        try:
            async with self._turn:
                await self._acquire()
        except BaseException:
            self._running = False
            self._host.leave(self)
            raise

    async def stop(self) -> None:
        """Give the topics to another member."""
        self._running = False
        self._host.leave(self)
        self._news.set()
        async with self._turn:
            await self._give_back()

    def lost(self) -> None:
        """The locks are gone, and with them the assignment."""
        self._positions = {}
        self._next_try = 0.0
        self._news.set()

    def wake(self, *, released: bool = False) -> None:
        """There is news, or (released) a topic may be free."""
        if released:
            self._next_try = 0.0
        self._news.set()

    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions this member reads now; all of a topic or none."""
        return frozenset(self._positions)

    async def poll(self, max_records: int, wait: float) -> dict[TopicPartition, list[Record]]:
        """Up to `max_records` records, shared fairly between partitions; BusUnavailable: poll again later."""
        deadline = time.monotonic() + wait
        while self._running:
            self._news.clear()
            async with self._turn:
                records = await self._fetch(max_records) if self._running else {}
            self.last_poll_at = time.monotonic()
            remaining = deadline - self.last_poll_at
            if records or remaining <= 0:
                return records
            pause = self._host.fallback_poll if self._complete() else _TAKEOVER_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(min(remaining, pause)):
                    await self._news.wait()
        return {}

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Store next offsets; partitions that this member lost meanwhile are left to their new reader."""
        async with self._turn:
            mine = [(place, offset) for place, offset in offsets.items() if place in self._positions]
            if not mine:
                return
            async with self._host.locks.using(self) as connection:
                await connection.execute(
                    _COMMIT,
                    self._group,
                    [place.topic for place, _ in mine],
                    [place.partition for place, _ in mine],
                    [offset for _, offset in mine],
                )

    async def seek(self, partition: TopicPartition, offset: int) -> None:
        """The next poll starts at `offset`; no effect on a partition that is not assigned."""
        async with self._turn:
            if partition in self._positions:
                self._positions[partition] = offset
        self._news.set()

    async def _give_back(self) -> None:
        self._positions = {}
        await self._host.locks.give_back(self, sorted(self.topics))

    def _complete(self) -> bool:
        return len(self._positions) == len(self.topics) * PARTITIONS

    async def _fetch(self, max_records: int) -> dict[TopicPartition, list[Record]]:
        await self._acquire()
        if not self._positions:
            return {}
        async with self._host.locks.using(self) as connection:
            places = sorted(self._positions)
            self._first = (self._first + 1) % len(places)
            places = places[self._first :] + places[: self._first]
            rows = await connection.fetch(_WAITING, [p.topic for p in places], [p.partition for p in places])
            waiting = {place: (row[2] or 0) - self._positions[place] for place, row in zip(places, rows, strict=True)}
            quotas = share_out(waiting, max_records)
            if not quotas:
                return {}
            rows = await connection.fetch(
                _FETCH,
                [p.topic for p in quotas],
                [p.partition for p in quotas],
                [self._positions[p] for p in quotas],
                list(quotas.values()),
            )
        found: dict[TopicPartition, list[Record]] = {}
        for record in map(to_record, rows):
            place = TopicPartition(record.topic, record.partition)
            found.setdefault(place, []).append(record)
            self._positions[place] = record.offset + 1
        return found

    async def _acquire(self) -> None:
        """Take the free ones of the topics not held yet, at most every _TAKEOVER_SECONDS."""
        held = {partition.topic for partition in self._positions}
        missing = {lock_key("group", self._group, topic): topic for topic in self.topics - held}
        now = time.monotonic()
        if not missing or now < self._next_try:
            return
        self._next_try = now + _TAKEOVER_SECONDS
        if not held:
            # A look through the pool costs a standing-by member no lock connection; the shared
            # lock ends with the statement and does not disturb the looks of others.
            async with self._host.connection() as pooled:
                free = await pooled.fetchval(
                    "SELECT bool_or(pg_try_advisory_xact_lock_shared(k)) FROM unnest($1::bigint[]) AS k", list(missing)
                )
            if not free:
                return
        gained = [missing[key] for key in await self._host.locks.take(self, list(missing))]
        if not gained:
            return
        start = await self._start_positions(gained)
        if not self._host.locks.is_holder(self):
            raise BusUnavailable(f"group {self._group} lost its connection to the log")
        self._positions = {**self._positions, **start}

    async def _start_positions(self, topics: Sequence[str]) -> dict[TopicPartition, int]:
        """Where to begin; what decides it may wait for others, so nobody waits for the connection meanwhile."""
        start = {TopicPartition(topic, partition): 0 for topic in topics for partition in range(PARTITIONS)}
        async with self._host.locks.using(self) as connection:
            rows = await connection.fetch(
                'SELECT topic, partition, "offset" FROM group_offset WHERE group_name = $1 AND topic = ANY($2::text[])',
                self._group,
                list(topics),
            )
        start.update({TopicPartition(topic, partition): offset for topic, partition, offset in rows})
        if self._start_offsets is not None:
            try:
                chosen = await self._start_offsets(sorted(start))
            except Exception as error:
                await self._give_back()
                raise BusUnavailable(f"start offsets of group {self._group}: {error!r}") from error
            start.update({place: offset for place, offset in chosen.items() if place in start})
        return start
