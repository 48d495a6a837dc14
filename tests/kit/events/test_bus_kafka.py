"""Kafka going away and coming back, and what the client does not promise by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType  # type: ignore[import-untyped]

from kit.events import kafka_consumer
from kit.events.bus import BusUnavailable, Message, TopicPartition
from kit.events.kafka import KafkaBus
from kit.events.partitions import partition_of
from kit.native.kafka import NativeKafka
from kit.testing.kafka import create_topic
from kit.testing.native import make_folder


def texts(*values: int) -> list[Message]:
    return [Message("k", str(value).encode(), ()) for value in values]


@pytest.fixture
async def bus(kafka_bootstrap: str) -> AsyncIterator[KafkaBus]:
    bus = KafkaBus(kafka_bootstrap, "test")
    await bus.start()
    yield bus
    await bus.stop()


async def test_topics_are_kept_for_ever(bus: KafkaBus, kafka_bootstrap: str) -> None:
    topic = f"t.{uuid4().hex}"
    await bus.ensure_topics([topic])
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    await admin.start()
    answer = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    await admin.close()
    settings = {entry[0]: entry[1] for entry in answer[0].resources[0][4]}
    assert settings["retention.ms"] == "-1"
    assert settings["cleanup.policy"] == "delete"


async def test_a_topic_with_other_partitions_is_refused(bus: KafkaBus, kafka_bootstrap: str) -> None:
    topic = await create_topic(kafka_bootstrap, f"t.{uuid4().hex}", partitions=3)
    with pytest.raises(ValueError, match="3 partitions"):
        await bus.ensure_topics([topic])


async def test_a_busy_member_lets_the_broker_gather_and_an_idle_one_does_not(bus: KafkaBus) -> None:
    topic = f"t.{uuid4().hex}"
    await bus.ensure_topics([topic])
    consumer = bus.consumer(f"g.{uuid4().hex}", [topic])
    await consumer.start()

    def least() -> int:
        assert consumer._session is not None
        return int(consumer._session.client._fetcher._fetch_min_bytes)

    async def found(count: int) -> int:
        """Poll so many records; returns for how many bytes the broker waits from then on."""
        await bus.publish(topic, texts(*range(count)))
        await asyncio.sleep(0.5)
        records = await consumer.poll(100, 10)
        assert sum(map(len, records.values())) == count
        return least()

    try:
        assert await found(1) == 1
        assert await found(40) == kafka_consumer.BUSY_BYTES
        assert await found(1) == 1
        assert await found(40) == kafka_consumer.BUSY_BYTES
        assert await consumer.poll(100, 0.1) == {}
        assert least() == 1
    finally:
        await consumer.stop()


@pytest.mark.parametrize(
    ("patience", "busy"),
    [
        (0.0, (kafka_consumer.FETCH_WAIT_MS, 1)),
        (0.25, (250, kafka_consumer.PATIENT_BYTES)),
        (0.5, (500, kafka_consumer.PATIENT_BYTES)),
    ],
)
async def test_a_member_without_news_waits_longer_for_one_record(
    bus: KafkaBus, patience: float, busy: tuple[int, int]
) -> None:
    topic = f"t.{uuid4().hex}"
    await bus.ensure_topics([topic])
    consumer = bus.consumer(f"g.{uuid4().hex}", [topic], None, patience)
    await consumer.start()

    def asked() -> tuple[int, int]:
        assert consumer._session is not None
        fetcher = consumer._session.client._fetcher
        return fetcher._fetch_max_wait_ms, fetcher._fetch_min_bytes

    try:
        for number in range(2):
            await bus.publish(topic, texts(number))
            records = await consumer.poll(100, 10)
            assert sum(map(len, records.values())) == 1
            assert asked() == busy
            assert await consumer.poll(100, 0.1) == {}
            assert asked() == (kafka_consumer.IDLE_WAIT_MS, 1)
    finally:
        await consumer.stop()


async def test_no_broker_is_bus_unavailable() -> None:
    bus = KafkaBus("127.0.0.1:1", "test", publish_timeout=2)
    await bus.start()
    with pytest.raises(BusUnavailable):
        await bus.publish("t", texts(1))
    with pytest.raises(BusUnavailable):
        await bus.ensure_topics(["t"])
    with pytest.raises(BusUnavailable):
        await bus.bounds("t")
    with pytest.raises(BusUnavailable):
        await bus.committed("g", "t")
    with pytest.raises(BusUnavailable):
        await bus.consumer("g", ["t"]).start()
    await bus.stop()


async def test_an_error_of_one_publish_does_not_stop_the_next(bus: KafkaBus) -> None:
    topic = f"t.{uuid4().hex}"
    await bus.ensure_topics([topic])
    too_large = Message("k", b"x" * (2 * 1024 * 1024), ())
    for _ in range(2):
        with pytest.raises(BusUnavailable):
            await bus.publish(topic, [*texts(1), too_large])
        await bus.publish(topic, texts(1))
    cancelled = asyncio.create_task(bus.publish(topic, texts(*range(100))))
    await asyncio.sleep(0.002)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    await bus.publish(topic, texts(7))
    place = TopicPartition(topic, partition_of("k"))
    end = (await bus.bounds(topic))[place][1]
    assert [record.value for record in await bus.read(place, end - 1, 10)] == [b"7"]


async def test_a_consumer_that_stopped_fetching_is_replaced(bus: KafkaBus) -> None:
    topic = f"t.{uuid4().hex}"
    await bus.ensure_topics([topic])
    consumer = bus.consumer(f"g.{uuid4().hex}", [topic])
    consumer.stall_seconds = 0.3
    await consumer.start()
    assert consumer._session is not None
    # Paused partitions are what a dead fetcher looks like: no error, no records.
    consumer._session.client.pause(*consumer._session.client.assignment())
    await bus.publish(topic, texts(1))
    found: list[bytes] = []
    refused = 0
    deadline = time.monotonic() + 20
    while not found:
        assert time.monotonic() < deadline
        try:
            found = [record.value for batch in (await consumer.poll(10, 0.2)).values() for record in batch]
        except BusUnavailable:
            refused += 1
    await consumer.stop()
    assert (found, refused, consumer.rebuilds) == ([b"1"], 1, 1)


@pytest.mark.parametrize("ends", ["cancelled", "never"])
async def test_a_client_that_cannot_be_closed_is_left_behind(bus: KafkaBus, monkeypatch: Any, ends: str) -> None:
    topic = f"t.{uuid4().hex}"
    await bus.ensure_topics([topic])
    await bus.publish(topic, texts(1))
    consumer = bus.consumer("g" + uuid4().hex, [topic])
    await consumer.start()
    assert consumer._session is not None
    client, proper = consumer._session.client, consumer._session.client.stop

    async def stop() -> None:
        if ends == "cancelled":
            raise asyncio.CancelledError
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)

    monkeypatch.setattr(kafka_consumer, "_CLOSE_SECONDS", 0.2)
    monkeypatch.setattr(client, "stop", stop)
    began = time.monotonic()
    await consumer.stop()
    assert time.monotonic() - began < 10
    await proper()


async def test_broker_killed_and_restarted() -> None:
    """What was acknowledged stays, the relay's second try gets through, the reader goes on in order."""
    broker = NativeKafka(make_folder("kafka"))
    await broker.start()
    topic, received = "t", list[int]()
    bus = KafkaBus(broker.bootstrap, "test", publish_timeout=3)
    consumer = bus.consumer("g", [topic])

    async def read() -> None:
        while True:
            try:
                for batch in (await consumer.poll(100, 0.5)).values():
                    received.extend(int(record.value) for record in batch)
                    await consumer.commit({TopicPartition(topic, batch[0].partition): batch[-1].offset + 1})
            except BusUnavailable:
                await asyncio.sleep(0.1)

    try:
        await bus.ensure_topics([topic])
        await bus.publish(topic, texts(0))
        await consumer.start()
        reading = asyncio.create_task(read())
        await broker.stop(grace=0)
        with pytest.raises(BusUnavailable):
            await bus.publish(topic, texts(1, 2))
        await broker.start()
        deadline = time.monotonic() + 60
        for numbers in ([1, 2], [3]):
            while True:
                assert time.monotonic() < deadline
                try:
                    await bus.publish(topic, texts(*numbers))
                    break
                except BusUnavailable:
                    await asyncio.sleep(0.2)
        while not received or received[-1] != 3:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        assert list(dict.fromkeys(received)) == [0, 1, 2, 3]
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    finally:
        await consumer.stop()
        await bus.stop()
        await broker.destroy()
