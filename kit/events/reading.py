"""Reading the log without a group: nothing that is read here moves anybody's offsets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import orjson

from kit.events.bus import EventBus, Record, TopicPartition
from kit.events.envelope import PARTITIONS, Event, UndecodableEvent, from_headers
from kit.events.partitions import partition_of

CHUNK = 500
FOLLOW_SECONDS = 0.3

Positions = dict[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events: patterns of types (`customer.order.*`, none is all), a key, `ce_time` from (inclusive) to."""

    types: tuple[str, ...] = ()
    key: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def wants(self, event: Event) -> bool:
        """Whether the event is one of them."""
        return (
            (not self.types or any(fnmatchcase(event.type, pattern) for pattern in self.types))
            and self.key in (None, event.key)
            and (self.since is None or event.time >= self.since)
            and (self.until is None or event.time < self.until)
        )

    def partitions(self, topic: str) -> list[TopicPartition]:
        """Where such events can be: a key is in one partition."""
        numbers = range(PARTITIONS) if self.key is None else (partition_of(self.key),)
        return [TopicPartition(topic, number) for number in numbers]


def decode(record: Record) -> Event | None:
    """The event of a record, None when it is not one."""
    try:
        event = from_headers(record.headers, record.value)
        _ = event.payload
    except UndecodableEvent:
        return None
    return event


def structured(event: Event, record: Record) -> dict[str, Any]:
    """The event as CloudEvents 1.0 JSON (structured mode), its place in the log as extension attributes."""
    attributes = {
        "specversion": "1.0",
        "id": str(event.id),
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "time": event.time.isoformat(),
        "datacontenttype": "application/json",
        "partitionkey": event.key,
        "sequence": str(event.sequence),
        "correlationid": event.correlation_id,
        "causationid": event.causation_id,
        "traceparent": event.traceparent,
        "logtopic": record.topic,
        "logpartition": record.partition,
        "logoffset": str(record.offset),
    }
    present = {name: value for name, value in attributes.items() if value != ""}
    return {**present, "data": orjson.Fragment(event.data)}


async def scan(
    bus: EventBus,
    positions: Positions,
    ends: Mapping[TopicPartition, int],
) -> AsyncIterator[list[Record]]:
    """Chunks of records partition after partition, from `positions` (moved after each chunk is consumed) to `ends`."""
    for partition, end in sorted(ends.items()):
        while (start := positions.get(partition, 0)) < end:
            records = await bus.read(partition, start, min(CHUNK, end - start))
            if not records:
                break
            yield records
            positions[partition] = records[-1].offset + 1


async def bounds_of(bus: EventBus, topic: str, selection: Selection) -> dict[TopicPartition, tuple[int, int]]:
    """First and next offset of the partitions that can hold the selection."""
    wanted = set(selection.partitions(topic))
    return {place: bounds for place, bounds in (await bus.bounds(topic)).items() if place in wanted}


async def newest(bus: EventBus, topic: str, selection: Selection, count: int) -> tuple[list[Record], Positions]:
    """The last `count` selected records by time of writing, oldest first, and where the log ended then.

    Reads back from the end of each partition, so that it is quick at the end of a long log.
    """
    found: list[Record] = []
    bounds = await bounds_of(bus, topic, selection)
    for partition, (first, end) in bounds.items():
        mine: list[Record] = []
        stop = end
        while stop > first and len(mine) < count:
            start = max(first, stop - CHUNK)
            mine = [r for r in await _read_range(bus, partition, start, stop) if _is_wanted(r, selection)] + mine
            stop = start
        found = sorted([*found, *mine], key=_moment)[-count:] if count else []
    return found, {partition: end for partition, (_first, end) in bounds.items()}


async def follow(
    bus: EventBus, topic: str, selection: Selection, positions: Positions, *, forever: bool
) -> AsyncIterator[Record]:
    """Selected records from `positions` to the end as it is now; `forever`: and then as they come."""
    while True:
        ends = {place: end for place, (_first, end) in (await bounds_of(bus, topic, selection)).items()}
        async for records in scan(bus, positions, ends):
            for record in records:
                if _is_wanted(record, selection):
                    yield record
        if not forever:
            return
        await asyncio.sleep(FOLLOW_SECONDS)


async def _read_range(bus: EventBus, partition: TopicPartition, start: int, stop: int) -> list[Record]:
    records: list[Record] = []
    while start < stop:
        chunk = await bus.read(partition, start, stop - start)
        if not chunk:
            break
        records += chunk
        start = chunk[-1].offset + 1
    return [record for record in records if record.offset < stop]


def _is_wanted(record: Record, selection: Selection) -> bool:
    """What cannot be decoded is shown unless something was asked for that it cannot have."""
    event = decode(record)
    return selection == Selection() if event is None else selection.wants(event)


def _moment(record: Record) -> tuple[int, int, int]:
    return record.timestamp_ms, record.partition, record.offset
