"""Rebuild: derive a projection again from the log, compare it with the live one, swap on request.

The shadow tables live in a schema of their own that shadows `public` on the search path, so the very
same handlers fill them. Live goes on until the end, when the projection's tables are locked against
writers; then live stands exactly at the group's stored offsets (a projection) or at the last committed
row of the outbox (a ledger), and the shadow is brought to the same point before both are compared.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

import asyncpg

from kit.db.database import Database, Tx
from kit.errors import Conflict, NotFound
from kit.events import parked
from kit.events.bus import EventBus, Record, TopicPartition
from kit.events.envelope import UndecodableEvent, from_headers
from kit.events.faults import crash_point
from kit.events.handlers import Projection, Subscriptions, waves
from kit.events.starts import stored_offsets

READ_BATCH = 1000
LOCK_SECONDS = 60.0
APPROACHES, CLOSE_SECONDS = 5, 0.5

_STORED_COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""

_LOCK_OFFSETS = """
SELECT FROM consumer_offset WHERE grp = $1 AND topic = ANY($2::text[]) ORDER BY topic, partition FOR UPDATE
"""
_SEEN = "CREATE TABLE {schema}.seen (event_id uuid NOT NULL)"
_REACHED = """
CREATE TABLE {schema}.reached (topic text, partition int, next_offset bigint NOT NULL, version int NOT NULL,
                               PRIMARY KEY (topic, partition))
"""
_REACH = """
INSERT INTO reached (topic, partition, next_offset, version) VALUES ($1, $2, $3, $4)
ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset
"""
_STANDS = """
UPDATE projection_state SET state = 'live', version = GREATEST(version, $2), reason = '', failed_keys = '{}',
    since = clock_timestamp(), done = total WHERE name = $1
