"""What is seen of a consumer from outside: its watchdog, its log lines, its counts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from kit.events.bus import ConsumerStalled
from kit.events.inbox import InboxConsumer
from kit.telemetry.logging import configure_logging, reset_logging
from kit.telemetry.metrics import Metrics
from tests.kit.events.world import DEADLINE, Tiny, eventually
from tests.kit.tiny import SETTINGS

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def logging_on() -> Iterator[None]:
    reset_logging()  # the first to configure a process counts
    configure_logging("tiny")
    yield
    reset_logging()


class Silent:
    """A member whose client never brings anything, though the log goes on."""

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    async def poll(self, _max_records: int, _wait: float) -> Any:
        await asyncio.sleep(0)
        raise ConsumerStalled("group tiny stopped fetching")


async def test_clients_that_stall_one_after_another_fail_the_watchdog(embedded: Tiny, monkeypatch: Any) -> None:
    made, stop = embedded.consumer(), asyncio.Event()
    with monkeypatch.context() as patched:
        patched.setattr(embedded.bus, "consumer", lambda *_args: Silent())
        running = asyncio.create_task(made.run(stop))

        async def is_stuck() -> bool:
            return made.is_stuck()

        await eventually(is_stuck)
    await embedded.publish(embedded.event(1))

    async def recovered() -> bool:
        return not made.is_stuck()

    await eventually(recovered)  # a client that brings records ends the suspicion
    stop.set()
    await asyncio.wait_for(running, DEADLINE)


async def test_a_log_that_is_away_is_no_reason_to_restart(embedded: Tiny, monkeypatch: Any) -> None:
    made, stop = embedded.consumer(), asyncio.Event()
    tries = 0

    class Away(Silent):
        async def start(self) -> None:
            nonlocal tries
            tries += 1
            raise ConnectionRefusedError

    monkeypatch.setattr(embedded.bus, "consumer", lambda *_args: Away())
    made.last_beat -= 1000
    assert made.is_stuck()
    running = asyncio.create_task(made.run(stop))

    async def has_tried() -> bool:
        return tries >= 2

    await eventually(has_tried)
    assert not made.is_stuck()
    stop.set()
    await asyncio.wait_for(running, DEADLINE)


@pytest.mark.usefixtures("logging_on")
async def test_log_lines_of_an_event_belong_to_its_trace(embedded: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    embedded.handlers.poison = {3}
    event = replace(embedded.event(3), traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    await embedded.publish(event)
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    (parked,) = [line for line in lines if line["event"] == "event_parked"]
    assert (parked["trace_id"], parked["service"]) == (TRACE, "tiny")


async def test_what_was_handled_is_counted_with_the_time_it_took(embedded: Tiny) -> None:
    metrics = Metrics("tiny")
    await embedded.publish(*[embedded.event(n) for n in range(3)])
    consumer = InboxConsumer(embedded.db, embedded.bus, embedded.subscriptions.lane("core"), SETTINGS, metrics)
    await consumer.handle(await embedded.polled(), asyncio.Event())
    await consumer.handle(await embedded.polled(), asyncio.Event())  # known ones count once
    text = metrics.render().decode()
    (count,) = [line for line in text.splitlines() if line.startswith("crmesh_event_delivery_seconds_count{")]
    (spent,) = [line for line in text.splitlines() if line.startswith("crmesh_event_delivery_seconds_sum{")]
    assert count.endswith(" 3.0")
    assert 0 < float(spent.rpartition(" ")[2]) < 3 * DEADLINE
