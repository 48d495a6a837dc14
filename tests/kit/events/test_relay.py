"""One relay sends at a time, in order, and loses nothing whatever dies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from signal import SIGKILL

import pytest

from kit.events import outbox
from kit.events.bus import BusUnavailable, EventBus, Message
from kit.events.relay import RELAY_LOCK, Relay
from tests.kit.events.world import Tiny, by_key, eventually

HOLDER = "SELECT pid FROM pg_locks JOIN pg_database d ON d.oid = database WHERE d.datname = current_database() " + (
    f"AND locktype = 'advisory' AND granted AND objid = {RELAY_LOCK & 0xFFFFFFFF}"
)


async def write(tiny: Tiny, numbers: Sequence[int]) -> None:
    for n in numbers:
        async with tiny.db.transaction() as tx:
            await outbox.add(tx, tiny.source, [tiny.event(n, f"key-{n % 3}")])


async def sent(tiny: Tiny) -> dict[str, list[int]]:
    return by_key([(record.key, int(record.value[6:-1])) for record in await tiny.log()])


async def is_drained(tiny: Tiny) -> bool:
    return await tiny.rows("SELECT count(*) FROM outbox WHERE published_at IS NULL") == [(0,)]


def first_occurrences(numbers: Sequence[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


def whole(count: int) -> dict[str, list[int]]:
    return by_key([(f"key-{n % 3}", n) for n in range(count)])


class Flaky:
    """A bus that is away while `away`; `delay` seconds pass before it writes."""

    def __init__(self, bus: EventBus) -> None:
        self.bus = bus
        self.away = False
        self.broken = False
        self.delay = 0.0
        self.calls = 0

    async def publish(self, topic: str, messages: Sequence[Message]) -> None:
        self.calls += 1
        if self.away:
            raise BusUnavailable("away")
        if self.broken:
            raise ValueError("a bug")
        await asyncio.sleep(self.delay)
        await self.bus.publish(topic, messages)


async def test_two_relays_one_is_active_and_each_row_is_sent_once(tiny: Tiny) -> None:
    relays = [Relay(tiny.db, tiny.bus) for _ in range(2)]
    async with tiny.running(*relays):
        await write(tiny, range(60))
        await eventually(lambda: is_drained(tiny))
        assert sorted(relay.is_active for relay in relays) == [False, True]
        assert sorted(relay.sent for relay in relays) == [0, 60]
    assert await sent(tiny) == whole(60)
    assert await tiny.rows("SELECT count(published_at) FROM outbox") == [(60,)]


async def test_another_takes_over_when_the_connection_of_the_active_dies(tiny: Tiny) -> None:
    relays = [Relay(tiny.db, tiny.bus) for _ in range(2)]
    async with tiny.running(*relays):
        writer = asyncio.create_task(write(tiny, range(150)))
        for _ in range(3):
            await eventually(lambda: has_holder(tiny))
            await tiny.rows(f"SELECT pg_terminate_backend(pid) FROM ({HOLDER}) AS h")
            await asyncio.sleep(0.2)
        await writer
        await eventually(lambda: is_drained(tiny))
        await eventually(lambda: one_is_active(relays))
    found = await sent(tiny)
    assert {key: first_occurrences(numbers) for key, numbers in found.items()} == whole(150)


async def one_is_active(relays: Sequence[Relay]) -> bool:
    return sum(relay.is_active for relay in relays) == 1


async def has_holder(tiny: Tiny) -> bool:
    return bool(await tiny.rows(HOLDER))


async def test_cut_off_while_sending_the_order_of_first_occurrences_stands(embedded: Tiny) -> None:
    """The old relay still writes its batch after the new one has taken over."""
    slow = Flaky(embedded.bus)
    slow.delay = 1.0
    old, new = Relay(embedded.db, slow), Relay(embedded.db, embedded.bus)  # type: ignore[arg-type]
    await write(embedded, range(30))
    async with embedded.running(old):
        await eventually(lambda: called(slow))
        async with embedded.running(new):
            await embedded.rows(f"SELECT pg_terminate_backend(pid) FROM ({HOLDER}) AS h")
            await write(embedded, range(30, 60))
            await eventually(lambda: is_drained(embedded))
            await asyncio.sleep(1.0)
    found = await sent(embedded)
    assert sum(map(len, found.values())) > 60
    assert {key: first_occurrences(numbers) for key, numbers in found.items()} == whole(60)


async def called(bus: Flaky) -> bool:
    return bus.calls > 0


async def test_log_away_then_back(embedded: Tiny) -> None:
    bus = Flaky(embedded.bus)
    bus.away = True
    async with embedded.running(Relay(embedded.db, bus)):  # type: ignore[arg-type]
        await write(embedded, range(10))
        await eventually(lambda: called(bus))
        assert await sent(embedded) == {}
        idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
        assert await embedded.rows(f"{idle} AND pid <> pg_backend_pid()") == [(0,)]
        bus.away = False
        await eventually(lambda: is_drained(embedded))
    assert await sent(embedded) == whole(10)


async def test_unexpected_error_does_not_end_the_relay(embedded: Tiny) -> None:
    bus = Flaky(embedded.bus)
    bus.broken = True
    async with embedded.running(Relay(embedded.db, bus)):  # type: ignore[arg-type]
        await write(embedded, range(3))
        await eventually(lambda: called(bus))
        bus.broken = False
        await eventually(lambda: is_drained(embedded))
    assert await sent(embedded) == whole(3)


@pytest.mark.parametrize("point", ["relay.before_send", "relay.before_mark"])
async def test_killed_between_read_send_and_mark_nothing_is_lost(tiny: Tiny, point: str) -> None:
    await write(tiny, range(40))
    assert await tiny.process("relay", point) == -SIGKILL
    assert not await is_drained(tiny)
    await write(tiny, range(40, 50))
    async with tiny.running(Relay(tiny.db, tiny.bus)):
        await eventually(lambda: is_drained(tiny))
    found = await sent(tiny)
    assert {key: first_occurrences(numbers) for key, numbers in found.items()} == whole(50)
    assert sum(map(len, found.values())) == (50 if point == "relay.before_send" else 90)


async def test_more_than_a_batch_and_what_was_committed_before_the_stop_is_sent(embedded: Tiny) -> None:
    async with embedded.db.transaction() as tx:
        await outbox.add(tx, embedded.source, [embedded.event(n) for n in range(1200)])
    relay = Relay(embedded.db, embedded.bus)
    async with embedded.running(relay):
        await eventually(lambda: is_active(relay))
    assert await sent(embedded) == {"k": list(range(1200))}
    assert all(a < b for a, b in pairwise((await sent(embedded))["k"]))


async def is_active(relay: Relay) -> bool:
    return relay.is_active
