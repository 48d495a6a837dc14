"""Which function handles which event, and in which order a batch is worked.

A handler takes facts of one type in log order, decoded to the model that `models` names for it. Kinds:

- `project`, `(tx, facts)`: a pure function of the log (no outbox, no clock, no random id): runs live and in rebuilds.
- `react`, `(work, facts)`: decides and announces; runs live only. Its ledger is rebuilt by folding its own facts.

Handlers stand on lanes, the consumer groups of a service, so that a fault stays where it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar, get_args

from pydantic import BaseModel

from kit.db.database import Tx
from kit.events.envelope import Event, topic_of
from kit.work import Work

Handler = Callable[[Any, Sequence[Any]], Awaitable[None]]
Models = Mapping[str, type[BaseModel]]
"""What events are decoded to, by their type."""
Kind = Literal["project", "react"]
LaneName = Literal["core", "directory", "insight"]
LANES: Final = get_args(LaneName)
"""*core* decides, *directory* keeps labels and scope, *insight* is whatever only derives."""
Data = TypeVar("Data", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fact(Generic[Data]):
    """An event and what it says."""

    event: Event
    data: Data


def _facts(model: type[BaseModel], events: Sequence[Event]) -> list[Fact[Any]]:
    validate = model.__pydantic_validator__.validate_json
    return [Fact(event, validate(event.data)) for event in events]


async def _decoded(model: type[BaseModel], handler: Handler, handle: Tx | Work, events: Sequence[Event]) -> None:
    await handler(handle, _facts(model, events))


@dataclass(frozen=True, slots=True)
class Projection:
    """Tables derived from the log. `folds` maps event type -> handler that a rebuild runs.

    `tables[0]` is written first by every writer of the projection, so that locking it waits for
    all of them. A decision ledger folds facts of its own topic, a projection those of others.
    `version` grows when the rows it would fold from the same log change, and when it moves to another lane, which
    stands elsewhere in the log; `lane` is set by the lane it is put on.
    """

    name: str
    tables: tuple[str, ...]
    folds: Mapping[str, Handler]
    is_ledger: bool = False
    version: int = 1
    lane: LaneName = "core"

    def topics(self) -> tuple[str, ...]:
        """Topics that hold the folded events."""
        return tuple(sorted({topic_of_type(event_type) for event_type in self.folds}))


def topic_of_type(event_type: str) -> str:
    """Topic of an event type: its first word is the service."""
    return topic_of(event_type.partition(".")[0])


class Step(NamedTuple):
    """A handler of an event type; `projection` names what it folds into, empty for a reaction."""

    kind: Kind
    handler: Handler
    projection: str = ""


@dataclass
class Lane:
    """One consumer group of a service and what it hears."""

    door: Subscriptions = field(repr=False)
    name: LaneName
    handlers: dict[str, list[Step]] = field(default_factory=dict)

    @property
    def service(self) -> str:
        """Whose lane it is."""
        return self.door.service

    @property
    def group(self) -> str:
        """Its consumer group."""
        return f"crmesh.{self.service}.{self.name}"

    def topics(self) -> tuple[str, ...]:
        """Topics the lane reads."""
        return tuple(sorted({topic_of_type(event_type) for event_type in self.handlers}))

    def react(self, handler: Handler, *event_types: str) -> None:
        """Register a reaction."""
        for event_type in event_types:
            self._add(event_type, Step("react", handler))

    def project(self, projection: Projection) -> None:
        """Register a projection: its folds run live, and in rebuilds."""
        self.ledger(projection)
        for event_type, handler in projection.folds.items():
            self._add(event_type, Step("project", handler, projection.name))

    def _add(self, event_type: str, step: Step) -> None:
        if event_type not in self.door.models:
            raise KeyError(event_type)
        self.handlers.setdefault(event_type, []).append(step)

    def ledger(self, projection: Projection) -> Projection:
        """Register a decision ledger: live it is written by reactions; its folds run in rebuilds only."""
        folds = {event_type: self._decoding(event_type, fold) for event_type, fold in projection.folds.items()}
        self.door.projections[projection.name] = projection = replace(projection, folds=folds, lane=self.name)
        return projection

    def _decoding(self, event_type: str, handler: Handler) -> Handler:
        return partial(_decoded, self.door.models[event_type], handler)

    def wants(self, topic: str, event_type: str | None) -> bool:
        """Whether a record is this lane's business: of a type it handles, or, when its type cannot be read
        (None), of a topic that no lane before this one reads."""
        return self.buries(topic, None) if event_type is None else event_type in self.handlers

    def buries(self, topic: str, event_type: str | None) -> bool:
        """Whether a record that cannot be decoded gets its dead letter here: of the lanes that read the topic, the
        first one that wants it."""
        readers = [lane for lane in self.door.lanes if topic in lane.topics()]
        return next((lane for lane in readers if event_type is None or event_type in lane.handlers), None) is self

    async def handle(
        self,
        work: Work,
        events: Sequence[Event],
        off: Collection[str] = (),
        enter: Callable[[str], None] = lambda _projection: None,
    ) -> None:
        """Run the handlers of `events` (all of types it handles) but the projections that are `off`, keeping the
        order of each key. `enter` is told whose handler is next: a projection, or "" for reactions. An event is
        decoded once, whoever handles it."""
        for event_type, wave in waves(events):
            enter("")
            steps = [step for step in self.handlers[event_type] if step.projection not in off]
            facts = _facts(self.door.models[event_type], wave) if steps else []
            for step in steps:
                enter(step.projection)
                await step.handler(work if step.kind == "react" else work.tx, facts)
        enter("")

    def projections_of(self, events: Sequence[Event]) -> frozenset[str]:
        """Projections that these events go into."""
        types = {event.type for event in events}
        return frozenset(step.projection for name in types for step in self.handlers[name] if step.projection)


@dataclass
class Subscriptions:
    """The event door of a service."""

    service: str
    models: Models
    lanes: list[Lane] = field(default_factory=list)
    projections: dict[str, Projection] = field(default_factory=dict)

    @property
    def former_group(self) -> str:
        """The one consumer group of release 0.1.0: what it has handled is handled."""
        return f"crmesh.{self.service}"

    def lane(self, name: LaneName) -> Lane:
        """The lane of that name, opened when first asked for; `lanes` keeps the order of LANES."""
        found = next((lane for lane in self.lanes if lane.name == name), None)
        if found is None:
            found = Lane(self, name)
            self.lanes = sorted([*self.lanes, found], key=lambda lane: LANES.index(lane.name))
        return found

    @property
    def handlers(self) -> dict[str, list[Step]]:
        """What handles each type, over all lanes."""
        found: dict[str, list[Step]] = {}
        for lane in self.lanes:
            for event_type, steps in lane.handlers.items():
                found.setdefault(event_type, []).extend(steps)
        return found

    def topics(self) -> tuple[str, ...]:
        """Topics the service reads."""
        return tuple(sorted({topic for lane in self.lanes for topic in lane.topics()}))


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
