"""Parts of `bench.events` that run in a process of their own, on one core, with the settings of a service.

usage: python -m bench.event_roles relay|clone_outbox|consume|clone_log|rebuild SERVICE [NUMBER]

Each prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from kit.collector import settle_collector
from kit.db.database import Tx
from kit.events.bus import BusUnavailable, Message
from kit.events.envelope import Event, from_headers, to_headers, topic_of
from kit.events.inbox import InboxConsumer
from kit.events.rebuild import rebuild
from kit.events.relay import Relay
from kit.events.status import delivery_status
from kit.ids import new_id
from kit.process import started
from kit.runtime import Runtime, make_runtime, topics_of
from standalone.registry import room

BENCH_TOPIC = "crmesh.bench.events.v1"
POLL_SECONDS = 0.005
FILL = 5_000
_WAITING = "SELECT count(*) FROM outbox WHERE published_at IS NULL"
_CLONE = """
INSERT INTO outbox (topic, event_id, type, source, subject, key, sequence, time, correlation_id, causation_id,
                    traceparent, data)
SELECT $1, gen_random_uuid(), type, source, subject, key, sequence, time, correlation_id, causation_id,
       traceparent, data
FROM (SELECT *, row_number() OVER (ORDER BY id) AS place FROM outbox WHERE type = 'customer.order.placed.v1') AS o,
     generate_series(0, $2::int / (SELECT count(*) FROM outbox WHERE type = 'customer.order.placed.v1')::int) AS g
ORDER BY g, place LIMIT $2
"""


async def relay(runtime: Runtime, _number: int) -> dict[str, Any]:
    """Drain the outbox; events per second from the first acknowledged batch to the last."""
    await runtime.bus.ensure_topics([*topics_of(runtime.service), BENCH_TOPIC])
    async with runtime.db.reading() as tx:
        waiting = int(await tx.fetchval(_WAITING))
    worker, stop = Relay(runtime.db, runtime.bus), asyncio.Event()
    return await _timed(lambda: worker.sent, waiting, worker.run(stop), stop)


async def clone_outbox(runtime: Runtime, number: int) -> dict[str, Any]:
    """Put copies of placed orders in the outbox."""
    async with runtime.db.transaction() as tx:
        await tx.execute(_CLONE, BENCH_TOPIC, number)
        await tx.execute("SET LOCAL statement_timeout = 0")
    async with runtime.db.reading() as tx:
        return {"waiting": int(await tx.fetchval(_WAITING))}


async def consume(runtime: Runtime, _number: int) -> dict[str, Any]:
    """Apply everything that waits in the log; records per second from the first applied batch to the last."""
    subscriptions = room(runtime.service, "subscriptions").subscriptions
    await runtime.bus.ensure_topics(topics_of(runtime.service))
    async with runtime.db.reading() as tx:
        waiting = (await _status(tx, runtime, subscriptions)).behind()
    workers = [InboxConsumer(runtime.db, runtime.bus, lane, runtime.settings) for lane in subscriptions.lanes]
    stop = asyncio.Event()
    settle_collector()  # as a worker does once it is ready
    work = asyncio.gather(*(worker.run(stop) for worker in workers))
    found = await _timed(lambda: sum(worker.handled for worker in workers), waiting, work, stop)
    async with runtime.db.reading() as tx:
        status = await _status(tx, runtime, subscriptions)
    if status.parked_keys or status.behind():
        raise RuntimeError(f"{runtime.service} did not apply everything: {status}")
    return found


async def _status(tx: Tx, runtime: Runtime, subscriptions: Any) -> Any:
    for _attempt in range(50):
        try:
            return await delivery_status(tx, runtime.bus, subscriptions)
        except BusUnavailable:
            await asyncio.sleep(0.1)
    raise RuntimeError("the log does not answer")


async def _timed(count: Any, expected: int, work: Any, stop: asyncio.Event) -> dict[str, Any]:
    if not expected:
        raise RuntimeError("nothing waits")
    task = asyncio.ensure_future(work)
    await _reach(count, 1, task)
    first, began, cpu = count(), time.perf_counter(), time.process_time()
    await _reach(count, expected, task)
    seconds, used = time.perf_counter() - began, time.process_time() - cpu
    stop.set()
    await task
    done = expected - first
    return {"records": expected, "per_second": done / seconds, "seconds": seconds, "cpu_ms": used * 1000 / max(1, done)}


async def _reach(count: Any, wanted: int, task: asyncio.Task[Any]) -> None:
    deadline = time.monotonic() + 300
    while (now := count()) < wanted:
        await asyncio.sleep(POLL_SECONDS)
        if task.done() or time.monotonic() > deadline:
            raise RuntimeError(f"stands at {now} of {wanted}")


async def clone_log(runtime: Runtime, number: int) -> dict[str, Any]:
    """Publish copies of `targets.order.credited` under new ids until the topic has `number` of them."""
    topic, kind = topic_of("targets"), "targets.order.credited.v1"
    real: list[Event] = []
    for partition, (first, end) in (await runtime.bus.bounds(topic)).items():
        offset = first
        while offset < end:
            records = await runtime.bus.read(partition, offset, 1000)
            if not records:
                break
            offset = records[-1].offset + 1
            events = [from_headers(record.headers, record.value) for record in records]
            real += [event for event in events if event.type == kind]
    made = 0
    while len(real) + made < number:
        some = min(FILL, number - len(real) - made)
        await runtime.bus.publish(topic, [_clone(real[(made + i) % len(real)]) for i in range(some)])
        made += some
    return {"real": len(real), "made": made}


def _clone(event: Event) -> Message:
    payload = json.loads(event.data)
    order = str(new_id())
    payload |= {"order_id": order, "source_event_id": str(new_id())}
    copy = Event(
        id=new_id(),
        type=event.type,
        source=event.source,
        subject=order,
        time=event.time,
        key=event.key,
        sequence=event.sequence,
        data=json.dumps(payload).encode(),
    )
    return Message(copy.key, copy.data, tuple(to_headers(copy)))


async def rebuild_credits(runtime: Runtime, _number: int) -> dict[str, Any]:
    """Rebuild the credit ledger from the log, with its comparison."""
    subscriptions = room("targets", "subscriptions").subscriptions
    cpu = time.process_time()
    report = await rebuild(runtime.db, runtime.bus, subscriptions, "credits")
    used = time.process_time() - cpu
    cpu_ms = used * 1000 / max(1, report.events)
    return {"events": report.events, "seconds": report.seconds, "equal": report.equal, "cpu_ms": cpu_ms}


ROLES = {
    "relay": relay,
    "clone_outbox": clone_outbox,
    "consume": consume,
    "clone_log": clone_log,
    "rebuild": rebuild_credits,
}


async def main() -> None:
    """One role of one service."""
    role, service, *rest = sys.argv[1:]
    runtime = make_runtime(room(service, "settings").Settings())
    async with started(runtime):
        print(json.dumps(await ROLES[role](runtime, int(rest[0]) if rest else 0)))


if __name__ == "__main__":
    asyncio.run(main())