"""

Progress = Callable[[int, int], Awaitable[None]]


class RebuildRefused(Conflict):
    code, title = "rebuild-refused", "The projection cannot be rebuilt now"


@dataclass(frozen=True, slots=True)
class TableVerdict:
    """Rows and content hash of one table, live and rebuilt."""

    table: str
    live_rows: int
    rebuilt_rows: int
    live_hash: str
    rebuilt_hash: str

    @property
    def equal(self) -> bool:
        """Whether the log gives the rows that are live: as many, of the same content."""
        return (self.live_rows, self.live_hash) == (self.rebuilt_rows, self.rebuilt_hash)


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """Outcome of a rebuild: `position` is topic-partition -> next offset that both states stand at."""

    service: str
    projection: str
    tables: tuple[TableVerdict, ...]
    position: dict[str, int]
    events: int
    seconds: float
    swapped: bool

    @property
    def equal(self) -> bool:
        """Whether every table is."""
        return all(table.equal for table in self.tables)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            **asdict(self),
            "equal": self.equal,
            "tables": [{**asdict(table), "equal": table.equal} for table in self.tables],
        }


async def rebuild(
    db: Database,
    bus: EventBus,
    subscriptions: Subscriptions,
    name: str,
    *,
    swap: bool = False,
    force: bool = False,
    resume: bool = False,
    progress: Progress | None = None,
) -> RebuildReport:
    """Rebuild projection `name` and compare; with `swap`, put the rebuilt tables in place.

    With `resume` it goes on where an earlier one of the same version stopped that was to be resumed as well.

    Raises NotFound for an unknown name, RebuildRefused when the log does not begin at offset 0, when keys
    are parked, when another rebuild of it runs, or when `swap` is asked for tables that differ (unless `force`).
    """
    if name not in subscriptions.projections:
        raise NotFound(f"{subscriptions.service} has no projection {name}")
    projection = subscriptions.projections[name]
    started = time.monotonic()
    connection = await db.connect()
    try:
        run = _Rebuild(Tx(connection), bus, subscriptions, projection, progress, resume)
        await run.prepare()
        await run.approach()
        async with connection.transaction():
            await run.lock_live()
            await run.catch_up(await run.live_position())
            verdicts = await run.compare()
            if swap and not force and not all(verdict.equal for verdict in verdicts):
                raise RebuildRefused(
                    "the rebuilt tables differ from the live ones", extra={"tables": [asdict(v) for v in verdicts]}
                )
            if swap:
                await run.swap()
        await run.clean()
        return RebuildReport(
            service=subscriptions.service,
            projection=name,
            tables=tuple(verdicts),
            position={f"{p.topic}-{p.partition}": offset for p, offset in sorted(run.position.items()) if offset},
            events=run.folded,
            seconds=round(time.monotonic() - started, 3),
            swapped=swap,
        )
    finally:
        connection.terminate()


@dataclass
class _Rebuild:
    tx: Tx
    bus: EventBus
    subscriptions: Subscriptions
    projection: Projection
    progress: Progress | None
    resume: bool = False

    def __post_init__(self) -> None:
        self.schema = f"rebuild_{self.projection.name}"
        self.group = self.subscriptions.lane(self.projection.lane).group
        self.position: dict[TopicPartition, int] = {}
        self.folded = 0
        self._seen: set[UUID] = set()
        self._discarded: frozenset[UUID] = frozenset()

    async def prepare(self) -> None:
        """Refuse what cannot be trusted; make the empty shadow tables."""
        if not await self.tx.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", self.schema):
            raise RebuildRefused("another rebuild of it is running")
        if not self.projection.is_ledger:
            await self._refuse_parked()
        for topic in self.projection.topics():
            for partition, (first, _end) in (await self.bus.bounds(topic)).items():
                if first != 0:
                    raise RebuildRefused(f"the log of {topic}-{partition.partition} begins at offset {first}, not 0")
                self.position[partition] = 0
        self._discarded = await self._given_up()
        self._seen = set(self._discarded)
        if not (self.resume and await self._taken_up()):
            await self._begin()
        await self.tx.execute("SET statement_timeout = 0")
        await self.tx.execute("SET idle_in_transaction_session_timeout = 0")

    async def _begin(self) -> None:
        await self.tx.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")
        await self.tx.execute(f"CREATE SCHEMA {self.schema}")
        for table in self.projection.tables:
            await self.tx.execute(f"CREATE TABLE {self.schema}.{table} (LIKE public.{table} INCLUDING ALL)")
        if self.resume:
            await self.tx.execute(_SEEN.format(schema=self.schema))
            # last, so that a beginning that was cut off is not taken up
            await self.tx.execute(_REACHED.format(schema=self.schema))

    async def _taken_up(self) -> bool:
        """Go on from what an earlier run of this version has left, unless an event it folded was discarded since."""
        if await self.tx.fetchval("SELECT to_regclass($1) IS NULL", f"{self.schema}.reached"):
            return False
        rows = await self.tx.fetch(f"SELECT topic, partition, next_offset, version FROM {self.schema}.reached")
        seen = {UUID(str(row["event_id"])) for row in await self.tx.fetch(f"SELECT event_id FROM {self.schema}.seen")}
        if any(row["version"] != self.projection.version for row in rows) or seen & self._discarded:
            return False
        self.position |= {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}
        self._seen |= seen
        return True

    async def _given_up(self) -> frozenset[UUID]:
        return frozenset(await parked.discarded(self.tx, self.group))

    async def _refuse_parked(self) -> None:
        count = await self.tx.fetchval(
            "SELECT count(*) FROM parked_event WHERE grp = $1 AND type = ANY($2::text[]) AND discarded_at IS NULL",
            self.group,
            list(self.projection.folds),
        )
        if count:
            raise RebuildRefused(f"{count} parked events: retry or discard them first")

    async def ends(self) -> dict[TopicPartition, int]:
        """Where the log ends now."""
        ends: dict[TopicPartition, int] = {}
        for topic in self.projection.topics():
            for partition, (_first, end) in (await self.bus.bounds(topic)).items():
                ends[partition] = end
        if not self.projection.is_ledger:
            stored = await stored_offsets(self.tx, self.group, self.projection.topics())
            return {partition: min(end, stored.get(partition, 0)) for partition, end in ends.items()}
        return ends

    async def approach(self) -> None:
        """Come close to the live tables before they are locked: little is left to fold while writers wait."""
        for _ in range(APPROACHES):
            began = time.monotonic()
            await self._relayed()
            await self.catch_up(await self.ends())
            if time.monotonic() - began < CLOSE_SECONDS:
                return

    async def _relayed(self) -> None:
        """For a ledger: wait until the rows of the outbox that are there now have been sent."""
        if not self.projection.is_ledger:
            return
        last = await self.tx.fetchval(
            "SELECT max(id) FROM outbox WHERE type = ANY($1::text[])", list(self.projection.folds)
        )
        deadline = time.monotonic() + LOCK_SECONDS
        while await self.tx.fetchval(
            "SELECT EXISTS (SELECT 1 FROM outbox WHERE published_at IS NULL AND id <= $1)", last or 0
        ):
            if time.monotonic() > deadline:
                raise RebuildRefused("the relay does not send the outbox of this service")
            await asyncio.sleep(0.02)

    async def lock_live(self) -> None:
        """Wait for the writers of the projection and keep new ones out until the transaction ends."""
        deadline = time.monotonic() + LOCK_SECONDS
        topics = [] if self.projection.is_ledger else list(self.projection.topics())
        names = ", ".join(f"public.{table}" for table in self.projection.tables)
        while True:
            try:
                async with self.tx.savepoint():
                    # offsets first, as a batch takes them: they also stop a lane that leaves this projection out
                    await self.tx.execute(_LOCK_OFFSETS, self.group, topics)
                    await self.tx.execute(f"LOCK TABLE {names} IN EXCLUSIVE MODE")
                return
            except (asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError):
                if time.monotonic() > deadline:
                    raise RebuildRefused("the live tables are too busy to be locked") from None
                await asyncio.sleep(0.1)

    async def live_position(self) -> dict[TopicPartition, int]:
        """The point at which the locked live tables stand."""
        if not self.projection.is_ledger:
            await self._refuse_parked()
            if await self._given_up() != self._discarded:
                raise RebuildRefused("an event was discarded meanwhile; start again")
        await self._relayed()
        return await self.ends()

    async def catch_up(self, target: Mapping[TopicPartition, int]) -> None:
        """Fold events of all partitions up to `target`."""
        total = sum(target.values())
        await self.tx.execute(f"SET search_path TO {self.schema}, public")
        try:
            for partition, end in sorted(target.items()):
                while self.position.get(partition, 0) < end:
                    start = self.position.get(partition, 0)
                    records = await self.bus.read(partition, start, min(READ_BATCH, end - start))
                    if not records:
                        raise RebuildRefused(f"the log of {partition.topic}-{partition.partition} ends before {end}")
                    await self._fold(partition, records)
                    self.position[partition] = records[-1].offset + 1
                    if self.progress:
                        await self.progress(sum(self.position.values()), total)
        finally:
            if not self.tx.connection.is_closed():
                await self.tx.execute("SET search_path TO public")

    async def _fold(self, partition: TopicPartition, records: Sequence[Record]) -> None:
        events = []
        for record in records:
            try:
                event = from_headers(record.headers, record.value)
                if event.type in self.projection.folds and event.id not in self._seen:
                    _ = event.payload
                    self._seen.add(event.id)
                    events.append(event)
            except UndecodableEvent:  # live has sent it to the dead-letter topic
                continue
        async with self.tx.savepoint():
            for event_type, wave in waves(events):
                await self.projection.folds[event_type](self.tx, wave)
            if self.resume:
                await self.tx.copy("seen", ["event_id"], [(event.id,) for event in events])
                await self.tx.execute(_REACH, *partition, records[-1].offset + 1, self.projection.version)
        crash_point("rebuild.folded")
        self.folded += len(events)

    async def compare(self) -> list[TableVerdict]:
        """Rows and hash of every table, live and rebuilt."""
        verdicts = []
        for table in self.projection.tables:
            live_rows, live_hash = await table_digest(self.tx, f"public.{table}")
            rows, digest = await table_digest(self.tx, f"{self.schema}.{table}")
            verdicts.append(TableVerdict(table, live_rows, rows, live_hash, digest))
        return verdicts

    async def swap(self) -> None:
        """Put the rebuilt rows in the place of the live ones (names, triggers and grants of the tables stay)."""
        await self.tx.execute("SET LOCAL lock_timeout = '60s'")
        await self.tx.execute("TRUNCATE " + ", ".join(f"public.{table}" for table in self.projection.tables))
        for table in self.projection.tables:
            columns = await self.tx.fetchval(_STORED_COLUMNS, f"public.{table}")
            await self.tx.execute(
                f"INSERT INTO public.{table} ({columns}) OVERRIDING SYSTEM VALUE "
                f"SELECT {columns} FROM {self.schema}.{table}"
            )
        await self.tx.execute(_STANDS, self.projection.name, self.projection.version)

    async def clean(self) -> None:
        """Drop the schema that was built in."""
        await self.tx.execute(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE")


async def table_digest(tx: Tx, table: str) -> tuple[int, str]:
    """Row count and a hash over all columns of all rows, whatever their physical order."""
    row = await tx.fetchrow(
        "SELECT count(*) AS rows, coalesce(md5(string_agg(h, '' ORDER BY h)), '') AS digest "
        f"FROM (SELECT md5(t::text) AS h FROM {table} t) AS hashes"
    )
    assert row is not None
    return int(row["rows"]), str(row["digest"])
