"""A fault of one lane stays in it; a lane reads what it handles and nothing else."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bench.faults.log import entry_of, has_letter
from kit.db.database import Tx
from kit.events import envelope
from kit.events.bus import Message
from kit.events.envelope import Event, to_headers
from kit.events.handlers import Lane, LaneName, Projection, Subscriptions
from kit.events.inbox import InboxConsumer
from kit.events.status import delivery_status
from tests.kit.events.world import Tiny, eventually
from tests.kit.tiny import SETTINGS, Things, fold_tally, happened, models_of, renamed

LANES: tuple[LaneName, ...] = ("core", "directory", "insight")


def door(tiny: Tiny, insight: Any = fold_tally) -> Subscriptions:
    """Core writes effects and insight a tally of what happened; directory hears other events of the same topic."""

    async def note(tx: Tx, facts: Things) -> None:
        for event in (fact.event for fact in facts):
            await tx.execute("INSERT INTO ledger VALUES ($1, $2, 0)", event.id, event.key)

    subscriptions = Subscriptions(tiny.service, models_of(tiny.service, tiny.source))
    tally = Projection("tally", ("tally", "tally_line"), {happened(tiny.source): insight})
    subscriptions.lane("insight").project(tally)
    subscriptions.lane("core").react(tiny.handlers.effect, happened(tiny.source))
    subscriptions.lane("directory").project(Projection("names", ("ledger",), {renamed(tiny.source): note}))
    return subscriptions


def consumer(tiny: Tiny, lane: Lane) -> InboxConsumer:
    return InboxConsumer(tiny.db, tiny.bus, lane, SETTINGS)


def test_lanes_have_groups_of_their_own_and_keep_their_order() -> None:
    subscriptions = Subscriptions("risk", {})
    for name in reversed(LANES):
        assert subscriptions.lane(name) is subscriptions.lane(name)
    assert [lane.group for lane in subscriptions.lanes] == [f"crmesh.risk.{name}" for name in LANES]


async def test_a_lane_that_always_fails_holds_nothing_else_up(tiny: Tiny) -> None:
    async def fail(_tx: Tx, _facts: Things) -> None:
        raise KeyError("amount")

    lanes = door(tiny, insight=fail).lanes
    await tiny.publish(*[tiny.event(n, f"key-{n % 5}") for n in range(20)], tiny.event(0, "k", renamed(tiny.source)))
    async with tiny.running(*(consumer(tiny, lane) for lane in lanes)):
        await eventually(lambda: counts(tiny, effect=20, ledger=1))
        await eventually(lambda: parks(tiny, 20))
    assert await tiny.rows("SELECT DISTINCT grp FROM parked_event") == [(f"crmesh.{tiny.service}.insight",)]


async def counts(tiny: Tiny, **wanted: int) -> bool:
    return all([await tiny.rows(f"SELECT count(*) FROM {table}") == [(n,)] for table, n in wanted.items()])


async def parks(tiny: Tiny, count: int) -> bool:
    return await tiny.rows("SELECT count(*) FROM parked_event") == [(count,)]


async def test_what_a_lane_does_not_handle_is_neither_decoded_nor_left_behind(tiny: Tiny, monkeypatch: Any) -> None:
    decoded: list[str] = []
    proper = envelope.from_headers

    def counting(headers: Any, value: Any) -> Event:
        event = proper(headers, value)
        decoded.append(event.type)
        return event

    monkeypatch.setattr("kit.events.inbox.from_headers", counting)
    subscriptions = door(tiny)
    await tiny.publish(*[tiny.event(n, f"key-{n}") for n in range(30)], tiny.event(0, "k", renamed(tiny.source)))
    async with tiny.running(consumer(tiny, subscriptions.lane("directory"))):
        await eventually(lambda: stands_at_the_end(tiny, subscriptions, "directory"))
    assert decoded == [renamed(tiny.source)]
    assert await counts(tiny, ledger=1, effect=0, inbox=1)
    ends = {place: end for place, (_first, end) in (await tiny.bus.bounds(tiny.topic)).items() if end}
    assert await tiny.bus.committed(subscriptions.lane("directory").group, tiny.topic) == ends


async def stands_at_the_end(tiny: Tiny, subscriptions: Subscriptions, name: str) -> bool:
    async with tiny.db.reading() as tx:
        status = await delivery_status(tx, tiny.bus, subscriptions)
    assert status.lanes is not None
    return not any(status.lanes[name].values())


async def test_positions_behind_skipped_records_are_stored_under_load_too(embedded: Tiny, monkeypatch: Any) -> None:
    monkeypatch.setattr("kit.events.inbox.SKIPPED_SECONDS", 0.05)
    monkeypatch.setattr("kit.events.inbox.IDLE_SECONDS", 5.0)
    subscriptions = door(embedded)
    async with embedded.running(consumer(embedded, subscriptions.lane("directory"))):

        async def has_moved() -> bool:
            await embedded.publish(embedded.event(1))
            return bool(await embedded.rows("SELECT FROM consumer_offset WHERE next_offset >= 5"))

        await eventually(has_moved)


async def test_one_lane_buries_what_cannot_be_decoded(embedded: Tiny) -> None:
    """The checker of the fault runs looks for the same letters."""
    headers = dict(to_headers(embedded.event(1)))
    foreign = dict(to_headers(embedded.event(1, event_type=f"{embedded.source}.unheard.v1")))
    for attributes in (
        {},
        {**headers, "ce_time": b"yesterday"},
        {**headers, "ce_type": renamed(embedded.source).encode(), "ce_sequence": b"x"},
        {**foreign, "ce_sequence": b"x"},
        {"ce_id": b"\xff\xfe"},
    ):
        await embedded.bus.publish(embedded.topic, [Message("k", b"{}", tuple(attributes.items()))])
    subscriptions = door(embedded)
    assert await letters(embedded, subscriptions) == {("core", 0), ("core", 1), ("directory", 2), ("core", 4)}
    wanted = {record.offset for record in await embedded.log() if has_letter(entry_of(record), subscriptions)}
    assert wanted == {0, 1, 2, 4}


async def letters(tiny: Tiny, subscriptions: Subscriptions) -> set[tuple[str, int]]:
    """Lane and offset of each dead letter, once every lane has read the topics it reads."""
    for lane in subscriptions.lanes:
        polled = {place: records for place, records in (await tiny.polled()).items() if place.topic in lane.topics()}
        await consumer(tiny, lane).handle(polled, asyncio.Event())
    subjects = [subject for (subject,) in await tiny.rows("SELECT subject FROM outbox ORDER BY id")]
    found = [(group.split(".")[2], int(offset)) for group, _t, _p, offset in (each.split(":") for each in subjects)]
    assert len(set(found)) == len(found)
    return set(found)


async def test_the_lane_that_buries_is_one_that_reads_the_topic(embedded: Tiny) -> None:
    """A type may stand in a topic that is not its own, where an earlier lane that handles it never comes by."""
    own = happened(embedded.service)
    subscriptions = Subscriptions(embedded.service, models_of(embedded.service, embedded.source))
    subscriptions.lane("core").react(embedded.handlers.effect, own)
    subscriptions.lane("insight").react(embedded.handlers.effect, own, happened(embedded.source))
    headers = {**dict(to_headers(embedded.event(1, event_type=own))), "ce_sequence": b"x"}
    await embedded.bus.publish(embedded.topic, [Message("k", b"{}", tuple(headers.items()))])
    assert await letters(embedded, subscriptions) == {("insight", 0)}


async def test_of_two_types_the_last_one_counts(embedded: Tiny) -> None:
    event = embedded.event(1)
    twice = [("ce_type", f"{embedded.source}.unheard.v1".encode()), *to_headers(event)]
    await embedded.bus.publish(embedded.topic, [Message("k", event.data, tuple(twice))])
    for lane in door(embedded).lanes:
        await consumer(embedded, lane).handle(await embedded.polled(), asyncio.Event())
    assert await counts(embedded, effect=1, tally_line=1, parked_event=0)


@pytest.mark.parametrize("name", LANES)
async def test_killed_members_of_every_lane_repeat_nothing(embedded: Tiny, name: LaneName) -> None:
    """A lane that lost what it had not stored reads skipped records again and skips them again."""
    subscriptions = door(embedded)
    events = [embedded.event(n, f"key-{n % 3}", renamed(embedded.source) if n % 4 == 0 else None) for n in range(40)]
    await embedded.publish(*events, *events[:10], replace(events[0], type=f"{embedded.source}.unheard.v1"))
    polled = await embedded.polled()
    for _ in range(3):
        await consumer(embedded, subscriptions.lane(name)).handle(polled, asyncio.Event())
    wanted = {"core": {"effect": 30}, "directory": {"ledger": 10}, "insight": {"tally_line": 30}}
    assert await counts(embedded, **wanted[name])
