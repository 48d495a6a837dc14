"""What the log has lost is sent again in order and applied once; what cannot be safe is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import pytest

from kit.events import outbox
from kit.events.relay import RELAY_LOCK, Relay
from kit.events.replay import ReplayRefused, WorkerRuns, beyond_the_end, mend_offsets, replay
from kit.testing.kafka import delete_topics
from tests.kit.events.world import Tiny, by_key, eventually


async def write(tiny: Tiny, numbers: Sequence[int], keys: int = 3) -> None:
    for n in numbers:
        async with tiny.db.transaction() as tx:
            await outbox.add(tx, tiny.source, [tiny.event(n, f"key-{n % keys}")])


async def in_log(tiny: Tiny) -> dict[str, list[int]]:
    return by_key([(record.key, int(record.value[6:-1])) for record in await tiny.log()])


def whole(count: int) -> dict[str, list[int]]:
    return by_key([(f"key-{n % 3}", n) for n in range(count)])


async def deliver(tiny: Tiny, *, count: int) -> None:
    """Everything is sent and handled; then no relay or consumer is left."""
    async with tiny.running(Relay(tiny.db, tiny.bus), tiny.consumer()):
        await eventually(lambda: has_effects(tiny, count))
        await eventually(lambda: is_drained(tiny))


async def has_effects(tiny: Tiny, count: int) -> bool:
    return len(await tiny.effects()) >= count


async def is_drained(tiny: Tiny) -> bool:
    return await tiny.rows("SELECT count(*) FROM outbox WHERE published_at IS NULL") == [(0,)]


async def lose_everything(tiny: Tiny) -> None:
    if tiny.where["kafka"]:
        await delete_topics(tiny.where["kafka"], tiny.topic)
        await asyncio.sleep(1)
        await tiny.bus.ensure_topics([tiny.topic])
    else:
        await lose(tiny, "true")


async def lose(tiny: Tiny, condition: str) -> None:
    """Records of the embedded log disappear."""
    async with tiny.db.transaction() as tx:
        assert await tx.execute(f"DELETE FROM log_record WHERE topic = '{tiny.topic}' AND {condition}")


async def test_a_whole_log_has_nothing_to_send(tiny: Tiny) -> None:
    await write(tiny, range(9))
    await deliver(tiny, count=9)
    report = await replay(tiny.db, tiny.bus, tiny.source, apply=True)
    assert (report.kept, report.missing, report.replayed, report.disordered) == (9, 0, 0, ())
    assert await is_drained(tiny)


async def test_a_lost_log_comes_back_in_order_and_nothing_is_applied_twice_or_left_out(tiny: Tiny) -> None:
    await write(tiny, range(30))
    await deliver(tiny, count=30)
    await lose_everything(tiny)
    assert (await replay(tiny.db, tiny.bus, tiny.source, apply=False)).missing == 30
    assert await in_log(tiny) == {}, "only said, not done"
    async with tiny.db.reading() as tx:
        assert await beyond_the_end(tx, tiny.bus, tiny.subscriptions.lane("core"))
    assert await mend_offsets(tiny.db, tiny.bus, tiny.subscriptions) > 0
    report = await replay(tiny.db, tiny.bus, tiny.source, apply=True)
    assert (report.missing, report.replayed) == (30, 30)

    await write(tiny, range(30, 45))
    async with tiny.running(Relay(tiny.db, tiny.bus), tiny.consumer()):
        await eventually(lambda: has_effects(tiny, 45))
        await eventually(lambda: is_drained(tiny))
    assert await in_log(tiny) == whole(45)
    assert by_key(await tiny.effects()) == whole(45)


async def test_without_mended_offsets_new_facts_would_be_taken_for_old_ones(embedded: Tiny) -> None:
    """Why a replay is refused before: this is what the offsets beyond the end would do."""
    await write(embedded, range(9))
    await deliver(embedded, count=9)
    await lose_everything(embedded)
    await write(embedded, range(9, 18))
    async with embedded.running(Relay(embedded.db, embedded.bus), embedded.consumer()):
        await eventually(lambda: is_drained(embedded))
        await asyncio.sleep(0.5)
    assert len(await embedded.effects()) < 18
    async with embedded.db.reading() as tx:
        beyond = await beyond_the_end(tx, embedded.bus, embedded.subscriptions.lane("core"))
    assert beyond == {}, "and once new facts have filled the gap nobody sees it any more"


async def test_offsets_are_not_mended_under_a_running_worker(embedded: Tiny) -> None:
    await write(embedded, range(9))
    await deliver(embedded, count=9)
    await lose_everything(embedded)
    relay = Relay(embedded.db, embedded.bus)
    async with embedded.running(relay):
        await eventually(lambda: is_leading(relay))
        with pytest.raises(WorkerRuns, match="stop the worker"):
            await mend_offsets(embedded.db, embedded.bus, embedded.subscriptions)
    await eventually(lambda: is_free(embedded))
    assert await mend_offsets(embedded.db, embedded.bus, embedded.subscriptions) > 0


async def is_free(tiny: Tiny) -> bool:
    """The server has noticed that the relay's connection is gone."""
    return bool(
        (await tiny.rows("SELECT pg_try_advisory_lock_shared($1), pg_advisory_unlock_shared($1)", RELAY_LOCK))[0][0]
    )


async def is_leading(relay: Relay) -> bool:
    return relay.is_active


async def test_a_gap_before_a_later_fact_of_the_key_is_refused(embedded: Tiny) -> None:
    await write(embedded, range(30), keys=1)
    await write(embedded, range(100, 103))
    await deliver(embedded, count=33)
    await lose(embedded, """key = 'key-0' AND "offset" = 3""")
    report = await replay(embedded.db, embedded.bus, embedded.source, apply=False)
    assert (report.missing, report.disordered) == (1, ("key-0",))
    with pytest.raises(ReplayRefused, match="key-0"):
        await replay(embedded.db, embedded.bus, embedded.source, apply=True)
    assert await is_drained(embedded), "nothing was marked"


async def test_nothing_newer_of_a_key_passes_what_is_sent_again(embedded: Tiny) -> None:
    """Commands of the same key go on meanwhile: sent in order, or refused."""
    await write(embedded, range(30))
    await deliver(embedded, count=30)
    await lose_everything(embedded)
    async with embedded.running(Relay(embedded.db, embedded.bus)):
        writing = asyncio.create_task(write(embedded, range(30, 90)))
        with suppress(ReplayRefused):
            await replay(embedded.db, embedded.bus, embedded.source, apply=True)
        await writing
        await eventually(lambda: is_drained(embedded))
    for numbers in (await in_log(embedded)).values():
        assert numbers == sorted(numbers)
