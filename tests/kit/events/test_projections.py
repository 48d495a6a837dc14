"""Projections that are new, changed or keep failing: the lane goes on, and they stand again at an exact place."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.db.database import Tx
from kit.events import filling, projections, starts
from kit.events.bus import TopicPartition
from kit.events.filling import Filler
from kit.events.handlers import LaneName, Projection, Subscriptions
from kit.events.inbox import InboxConsumer
from kit.events.partitions import partition_of
from kit.events.rebuild import rebuild
from tests.kit.events.world import Tiny, eventually
from tests.kit.tiny import SETTINGS, Things, fold_ledger, fold_tally, happened, models_of

Fold = Any


class Flaky:
    """Folds into `ledger` unless told to fail."""

    def __init__(self) -> None:
        self.fails = True

    async def fold(self, tx: Tx, facts: Things) -> None:
        if self.fails:
            raise KeyError("amount")
        await fold_ledger(tx, facts)


def door(tiny: Tiny, fold: Fold | None, lane: LaneName = "insight", version: int = 1) -> Subscriptions:
    """Core reacts; insight keeps the tally; the projection in question is `notes` on a lane of its choice, or absent
    without a fold."""
    subscriptions = Subscriptions(tiny.service, models_of(tiny.service, tiny.source))
    subscriptions.lane("core").react(tiny.handlers.effect, happened(tiny.source))
    subscriptions.lane("insight").project(
        Projection("tally", ("tally", "tally_line"), {happened(tiny.source): fold_tally})
    )
    if fold is not None:
        notes = Projection("notes", ("ledger",), {happened(tiny.source): fold}, version=version)
        subscriptions.lane(lane).project(notes)
    return subscriptions


def consumers(tiny: Tiny, subscriptions: Subscriptions) -> list[InboxConsumer]:
    return [InboxConsumer(tiny.db, tiny.bus, lane, SETTINGS) for lane in subscriptions.lanes]


async def counts(tiny: Tiny, **wanted: int) -> bool:
    return all([await tiny.rows(f"SELECT count(*) FROM {table}") == [(n,)] for table, n in wanted.items()])


async def state(tiny: Tiny, name: str = "notes") -> tuple[int, str]:
    ((version, found),) = await tiny.rows("SELECT version, state FROM projection_state WHERE name = $1", name)
    return version, found


@pytest.mark.parametrize("lane", ["core", "insight"])
async def test_one_that_fails_on_ten_keys_is_set_aside_and_nothing_waits_for_it(tiny: Tiny, lane: LaneName) -> None:
    flaky = Flaky()
    subscriptions = door(tiny, flaky.fold, lane)
    await tiny.publish(*[tiny.event(n, f"key-{n % 15}") for n in range(45)])
    async with tiny.running(*consumers(tiny, subscriptions)):
        await eventually(lambda: counts(tiny, effect=45, tally_line=45, parked_event=0))
        assert await state(tiny) == (1, "aside")
        await tiny.publish(*[tiny.event(n, f"key-{n}") for n in range(45, 50)])
        await eventually(lambda: counts(tiny, effect=50, tally_line=50, parked_event=0, ledger=0))
        flaky.fails = False
        report = await rebuild(tiny.db, tiny.bus, subscriptions, "notes", swap=True, force=True)
        assert report.swapped
        assert await state(tiny) == (1, "live")
        await tiny.publish(tiny.event(50))
        await eventually(lambda: counts(tiny, ledger=51, effect=51))
    assert (await rebuild(tiny.db, tiny.bus, subscriptions, "notes")).equal


async def test_success_in_between_starts_the_count_again(embedded: Tiny) -> None:
    flaky = Flaky()
    subscriptions = door(embedded, flaky.fold)
    await starts.ensure(embedded.db, embedded.bus, subscriptions)
    insight = InboxConsumer(embedded.db, embedded.bus, subscriptions.lane("insight"), SETTINGS)
    for number in range(3):
        flaky.fails = True
        await embedded.publish(*[embedded.event(n, f"bad-{number}-{n}") for n in range(6)])
        await insight.handle(await embedded.polled(), asyncio.Event())
        flaky.fails = False
        await embedded.publish(embedded.event(1, "good"))
        await insight.handle(await embedded.polled(), asyncio.Event())
    assert await state(embedded) == (1, "live")
    assert await counts(embedded, ledger=3, parked_event=18)


async def test_a_key_that_fails_while_another_member_sets_it_aside_is_let_go(embedded: Tiny) -> None:
    keys = [f"key-{n}" for n in range(40) if partition_of(f"key-{n}") != partition_of("late")]
    failing = door(embedded, Flaky().fold)
    await starts.ensure(embedded.db, embedded.bus, failing)
    await embedded.publish(*[embedded.event(n, key) for n, key in enumerate(keys)])
    others, tries = await embedded.polled(), list[int]()

    async def overtaken(_tx: Tx, facts: Things) -> None:
        tries.append(len(facts))
        if len(tries) == 2:  # as a batch first, then alone: this try parks the key
            other = InboxConsumer(embedded.db, embedded.bus, failing.lane("insight"), SETTINGS)
            await other.handle(others, asyncio.Event())
            assert await state(embedded) == (1, "aside")
        raise KeyError("amount")

    late = InboxConsumer(embedded.db, embedded.bus, door(embedded, overtaken).lane("insight"), SETTINGS)
    await embedded.publish(embedded.event(99, "late"))
    place = TopicPartition(embedded.topic, partition_of("late"))
    await late.handle({place: (await embedded.polled())[place]}, asyncio.Event())
    assert len(tries) == 2
    assert await counts(embedded, tally_line=len(keys) + 1, parked_event=0)


@pytest.mark.parametrize(("lane", "version"), [("core", 1), ("insight", 1), ("core", 2), ("insight", 2)])
async def test_a_new_or_changed_one_fills_itself_beside_its_lane(
    tiny: Tiny, lane: LaneName, version: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr(filling, "LOOK_SECONDS", 0.05)
    is_changed = version == 2
    await tiny.publish(*[tiny.event(n, f"key-{n % 7}") for n in range(60)])
    async with tiny.running(*consumers(tiny, door(tiny, fold_ledger if is_changed else None, lane))):
        await eventually(lambda: counts(tiny, effect=60, tally_line=60, ledger=60 if is_changed else 0))

    async def doubled(tx: Tx, facts: Things) -> None:
        await fold_ledger(tx, facts)
        ids = [fact.event.id for fact in facts]
        await tx.execute("UPDATE ledger SET n = n * 2 WHERE event_id = ANY($1::uuid[])", ids)

    after = door(tiny, doubled, lane, version)
    async with tiny.running(*consumers(tiny, after)):
        await tiny.publish(*[tiny.event(n, f"key-{n % 7}") for n in range(60, 80)])
        await asyncio.sleep(0.3)
        async with tiny.running(Filler(tiny.db, tiny.bus, after)):
            await tiny.publish(*[tiny.event(n, f"key-{n % 7}") for n in range(80, 100)])
            await eventually(lambda: counts(tiny, ledger=100))
            assert await state(tiny) == (version, "live")
            await tiny.publish(tiny.event(100))
            await eventually(lambda: counts(tiny, ledger=101, tally_line=101))
    assert await tiny.rows("SELECT sum(n)::int FROM ledger") == [(sum(range(101)) * 2,)]
    assert (await rebuild(tiny.db, tiny.bus, after, "notes")).equal


async def test_a_filling_that_was_cut_off_goes_on_where_it_stopped(embedded: Tiny) -> None:
    events = [embedded.event(n, f"key-{n}") for n in range(60)]
    await embedded.publish(*events)
    async with embedded.running(embedded.consumer()):
        await eventually(lambda: counts(embedded, effect=60))
    after = door(embedded, fold_ledger)
    await embedded.publish(*events[:20])  # copies
    async with embedded.running(*consumers(embedded, after)):
        await eventually(lambda: counts(embedded, consumer_offset=24))
    folded: list[int] = []

    async def cut(tx: Tx, some: Things) -> None:
        if sum(folded) > 20:
            raise ConnectionResetError
        folded.append(len(some))
        await fold_ledger(tx, some)

    with pytest.raises(ConnectionResetError):
        await rebuild(embedded.db, embedded.bus, door(embedded, cut), "notes", swap=True, force=True, resume=True)
    report = await rebuild(embedded.db, embedded.bus, after, "notes", swap=True, force=True, resume=True)
    assert report.events == 60 - sum(folded)
    assert await counts(embedded, ledger=60)
    assert await state(embedded) == (1, "live")
    assert (await rebuild(embedded.db, embedded.bus, after, "notes")).equal


async def test_core_waits_for_what_it_reads_and_answers_say_so(embedded: Tiny) -> None:
    async with embedded.running(embedded.consumer()):
        await embedded.publish(embedded.event(1))
        await eventually(lambda: counts(embedded, effect=1))
    after = door(embedded, fold_ledger, "directory")
    await starts.ensure(embedded.db, embedded.bus, after)
    assert await projections.holds_up(embedded.db, after.lane("core"))
    assert not await projections.holds_up(embedded.db, after.lane("insight"))
    async with embedded.db.reading() as tx:
        with pytest.raises(projections.ProjectionBuilding):
            await projections.require_filled(tx, ["tally", "notes"])
        await projections.require_filled(tx, ["tally"])


async def test_a_fold_that_fails_while_filling_sets_it_aside(embedded: Tiny) -> None:
    async with embedded.running(embedded.consumer()):
        await embedded.publish(embedded.event(1))
        await eventually(lambda: counts(embedded, effect=1))
    after = door(embedded, Flaky().fold, "directory")
    await starts.ensure(embedded.db, embedded.bus, after)
    stop = asyncio.Event()
    task = asyncio.create_task(Filler(embedded.db, embedded.bus, after).run(stop))

    async def is_aside() -> bool:
        return await state(embedded) == (1, "aside")

    await eventually(is_aside)
    assert not await projections.holds_up(embedded.db, after.lane("core"))
    stop.set()
    await task
