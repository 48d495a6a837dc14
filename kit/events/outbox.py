"""Outbox: events are written in the transaction of their effect and sent by the relay."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakSet

from pydantic import BaseModel

from kit import clock
from kit.db.database import Tx
from kit.errors import Invalid
from kit.events.contract import Published
from kit.events.envelope import MAX_EVENT_BYTES, Event, topic_of
from kit.ids import new_id
from kit.telemetry.tracing import correlation, current_traceparent
from kit.work import Work

_relays: WeakSet[asyncio.Event] = WeakSet()


class EventTooLarge(Invalid):
    code, title = "event-too-large", "The change makes an event larger than 512 KiB"


@dataclass(frozen=True, slots=True)
class Fact:
    """What a service announces: the payload model fixes the type; `key` is the stream key."""

    type: str
    subject: UUID | str
    key: UUID | str
    sequence: int
    payload: BaseModel


def make_event(service: str, fact: Fact, cause: Event | None = None) -> Event:
    """The envelope of a fact; correlation and trace follow `cause`, else the request being served.

    An optional field that was not given is absent.
    """
    return Event(
        id=new_id(),
        type=fact.type,
        source=f"/crmesh/{service}",
        subject=str(fact.subject),
        time=clock.now(),
        key=str(fact.key),
        sequence=fact.sequence,
        data=fact.payload.__pydantic_serializer__.to_json(fact.payload, exclude_unset=True),
        correlation_id=cause.correlation_id if cause else correlation.get(),
        causation_id=str(cause.id) if cause else "",
        traceparent=cause.traceparent if cause else current_traceparent(),
    )


def compose(work: Work, payload: Published, sequence: int) -> Event:
    """The event of a payload; correlation and trace follow the work's cause, else the request being served."""
    subject, key = payload.address()
    return make_event(work.service, Fact(payload.TYPE, subject, key, sequence, payload), work.cause)


async def say(work: Work, payloads: Iterable[tuple[Published, int]]) -> list[Event]:
    """Write the events of (payload, sequence), in order, to be sent after the commit; returns them.

    Raises EventTooLarge.
    """
    events = [compose(work, payload, sequence) for payload, sequence in payloads]
    await add(work.tx, work.service, events)
    return events


_INSERT = """
INSERT INTO outbox (topic, event_id, type, source, subject, key, sequence, time,
                    correlation_id, causation_id, traceparent, data)
SELECT topic, event_id, type, source, subject, key, sequence, time,
       correlation_id, causation_id, traceparent, data
FROM json_populate_recordset(NULL::outbox, $1::json)
"""


async def add(tx: Tx, service: str, events: Sequence[Event], topic: str | None = None) -> None:
    """Write events, in order, to be sent after the commit; raises EventTooLarge (nothing could ever send it)."""
    if not events:
        return
    for event in events:
        if len(event.data) > MAX_EVENT_BYTES:
            raise EventTooLarge(f"{event.type} would have {len(event.data)} bytes")
    target = topic or topic_of(service)
    rows = [
        {
            "topic": target,
            "event_id": event.id,
            "type": event.type,
            "source": event.source,
            "subject": event.subject,
            "key": event.key,
            "sequence": event.sequence,
            "time": event.time,
            "correlation_id": event.correlation_id,
            "causation_id": event.causation_id,
            "traceparent": event.traceparent,
            "data": event.data.decode(),
        }
        for event in events
    ]
    tx.append(_INSERT, rows)
    tx.after_commit(wake_relays)


async def announce(tx: Tx, service: str, facts: Sequence[Fact], cause: Event | None = None) -> list[Event]:
    """Make the events of `facts` and write them; returns them (a reaction applies them to its ledger)."""
    events = [make_event(service, fact, cause) for fact in facts]
    await add(tx, service, events)
    return events


def wake_relays() -> None:
    """Let the relays of this process look at once instead of at their next poll."""
    for event in list(_relays):
        event.set()


def listen() -> asyncio.Event:
    """A flag that `wake_relays` sets."""
    event = asyncio.Event()
    _relays.add(event)
    return event
