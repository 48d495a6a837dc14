"""The port to the event log. Adapters: `kafka`, `embedded`; both pass one shared contract suite.

Promises of every adapter: a topic has `PARTITIONS` partitions chosen by Kafka's murmur2 of the key;
records of a partition are read in offset order; a group reads each partition by one member at a
time; what is not committed is delivered again; offsets of a partition start at 0 and grow.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class TopicPartition(NamedTuple):
    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: `key` chooses the partition."""

    key: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What is read: a message with its place in the log."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int


@dataclass(frozen=True, slots=True)
class TopicState:
    """How a topic is kept. `replicas` and `in_sync`: the fewest copies of a partition, and the fewest that are
    up to date. `settings` by Kafka's names, at least those of TOPIC_SETTINGS and `min.insync.replicas`."""

    partitions: int
    replicas: int
    in_sync: int
    settings: Mapping[str, str]


TOPIC_SETTINGS: Mapping[str, str] = {"retention.ms": "-1", "cleanup.policy": "delete"}
"""Of every topic: the log is the source of rebuilds and keeps everything."""

StartOffsets = Callable[[Sequence[TopicPartition]], Awaitable[Mapping[TopicPartition, int]]]
"""Asked when partitions are assigned; partitions it leaves out start at the group's committed
offset, or at the beginning of the log when there is none."""


class Consumer(Protocol):
    """One member of a group."""

    async def start(self) -> None: ...

    async def stop(self) -> None:
        """Leave the group; uncommitted records go to another member."""
        ...

    async def poll(self, max_records: int, wait: float) -> dict[TopicPartition, list[Record]]:
        """Up to `max_records` new records of the assigned partitions, in offset order per partition;
        empty after `wait` seconds."""
        ...

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Store the next offset to read per partition for the group."""
        ...

    async def seek(self, partition: TopicPartition, offset: int) -> None:
        """The next poll of an assigned partition starts at `offset`."""
        ...

    def assignment(self) -> frozenset[TopicPartition]:
        """The partitions this member reads now."""
        ...


class EventBus(Protocol):
    """The log as a service sees it. Connection errors surface as BusUnavailable."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def ensure_topics(self, topics: Sequence[str]) -> None:
        """Create missing topics with `PARTITIONS` partitions and unlimited retention; idempotent."""
        ...

    async def describe_topics(self, topics: Sequence[str]) -> dict[str, TopicState]:
        """How the topics are kept; those that do not exist are left out."""
        ...

    async def configure_topics(self, topics: Sequence[str]) -> None:
        """Give existing topics the settings TOPIC_SETTINGS; their other settings stay."""
        ...

    async def publish(self, topic: str, messages: Sequence[Message]) -> None:
        """Append all messages; returns when all are durable. Messages of one key keep their order.
        On an error some may have been written: the caller sends all again."""
        ...

    def consumer(
        self, group: str, topics: Sequence[str], start_offsets: StartOffsets | None = None, patience: float = 0.0
    ) -> Consumer:
        """A new, not yet started member of `group`; while it has work, records may wait `patience`
        seconds, to come together."""
        ...

    async def read(self, partition: TopicPartition, offset: int, max_records: int) -> list[Record]:
        """Records from `offset` on without a group (rebuild, replay, audit); empty at the end."""
        ...

    async def bounds(self, topic: str) -> dict[TopicPartition, tuple[int, int]]:
        """First available and next offset of each partition."""
        ...

    async def committed(self, group: str, topic: str) -> dict[TopicPartition, int]:
        """Committed next offsets of a group (partitions without one are left out)."""
        ...


class BusUnavailable(Exception):
    """The log cannot be reached or refused to serve; try again later."""


class ConsumerStalled(BusUnavailable):
    """The log goes on but this member's client brings nothing: it has to be replaced."""
