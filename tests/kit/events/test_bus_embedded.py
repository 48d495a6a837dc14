"""The embedded log when connections die, and its fair shares."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.events.bus import BusUnavailable, Consumer, Message, TopicPartition
from kit.events.embedded import EmbeddedBus
from kit.events.embedded_consumer import share_out
from kit.events.partitions import partition_of
from kit.testing.postgres import TestServer, drop_database, unique_name

TOPIC = "t"


def texts(*values: int) -> list[Message]:
    return [Message("k", str(value).encode(), ()) for value in values]


@pytest.fixture
async def arguments(postgres_server: TestServer) -> AsyncIterator[dict[str, Any]]:
    name = unique_name("log")
    yield postgres_server.connect_args(name)
    await drop_database(postgres_server, name)


@pytest.fixture
async def bus(arguments: dict[str, Any]) -> AsyncIterator[EmbeddedBus]:
    bus = EmbeddedBus(arguments)
    await bus.start()
    await bus.ensure_topics([TOPIC])
    yield bus
    await bus.stop()


async def kill(arguments: dict[str, Any], where: str = "true") -> int:
    """Terminate the sessions of the log's database for which `where` holds."""
    connection = await asyncpg.connect(**arguments)
    try:
        killed = await connection.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            f"WHERE datname = current_database() AND pid <> pg_backend_pid() AND {where}"
        )
    finally:
        await connection.close()
    return len(killed)


async def sessions(arguments: dict[str, Any]) -> int:
    connection = await asyncpg.connect(**arguments)
    try:
        count = await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()
    return int(count)


async def values(consumer: Consumer, count: int, *, commit: bool = True) -> list[int]:
    """Poll until `count` records have come, through refusals."""
    found: list[int] = []
    deadline = time.monotonic() + 20
    while len(found) < count:
        assert time.monotonic() < deadline
        try:
            batches = await consumer.poll(100, 0.2)
            if commit:
                await consumer.commit({place: batch[-1].offset + 1 for place, batch in batches.items()})
        except BusUnavailable:
            continue
        found += [int(record.value) for batch in batches.values() for record in batch]
    return found


async def publish(bus: EmbeddedBus, *numbers: int) -> None:
    """As a relay does: again until it is through."""
    while True:
        try:
            return await bus.publish(TOPIC, texts(*numbers))
        except BusUnavailable:
            await asyncio.sleep(0.05)


async def test_all_connections_killed_and_everything_goes_on(bus: EmbeddedBus, arguments: dict[str, Any]) -> None:
    consumer = bus.consumer("g", [TOPIC])
    await consumer.start()
    await bus.publish(TOPIC, texts(1, 2))
    assert await values(consumer, 2) == [1, 2]
    assert await kill(arguments) >= 3
    await publish(bus, 3)
    assert await values(consumer, 1) == [3]
    await asyncio.sleep(0.8)
    elsewhere = EmbeddedBus(arguments, fallback_poll=60)
    await elsewhere.start()
    reading = asyncio.create_task(values(consumer, 1))
    await elsewhere.publish(TOPIC, texts(4))
    assert await asyncio.wait_for(reading, 5) == [4]
    await consumer.stop()
    await elsewhere.stop()


async def test_a_new_listener_is_heard_across_buses(bus: EmbeddedBus, arguments: dict[str, Any]) -> None:
    """Without the fallback poll only NOTIFY can wake the reader, also after its listener was killed."""
    reader = EmbeddedBus(arguments, fallback_poll=60)
    await reader.start()
    consumer = reader.consumer("g", [TOPIC])
    await consumer.start()
    for round_number in range(2):
        polling = asyncio.create_task(consumer.poll(10, 20))
        await asyncio.sleep(0.2)
        begun = time.monotonic()
        await bus.publish(TOPIC, texts(round_number))
        assert await polling
        assert time.monotonic() - begun < 1
        await kill(arguments, "query ILIKE 'LISTEN%'")
        await asyncio.sleep(1)
    await consumer.stop()
    await reader.stop()


async def test_who_loses_the_lock_reads_and_commits_no_more(bus: EmbeddedBus, arguments: dict[str, Any]) -> None:
    place = TopicPartition(TOPIC, partition_of("k"))
    await bus.publish(TOPIC, texts(1, 2, 3))
    first, second = bus.consumer("g", [TOPIC]), bus.consumer("g", [TOPIC])
    await first.start()
    await second.start()
    assert first.assignment()
    assert not second.assignment()
    assert await second.poll(10, 0) == {}
    assert await values(first, 3, commit=False) == [1, 2, 3]
    assert await kill(arguments, "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')") == 1
    assert await values(second, 3) == [1, 2, 3]
    assert not first.assignment()
    await first.commit({place: 1})
    assert await bus.committed("g", TOPIC) == {place: 3}
    await second.stop()
    await bus.publish(TOPIC, texts(4))
    assert await values(first, 1) == [4]
    await first.stop()


async def test_standby_takes_over_at_once_when_the_active_member_leaves(bus: EmbeddedBus) -> None:
    first, second = bus.consumer("g", [TOPIC]), bus.consumer("g", [TOPIC])
    await first.start()
    await second.start()
    await bus.publish(TOPIC, texts(1))
    assert await values(first, 1) == [1]
    waiting = asyncio.create_task(values(second, 1))
    await asyncio.sleep(0.1)
    await first.stop()
    begun = time.monotonic()
    await publish(bus, 2)
    assert await waiting == [2]
    assert time.monotonic() - begun < 0.4
    await second.stop()


