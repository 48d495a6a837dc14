"""Every event has its effect exactly once, in the order of its key, whatever is killed, repeated or broken."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from functools import partial
from itertools import pairwise
from signal import SIGKILL
from typing import Any

import asyncpg
import pytest

from kit.events import inbox, parked
from kit.events.bus import Message
from kit.events.commits import COMMIT_SECONDS
from kit.events.envelope import Event, dead_letter_topic_of, to_headers
from kit.events.relay import Relay, event_of
from kit.testing.postgres import TestServer
from kit.work import Work
from tests.kit.events.world import Tiny, by_key, eventually
from tests.kit.tiny import SETTINGS, Handlers, Things, happened


def numbered(tiny: Tiny, count: int, keys: int = 3, start: int = 0) -> list[Event]:
    return [tiny.event(n, f"key-{n % keys}") for n in range(start, start + count)]


def whole(count: int, keys: int = 3) -> dict[str, list[int]]:
    return by_key([(f"key-{n % keys}", n) for n in range(count)])


async def has_effects(tiny: Tiny, count: int) -> bool:
    return await tiny.rows("SELECT count(*) >= $1 FROM effect", count) == [(True,)]


async def parked_rows(tiny: Tiny) -> list[tuple[Any, ...]]:
    return await tiny.rows("SELECT key, (value::json ->> 'n')::int, attempts FROM parked_event ORDER BY id")


async def dead_letters(tiny: Tiny) -> list[dict[str, Any]]:
    async with tiny.db.reading() as tx:
        found = await tx.fetch("SELECT * FROM outbox WHERE topic = $1 ORDER BY id", dead_letter_topic_of(tiny.service))
    return [event_of(row).payload for row in found]


async def test_effects_once_and_in_order_of_the_key(tiny: Tiny) -> None:
    events = numbered(tiny, 300)
    async with tiny.running(tiny.consumer()):
        await tiny.publish(*events[:200])
        await tiny.publish(*events[190:])  # as a relay does after a crash
        await eventually(lambda: has_effects(tiny, 300))
        await tiny.publish(*events[:50])
        await tiny.publish(*numbered(tiny, 3, start=300))
        await eventually(lambda: has_effects(tiny, 303))
    assert by_key(await tiny.effects()) == whole(303)
    ends = {p.partition: end for p, (_first, end) in (await tiny.bus.bounds(tiny.topic)).items() if end}
    assert dict(await tiny.rows("SELECT partition, next_offset FROM consumer_offset WHERE next_offset > 0")) == ends
    assert {p.partition: end for p, end in (await tiny.bus.committed(tiny.group, tiny.topic)).items() if end} == ends


POINTS = ("inbox.before_effect", "inbox.after_effect", "inbox.before_commit")


@pytest.mark.parametrize(
    ("tiny", "point"),
    [
        *(("embedded", point) for point in POINTS),
        ("kafka", POINTS[1]),
        # the broker gives a dead member's partitions away only after its session: seconds of waiting each
        *(pytest.param("kafka", point, marks=pytest.mark.nightly) for point in (POINTS[0], POINTS[2])),
    ],
    indirect=["tiny"],
)
async def test_killed_anywhere_the_effects_happen_once(tiny: Tiny, point: str) -> None:
    await tiny.publish(*numbered(tiny, 40))
    assert await tiny.process("inbox", point) == -SIGKILL
    assert bool(await tiny.effects()) == (point != "inbox.before_effect")
    await tiny.publish(*numbered(tiny, 20, start=40))
    async with tiny.running(tiny.consumer()):
        await eventually(lambda: has_effects(tiny, 60))
    assert by_key(await tiny.effects()) == whole(60)


async def test_the_brokers_offsets_follow_whoever_ended_before_committing_them(tiny: Tiny) -> None:
    """Else a partition that is quiet afterwards would look like one that nobody reads."""
    await tiny.publish(*numbered(tiny, 40))
    assert await tiny.process("inbox", "inbox.before_commit") == -SIGKILL
    ends = {p: end for p, (_first, end) in (await tiny.bus.bounds(tiny.topic)).items() if end}

    async def is_level() -> bool:
        return await tiny.bus.committed(tiny.group, tiny.topic) == ends

    assert not await is_level()
    async with tiny.running(tiny.consumer()):
        await eventually(is_level)


async def test_the_broker_writes_an_offset_once_a_second(tiny: Tiny, monkeypatch: Any) -> None:
    made, commits = tiny.bus.consumer, list[float]()

    def counting(*arguments: Any) -> Any:
        consumer = made(*arguments)
        proper = consumer.commit

        async def commit(offsets: Any) -> None:
            commits.append(time.monotonic())
            await proper(offsets)

        monkeypatch.setattr(consumer, "commit", commit)
        return consumer

    monkeypatch.setattr(tiny.bus, "consumer", counting)
    async with tiny.running(tiny.consumer()):
        for n in range(30):
            await tiny.publish(*numbered(tiny, 1, start=n))
            await eventually(partial(has_effects, tiny, n + 1))
    *regular, _last = commits
    assert all(after - before >= COMMIT_SECONDS for before, after in pairwise(regular))


@pytest.mark.parametrize("step", ["start", "poll", "commit", "stop"])
async def test_a_cancellation_inside_the_client_ends_nothing(tiny: Tiny, monkeypatch: Any, step: str) -> None:
    """A client that closes waits for tasks it has cancelled, and lets their cancellation out: the consumer of a
    service was gone after that, without a word."""
    made, left = tiny.bus.consumer, [2]

    def leaking(*arguments: Any) -> Any:
        consumer = made(*arguments)
        proper = getattr(consumer, step)

        async def leak(*more: Any) -> Any:
            answer = await proper(*more) if step == "stop" or not left[0] else None
            if left[0]:
                left[0] -= 1
                raise asyncio.CancelledError
            return answer

        monkeypatch.setattr(consumer, step, leak)
        return consumer

    monkeypatch.setattr(tiny.bus, "consumer", leaking)
    monkeypatch.setattr(inbox, "FAILURE_SECONDS", 0.05)
    await tiny.publish(*numbered(tiny, 40))
    async with tiny.running(tiny.consumer()):
        await eventually(lambda: has_effects(tiny, 40))
        await tiny.publish(*numbered(tiny, 20, start=40))
        await eventually(lambda: has_effects(tiny, 60))
    assert by_key(await tiny.effects()) == whole(60)


async def test_two_members_with_the_same_records_at_once(tiny: Tiny) -> None:
    """A member that has lost its partitions and does not know goes on beside the new one."""
    await tiny.publish(*numbered(tiny, 200, keys=20))
    polled = await tiny.polled()
    await asyncio.gather(*(tiny.consumer().handle(polled, asyncio.Event()) for _ in range(4)))
    assert by_key(await tiny.effects()) == whole(200, 20)
    late = {partition: records[: len(records) // 2] for partition, records in polled.items() if len(records) > 1}
    await tiny.consumer().handle(late, asyncio.Event())
    assert len(await tiny.effects()) == 200


async def test_members_share_and_hand_over(tiny: Tiny) -> None:
    buses = [tiny.make_bus() for _ in range(2)]
    for bus in buses:
        await bus.start()
    events = numbered(tiny, 400, keys=40)
    try:
        async with tiny.running(tiny.consumer(buses[0])):
            await tiny.publish(*events[:100])
            async with tiny.running(tiny.consumer(buses[1])):
                await tiny.publish(*events[100:200])
                await eventually(lambda: has_effects(tiny, 200))
                await tiny.publish(*events[200:300])
            await tiny.publish(*events[300:])
            await eventually(lambda: has_effects(tiny, 400))
    finally:
        for bus in buses:
            await bus.stop()
    assert by_key(await tiny.effects()) == whole(400, 40)


async def test_poison_parks_its_key_and_the_others_flow(tiny: Tiny) -> None:
    tiny.handlers.poison = {4}
    await tiny.publish(*numbered(tiny, 30))
    async with tiny.running(tiny.consumer(), Relay(tiny.db, tiny.bus)):
        await eventually(lambda: has_effects(tiny, 21))
        await tiny.publish(*numbered(tiny, 3, start=30))
        await eventually(lambda: has_effects(tiny, 23))
        await eventually(lambda: is_published(tiny))
    expected = whole(33)
    assert by_key(await tiny.effects()) == {**expected, "key-1": [1]}
    assert await parked_rows(tiny) == [("key-1", n, 1 if n == 4 else 0) for n in expected["key-1"] if n >= 4]
    (letter,) = [json.loads(record.value) for record in await tiny.log(dead_letter_topic_of(tiny.service))]
    assert json.loads(base64.b64decode(letter["value"])) == {"n": 4}
    assert "cannot digest 4 of [email]" in letter["error"]


async def is_published(tiny: Tiny) -> bool:
    return await tiny.rows("SELECT count(*) FROM outbox WHERE published_at IS NULL") == [(0,)]


async def test_undecodable_records_go_to_the_dead_letters_and_stop_nothing(tiny: Tiny) -> None:
    good = tiny.event(1)
    headers = dict(to_headers(good))
    bad = [
        Message("k", b"{}", ()),
        Message("k", b"\xff\xfe", tuple(headers.items())),
        Message("k", b'{"n": NaN}', tuple(headers.items())),
        Message("k\x00k" if tiny.where["kafka"] else "k", b"{}", (("ce_id", b"\xff"), ("na\x00me", b"x"))),
        Message("k", b"{}", tuple({**headers, "ce_subject": b"nul\x00"}.items())),
        Message("k", b"{}", tuple({**headers, "ce_partitionkey": b"k" * 5000}.items())),
        Message("k", b"{}", tuple({**headers, "ce_time": b"2026-01-01T00:00:00"}.items())),
        Message("k", b"{}", tuple({**headers, "ce_sequence": b"1.5"}.items())),
        Message("k", b"x" * 900_000, ()),
    ]
    for message in bad:
        await tiny.bus.publish(tiny.topic, [message])
    await tiny.publish(good, tiny.event(2, event_type=f"{tiny.source}.other.happened.v1"))
    async with tiny.running(tiny.consumer(), Relay(tiny.db, tiny.bus)):
        await eventually(lambda: has_effects(tiny, 1))
        await eventually(lambda: has_letters(tiny, len(bad)))
        await eventually(lambda: is_published(tiny))
    letters = await dead_letters(tiny)
    assert len(letters) == len(bad)
    assert len(await tiny.log(dead_letter_topic_of(tiny.service))) == len(bad)
    biggest = max(letters, key=lambda letter: letter["size"])
    assert (biggest["size"], len(base64.b64decode(biggest["value"]))) == (900_000, 512 * 1024)
    assert await parked_rows(tiny) == []


async def has_letters(tiny: Tiny, count: int) -> bool:
    return await tiny.rows("SELECT count(*) >= $1 FROM outbox", count) == [(True,)]


async def test_transient_errors_are_retried_then_parked(embedded: Tiny) -> None:
    embedded.handlers.transient = {1: 3, 2: 1000}
    await embedded.publish(*[embedded.event(n, f"key-{n}") for n in range(4)])
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    assert sorted(n for _key, n in await embedded.effects()) == [0, 1, 3]
    assert await parked_rows(embedded) == [("key-2", 2, inbox.MAX_ATTEMPTS)]


async def test_stopping_does_not_park_what_may_succeed(embedded: Tiny) -> None:
    embedded.handlers.transient = {1: 1000}
    await embedded.publish(embedded.event(1))
    stop = asyncio.Event()
    stop.set()
    with pytest.raises(Exception, match="not yet 1"):
        await embedded.consumer().handle(await embedded.polled(), stop)
    assert await parked_rows(embedded) == []


class Blocked(Handlers):
    """Fails as a statement does when something else is in the way."""

    def __init__(self, error: Exception, times: int) -> None:
        super().__init__()
        self.error, self.times = error, times

    async def effect(self, work: Work, facts: Things) -> None:
        if self.times:
            self.times -= 1
            raise self.error
        await super().effect(work, facts)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.LockNotAvailableError("locked"),
        asyncpg.DeadlockDetectedError("deadlock"),
        asyncpg.DiskFullError("full"),
        asyncpg.ReadOnlySQLTransactionError("replica"),
        asyncpg.InterfaceError("connection is closed"),
        ConnectionResetError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_trouble_of_the_database_never_parks(embedded: Tiny, error: Exception, monkeypatch: Any) -> None:
    monkeypatch.setattr("kit.events.inbox.random.uniform", lambda _low, _high: 0.01)
    await embedded.publish(embedded.event(1))
    handlers = Blocked(error, inbox.MAX_ATTEMPTS + 3)
    await embedded.consumer(handlers=handlers).handle(await embedded.polled(), asyncio.Event())
    assert await embedded.effects() == [("k", 1)]
    assert await parked_rows(embedded) == []


@pytest.mark.parametrize("error", [asyncpg.InterfaceError("expects 1 argument, 2 were passed"), KeyError("n")])
async def test_a_bug_in_a_handler_parks(embedded: Tiny, error: Exception, monkeypatch: Any) -> None:
    monkeypatch.setattr("kit.events.inbox.random.uniform", lambda _low, _high: 0.01)
    await embedded.publish(embedded.event(1))
    await embedded.consumer(handlers=Blocked(error, 1000)).handle(await embedded.polled(), asyncio.Event())
    assert [row[:2] for row in await parked_rows(embedded)] == [("k", 1)]


async def test_database_away_then_back(embedded: Tiny, postgres_server: TestServer) -> None:
    """Connections are refused and cut for a while: the consumer waits, parks nothing, loses nothing."""
    name = embedded.db.settings.connect["database"]
    async with embedded.running(embedded.consumer()):
        await embedded.publish(*numbered(embedded, 20))
        await eventually(lambda: has_effects(embedded, 20))
        admin = await asyncpg.connect(**postgres_server.connect_args())
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        await asyncio.sleep(1.0)
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
        await admin.close()
        await asyncio.sleep(1.0)
        await embedded.publish(*numbered(embedded, 20, start=20))
        await eventually(lambda: has_effects(embedded, 40))
    assert by_key(await embedded.effects()) == whole(40)
    assert await parked_rows(embedded) == []


async def test_batch_with_one_bad_event_is_worked_one_by_one(embedded: Tiny) -> None:
    embedded.handlers.poison = {50}
    await embedded.publish(*[embedded.event(n, f"key-{n}") for n in range(100)])
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    assert len(await embedded.effects()) == 99
    embedded.handlers.calls = 0
    await embedded.publish(*[embedded.event(n, f"key-{n}") for n in range(100, 200)])
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    assert len(await embedded.effects()) == 199
    assert embedded.handlers.calls == 1


async def test_copy_of_a_handled_event_behind_a_parked_one_has_no_effect(embedded: Tiny) -> None:
    embedded.handlers.poison = {2}
    first = embedded.event(1)
    await embedded.publish(first, embedded.event(2), first)
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    embedded.handlers.poison = set()
    assert await parked.retry_key(embedded.db, embedded.subscriptions, SETTINGS, "k") == 2
    assert await embedded.effects() == [("k", 1), ("k", 2)]


def test_event_types_of_the_group(embedded: Tiny) -> None:
    assert embedded.subscriptions.lane("core").wants(embedded.topic, happened(embedded.source))
    assert embedded.subscriptions.topics() == (embedded.topic,)
