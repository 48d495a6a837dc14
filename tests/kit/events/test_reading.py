"""The log read without a group: selections, the newest, following, structured events."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import orjson
import pytest

from kit import clock
from kit.events.bus import Message, Record, TopicPartition
from kit.events.envelope import Event, to_headers
from kit.events.reading import Selection, bounds_of, decode, follow, newest, scan, structured
from tests.kit.events.world import Tiny


def numbers(records: list[Record]) -> list[int]:
    return [event.payload["n"] for record in records if (event := decode(record))]


async def fill(tiny: Tiny, count: int) -> None:
    for n in range(count):
        await tiny.publish(tiny.event(n, f"key-{n % 5}"))
        await asyncio.sleep(0.003)  # a millisecond of their own: the log tells time in them


async def test_the_newest_come_in_order_of_time(tiny: Tiny) -> None:
    await fill(tiny, 30)
    records, positions = await newest(tiny.bus, tiny.topic, Selection(), 7)
    assert numbers(records) == list(range(23, 30))
    assert positions == {place: end for place, (_first, end) in (await tiny.bus.bounds(tiny.topic)).items()}
    records, _ = await newest(tiny.bus, tiny.topic, Selection(key="key-2"), 3)
    assert numbers(records) == [17, 22, 27]
    assert (await newest(tiny.bus, tiny.topic, Selection(types=("nothing.*",)), 3))[0] == []
    assert (await newest(tiny.bus, tiny.topic, Selection(), 0))[0] == []


async def test_the_newest_are_found_far_back(embedded: Tiny) -> None:
    first = embedded.event(0, event_type=f"{embedded.source}.rare.v1")
    await embedded.publish(first, *(embedded.event(n) for n in range(1, 1300)))
    records, _ = await newest(embedded.bus, embedded.topic, Selection(types=("*.rare.v1",)), 2)
    assert numbers(records) == [0]


async def test_scan_moves_positions_after_a_chunk_and_goes_on(embedded: Tiny) -> None:
    await embedded.publish(*(embedded.event(n) for n in range(1200)))
    ends = {place: end for place, (_first, end) in (await embedded.bus.bounds(embedded.topic)).items()}
    positions: dict[TopicPartition, int] = {}
    async for records in scan(embedded.bus, positions, ends):
        assert sum(positions.values()) == 0
        assert len(records) == 500
        break
    rest = [numbers(records) async for records in scan(embedded.bus, {p: 500 for p, e in ends.items() if e}, ends)]
    assert [n for chunk in rest for n in chunk] == list(range(500, 1200))


async def test_following_sees_what_comes(tiny: Tiny) -> None:
    await tiny.publish(tiny.event(0, "mine"))
    seen: list[Record] = []

    async def watch() -> None:
        positions = dict.fromkeys(await bounds_of(tiny.bus, tiny.topic, Selection(key="mine")), 0)
        async for record in follow(tiny.bus, tiny.topic, Selection(key="mine"), positions, forever=True):
            seen.append(record)
            if len(seen) == 3:
                return

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0.5)
    await tiny.publish(tiny.event(1, "mine"), tiny.event(2, "other"), tiny.event(3, "mine"))
    await asyncio.wait_for(watching, 30)
    assert numbers(seen) == [0, 1, 3]


async def test_undecodable_records_are_shown_unless_something_is_asked_for(embedded: Tiny) -> None:
    await embedded.bus.publish(embedded.topic, [Message("k", b"\xff", ())])
    assert len((await newest(embedded.bus, embedded.topic, Selection(), 5))[0]) == 1
    assert (await newest(embedded.bus, embedded.topic, Selection(key="k"), 5))[0] == []


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), True),
        (Selection(types=("source.*.v1",)), True),
        (Selection(types=("a", "source.thing.v1")), True),
        (Selection(types=("source",)), False),
        (Selection(key="k"), True),
        (Selection(key="K"), False),
        (Selection(since=clock.now() + timedelta(days=1)), False),
        (Selection(since=clock.now() - timedelta(days=1), until=clock.now() + timedelta(days=1)), True),
        (Selection(until=clock.now() - timedelta(days=1)), False),
    ],
)
def test_selections(selection: Selection, wanted: bool, event: Event) -> None:
    assert selection.wants(event) is wanted


@pytest.fixture
def event() -> Event:
    from kit.ids import new_id

    return Event(
        new_id(), "source.thing.v1", "/crmesh/source", "s", clock.now(), "k", 7, b'{"n":1,"text":"\xc3\xa9"}', "cor"
    )


def test_structured_mode_is_a_cloud_event(event: Event) -> None:
    record = Record("topic", 3, 2**40, "k", event.data, tuple(to_headers(event)), 0)
    body = orjson.loads(orjson.dumps(structured(event, record)))
    assert body == {
        "specversion": "1.0",
        "id": str(event.id),
        "type": "source.thing.v1",
        "source": "/crmesh/source",
        "subject": "s",
        "time": event.time.isoformat(),
        "datacontenttype": "application/json",
        "partitionkey": "k",
        "sequence": "7",
        "correlationid": "cor",
        "logtopic": "topic",
        "logpartition": 3,
        "logoffset": str(2**40),
        "data": {"n": 1, "text": "é"},
    }
    assert all(name.isalnum() and name.islower() and len(name) <= 20 for name in body), "names that CloudEvents allow"
