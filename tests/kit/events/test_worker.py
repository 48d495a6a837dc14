"""The second process of a service: all its parts run, and stop in the right order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.events import outbox, worker
from kit.events.worker import Worker
from kit.parts import PartEnded
from kit.process import make_runtime
from kit.settings import ServiceSettings
from kit.testing.service import test_verifier as make_verifier
from tests.kit.events.world import DEADLINE, Tiny, eventually


def worker_of(tiny: Tiny) -> Worker:
    settings = ServiceSettings(service=tiny.service, bus="embedded")
    runtime = make_runtime(settings, bus=tiny.bus, verifier=make_verifier())
    runtime.db = tiny.db
    return Worker(runtime, tiny.subscriptions, {})


async def test_events_flow_through_and_what_was_committed_is_sent_before_the_end(embedded: Tiny) -> None:
    await embedded.publish(*[embedded.event(n) for n in range(10)])
    stop = asyncio.Event()
    running = asyncio.create_task(worker_of(embedded).run(stop))
    await eventually(lambda: has_effects(embedded, 10))
    async with embedded.db.transaction() as tx:
        await outbox.add(tx, embedded.service, [embedded.event(n) for n in range(700)])
    stop.set()
    await asyncio.wait_for(running, DEADLINE)
    assert len(await embedded.log(f"crmesh.{embedded.service}.events.v1")) == 700
    assert await embedded.rows("SELECT FROM outbox WHERE published_at IS NULL") == []


async def has_effects(tiny: Tiny, count: int) -> bool:
    return len(await tiny.effects()) == count


async def test_a_part_that_dies_ends_the_worker(embedded: Tiny, monkeypatch: Any) -> None:
    """A worker without its relay would look healthy and send nothing."""
    made = worker_of(embedded)

    async def die(_stop: asyncio.Event) -> None:
        raise MemoryError

    monkeypatch.setattr(made.relay, "run", die)
    with pytest.raises(ExceptionGroup):
        await asyncio.wait_for(made.run(asyncio.Event()), DEADLINE)


@pytest.mark.parametrize("name", ["relay", "consumer"])
async def test_a_part_that_ends_unasked_ends_the_worker(embedded: Tiny, monkeypatch: Any, name: str) -> None:
    """Also when all it leaves is the cancellation of a task inside a client, of which a task group says nothing."""
    made = worker_of(embedded)

    async def leak(_stop: asyncio.Event) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(getattr(made, name), "run", leak)
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(made.run(asyncio.Event()), DEADLINE)
    assert caught.value.split(PartEnded)[1] is None


async def test_purge_takes_only_what_is_old_in_short_steps(embedded: Tiny, monkeypatch: Any) -> None:
    monkeypatch.setattr(worker, "PURGE_ROWS", 10)
    async with embedded.db.transaction() as tx:
        await outbox.add(tx, embedded.service, [embedded.event(n) for n in range(40)])
        await tx.execute("UPDATE outbox SET published_at = now() - interval '15 days' WHERE sequence <= 35")
        await tx.execute("UPDATE outbox SET published_at = now() WHERE sequence = 36")
        await tx.execute(
            "INSERT INTO inbox SELECT 'g', gen_random_uuid(), now() - n * interval '1 day' "
            "FROM generate_series(1, 25) n"
        )
        await tx.execute(
            "INSERT INTO idempotency_key SELECT 'p', 'r', n::text, '', 200, '', '', now() - n * interval '13 hours' "
            "FROM generate_series(1, 4) n"
        )
    await worker_of(embedded).purge()
    assert await embedded.rows("SELECT sequence FROM outbox ORDER BY 1") == [(n,) for n in range(36, 41)]
    assert await embedded.rows("SELECT count(*) FROM inbox") == [(13,)]
    assert await embedded.rows("SELECT key FROM idempotency_key") == [("1",)]


async def test_gauges_show_what_waits(embedded: Tiny) -> None:
    made = worker_of(embedded)
    embedded.handlers.poison = {3}
    await embedded.publish(*[embedded.event(n, f"key-{n}") for n in range(5)])
    await made.measure()
    assert gauge(made, "lag") == 5
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    await made.measure()
    assert (gauge(made, "lag"), gauge(made, "parked_keys"), gauge(made, "outbox_unpublished")) == (0, 1, 1)


def gauge(made: Worker, word: str) -> float:
    lines = made.runtime.metrics.render().decode().splitlines()
    (line,) = [line for line in lines if word in line.partition("{")[0] and not line.startswith("#")]
    return float(line.rpartition(" ")[2])
