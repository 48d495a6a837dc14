"""A member of a group on Kafka.

Traps of the client it deals with: records may be handed out before the rebalance listener has run its
seeks, errors of that listener are only logged, the sticky assignor keeps its state in the class (shared
by every group of a process), and a consumer can stop fetching for good without an error
(aiokafka#1037, #1154).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.abc import ConsumerRebalanceListener  # type: ignore[import-untyped]
from aiokafka.coordinator.assignors.sticky.sticky_assignor import (  # type: ignore[import-untyped]
    StickyPartitionAssignor,
)
from aiokafka.errors import (  # type: ignore[import-untyped]
    CommitFailedError,
    ConsumerStoppedError,
    IllegalStateError,
    KafkaError,
)

from kit.events.bus import BusUnavailable, ConsumerStalled, Record, StartOffsets, TopicPartition
from kit.events.kafka_access import KafkaAccess

log = structlog.get_logger(__name__)

REQUEST_TIMEOUT_MS = 10_000
FETCH_WAIT_MS = 100
"""While one fetch waits at the broker, partitions read meanwhile are not fetched; so it is short."""
IDLE_WAIT_MS = 500
"""After a poll that found nothing a fetch asks for all partitions, and the first record ends it: then it may be long.
Each costs a millisecond here and one at the broker, and a service at rest has three of them open."""

PATIENT_BYTES = 64 * 1024
"""The broker keeps a fetch of a patient member that has work open for so much, or for as long as its patience: it would
not look for records sooner."""
BUSY_RECORDS, BUSY_BYTES = 10, 16 * 1024
"""A member that is not patient and found so many records by one poll lets the broker gather so much: a fetch a record
would cost more than the work. With less to do it asks for every record."""

_SESSION_MS = 10_000
_REBALANCE_MS = 30_000
_HANDOVER_SECONDS = 5.0
"""How long a rebalance waits for the batch in hand to be finished and committed."""

_STALL_SECONDS = 30.0
"""Silent for so long although the log goes on: the client is rebuilt."""

_CLOSE_SECONDS = 10.0
_COMMIT_SECONDS = 30.0


def to_record(message: Any) -> Record:
    """A record of a client message; a missing key or value is empty, as on the embedded log."""
    return Record(
        message.topic,
        message.partition,
        message.offset,
        (message.key or b"").decode(errors="replace"),
        message.value or b"",
        tuple([(name, raw or b"") for name, raw in message.headers]),
        message.timestamp,
    )


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, member: KafkaConsumer, session: _Session) -> None:
        self._member = member
        self._session = session

    async def on_partitions_revoked(self, revoked: Iterable[Any]) -> None:
        """No records from here on until the next assignment has its start offsets."""
        self._session.ready = False
        if revoked:
            with suppress(TimeoutError):
                async with asyncio.timeout(_HANDOVER_SECONDS):
                    await self._session.idle.wait()

    async def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
        """Seek to the offsets that the member's owner stored."""
        await self._member.begin(self._session, assigned)