async def test_members_standing_by_cost_no_connection(bus: EmbeddedBus, arguments: dict[str, Any]) -> None:
    members = [bus.consumer("g", [TOPIC]) for _ in range(10)]
    for each in members:
        await each.start()
    await asyncio.gather(*(each.poll(10, 0.1) for each in members))
    # up to four pooled, one that listens, one that holds the lock
    assert await sessions(arguments) <= 6
    await asyncio.gather(*(each.stop() for each in members))
    await bus.stop()
    assert await sessions(arguments) == 0


HOLDERS = "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"


async def test_all_members_of_a_process_share_their_lock_connection(
    bus: EmbeddedBus, arguments: dict[str, Any]
) -> None:
    """What one gives back another process takes; the others keep theirs; one loss is the loss of all."""
    mine = [bus.consumer(f"g{number}", [TOPIC]) for number in range(5)]
    elsewhere = EmbeddedBus(arguments)
    await elsewhere.start()
    await bus.publish(TOPIC, texts(1))
    for each in mine:
        await each.start()
    assert [await values(each, 1) for each in mine] == [[1]] * 5
    assert await sessions(arguments) <= 12
    standby = [elsewhere.consumer(f"g{number}", [TOPIC]) for number in range(2)]
    for each in standby:
        await each.start()
        assert not each.assignment()
    await mine[0].stop()
    await publish(bus, 2)
    assert await values(standby[0], 1) == [2]
    assert await standby[1].poll(10, 0.7) == {}
    assert [await values(each, 1) for each in mine[1:]] == [[2]] * 4
    await standby[0].stop()
    assert await kill(arguments, HOLDERS) == 1
    await publish(bus, 3)
    assert [await values(each, 1) for each in mine[2:]] == [[3]] * 3
    assert sorted(await values(mine[1], 1)) == [3]
    for each in (*mine[1:], standby[1]):
        await each.stop()
    assert await kill(arguments, HOLDERS) == 0
    await elsewhere.stop()


async def test_where_to_begin_is_nobody_elses_matter(bus: EmbeddedBus) -> None:
    """A member that cannot learn where to begin holds nothing, and nobody waits for it."""
    is_known = asyncio.Event()

    async def offsets(_partitions: object) -> dict[TopicPartition, int]:
        if not is_known.is_set():
            raise RuntimeError("not now")
        await asyncio.sleep(0.5)
        return {}

    await bus.publish(TOPIC, texts(1))
    good, bad, other = bus.consumer("g", [TOPIC]), bus.consumer("h", [TOPIC], offsets), bus.consumer("h", [TOPIC])
    await good.start()
    with pytest.raises(BusUnavailable, match="start offsets of group h"):
        await bad.start()
    assert good.assignment()
    assert not bad.assignment()
    await other.start()
    assert other.assignment()
    await other.stop()
    is_known.set()
    starting = asyncio.create_task(bad.start())
    await asyncio.sleep(0.1)
    begun = time.monotonic()
    assert await values(good, 1) == [1]
    assert time.monotonic() - begun < 0.3
    await starting
    assert await values(bad, 1) == [1]
    await good.stop()
    await bad.stop()


async def test_a_cancelled_start_leaves_no_lock(bus: EmbeddedBus, arguments: dict[str, Any]) -> None:
    for pause in (0, 0.001, 0.003, 0.005, 0.01, 0.02):
        member = bus.consumer("g", [TOPIC])
        task = asyncio.create_task(member.start())
        await asyncio.sleep(pause)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await member.stop()
    last = bus.consumer("g", [TOPIC])
    await last.start()
    deadline = time.monotonic() + 5
    while not last.assignment():
        assert time.monotonic() < deadline
        await last.poll(1, 0.1)
    await last.stop()
    assert await kill(arguments, HOLDERS) == 0


async def test_a_failed_publish_leaves_nothing(bus: EmbeddedBus) -> None:
    with pytest.raises(BusUnavailable, match="no topic"):
        await bus.publish("unknown", texts(1))
    with pytest.raises(BusUnavailable, match="no topic"):
        await bus.bounds("unknown")
    with pytest.raises(asyncpg.DataError):
        await bus.publish(TOPIC, [*texts(1), Message("nul \0", b"", ())])
    assert set((await bus.bounds(TOPIC)).values()) == {(0, 0)}


async def test_cancelled_publish_is_all_or_nothing_and_frees_the_topic(bus: EmbeddedBus) -> None:
    for _ in range(20):
        task = asyncio.create_task(bus.publish(TOPIC, texts(*range(10))))
        await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.wait_for(bus.publish(TOPIC, texts(1)), 5)
    assert (await bus.bounds(TOPIC))[TopicPartition(TOPIC, partition_of("k"))][1] % 10 == 1


async def test_started_twice_at_once_and_no_server(arguments: dict[str, Any]) -> None:
    buses = [EmbeddedBus(arguments) for _ in range(3)]
    await asyncio.gather(*(bus.start() for bus in buses))
    await asyncio.gather(*(bus.stop() for bus in buses))
    with pytest.raises(BusUnavailable):
        await buses[0].bounds(TOPIC)
    with pytest.raises(BusUnavailable):
        await EmbeddedBus({**arguments, "host": "127.0.0.1", "port": 1}).start()


@given(st.lists(st.integers(0, 1000), max_size=20), st.integers(1, 600))
def test_shares_are_fair(backlogs: list[int], budget: int) -> None:
    waiting = {TopicPartition(TOPIC, number): count for number, count in enumerate(backlogs)}
    quotas = share_out(waiting, budget)
    assert sum(quotas.values()) == min(budget, sum(backlogs))
    assert all(0 < quota <= waiting[place] for place, quota in quotas.items())
    least = min((quota for place, quota in quotas.items() if quota < waiting[place]), default=None)
    if least is not None:
        assert max(quotas.values()) <= least + 1
