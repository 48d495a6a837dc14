"""What an operator does with parked keys, while the consumer goes on."""

from __future__ import annotations

import asyncio

import pytest

from kit.errors import NotFound
from kit.events import parked
from tests.kit.events.world import Tiny, by_key, eventually
from tests.kit.tiny import SETTINGS


async def handle_log(tiny: Tiny) -> None:
    await tiny.consumer().handle(await tiny.polled(), asyncio.Event())


async def waiting(tiny: Tiny) -> list[tuple[str, int]]:
    found = await tiny.rows(
        "SELECT key, (value::json ->> 'n')::int FROM parked_event WHERE discarded_at IS NULL ORDER BY id"
    )
    return [(key, n) for key, n in found]


async def retry(tiny: Tiny, key: str = "k") -> int:
    return await parked.retry_key(tiny.db, tiny.subscriptions, SETTINGS, key)


async def test_retry_goes_in_order_and_stops_at_the_first_that_fails_again(embedded: Tiny) -> None:
    embedded.handlers.poison = {1, 3}
    await embedded.publish(*[embedded.event(n) for n in range(1, 6)])
    await handle_log(embedded)
    assert await waiting(embedded) == [("k", n) for n in range(1, 6)]
    with pytest.raises(ValueError, match="cannot digest 1"):
        await retry(embedded)
    assert len(await waiting(embedded)) == 5
    embedded.handlers.poison = {3}
    with pytest.raises(ValueError, match="cannot digest 3"):
        await retry(embedded)
    assert await waiting(embedded) == [("k", n) for n in (3, 4, 5)]
    embedded.handlers.poison = set()
    assert await retry(embedded) == 3
    assert await embedded.effects() == [("k", n) for n in range(1, 6)]
    assert await retry(embedded) == 0


async def test_list_shows_what_waits_and_why(embedded: Tiny) -> None:
    embedded.handlers.poison = {1}
    await embedded.publish(embedded.event(1), embedded.event(2))
    await handle_log(embedded)
    async with embedded.db.reading() as tx:
        first, second = await parked.list_parked(tx)
    assert (first["attempts"], first["topic"]) == (1, embedded.topic)
    assert "cannot digest 1 of [email]" in first["error"]
    assert "waits behind" in second["error"]


async def test_discarded_event_never_comes_back(embedded: Tiny) -> None:
    embedded.handlers.poison = {1}
    bad = embedded.event(1)
    await embedded.publish(bad, embedded.event(2))
    await handle_log(embedded)
    async with embedded.db.transaction() as tx:
        (first, _second) = await parked.list_parked(tx)
        assert await parked.discard(tx, first["id"]) == "k"
        assert await parked.discarded(tx, embedded.group) == [bad.id]
        with pytest.raises(NotFound):
            await parked.discard(tx, first["id"])
        with pytest.raises(NotFound):
            await parked.discard(tx, first["id"] + 1000)
    embedded.handlers.poison = set()
    assert await retry(embedded) == 1
    await embedded.publish(bad, embedded.event(3))  # a relay sends it a second time
    await handle_log(embedded)
    assert await embedded.effects() == [("k", 2), ("k", 3)]
    assert await waiting(embedded) == []


async def test_one_event_is_shown_with_those_behind_it(embedded: Tiny) -> None:
    embedded.handlers.poison = {1}
    bad = embedded.event(1)
    await embedded.publish(bad, embedded.event(2), embedded.event(3), embedded.event(4, "other"))
    await handle_log(embedded)
    async with embedded.db.transaction() as tx:
        first, second, _third = await parked.list_parked(tx)
        shown = await parked.require_parked(tx, first["id"])
        assert (shown["event_id"], shown["key"], shown["value"]) == (bad.id, "k", bad.data.decode())
        assert "cannot digest 1" in shown["error"]
        assert ["ce_id", str(bad.id)] in shown["headers"]
        assert [row["id"] for row in shown["behind"]] == [first["id"] + 1, first["id"] + 2]
        assert len((await parked.require_parked(tx, second["id"]))["behind"]) == 1
        await parked.discard(tx, first["id"])
        with pytest.raises(NotFound):
            await parked.require_parked(tx, first["id"])


async def test_retry_races_with_a_live_consumer_and_with_itself(tiny: Tiny) -> None:
    tiny.handlers.poison = {0}
    async with tiny.running(tiny.consumer()):
        await tiny.publish(*[tiny.event(n, f"key-{n % 2}") for n in range(40)])
        await eventually(lambda: has_waiting(tiny, 20))
        tiny.handlers.poison = set()
        publisher = asyncio.create_task(publish_slowly(tiny))
        counts = await asyncio.gather(*(retry(tiny, "key-0") for _ in range(3)))
        await publisher
        await eventually(lambda: is_quiet(tiny, 120))
        counts.append(await retry(tiny, "key-0"))
        await eventually(lambda: is_quiet(tiny, 120))
    assert sum(counts) >= 20
    assert by_key(await tiny.effects()) == by_key([(f"key-{n % 2}", n) for n in range(120)])


async def publish_slowly(tiny: Tiny) -> None:
    for n in range(40, 120):
        await tiny.publish(tiny.event(n, f"key-{n % 2}"))


async def has_waiting(tiny: Tiny, count: int) -> bool:
    return len(await waiting(tiny)) == count


async def is_quiet(tiny: Tiny, count: int) -> bool:
    """All records are applied or wait."""
    return len(await tiny.effects()) + len(await waiting(tiny)) == count


async def test_live_consumer_waits_for_a_retry_under_way(embedded: Tiny) -> None:
    """An event behind the last parked one may neither pass it nor be left behind."""
    embedded.handlers.poison = {1}
    await embedded.publish(embedded.event(1))
    await handle_log(embedded)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        async with embedded.db.transaction() as tx:
            await parked.lock_keys(tx, embedded.group, ["k"])
            await tx.execute("DELETE FROM parked_event")
            begun.set()
            await go_on.wait()
            await tx.execute("INSERT INTO effect (key, n) VALUES ('k', 1)")

    retrying = asyncio.create_task(slowly())
    await begun.wait()
    await embedded.publish(embedded.event(2))
    live = asyncio.create_task(handle_log(embedded))
    await asyncio.sleep(0.3)
    assert await embedded.effects() == []
    go_on.set()
    await asyncio.gather(retrying, live)
    assert await embedded.effects() == [("k", 1), ("k", 2)]
    assert await waiting(embedded) == []
