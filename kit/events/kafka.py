"""The event log on Apache Kafka."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]
from aiokafka import TopicPartition as KafkaPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic  # type: ignore[import-untyped]
from aiokafka.admin.config_resource import (  # type: ignore[import-untyped]
    ConfigResource,
    ConfigResourceType,
)
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code  # type: ignore[import-untyped]

from kit.events.bus import (
    TOPIC_SETTINGS,
    BusUnavailable,
    Message,
    Record,
    StartOffsets,
    TopicPartition,
    TopicState,
)
from kit.events.envelope import PARTITIONS
from kit.events.kafka_access import KafkaAccess
from kit.events.kafka_consumer import FETCH_WAIT_MS, REQUEST_TIMEOUT_MS, KafkaConsumer, to_record
from kit.events.partitions import partition_of

log = structlog.get_logger(__name__)

_LINGER_MS = 5
_BATCH_BYTES = 256 * 1024
_REQUEST_BYTES = 1024 * 1024
_READ_SECONDS = 15.0
_CLOSE_SECONDS = 5.0
_SET_ON_TOPIC = 1
"""Source of a setting that the topic itself carries, not its broker."""


class KafkaBus:
    """Connections open on first use: a service starts, and answers, while Kafka is away. `access` may be the addresses
    alone."""

    def __init__(self, access: KafkaAccess | str, client_id: str, *, publish_timeout: float = 30.0) -> None:
        self._access = KafkaAccess(access) if isinstance(access, str) else access
        self._client_id = client_id
        self._publish_timeout = publish_timeout
        self._producer: Any = None
        self._producer_turn = asyncio.Lock()
        self._reader: Any = None
        self._reader_turn = asyncio.Lock()
        self._reader_at: tuple[TopicPartition, int] | None = None

    async def start(self) -> None:
        """Nothing to do yet."""

    async def stop(self) -> None:
        """Close the producer and the reader; consumers are stopped by their owners."""
        async with self._producer_turn:
            await self._drop_producer(self._producer)
        async with self._reader_turn:
            await self._drop_reader()

    async def ensure_topics(self, topics: Sequence[str]) -> None:
        """Create missing topics, with as many copies as the broker makes by default; idempotent.

        A topic with another number of partitions is refused (ValueError)."""
        wanted = sorted(set(topics))
        async with self._admin() as admin:
            answer = await admin.create_topics([_new_topic(topic) for topic in wanted])
            for topic, code, *detail in answer.topic_errors:
                if code not in (0, TopicAlreadyExistsError.errno):
                    raise for_code(code)(f"topic {topic}: {detail}")
            await self._await_leaders(admin, wanted)

    async def describe_topics(self, topics: Sequence[str]) -> dict[str, TopicState]:
        """How the topics are kept; those that do not exist are left out."""
        async with self._admin() as admin:
            described = {
                t["topic"]: t["partitions"] for t in await admin.describe_topics(list(topics)) if t["partitions"]
            }
            settings = await _settings_of(admin, list(described))
        return {
            topic: TopicState(
                partitions=len(partitions),
                replicas=min(len(partition["replicas"]) for partition in partitions),
                in_sync=min(len(partition["isr"]) for partition in partitions),
                settings={name: value for name, (value, _source) in settings[topic].items()},
            )
            for topic, partitions in described.items()
        }

    async def cluster_id(self) -> str:
        """Which cluster this is; addresses say nothing of that."""
        async with self._admin() as admin:
            return str((await admin.describe_cluster())["cluster_id"])

    async def configure_topics(self, topics: Sequence[str]) -> None:
        """Give existing topics the settings TOPIC_SETTINGS. An unknown topic is BusUnavailable."""
        async with self._admin() as admin:
            # the request replaces everything that was set on a topic
            resources = [
                ConfigResource(
                    ConfigResourceType.TOPIC,
                    topic,
                    {name: value for name, (value, source) in settings.items() if source == _SET_ON_TOPIC}
                    | dict(TOPIC_SETTINGS),
                )
                for topic, settings in (await _settings_of(admin, topics)).items()
            ]
            for answer in await admin.alter_configs(resources) if resources else ():
                for code, detail, _kind, topic in answer.resources:
                    if code:
                        raise for_code(code)(f"topic {topic}: {detail}")
            await self._await_settings(admin, topics)

    async def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """Send all, then await every acknowledgement; on any error the producer is replaced, so nothing of
        this call is sent after it has failed."""
        if not messages:
            return
        producer = None
        acks: list[asyncio.Future[Any]] = []
        try:
            async with asyncio.timeout(self._publish_timeout):
                producer = await self._get_producer()
                for message in messages:
                    acks.append(
                        await producer.send(
                            topic,
                            value=message.value,
                            key=message.key.encode(),
                            partition=partition_of(message.key),
                            headers=list(message.headers),
                        )
                    )
                await asyncio.gather(*acks)
        except (KafkaError, OSError, AssertionError) as error:
            await self._give_up(producer, acks)
            raise BusUnavailable(f"publish to {topic}: {await self._access.explain(error)}") from error
        except asyncio.CancelledError:
            await self._give_up(producer, acks)
            raise

    def consumer(
        self, group: str, topics: Sequence[str], start_offsets: StartOffsets | None = None, patience: float = 0.0
    ) -> KafkaConsumer:
        """A new, not yet started member of `group`; the broker may gather records for `patience` seconds."""
        return KafkaConsumer(self._access, self._client_id, group, topics, start_offsets, patience)

    async def read(self, partition: TopicPartition, offset: int, max_records: int) -> list[Record]:
        """Records from `offset` on without a group; empty at the end."""
        place = KafkaPartition(*partition)
        async with self._reading() as reader:
            if self._reader_at is None or self._reader_at[0] != partition:
                reader.assign([place])
                self._reader_at = None
            end = (await reader.end_offsets([place]))[place]
            if offset >= end:
                return []
            if self._reader_at != (partition, offset):
                reader.seek(place, offset)
            self._reader_at = None
            while True:
                found = await reader.getmany(place, timeout_ms=1000, max_records=max_records)
                if records := [to_record(message) for message in found.get(place, [])]:
                    self._reader_at = (partition, records[-1].offset + 1)
                    return records

    async def bounds(self, topic: str) -> dict[TopicPartition, tuple[int, int]]:
        """First available and next offset of each partition; an unknown topic is BusUnavailable."""
        places = [KafkaPartition(topic, partition) for partition in range(PARTITIONS)]
        async with self._reading() as reader:
            first = await reader.beginning_offsets(places)
            ends = await reader.end_offsets(places)
        return {TopicPartition(*place): (first[place], ends[place]) for place in places}

    async def committed(self, group: str, topic: str) -> dict[TopicPartition, int]:
        """Committed next offsets of a group."""
        async with self._admin() as admin:
            stored = await admin.list_consumer_group_offsets(group)
        return {
            TopicPartition(*place): entry.offset
            for place, entry in stored.items()
            if place.topic == topic and entry.offset >= 0
        }

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[Any]:
        admin = AIOKafkaAdminClient(**self._access.options(self._client_id), request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await admin.start()
            yield admin
        except (KafkaError, OSError) as error:
            raise BusUnavailable(f"kafka: {await self._access.explain(error)}") from error
        finally:
            await admin.close()

    async def _await_leaders(self, admin: Any, topics: Sequence[str]) -> None:
        """A topic just created has no leaders for a moment, which producers would log and retry."""
        deadline = time.monotonic() + _READ_SECONDS
        while True:
            described = await admin.describe_topics(list(topics))
            for topic in described:
                if not topic["error_code"] and len(topic["partitions"]) != PARTITIONS:
                    raise ValueError(f"topic {topic['topic']} has {len(topic['partitions'])} partitions")
            waiting = [
                topic["topic"]
                for topic in described
                if topic["error_code"] or any(partition["leader"] < 0 for partition in topic["partitions"])
            ]
            if not waiting:
                return
            if time.monotonic() > deadline:
                raise BusUnavailable(f"no leaders for {waiting}")
            await asyncio.sleep(0.05)

    async def _await_settings(self, admin: Any, topics: Sequence[str]) -> None:
        """Brokers learn of a change a moment later."""
        deadline = time.monotonic() + _READ_SECONDS
        while True:
            found = await _settings_of(admin, topics)
            if all(found[topic][name][0] == value for topic in found for name, value in TOPIC_SETTINGS.items()):
                return
            if time.monotonic() > deadline:
                raise BusUnavailable(f"settings of {list(topics)} do not change")
            await asyncio.sleep(0.05)

    async def _get_producer(self) -> Any:
        async with self._producer_turn:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._access.options(self._client_id),
                    acks="all",
                    enable_idempotence=True,
                    linger_ms=_LINGER_MS,
                    max_batch_size=_BATCH_BYTES,
                    max_request_size=_REQUEST_BYTES,
                    request_timeout_ms=REQUEST_TIMEOUT_MS,
                )
                try:
                    await producer.start()
                except BaseException:
                    await self._drop_producer(producer)
                    raise
                self._producer = producer
            return self._producer

    async def _give_up(self, producer: Any, acks: Sequence[asyncio.Future[Any]]) -> None:
        for ack in acks:
            if not ack.cancel() and not ack.cancelled():
                ack.exception()
        if producer is not None:
            async with self._producer_turn:
                await self._drop_producer(producer)

    async def _drop_producer(self, producer: Any) -> None:
        """End a producer now. Its own stop() flushes first, which never ends while Kafka is away, and would
        send what its caller has given up and sends again."""
        if producer is None:
            return
        if self._producer is producer:
            self._producer = None
        producer._message_accumulator.fail_all(KafkaError("the producer was replaced"))
        sender = producer._sender.sender_task
        if sender is not None:
            sender.cancel()
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await producer.client.close()
                while sender is not None and not sender.done():
                    # The first cancel lets it wait for answers that may not come any more.
                    await asyncio.wait([sender], timeout=0.5)
                    sender.cancel()
                await producer.stop()
        except (KafkaError, OSError) as error:
            log.warning("kafka.producer_close_failed", error=repr(error))

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[Any]:
        """The client without a group, one user at a time; replaced after an error."""
        async with self._reader_turn:
            try:
                async with asyncio.timeout(_READ_SECONDS):
                    if self._reader is None:
                        self._reader = AIOKafkaConsumer(
                            **self._access.options(self._client_id),
                            enable_auto_commit=False,
                            auto_offset_reset="earliest",
                            fetch_max_wait_ms=FETCH_WAIT_MS,
                            request_timeout_ms=REQUEST_TIMEOUT_MS,
                        )
                        await self._reader.start()
                    yield self._reader
            except (KafkaError, OSError) as error:
                await self._drop_reader()
                raise BusUnavailable(f"kafka: {await self._access.explain(error)}") from error
            except BaseException:
                await self._drop_reader()
                raise

    async def _drop_reader(self) -> None:
        reader, self._reader, self._reader_at = self._reader, None, None
        if reader is not None:
            with suppress(KafkaError, OSError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await reader.stop()


def _new_topic(topic: str) -> Any:
    new = NewTopic(topic, PARTITIONS, 1, topic_configs=dict(TOPIC_SETTINGS))
    new.replication_factor = -1  # the broker's default; the constructor refuses to say so
    return new


async def _settings_of(admin: Any, topics: Sequence[str]) -> dict[str, dict[str, tuple[str, int]]]:
    """(value, source) of every setting of every topic; raises KafkaError for an unknown topic."""
    found: dict[str, dict[str, tuple[str, int]]] = {}
    if not topics:
        return found
    for answer in await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]):
        for code, detail, _kind, topic, entries in answer.resources:
            if code:
                raise for_code(code)(f"topic {topic}: {detail}")
            found[topic] = {name: (value, source) for name, value, _read_only, source, *_ in entries}
    return found