class _Session:
    """One client from its start to its end."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.ready = False
        self.failure: Exception | None = None
        self.idle = asyncio.Event()
        self.idle.set()
        self.active_at = time.monotonic()
        self.stuck_at: dict[Any, int] = {}


class KafkaConsumer:
    """One member of a group. For the watchdog: `last_poll_at` (monotonic seconds of the last poll that
    worked) and `rebuilds` (clients replaced after a hard error or a stall)."""

    def __init__(
        self,
        access: KafkaAccess,
        client_id: str,
        group: str,
        topics: Sequence[str],
        start_offsets: StartOffsets | None,
        patience: float,
    ) -> None:
        self.last_poll_at = time.monotonic()
        self.rebuilds = 0
        self.stall_seconds = _STALL_SECONDS
        self._access = access
        self._client_id = client_id
        self._group = group
        self._topics = tuple(topics)
        self._start_offsets = start_offsets
        self._patience_ms = int(1000 * patience)
        self._session: _Session | None = None
        self._running = False
        self._first = 0

    async def start(self) -> None:
        """Join the group and wait for the first assignment; BusUnavailable when Kafka cannot be reached."""
        self._running = True
        try:
            await self._connect()
        except BaseException:
            self._running = False
            raise

    async def stop(self) -> None:
        """Leave the group."""
        self._running = False
        await self._close()

    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions this member reads now."""
        if self._session is None or not self._session.ready:
            return frozenset()
        return frozenset(TopicPartition(*place) for place in self._session.client.assignment())

    async def poll(self, max_records: int, wait: float) -> dict[TopicPartition, list[Record]]:
        """Up to `max_records` records. After a hard error (BusUnavailable) the next poll uses a new client."""
        if not self._running:
            return {}
        session = self._session
        if session is None:
            self.rebuilds += 1
            session = await self._connect()
        session.idle.set()
        try:
            found = await self._take(session, max_records, wait)
        except ConsumerStoppedError:
            return {}
        except KafkaError as error:
            await self._close()
            raise BusUnavailable(f"group {self._group}: {error!r}") from error
        if session.failure is not None:
            await self._close()
            raise BusUnavailable(f"start offsets of group {self._group}: {session.failure!r}") from session.failure
        self._gather(session, sum(map(len, found.values())))
        if found:
            session.idle.clear()
            session.active_at = time.monotonic()
            session.stuck_at = {}
        elif await self._is_stalled(session):
            log.warning("kafka.consumer_stalled", group=self._group)
            await self._close()
            raise ConsumerStalled(f"group {self._group} stopped fetching")
        self.last_poll_at = time.monotonic()
        return found

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Store next offsets; partitions that this member lost meanwhile are left to their new reader."""
        session = self._session
        if session is None:
            return
        assigned = session.client.assignment()
        mine = {KafkaPartition(*place): offset for place, offset in offsets.items() if place in assigned}
        if not mine:
            return
        try:
            async with asyncio.timeout(_COMMIT_SECONDS):
                await session.client.commit(mine)
        except (CommitFailedError, IllegalStateError) as error:
            log.info("kafka.commit_after_rebalance", group=self._group, error=repr(error))
        except (KafkaError, OSError) as error:
            raise BusUnavailable(f"commit of group {self._group}: {error!r}") from error

    async def seek(self, partition: TopicPartition, offset: int) -> None:
        """The next poll starts at `offset`; no effect on a partition that is not assigned."""
        if self._session is not None:
            with suppress(IllegalStateError):
                self._session.client.seek(KafkaPartition(*partition), offset)

    async def begin(self, session: _Session, assigned: Iterable[Any]) -> None:
        """Called by the listener when partitions are assigned."""
        places = sorted(TopicPartition(*place) for place in assigned)
        chosen: Mapping[TopicPartition, int] = {}
        if self._start_offsets is not None and places:
            try:
                chosen = await self._start_offsets(places)
            except Exception as error:
                # Kept for poll: the client would only log it and read on from elsewhere.
                session.failure = error
                return
        current = session.client.assignment()
        for place, offset in chosen.items():
            if place in current:
                session.client.seek(KafkaPartition(*place), offset)
        session.ready = True
        session.active_at = time.monotonic()

    async def _take(self, session: _Session, max_records: int, wait: float) -> dict[TopicPartition, list[Record]]:
        deadline = time.monotonic() + wait
        while True:
            remaining = max(deadline - time.monotonic(), 0)
            raw: dict[Any, list[Any]] = {}
            with suppress(TimeoutError):
                # The client's own timeout does not hold while a rebalance is going on.
                async with asyncio.timeout(remaining + 0.05):
                    await self._collect(session, raw, max_records, remaining)
            if session.ready:
                return {TopicPartition(*place): [to_record(each) for each in batch] for place, batch in raw.items()}
            self._put_back(session, raw)
            if session.failure is not None or remaining <= 0:
                return {}
            await asyncio.sleep(0.01)

    async def _collect(self, session: _Session, raw: dict[Any, list[Any]], max_records: int, wait: float) -> None:
        """Fill `raw`: first a fair share of each partition (the client alone would empty one partition's
        buffer before it turns to the next), then whatever comes within `wait`."""
        # Asking for each of dozens of partitions costs more than a small batch, so only for those that have something.
        buffered = session.client._fetcher._records
        places = [place for place in sorted(session.client.assignment()) if place in buffered]
        if places:
            self._first = (self._first + 1) % len(places)
            places = places[self._first :] + places[: self._first]
        left = max_records
        for place in places[:max_records]:
            share = max(max_records // len(places), 1)
            raw.update(await session.client.getmany(place, max_records=share))
            left -= len(raw.get(place, ()))
            if not session.ready:
                return
        if left > 0:
            timeout_ms = 0 if raw else int(wait * 1000)
            for place, batch in (await session.client.getmany(timeout_ms=timeout_ms, max_records=left)).items():
                raw.setdefault(place, []).extend(batch)

    def _gather(self, session: _Session, count: int) -> None:
        """How long the broker keeps the next fetches open, and for how much, after a poll that found so many."""
        fetcher, busy = session.client._fetcher, FETCH_WAIT_MS
        if self._patience_ms:
            busy, fetcher._fetch_min_bytes = self._patience_ms, PATIENT_BYTES if count else 1
        else:
            fetcher._fetch_min_bytes = BUSY_BYTES if count >= BUSY_RECORDS else 1
        fetcher._fetch_max_wait_ms = busy if count else IDLE_WAIT_MS

    def _put_back(self, session: _Session, raw: Mapping[Any, list[Any]]) -> None:
        """Records handed out before the start offsets are known."""
        for place, batch in raw.items():
            with suppress(IllegalStateError):
                session.client.seek(place, batch[0].offset)

    async def _is_stalled(self, session: _Session) -> bool:
        """After `stall_seconds` of silence: the log has records that this client does not bring."""
        if time.monotonic() - session.active_at < self.stall_seconds:
            return False
        if not session.ready:
            return True
        places = list(session.client.assignment())
        session.active_at = time.monotonic()
        if not places:
            return False
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                ends = await session.client.end_offsets(places)
                behind = {place: await session.client.position(place) for place in places}
        except (KafkaError, TimeoutError):
            return True
        behind = {place: position for place, position in behind.items() if position < ends[place]}
        stalled = any(session.stuck_at.get(place) == position for place, position in behind.items())
        session.stuck_at = behind
        return stalled

    async def _connect(self) -> _Session:
        # The assignor's state lives in its class: a class per client keeps groups apart.
        assignor = type("StickyAssignor", (StickyPartitionAssignor,), {})
        client = AIOKafkaConsumer(
            **self._access.options(self._client_id),
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=(assignor,),
            fetch_max_wait_ms=FETCH_WAIT_MS,
            fetch_min_bytes=PATIENT_BYTES if self._patience_ms else 1,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
            session_timeout_ms=_SESSION_MS,
            heartbeat_interval_ms=1_000,
            rebalance_timeout_ms=_REBALANCE_MS,
        )
        session = _Session(client)
        client.subscribe(topics=self._topics, listener=_Listener(self, session))
        self._session = session
        try:
            await client.start()
        except (KafkaError, OSError) as error:
            await self._close()
            raise BusUnavailable(f"group {self._group}: {await self._access.explain(error)}") from error
        except BaseException:
            await self._close()
            raise
        return session

    async def _close(self) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        session.idle.set()
        # A task of its own: the client lets cancellations of its inner tasks out, and swallows those from outside.
        closing = asyncio.create_task(session.client.stop())
        try:
            await asyncio.wait({closing}, timeout=_CLOSE_SECONDS)
        finally:
            closing.cancel()
        if not closing.done() or closing.cancelled() or closing.exception() is not None:
            log.warning("kafka.consumer_close_failed", group=self._group, task=repr(closing))
