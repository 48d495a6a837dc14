"""The second process of a service: all its parts run, and stop in the right order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.events import outbox
from kit.events.handlers import Subscriptions
from kit.events.worker import Worker
from kit.parts import PartEnded
from kit.runtime import make_runtime
from kit.settings import ServiceSettings
from kit.testing.service import test_verifier as make_verifier
from kit.work import Work
from tests.kit.events.world import DEADLINE, Tiny, eventually
from tests.kit.tiny import Things, happened, models_of


def worker_of(tiny: Tiny, subscriptions: Subscriptions | None = None, writers: int = 4) -> Worker:
    settings = ServiceSettings(service=tiny.service, bus="embedded", pool_writers=writers)
    runtime = make_runtime(settings, bus=tiny.bus, verifier=make_verifier())
    runtime.db = tiny.db
    return Worker(runtime, subscriptions or tiny.subscriptions, {})


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


async def test_a_projection_that_always_fails_is_left_out_and_the_rest_flows(embedded: Tiny, monkeypatch: Any) -> None:
    monkeypatch.setenv("CRMESH_FAIL_INSIGHT", "1")
    stop = asyncio.Event()
    running = asyncio.create_task(worker_of(embedded).run(stop))
    await embedded.publish(*[embedded.event(n, f"key-{n}") for n in range(20)])
    await eventually(lambda: has_effects(embedded, 20))

    async def is_aside() -> bool:
        return await embedded.rows("SELECT state FROM projection_state WHERE name = 'failing'") == [("aside",)]

    await eventually(is_aside)

    async def is_released() -> bool:
        return await embedded.rows("SELECT FROM parked_event") == []

    await eventually(is_released)
    stop.set()
    await asyncio.wait_for(running, DEADLINE)


async def test_a_part_that_dies_ends_the_worker(embedded: Tiny, monkeypatch: Any) -> None:
    """A worker without its relay would look healthy and send nothing."""
    made = worker_of(embedded)

    async def die(_stop: asyncio.Event) -> None:
        raise MemoryError

    monkeypatch.setattr(made.relay, "run", die)
    with pytest.raises(ExceptionGroup):
        await asyncio.wait_for(made.run(asyncio.Event()), DEADLINE)


@pytest.mark.parametrize(("writers", "most"), [(3, 1), (4, 2)])
async def test_lanes_but_core_take_turns_where_they_could_take_all_writers(
    embedded: Tiny, writers: int, most: int
) -> None:
    inside, counted, has_decided = 0, list[int](), asyncio.Event()

    async def derive(_work: Work, _facts: Things) -> None:
        nonlocal inside
        inside += 1
        counted.append(inside)
        await has_decided.wait()  # core goes on meanwhile
        await asyncio.sleep(0.2)
        inside -= 1

    async def decide(_work: Work, _facts: Things) -> None:
        if counted:
            has_decided.set()

    subscriptions = Subscriptions(embedded.service, models_of(embedded.service, embedded.source))
    subscriptions.lane("core").react(decide, happened(embedded.source))
    subscriptions.lane("directory").react(derive, happened(embedded.source))
    subscriptions.lane("insight").react(derive, happened(embedded.source))
    stop = asyncio.Event()
    running = asyncio.create_task(worker_of(embedded, subscriptions, writers).run(stop))

    async def is_done() -> bool:
        await embedded.publish(embedded.event(1))
        return has_decided.is_set() and len(counted) >= 4

    await eventually(is_done)
    stop.set()
    await asyncio.wait_for(running, DEADLINE)
    assert max(counted) == most


@pytest.mark.parametrize("name", ["relay", "consumer"])
async def test_a_part_that_ends_unasked_ends_the_worker(embedded: Tiny, monkeypatch: Any, name: str) -> None:
    """Also when all it leaves is the cancellation of a task inside a client, of which a task group says nothing."""
    made = worker_of(embedded)

    async def leak(_stop: asyncio.Event) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr({"relay": made.relay, "consumer": made.consumers[0]}[name], "run", leak)
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(made.run(asyncio.Event()), DEADLINE)
    assert caught.value.split(PartEnded)[1] is None
