"""Which function handles which event, and in which order a batch is worked.

A handler takes facts of one type in log order, decoded to the model that `models` names for it. Kinds:

- `project`, `(tx, facts)`: a pure function of the log (no outbox, no clock, no random id): runs live and in rebuilds.
- `react`, `(work, facts)`: decides and announces; runs live only. Its ledger is rebuilt by folding its own facts.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from kit.db.database import Tx
from kit.events.envelope import Event, topic_of
from kit.work import Work

Handler = Callable[[Any, Sequence[Any]], Awaitable[None]]
Models = Mapping[str, type[BaseModel]]
"""What events are decoded to, by their type."""
Kind = Literal["project", "react"]
Data = TypeVar("Data", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fact(Generic[Data]):
    """An event and what it says."""

    event: Event
    data: Data


async def _decoded(models: Models, handler: Handler, handle: Tx | Work, events: Sequence[Event]) -> None:
    await handler(handle, [Fact(event, models[event.type].model_validate_json(event.data)) for event in events])


@dataclass(frozen=True, slots=True)
class Projection:
    """Tables derived from the log. `folds` maps event type -> handler that a rebuild runs.

    `tables[0]` is written first by every writer of the projection, so that locking it waits for
    all of them. A decision ledger folds facts of its own topic, a projection those of others.
    """

    name: str
    tables: tuple[str, ...]
    folds: Mapping[str, Handler]
    is_ledger: bool = False

    def topics(self) -> tuple[str, ...]:
        """Topics that hold the folded events."""
        return tuple(sorted({topic_of_type(event_type) for event_type in self.folds}))


def topic_of_type(event_type: str) -> str:
    """Topic of an event type: its first word is the service."""
    return topic_of(event_type.partition(".")[0])


@dataclass
class Subscriptions:
    """The event door of a service."""

    service: str
    models: Models | None = None
    handlers: dict[str, list[tuple[Kind, Handler]]] = field(default_factory=dict)
    projections: dict[str, Projection] = field(default_factory=dict)

    @property
    def group(self) -> str:
        """Consumer group of the service."""
        return f"crmesh.{self.service}"

    def topics(self) -> tuple[str, ...]:
        """Topics the service reads."""
        return tuple(sorted({topic_of_type(event_type) for event_type in self.handlers}))

    def react(self, handler: Handler, *event_types: str) -> None:
        """Register a reaction."""
        for event_type in event_types:
            self.handlers.setdefault(event_type, []).append(("react", self._decoding(handler)))

    def project(self, projection: Projection) -> None:
        """Register a projection: its folds run live, and in rebuilds."""
        projection = self.ledger(projection)
        for event_type, handler in projection.folds.items():
            self.handlers.setdefault(event_type, []).append(("project", handler))

    def ledger(self, projection: Projection) -> Projection:
        """Register a decision ledger: live it is written by reactions; its folds run in rebuilds only."""
        folds = {event_type: self._decoding(fold) for event_type, fold in projection.folds.items()}
        self.projections[projection.name] = projection = replace(projection, folds=folds)
        return projection

    def _decoding(self, handler: Handler) -> Handler:
        return handler if self.models is None else partial(_decoded, self.models, handler)

    def has(self, event_type: str) -> bool:
        """Whether anything handles this type."""
        return event_type in self.handlers

    async def handle(self, work: Work, events: Sequence[Event]) -> None:
        """Run the handlers of `events` (all subscribed), keeping the order of each key."""
        for event_type, wave in waves(events):
            for kind, handler in self.handlers[event_type]:
                await handler(work if kind == "react" and self.models is not None else work.tx, wave)


def waves(events: Sequence[Event]) -> list[tuple[str, list[Event]]]:
    """Group a batch by type into as few runs as possible without reordering events of one key.

    An event joins the first run of its type that does not come before its key's latest run.
    """
    runs: list[tuple[str, list[Event]]] = []
    latest: dict[str, int] = {}
    of_type: dict[str, list[int]] = {}
    for event in events:
        least = latest.get(event.key, 0)
        index = next((i for i in of_type.get(event.type, ()) if i >= least), None)
        if index is None:
            index = len(runs)
            runs.append((event.type, []))
            of_type.setdefault(event.type, []).append(index)
        runs[index][1].append(event)
        latest[event.key] = index
    return runs
