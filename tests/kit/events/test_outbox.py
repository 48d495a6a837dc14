"""Events are written in the transaction of their effect, in the order of the aggregate, within the size limit."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from uuid import uuid4

import pytest
from pydantic import BaseModel

from kit.events import outbox
from kit.events.envelope import MAX_EVENT_BYTES
from kit.events.outbox import EventTooLarge, Fact, announce, make_event
from kit.events.relay import Relay, event_of
from kit.telemetry.tracing import correlation, tracing
from tests.kit.events.world import Tiny, by_key


class Payload(BaseModel):
    n: int
    text: str = ""


def fact(tiny: Tiny, n: int, key: str = "k", text: str = "") -> Fact:
    return Fact(f"{tiny.service}.decided.v1", uuid4(), key, n, Payload(n=n, text=text))


async def announce_and_fail(tiny: Tiny) -> None:
    async with tiny.db.transaction() as tx:
        await announce(tx, tiny.service, [fact(tiny, 1)])
        raise RuntimeError


async def test_rollback_leaves_no_event_and_commit_leaves_all(embedded: Tiny) -> None:
    with pytest.raises(RuntimeError):
        await announce_and_fail(embedded)
    assert await embedded.rows("SELECT id FROM outbox") == []
    async with embedded.db.transaction() as tx:
        made = await announce(tx, embedded.service, [fact(embedded, n) for n in range(3)])
        assert await announce(tx, embedded.service, []) == []
    async with embedded.db.reading() as tx:
        stored = [event_of(row) for row in await tx.fetch("SELECT * FROM outbox ORDER BY id")]
    assert stored == made


async def test_text_of_any_script_and_escaped_nul_come_back_as_they_were(embedded: Tiny) -> None:
    text = 'снег 雪 "\\ \u2028\x00\x01 👩‍🚀'
    async with embedded.db.transaction() as tx:
        await announce(tx, embedded.service, [fact(embedded, 1, text=text)])
    async with embedded.db.reading() as tx:
        row = await tx.fetchrow("SELECT * FROM outbox")
    assert row is not None
    assert event_of(row).payload["text"] == text


async def test_too_large_event_is_refused_before_it_is_written(embedded: Tiny) -> None:
    envelope = len(Payload(n=1).model_dump_json())
    async with embedded.db.transaction() as tx:
        await announce(tx, embedded.service, [fact(embedded, 1, text="a" * (MAX_EVENT_BYTES - envelope))])
        with pytest.raises(EventTooLarge) as caught:
            await announce(tx, embedded.service, [fact(embedded, 2, text="a" * (MAX_EVENT_BYTES - envelope + 1))])
    assert caught.value.status == 422
    assert await embedded.rows("SELECT sequence FROM outbox") == [(1,)]


async def test_event_carries_on_correlation_and_cause(embedded: Tiny) -> None:
    token = correlation.set("request-1")
    with tracing() as here:
        first = make_event("tiny", fact(embedded, 1))
    correlation.reset(token)
    assert (first.correlation_id, first.causation_id, first.traceparent) == ("request-1", "", str(here))
    second = make_event("tiny", fact(embedded, 2), cause=first)
    assert (second.correlation_id, second.causation_id) == ("request-1", str(first.id))
    assert second.traceparent == first.traceparent


async def test_order_per_aggregate_under_sixteen_writers(tiny: Tiny) -> None:
    """Aggregates are locked, counted and announced by 16 writers while the relay drains."""
    keys = [f"key-{n}" for n in range(5)]
    async with tiny.db.transaction() as tx:
        await tx.execute("INSERT INTO tally (key, total, latest) SELECT unnest($1::text[]), 0, 0", keys)

    async def write(writer: int) -> None:
        for turn in range(25):
            key = keys[(writer + turn) % len(keys)]
            async with tiny.db.transaction() as tx:
                n = await tx.fetchval("UPDATE tally SET total = total + 1 WHERE key = $1 RETURNING total", key)
                await announce(tx, tiny.service, [fact(tiny, n, key)])

    async with tiny.running(Relay(tiny.db, tiny.bus)):
        await asyncio.gather(*(write(writer) for writer in range(16)))
    found = by_key(
        [(r.key, int(dict(r.headers)["ce_sequence"])) for r in await tiny.log(f"crmesh.{tiny.service}.events.v1")]
    )
    assert sorted(found) == keys
    assert sum(map(len, found.values())) == 400
    assert all(b - a == 1 for numbers in found.values() for a, b in pairwise(numbers))


async def test_relay_is_woken_after_the_commit_and_not_by_a_rollback(embedded: Tiny) -> None:
    flag = outbox.listen()
    async with embedded.db.transaction() as tx:
        await announce(tx, embedded.service, [fact(embedded, 1)])
        assert not flag.is_set()
    assert flag.is_set()
    flag.clear()
    with pytest.raises(RuntimeError):
        await announce_and_fail(embedded)
    assert not flag.is_set()
