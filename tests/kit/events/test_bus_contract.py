"""What every adapter of the event bus promises; run on the embedded log and on a real Kafka."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import structlog

from kit.events.bus import BusUnavailable, Consumer, EventBus, Message, Record, TopicPartition
from kit.events.embedded import EmbeddedBus
from kit.events.envelope import PARTITIONS
from kit.events.kafka import KafkaBus
from kit.events.partitions import partition_of
from kit.testing.native import run_apart
from kit.testing.postgres import TestServer, drop_database, unique_name

log = structlog.get_logger(__name__)

DEADLINE = 30.0


@dataclass
class World:
    """One log, reached by several buses as by several processes."""

    make: Callable[[], EventBus]
    bus: EventBus
    topic: str
    group: str


@pytest.fixture(scope="module")
def log_database(postgres_server: TestServer) -> Iterator[dict[str, Any]]:
    """Where the embedded log of this file is; the bus creates it."""
    name = unique_name("log")
    yield postgres_server.connect_args(name)
    run_apart(drop_database(postgres_server, name))


@pytest.fixture(params=["embedded", "kafka"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    make: Callable[[], EventBus]
    if request.param == "kafka":
        bootstrap: str = request.getfixturevalue("kafka_bootstrap")

        def make() -> EventBus:
            return KafkaBus(bootstrap, "contract")
    else:
        database: dict[str, Any] = request.getfixturevalue("log_database")

        def make() -> EventBus:
            return EmbeddedBus(database)

    bus = make()
    await bus.start()
    topic = f"t.{uuid4().hex}"
    await bus.ensure_topics([topic])
    yield World(make, bus, topic, f"g.{uuid4().hex}")
    await bus.stop()


@asynccontextmanager
async def member(consumer: Consumer) -> AsyncIterator[Consumer]:
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


def message(key: str, value: bytes | str = b"", headers: Sequence[tuple[str, bytes]] = ()) -> Message:
    return Message(key, value.encode() if isinstance(value, str) else value, tuple(headers))


def numbered(count: int, keys: int, start: int = 0) -> list[Message]:
    return [message(f"key-{n % keys}", str(n)) for n in range(start, start + count)]


async def take(consumer: Consumer, count: int, *, commit: bool = True, max_records: int = 500) -> list[Record]:
    """Poll until `count` records have come."""
    taken: list[Record] = []
    deadline = time.monotonic() + DEADLINE
    while len(taken) < count:
        assert time.monotonic() < deadline, f"{len(taken)} of {count} records"
        batches = await consumer.poll(max_records, 0.5)
        assert sum(map(len, batches.values())) <= max_records
        for place, batch in batches.items():
            assert [(each.topic, each.partition) for each in batch] == [tuple(place)] * len(batch)
            taken += batch
        if commit:
            await consumer.commit({place: batch[-1].offset + 1 for place, batch in batches.items()})
    return taken


def numbers_by_key(records: Sequence[Record]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for record in records:
        found.setdefault(record.key, []).append(int(record.value))
    return found


async def eventually(check: Callable[[], bool | Awaitable[bool]], seconds: float = DEADLINE) -> None:
    deadline = time.monotonic() + seconds
    while True:
        answer = check()
        if answer if isinstance(answer, bool) else await answer:
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_order_per_key_and_partition_by_key(world: World) -> None:
    await world.bus.publish(world.topic, numbered(300, 40))
    await world.bus.publish(world.topic, numbered(300, 40, 300))
    async with member(world.bus.consumer(world.group, [world.topic])) as consumer:
        records = await take(consumer, 600)
        assert len(consumer.assignment()) == PARTITIONS
    assert all(record.partition == partition_of(record.key) for record in records)
    for values in numbers_by_key(records).values():
        assert values == sorted(values)
        assert len(values) == 15


async def test_keys_values_and_headers_come_back_as_sent(world: World) -> None:
    odd = [
        message("客户-北京", "订单".encode(), [("ce_type", b"a.b.v1"), ("ce_type", b"twice"), ("empty", b"")]),
        message("", b""),
        message("ünï", bytes(range(256)), [("raw", bytes(range(256))), ("中文", "值".encode())]),
        message("large", b"\x00" * (512 * 1024)),
    ]
    await world.bus.publish(world.topic, odd)
    before = time.time() * 1000
    async with member(world.bus.consumer(world.group, [world.topic])) as consumer:
        records = {record.key: record for record in await take(consumer, len(odd))}
    for sent in odd:
        got = records[sent.key]
        assert (got.value, got.headers, got.partition) == (sent.value, sent.headers, partition_of(sent.key))
        assert isinstance(got.value, bytes)
        assert abs(got.timestamp_ms - before) < 60_000


async def test_publish_nothing_and_ensure_twice(world: World) -> None:
    await world.bus.publish(world.topic, [])
    await world.bus.ensure_topics([world.topic])
    bounds = await world.bus.bounds(world.topic)
    assert bounds == {TopicPartition(world.topic, number): (0, 0) for number in range(PARTITIONS)}


async def test_uncommitted_records_come_again_and_committed_do_not(world: World) -> None:
    await world.bus.publish(world.topic, numbered(60, 7))
    async with member(world.bus.consumer(world.group, [world.topic])) as first:
        seen = await take(first, 60, commit=False)
    async with member(world.bus.consumer(world.group, [world.topic])) as second:
        again = await take(second, 60)
        assert sorted(seen, key=str) == sorted(again, key=str)
    await world.bus.publish(world.topic, numbered(20, 7, 60))
    async with member(world.bus.consumer(world.group, [world.topic])) as third:
        rest = await take(third, 20)
        assert await third.poll(100, 0.3) == {}
    assert sorted(int(record.value) for record in rest) == list(range(60, 80))


async def test_groups_are_apart(world: World) -> None:
    await world.bus.publish(world.topic, numbered(30, 5))
    for group in ("a", "b"):
        async with member(world.bus.consumer(f"{world.group}.{group}", [world.topic])) as consumer:
            assert len(await take(consumer, 30)) == 30


async def test_start_offsets_override_committed_ones(world: World) -> None:
    await world.bus.publish(world.topic, [message("k", str(n)) for n in range(10)])
    place = TopicPartition(world.topic, partition_of("k"))
    async with member(world.bus.consumer(world.group, [world.topic])) as consumer:
        await take(consumer, 10)
    asked: list[TopicPartition] = []

    async def stored(places: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        asked.extend(places)
        await asyncio.sleep(0.2)
        return {place: 4}

    async with member(world.bus.consumer(world.group, [world.topic], stored)) as consumer:
        assert [int(record.value) for record in await take(consumer, 6)] == [4, 5, 6, 7, 8, 9]
    assert sorted(asked) == [TopicPartition(world.topic, number) for number in range(PARTITIONS)]


async def test_failing_start_offsets_deliver_nothing_and_are_asked_again(world: World) -> None:
    await world.bus.publish(world.topic, [message("k", str(n)) for n in range(5)])
    failures = [RuntimeError("database away"), RuntimeError("still away")]

    async def stored(places: Sequence[TopicPartition]) -> Mapping[TopicPartition, int]:
        if failures:
            raise failures.pop()
        return dict.fromkeys(places, 3)

    consumer = world.bus.consumer(world.group, [world.topic], stored)
    records: list[Record] = []
    refused = 0
    started = False
    deadline = time.monotonic() + DEADLINE
    while not records:
        assert time.monotonic() < deadline
        try:
            if not started:
                await consumer.start()
                started = True
            records = [each for batch in (await consumer.poll(10, 0.5)).values() for each in batch]
        except BusUnavailable:
            refused += 1
    await consumer.stop()
    assert refused == 2
    assert [int(record.value) for record in records] == [3, 4]


async def test_seek(world: World) -> None:
    await world.bus.publish(world.topic, [message("k", str(n)) for n in range(8)])
    place = TopicPartition(world.topic, partition_of("k"))
    async with member(world.bus.consumer(world.group, [world.topic])) as consumer:
        await take(consumer, 8)
        await consumer.seek(place, 5)
        assert [int(record.value) for record in await take(consumer, 3)] == [5, 6, 7]
        await consumer.seek(TopicPartition("elsewhere", 0), 5)


async def test_read_bounds_and_committed(world: World) -> None:
    await world.bus.publish(world.topic, numbered(50, 1))
    place = TopicPartition(world.topic, partition_of("key-0"))
    assert (await world.bus.bounds(world.topic))[place] == (0, 50)
    values: list[int] = []
    while batch := await world.bus.read(place, len(values), 20):
        assert len(batch) <= 20
        assert [record.offset for record in batch] == list(range(len(values), len(values) + len(batch)))
        values += [int(record.value) for record in batch]
    assert values == list(range(50))
    assert [record.offset for record in await world.bus.read(place, 10, 3)][:1] == [10]
    assert await world.bus.read(TopicPartition(world.topic, (place.partition + 1) % PARTITIONS), 0, 10) == []
    assert await world.bus.committed(world.group, world.topic) == {}
    async with member(world.bus.consumer(world.group, [world.topic])) as consumer:
        await take(consumer, 50)
    assert await world.bus.committed(world.group, world.topic) == {place: 50}


async def test_max_records_and_no_partition_starves(world: World) -> None:
    """With a long backlog in one partition the others still get their turn."""
    keys = {partition_of(f"k{n}"): f"k{n}" for n in range(500)}
    assert len(keys) == PARTITIONS
    busy = keys.pop(0)
    await world.bus.publish(world.topic, [message(busy, "x")] * 3000)
    await world.bus.publish(world.topic, [message(key, "y") for key in keys.values()])
    async with member(world.bus.consumer(world.group, [world.topic])) as consumer:
        records = await take(consumer, 3000 + len(keys), max_records=40)
    last_small = max(place for place, record in enumerate(records) if record.value == b"y")
    assert last_small < 2900


async def test_publish_while_reading_arrives_soon(world: World) -> None:
    elsewhere = world.make()
    await elsewhere.start()
    async with member(world.bus.consumer(world.group, [world.topic])) as consumer:
        await world.bus.publish(world.topic, [message("warm", "up")])
        await take(consumer, 1)
        delays: dict[str, list[float]] = {"same": [], "other": []}
        for name, bus in [("same", world.bus), ("other", elsewhere)] * 10:
            reading = asyncio.create_task(take(consumer, 1))
            await asyncio.sleep(0.02)
            begun = time.monotonic()
            await bus.publish(world.topic, [message(name, "x")])
            await reading
            delays[name].append(time.monotonic() - begun)
    await elsewhere.stop()
    for name, found in delays.items():
        log.info("round trip", bus=type(world.bus).__name__, publisher=name, ms=[round(1000 * d) for d in found])
        assert sorted(found)[len(found) // 2] < 0.5


async def test_two_members_share_and_take_over(world: World) -> None:
    """At no time both hold a partition; when one goes the other goes on behind its commits."""
    other = world.make()
    await other.start()
    first = world.bus.consumer(world.group, [world.topic])
    second = other.consumer(world.group, [world.topic])
    seen: dict[str, list[Record]] = {"first": [], "second": []}

    async def run(name: str, consumer: Consumer) -> None:
        await consumer.start()
        try:
            while True:
                batches = await consumer.poll(50, 0.2)
                for place, batch in batches.items():
                    assert place in consumer.assignment()
                    seen[name] += batch
                    await asyncio.sleep(0)
                await consumer.commit({place: batch[-1].offset + 1 for place, batch in batches.items()})
        finally:
            await consumer.stop()

    def together() -> int:
        return len(seen["first"]) + len(seen["second"])

    tasks = [asyncio.create_task(run("first", first)), asyncio.create_task(run("second", second))]
    await eventually(lambda: len(first.assignment() | second.assignment()) == PARTITIONS)
    await world.bus.publish(world.topic, numbered(400, 30))
    await eventually(lambda: together() >= 400)
    assert not first.assignment() & second.assignment()
    active = 0 if first.assignment() else 1
    tasks[active].cancel()
    await asyncio.gather(tasks[active], return_exceptions=True)
    await other.publish(world.topic, numbered(400, 30, 400))
    await eventually(lambda: together() >= 800)
    tasks[1 - active].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await other.stop()
    places = [(record.partition, record.offset) for records in seen.values() for record in records]
    assert len(places) == 800
    assert len(set(places)) == 800


async def test_commit_of_a_lost_partition_does_not_move_the_group_back(world: World) -> None:
    await world.bus.publish(world.topic, numbered(10, 1))
    place = TopicPartition(world.topic, partition_of("key-0"))
    first = world.bus.consumer(world.group, [world.topic])
    await first.start()
    await take(first, 10, commit=False)
    await first.stop()
    async with member(world.bus.consumer(world.group, [world.topic])) as second:
        await take(second, 10)
    await first.commit({place: 3})
    assert await world.bus.committed(world.group, world.topic) == {place: 10}


async def test_concurrent_publishers_leave_no_gap(world: World) -> None:
    buses = [world.make() for _ in range(3)]
    for bus in buses:
        await bus.start()

    async def publisher(number: int) -> None:
        for batch in range(20):
            texts = [message(f"p{number}", f"{batch * 10 + n}") for n in range(10)]
            await buses[number % 3].publish(world.topic, texts)

    async with member(world.bus.consumer(world.group, [world.topic])) as consumer:
        reading = asyncio.create_task(take(consumer, 1200))
        await asyncio.gather(*(publisher(number) for number in range(6)))
        records = await reading
    for bus in buses:
        await bus.stop()
    for values in numbers_by_key(records).values():
        assert values == list(range(200))
    offsets: dict[int, list[int]] = {}
    for record in records:
        offsets.setdefault(record.partition, []).append(record.offset)
    for found in offsets.values():
        assert found == list(range(len(found)))


async def test_one_member_of_two_topics(world: World) -> None:
    second = f"{world.topic}.second"
    await world.bus.ensure_topics([second])
    await world.bus.publish(world.topic, numbered(20, 3))
    await world.bus.publish(second, numbered(20, 3))
    async with member(world.bus.consumer(world.group, [world.topic, second])) as consumer:
        records = await take(consumer, 40)
    assert {record.topic for record in records} == {world.topic, second}


async def test_throughput_is_reported(world: World) -> None:
    """5,000 messages of 1 KiB in batches of 500, as a relay sends them; then read by a group."""
    body = b"x" * 1024
    batches = [[message(str(uuid4()), body, [("ce_id", b"1" * 36)] * 10) for _ in range(500)] for _ in range(10)]
    begun = time.monotonic()
    for batch in batches:
        await world.bus.publish(world.topic, batch)
    published = time.monotonic()
    async with member(world.bus.consumer(world.group, [world.topic])) as consumer:
        joined = time.monotonic()
        await take(consumer, 5000)
        done = time.monotonic()
    log.info(
        "throughput",
        bus=type(world.bus).__name__,
        published_per_s=round(5000 / (published - begun)),
        read_per_s=round(5000 / (done - joined)),
        join_s=round(joined - published, 2),
    )
