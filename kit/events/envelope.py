"""CloudEvents 1.0 envelope, binary mode: attributes travel as headers, data as the value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal
from uuid import UUID

import orjson

from kit.telemetry.tracing import is_recording, message_spans

MAX_EVENT_BYTES = 512 * 1024
"""Largest data of one event; checked when the event is written."""

MAX_ATTRIBUTE_BYTES = 1024
"""Longest attribute that is read; keys and types are indexed."""

PARTITIONS = 12
"""Partitions of every fact topic, for ever."""


class UndecodableEvent(ValueError):
    """Headers or value of a record are not a CloudEvent of ours."""


@dataclass(frozen=True)
class Event:
    """One fact. `key` routes (partitionkey), `subject` is the aggregate's id, `sequence` counts per aggregate."""

    id: UUID
    type: str
    source: str
    subject: str
    time: datetime
    key: str
    sequence: int
    data: bytes
    correlation_id: str = ""
    causation_id: str = ""
    traceparent: str = ""

    @cached_property
    def payload(self) -> Any:
        """The data, decoded once."""
        try:
            return orjson.loads(self.data)
        except orjson.JSONDecodeError as error:
            raise UndecodableEvent(f"data of {self.id} is not JSON: {error}") from error


def to_headers(event: Event) -> list[tuple[str, bytes]]:
    """Kafka headers of an event (CloudEvents Kafka protocol binding, binary mode)."""
    pairs = [
        ("ce_specversion", "1.0"),
        ("ce_id", str(event.id)),
        ("ce_type", event.type),
        ("ce_source", event.source),
        ("ce_subject", event.subject),
        ("ce_time", event.time.isoformat()),
        ("ce_partitionkey", event.key),
        ("ce_sequence", str(event.sequence)),
        ("ce_correlationid", event.correlation_id),
        ("ce_causationid", event.causation_id),
        ("ce_traceparent", event.traceparent),
        ("content-type", "application/json"),
    ]
    return [(name, value.encode()) for name, value in pairs if value]


def from_headers(headers: Iterable[tuple[str, bytes]], value: bytes | None) -> Event:
    """The event of a record; raises UndecodableEvent when an attribute is missing or malformed."""
    try:
        attributes = _attributes(list(headers))
        time = datetime.fromisoformat(attributes["ce_time"])
        if time.tzinfo is None:
            raise UndecodableEvent("ce_time has no zone")
        return Event(
            id=UUID(attributes["ce_id"]),
            type=attributes["ce_type"],
            source=attributes["ce_source"],
            subject=attributes["ce_subject"],
            time=time,
            key=attributes["ce_partitionkey"],
            sequence=int(attributes["ce_sequence"]),
            data=value or b"",
            correlation_id=attributes.get("ce_correlationid", ""),
            causation_id=attributes.get("ce_causationid", ""),
            traceparent=attributes.get("ce_traceparent", ""),
        )
    except UndecodableEvent:
        raise
    except (KeyError, ValueError, UnicodeDecodeError) as error:
        raise UndecodableEvent(f"not a CloudEvent: {error!r}") from error


def type_of(headers: Iterable[tuple[str, bytes]]) -> str | None:
    """The type a record says it has, with nothing else decoded; None when that cannot be read. Of an attribute that
    stands there twice the last counts, as in the event."""
    raw = dict(headers).get("ce_type")
    with suppress(UndecodableEvent, UnicodeDecodeError):
        return None if raw is None else _attribute("ce_type", raw)
    return None


def _attributes(headers: Sequence[tuple[str, bytes]]) -> dict[str, str]:
    """All at once where all are well: every record passes here."""
    values = [raw for _name, raw in headers]
    if max(map(len, values), default=0) > MAX_ATTRIBUTE_BYTES or b"\x00" in b"".join(values):
        return {name: _attribute(name, raw) for name, raw in headers}
    return {name: raw.decode() for name, raw in headers}


def _attribute(name: str, raw: bytes) -> str:
    if len(raw) > MAX_ATTRIBUTE_BYTES or b"\x00" in raw:
        raise UndecodableEvent(f"{name[:100]} is too long or holds a NUL")
    return raw.decode()


@contextmanager
def traced(kind: Literal["producer", "consumer"], service: str, events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """While the block works on `events`, each has a span; yields them as they go on, below their spans.

    When nothing is recorded they are the same events: a fact announced for one of them joins its trace anyway.
    """
    if not is_recording():
        yield events
        return
    with message_spans(kind, service, [(event.type, event.traceparent) for event in events]) as headers:
        yield [replace(event, traceparent=header) for event, header in zip(events, headers, strict=True)]


def topic_of(service: str) -> str:
    """The fact topic of a service."""
    return f"crmesh.{service}.events.v1"


def dead_letter_topic_of(service: str) -> str:
    """Where a service puts what it could not decode or handle."""
    return f"crmesh.{service}.dead.v1"
