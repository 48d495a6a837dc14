"""Where a lane begins on a topic: at 0 in a new database, at the end of the log when the topic is new to it."""

from __future__ import annotations

import asyncio

from kit.events import starts
from kit.events.envelope import topic_of
from kit.events.handlers import Projection, Subscriptions
from kit.events.inbox import InboxConsumer
from tests.kit.events.world import Tiny, eventually
from tests.kit.tiny import SETTINGS, fold_ledger, happened


async def offsets(tiny: Tiny, group: str, topic: str) -> set[int]:
    rows = await tiny.rows("SELECT next_offset FROM consumer_offset WHERE grp = $1 AND topic = $2", group, topic)
    assert len(rows) == 12
    return {int(row[0]) for row in rows}


def grown(tiny: Tiny) -> Subscriptions:
    """The next release: core hears its own service too, insight is new and keeps a projection."""
    subscriptions = tiny.subscriptions
    subscriptions.lane("core").react(tiny.handlers.effect, happened(tiny.service))
    subscriptions.lane("insight").project(Projection("later", ("note",), {happened(tiny.source): fold_ledger}))
    return subscriptions


async def test_a_new_database_begins_at_the_start_of_the_log(tiny: Tiny) -> None:
    await tiny.publish(*[tiny.event(n) for n in range(5)])
    await asyncio.gather(*(starts.ensure(tiny.db, tiny.bus, grown(tiny)) for _ in range(4)))
    for lane in grown(tiny).lanes:
        for topic in lane.topics():
            assert await offsets(tiny, lane.group, topic) == {0}
    assert dict(await tiny.rows("SELECT name, state FROM projection_state")) == dict.fromkeys(
        ("tally", "ledger", "later"), "live"
    )


async def test_a_topic_that_was_never_heard_is_not_replayed_into_decisions(tiny: Tiny) -> None:
    async with tiny.running(tiny.consumer()):
        await tiny.publish(tiny.event(1))
        await eventually(lambda: has_effects(tiny, 1))
    past = tiny.event(2, event_type=happened(tiny.service))
    own = topic_of(tiny.service)
    tiny_topic, tiny.source = tiny.source, tiny.service
    await tiny.publish(past)
    tiny.source = tiny_topic
    await starts.ensure(tiny.db, tiny.bus, grown(tiny))
    assert sorted(await offsets(tiny, tiny.group, own)) == [0, 1]
    assert await offsets(tiny, tiny.group, tiny.topic) == {0, 1}
    assert sorted(await offsets(tiny, grown(tiny).lane("insight").group, tiny.topic)) == [0, 1]
    assert await tiny.rows("SELECT version, state FROM projection_state WHERE name = 'later'") == [(1, "building")]


async def has_effects(tiny: Tiny, count: int) -> bool:
    return len(await tiny.effects()) == count


async def test_what_the_former_group_has_handled_is_handled(tiny: Tiny) -> None:
    events = [tiny.event(n) for n in range(4)]
    for event in events[:2]:
        async with tiny.db.transaction() as tx:
            await tx.execute("INSERT INTO inbox (grp, event_id) VALUES ($1, $2)", f"crmesh.{tiny.service}", event.id)
    await tiny.publish(*events)
    lane = tiny.subscriptions.lane("core")
    await InboxConsumer(tiny.db, tiny.bus, lane, SETTINGS).handle(await tiny.polled(), asyncio.Event())
    assert await tiny.effects() == [("k", 2), ("k", 3)]
