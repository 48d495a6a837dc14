"""The log as a checker sees it: every record of a topic, decoded where that is possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from kit.events.bus import EventBus, Record
from kit.events.envelope import Event, UndecodableEvent, from_headers, type_of
from kit.events.handlers import Subscriptions

READ_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    """A record; `event` is None when it is no event, `type` what it says it is (None when that cannot be read)."""

    record: Record
    event: Event | None
    type: str | None = None


def entry_of(record: Record) -> Entry:
    """The record with its event."""
    event_type = type_of(record.headers)
    try:
        event = from_headers(record.headers, record.value)
        _ = event.payload
        return Entry(record, event, event_type)
    except UndecodableEvent:
        return Entry(record, None, event_type)


def has_letter(entry: Entry, subscriptions: Subscriptions) -> bool:
    """Whether a service has to bury a record: none but those that it has to decode, and cannot. A lane that reads the
    topic decodes what says to be of a type it handles, and what does not say."""
    readers = [lane for lane in subscriptions.lanes if entry.record.topic in lane.topics()]
    return entry.event is None and any(entry.type is None or entry.type in lane.handlers for lane in readers)


async def read_topic(bus: EventBus, topic: str) -> list[Entry]:
    """All records up to the end now, partition by partition in order of their offsets."""
    entries: list[Entry] = []
    for partition, (first, end) in sorted((await bus.bounds(topic)).items()):
        offset = first
        while offset < end:
            records = await bus.read(partition, offset, min(READ_BATCH, end - offset))
            if not records:
                break
            offset = records[-1].offset + 1
            entries += map(entry_of, records)
    return entries


def first_occurrences(entries: Iterable[Entry]) -> list[tuple[Record, Event]]:
    """The first record of every event, in the order of the log."""
    seen: set[UUID] = set()
    found = []
    for entry in entries:
        if entry.event is not None and entry.event.id not in seen:
            seen.add(entry.event.id)
            found.append((entry.record, entry.event))
    return found


def resent(entries: Sequence[Entry]) -> int:
    """How many records repeat an event."""
    return sum(entry.event is not None for entry in entries) - len(first_occurrences(entries))
