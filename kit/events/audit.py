"""What `crmesh audit` needs: reading a whole topic, and the findings of a check."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from uuid import UUID

from kit.db.database import Database
from kit.events import parked
from kit.events.bus import EventBus
from kit.events.envelope import Event, UndecodableEvent, from_headers

READ_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Finding:
    """Outcome of one check: how many decisions it covered, and the first that disagree."""

    service: str
    check: str
    ok: bool
    count: int
    detail: str = ""


async def given_up(db: Database, group: str) -> frozenset[UUID]:
    """Events that an operator has discarded for a group: nothing follows from them."""
    async with db.reading() as tx:
        return frozenset(await parked.discarded(tx, group))


async def read_all(
    bus: EventBus, topic: str, types: Collection[str] = (), *, without: Collection[UUID] = ()
) -> AsyncIterator[Event]:
    """First occurrences of a topic's events (of `types`, else all; those of `without` left out), in order per
    partition, up to its end now."""
    for partition, (first, end) in sorted((await bus.bounds(topic)).items()):
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
