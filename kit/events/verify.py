"""What `crmesh verify` needs: reading a whole topic, a moment of the database, and the findings of a check."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from kit.db.database import Database, Tx
from kit.events import parked
from kit.events.bus import EventBus
from kit.events.envelope import Event, UndecodableEvent, from_headers

READ_BATCH = 1000
SHOWN = 5
"""Of the things that disagree."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Outcome of one check: how many decisions it covered, and the first that disagree, or that stand as noted."""

    service: str
    check: str
    ok: bool
    count: int
    detail: str = ""


@dataclass
class Check:
    """Counts decisions and keeps the first that disagree, and the first that stand although they are worth a note."""

    service: str
    name: str
    count: int = 0
    wrong: int = 0
    first: list[str] = field(default_factory=list)
    noted: int = 0
    notes: list[str] = field(default_factory=list)

    def add(self, ok: bool, detail: str) -> None:
        """One decision, and what to say when it disagrees."""
        self.count += 1
        if not ok:
            self.fault(detail)

    def fault(self, detail: str) -> None:
        """Something disagrees that is no decision of its own."""
        self.wrong += 1
        if len(self.first) < SHOWN:
            self.first.append(detail)

    def note(self, detail: str) -> None:
        """Something that an earlier rule decided and that stays."""
        self.noted += 1
        if len(self.notes) < SHOWN:
            self.notes.append(detail)

    def finding(self) -> Finding:
        """What came of it."""
        detail = f"{self.noted} stay as they were: {'; '.join(self.notes)}" if self.noted else ""
        if self.wrong:
            detail = f"{self.wrong} disagree: {'; '.join(self.first)}"
        return Finding(self.service, self.name, not self.wrong, self.count, detail)


@asynccontextmanager
async def at_one_moment(db: Database) -> AsyncIterator[Tx]:
    """A snapshot in which a statement may take as long as it needs."""
    async with db.snapshot() as tx:
        await tx.execute("SET LOCAL statement_timeout = 0")
        yield tx


async def given_up(db: Database, group: str) -> frozenset[UUID]:
    """Events that an operator has discarded for a group: nothing follows from them."""
    async with db.reading() as tx:
        return frozenset(await parked.discarded(tx, group))


async def partitions_of(bus: EventBus, *topics: str) -> list[int]:
    """Numbers of the partitions of topics. What has one key has one number in all of them."""
    return sorted({place.partition for topic in topics for place in await bus.bounds(topic)})


async def read_all(
    bus: EventBus,
    topic: str,
    types: Collection[str] = (),
    *,
    without: Collection[UUID] = (),
    number: int | None = None,
) -> AsyncIterator[Event]:
    """First occurrences of a topic's events (of `types`, else all; those of `without` left out; of one partition by
    its `number`), in order per partition, up to its end now."""
    for partition, (first, end) in sorted((await bus.bounds(topic)).items()):
        if number not in (None, partition.partition):
            continue
        seen: set[UUID] = set(without)
        offset = first
        while offset < end:
            records = await bus.read(partition, offset, min(READ_BATCH, end - offset))
            if not records:
                break
            offset = records[-1].offset + 1
            for record in records:
                try:
                    event = from_headers(record.headers, record.value)
                    if event.id in seen or (types and event.type not in types):
                        continue
                    _ = event.payload
                except UndecodableEvent:  # live has sent it to the dead-letter topic
                    continue
                seen.add(event.id)
                yield event
