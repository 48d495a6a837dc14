"""A rebuild finds the live tables in the log again, while live traffic goes on, or says that it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from kit.errors import NotFound
from kit.events import outbox, parked
from kit.events.bus import EventBus, TopicPartition
from kit.events.rebuild import RebuildRefused, RebuildReport, rebuild
from kit.events.relay import Relay
from tests.kit.events.world import Tiny, eventually


async def run(tiny: Tiny, name: str = "tally", **options: Any) -> RebuildReport:
    return await rebuild(tiny.db, tiny.bus, tiny.subscriptions, name, **options)


async def fill(tiny: Tiny, count: int = 60) -> None:
    """Live has handled the whole log."""
    await tiny.publish(*[tiny.event(n, f"key-{n % 7}") for n in range(count)])
    await tiny.consumer().handle(await tiny.polled(), asyncio.Event())


async def decide(tiny: Tiny, n: int) -> None:
    """A reaction: its fact and its ledger line in one transaction."""
    event = tiny.event(n, f"key-{n % 7}", f"{tiny.service}.decided.v1")
    async with tiny.db.transaction() as tx:
        await tx.execute("INSERT INTO ledger VALUES ($1, $2, $3)", event.id, event.key, n)
        await asyncio.sleep(0.002)
        await outbox.add(tx, tiny.service, [event])


@asynccontextmanager
async def traffic(tiny: Tiny) -> AsyncIterator[None]:
    """Events come in, decisions are made, the relay sends, until the block ends."""
    over = False

    async def publish() -> None:
        n = 10_000
        while not over:
            await tiny.publish(*[tiny.event(n + i, f"key-{(n + i) % 7}") for i in range(5)])
            n += 5
            await asyncio.sleep(0.005)

    async def make_decisions(writer: int) -> None:
        n = writer
        while not over:
            await decide(tiny, n)
            n += 4
            await asyncio.sleep(0.02)  # the relay keeps up: what waits to be sent is waited for under the lock

    async with tiny.running(tiny.consumer(), Relay(tiny.db, tiny.bus)):
        tasks = [asyncio.create_task(publish()), *(asyncio.create_task(make_decisions(i)) for i in range(4))]
        try:
            await eventually(lambda: is_flowing(tiny))
            yield
        finally:
            over = True
            await asyncio.gather(*tasks)


async def is_flowing(tiny: Tiny) -> bool:
    return await tiny.rows("SELECT FROM tally_line, ledger LIMIT 1") != []


@pytest.mark.parametrize("rounds", [1, pytest.param(3, marks=pytest.mark.nightly)])
async def test_projection_and_ledger_are_found_equal_under_live_traffic(tiny: Tiny, rounds: int) -> None:
    async with traffic(tiny):
        for _ in range(rounds):
            for name in ("tally", "ledger"):
                report = await run(tiny, name)
                assert report.equal, report.as_dict()
                assert all(table.live_rows > 0 for table in report.tables)
                assert report.events == report.tables[-1].live_rows
        position = report.position
    later = await run(tiny, "ledger")
    assert later.equal
    assert all(later.position[place] >= offset for place, offset in position.items())
    assert not await tiny.rows("SELECT FROM pg_namespace WHERE nspname LIKE 'rebuild%'")


async def test_position_is_that_of_live(embedded: Tiny) -> None:
    await fill(embedded)
    report = await run(embedded)
    stored = await embedded.rows("SELECT topic || '-' || partition, next_offset FROM consumer_offset")
    assert report.position == dict(stored)
    await embedded.publish(*[embedded.event(n) for n in range(5)])  # in the log, not handled
    assert (await run(embedded)).position == dict(stored)
    assert report.events == 60


async def test_damaged_row_is_seen_and_swap_mends_it_when_forced(tiny: Tiny) -> None:
    await fill(tiny)
    await tiny_sql(tiny, "UPDATE tally SET total = total + 1 WHERE key = 'key-3'")
    report = await run(tiny)
    assert [(table.table, table.equal) for table in report.tables] == [("tally", False), ("tally_line", True)]
    assert report.as_dict()["equal"] is False
    with pytest.raises(RebuildRefused) as caught:
        await run(tiny, swap=True)
    assert caught.value.extra["tables"][0]["table"] == "tally"
    assert not (await run(tiny)).equal
    mended = await run(tiny, swap=True, force=True)
    assert (mended.swapped, mended.equal) == (True, False)
    assert (await run(tiny)).equal
    assert await tiny.rows("SELECT twice FROM tally WHERE key = 'key-3'") == [
        (2 * sum(n for n in range(60) if n % 7 == 3),)
    ]


async def test_lost_and_added_rows_are_seen(embedded: Tiny) -> None:
    await fill(embedded)
    await tiny_sql(embedded, "DELETE FROM tally_line WHERE n = 5")
    assert [table.equal for table in (await run(embedded)).tables] == [True, False]
    await tiny_sql(embedded, "INSERT INTO tally_line VALUES (5, gen_random_uuid(), 'key-5', 5)")
    assert [table.equal for table in (await run(embedded)).tables] == [True, False]


async def tiny_sql(tiny: Tiny, sql: str) -> None:
    async with tiny.db.transaction() as tx:
        await tx.execute(sql)


async def test_swap_of_equal_tables_keeps_live_going(embedded: Tiny) -> None:
    await fill(embedded)
    before = await embedded.rows("SELECT t::text FROM tally t ORDER BY 1")
    report = await run(embedded, swap=True)
    assert (report.equal, report.swapped) == (True, True)
    assert await embedded.rows("SELECT t::text FROM tally t ORDER BY 1") == before
    async with embedded.running(embedded.consumer()):
        await embedded.publish(*[embedded.event(n) for n in range(10)])
        await eventually(lambda: has_lines(embedded, 70))
    assert (await run(embedded)).equal


async def has_lines(tiny: Tiny, count: int) -> bool:
    return await tiny.rows("SELECT count(*) FROM tally_line") == [(count,)]


async def test_copies_in_the_log_count_once(embedded: Tiny) -> None:
    events = [embedded.event(n) for n in range(5)]
    await embedded.publish(*events, *events)
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    report = await run(embedded)
    assert (report.equal, report.events) == (True, 5)


async def test_refused_while_keys_are_parked_and_discarded_events_are_left_out(embedded: Tiny) -> None:
    embedded.handlers.poison = {2}
    await fill(embedded, 5)
    with pytest.raises(RebuildRefused, match="parked"):
        await run(embedded)
    async with embedded.db.transaction() as tx:
        (bad,) = await parked.list_parked(tx)
        await parked.discard(tx, bad["id"])
    report = await run(embedded)
    assert (report.equal, report.events) == (True, 4)


@dataclass
class Purged:
    """A log whose beginning is gone."""

    bus: EventBus

    async def bounds(self, topic: str) -> dict[TopicPartition, tuple[int, int]]:
        return {place: (min(3, end), end) for place, (_first, end) in (await self.bus.bounds(topic)).items()}


async def test_refused_when_the_log_does_not_begin_at_zero(embedded: Tiny) -> None:
    await fill(embedded)
    with pytest.raises(RebuildRefused, match="not 0"):
        await rebuild(embedded.db, Purged(embedded.bus), embedded.subscriptions, "tally")  # type: ignore[arg-type]


async def test_one_rebuild_at_a_time_and_only_of_what_there_is(embedded: Tiny) -> None:
    await fill(embedded, 500)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_done: int, _total: int) -> None:
        begun.set()
        await go_on.wait()

    first = asyncio.create_task(run(embedded, progress=slowly))
    await begun.wait()
    with pytest.raises(RebuildRefused, match="another"):
        await run(embedded)
    go_on.set()
    assert (await first).equal
    await eventually(lambda: is_free(embedded))
    with pytest.raises(NotFound):
        await run(embedded, "unknown")


async def is_free(tiny: Tiny) -> bool:
    try:
        return (await run(tiny)).equal
    except RebuildRefused:
        return False


async def test_ledger_waits_for_the_outbox_and_sees_a_line_without_its_fact(embedded: Tiny) -> None:
    async with embedded.running(Relay(embedded.db, embedded.bus)):
        for n in range(20):
            await decide(embedded, n)
        report = await run(embedded, "ledger")
        assert (report.equal, report.events) == (True, 20)
        await tiny_sql(embedded, "INSERT INTO ledger VALUES (gen_random_uuid(), 'key-1', 1)")
        report = await run(embedded, "ledger")
    assert not report.equal
    assert [(t.live_rows, t.rebuilt_rows) for t in report.tables] == [(21, 20)]


async def test_live_is_only_delayed_by_a_long_comparison(embedded: Tiny) -> None:
    """The tables are locked for longer than the lock timeout: live waits and parks nothing."""
    await fill(embedded)
    async with embedded.running(embedded.consumer()):
        async with embedded.db.transaction() as tx:
            await tx.execute("LOCK TABLE tally, tally_line IN EXCLUSIVE MODE")
            await embedded.publish(*[embedded.event(n) for n in range(3)])
            await asyncio.sleep(6)
        await eventually(lambda: has_lines(embedded, 63))
    assert await embedded.rows("SELECT FROM parked_event") == []
    assert (await run(embedded)).equal
