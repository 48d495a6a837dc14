"""Each failure of the log checks, really caused."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from kit.doctor.findings import Finding
from kit.doctor.log import _check_copies, check_delivery, check_topics
from kit.events.bus import EventBus, Message, TopicState
from kit.events.envelope import dead_letter_topic_of, topic_of
from kit.events.kafka import KafkaBus
from kit.events.relay import Relay
from kit.events.topics import TopicPlan
from kit.native.process import free_port
from tests.kit.events.test_topics import set_topic
from tests.kit.events.world import Tiny, eventually


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    return {each.check: each for each in findings}


async def delivery_of(tiny: Tiny) -> dict[str, Finding]:
    async with tiny.db.reading() as tx:
        return by_check(await check_delivery(tx, tiny.bus, tiny.subscriptions))


async def test_a_log_that_is_away() -> None:
    bus: EventBus = KafkaBus(f"127.0.0.1:{free_port()}", "doctor")
    (found,) = await check_topics(bus, ["t"], production=True)
    assert (found.check, found.level) == ("log", "fail")


async def test_topics_missing_and_wrong(kafka_bootstrap: str) -> None:
    bus, topic, missing = KafkaBus(kafka_bootstrap, "doctor"), f"t.{uuid4().hex}", f"t.{uuid4().hex}"
    await bus.ensure_topics([topic])
    found = by_check(await check_topics(bus, [topic], production=False))
    assert {each.level for each in found.values()} == {"ok"}
    assert by_check(await check_topics(bus, [topic], production=True))["copies"].level == "warn"
    await set_topic(kafka_bootstrap, topic, {"cleanup.policy": "compact", "retention.ms": "-1"})
    found = by_check(await check_topics(bus, [topic, missing], production=False))
    assert found["topics"].level == "fail"
    assert f"{topic} cleanup.policy is compact, not delete" in found["topics"].found
    assert f"{missing} is missing" in found["topics"].found
    assert "crmesh topics apply" in found["topics"].advice
    await bus.stop()


def test_copies() -> None:
    def level(replicas: int, in_sync: int, least: str) -> str:
        state = TopicState(12, replicas, in_sync, {"min.insync.replicas": least})
        return _check_copies([TopicPlan("t", "none", "", state)], production=True).level

    assert (level(3, 3, "2"), level(3, 3, "1"), level(3, 2, "2"), level(1, 1, "1")) == ("ok", "warn", "fail", "warn")


async def test_a_consumer_that_is_behind(embedded: Tiny) -> None:
    await embedded.publish(*(embedded.event(n) for n in range(999)))
    assert (await delivery_of(embedded))["lag"].level == "ok"
    await embedded.publish(embedded.event(999))
    found = (await delivery_of(embedded))["lag"]
    assert (found.level, found.found) == ("warn", "records not yet applied: 1000 in core")
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    assert (await delivery_of(embedded))["lag"].found == "records not yet applied: 0 in core"


async def test_a_log_that_lost_its_end_or_its_begin(embedded: Tiny) -> None:
    await embedded.publish(*(embedded.event(n) for n in range(10)))
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    found = await delivery_of(embedded)
    assert (found["log end"].level, found["log begin"].level) == ("ok", "ok")
    async with embedded.db.transaction() as tx:
        await tx.execute("""DELETE FROM log_record WHERE "offset" IN (0, 9)""")
    found = await delivery_of(embedded)
    assert (found["log end"].level, found["log begin"].level) == ("fail", "fail")
    assert "stored 10, ends at 9" in found["log end"].found
    assert "begins at 1" in found["log begin"].found


async def test_dead_letters(embedded: Tiny) -> None:
    assert (await delivery_of(embedded))["dead letters"].found == "none"
    await embedded.bus.publish(topic_of(embedded.source), [Message("k", b"not an event", ())])
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    async with embedded.running(Relay(embedded.db, embedded.bus)):
        await eventually(lambda: is_dead(embedded))
    found = (await delivery_of(embedded))["dead letters"]
    assert (found.level, found.found.startswith("1, the newest 0.0 h old")) == ("warn", True)
    async with embedded.db.transaction() as tx:
        await tx.execute("UPDATE log_record SET timestamp_ms = timestamp_ms - 8 * 24 * 3600 * 1000")
    assert (await delivery_of(embedded))["dead letters"].level == "ok", "of last week"


async def is_dead(tiny: Tiny) -> bool:
    bounds = await tiny.bus.bounds(dead_letter_topic_of(tiny.service))
    return any(end for _first, end in bounds.values())
