"""Projections that are new, changed or keep failing: the lane goes on, and they stand again at an exact place."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from kit.db.database import Tx
from kit.events import filling, projections, starts
from kit.events.envelope import Event
from kit.events.filling import Filler
from kit.events.handlers import LaneName, Projection, Subscriptions
from kit.events.inbox import InboxConsumer
from kit.events.rebuild import rebuild
from tests.kit.events.world import Tiny, eventually
from tests.kit.tiny import SETTINGS, fold_ledger, fold_tally, happened

Fold = Any


class Flaky:
    """Folds into `ledger` unless told to fail."""

    def __init__(self) -> None:
        self.fails = True

    async def fold(self, tx: Tx, events: Sequence[Event]) -> None:
        if self.fails:
            raise KeyError("amount")
        await fold_ledger(tx, events)


def door(tiny: Tiny, fold: Fold, lane: LaneName = "insight", version: int = 1) -> Subscriptions:
    """Core reacts; insight keeps the tally; the projection in question is `notes` on a lane of its choice."""
    subscriptions = Subscriptions(tiny.service)
    subscriptions.lane("core").react(tiny.handlers.effect, happened(tiny.source))
    subscriptions.lane("insight").project(
        Projection("tally", ("tally", "tally_line"), {happened(tiny.source): fold_tally})
    )
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


@pytest.mark.parametrize(("lane", "version"), [("core", 1), ("insight", 1), ("core", 2), ("insight", 2)])
async def test_a_new_or_changed_one_fills_itself_beside_its_lane(
    embedded: Tiny, lane: LaneName, version: int, monkeypatch: Any
) -> None:
    monkeypatch.setattr(filling, "LOOK_SECONDS", 0.05)
    before = embedded.subscriptions
    before.lane("insight").react(embedded.handlers.effect, happened(embedded.source))
    await embedded.publish(*[embedded.event(n, f"key-{n % 7}") for n in range(60)])
    first = door(embedded, fold_ledger, lane) if version == 2 else before
    async with embedded.running(*consumers(embedded, first)):
        await eventually(lambda: counts(embedded, tally_line=60))
    if version == 2:
        await eventually(lambda: counts(embedded, ledger=60))

    async def doubled(tx: Tx, events: Sequence[Event]) -> None:
        await fold_ledger(tx, events)
        await tx.execute("UPDATE ledger SET n = n * 2 WHERE event_id = ANY($1::uuid[])", [each.id for each in events])

    after = door(embedded, doubled, lane, version)
    filler, stop = Filler(embedded.db, embedded.bus, after), asyncio.Event()
    async with embedded.running(*consumers(embedded, after)):
        await embedded.publish(*[embedded.event(n, f"key-{n % 7}") for n in range(60, 80)])
        await asyncio.sleep(0.3)
        task = asyncio.create_task(filler.run(stop))
        await embedded.publish(*[embedded.event(n, f"key-{n % 7}") for n in range(80, 100)])
        await eventually(lambda: counts(embedded, ledger=100))
        assert await state(embedded) == (version, "live")
        await embedded.publish(embedded.event(100))
        await eventually(lambda: counts(embedded, ledger=101, tally_line=101))
        stop.set()
        await task
    assert await embedded.rows("SELECT sum(n)::int FROM ledger") == [(sum(range(101)) * 2,)]
    assert (await rebuild(embedded.db, embedded.bus, after, "notes")).equal


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

    async def cut(tx: Tx, some: Sequence[Event]) -> None:
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
