"""Where delivery stands in one service: what waits to be sent, to be applied, and what is parked."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from kit.db.database import Tx
from kit.events.bus import BusUnavailable, EventBus
from kit.events.handlers import Subscriptions
from kit.events.lag import positions
from kit.events.projections import ProjectionState, states

_COUNTS = """
SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS waiting,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(time)), 0)::float8 FROM outbox
        WHERE published_at IS NULL) AS age,
       (SELECT count(DISTINCT (grp, key)) FROM parked_event WHERE discarded_at IS NULL) AS parked
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the database alone tells; `outbox_age` in seconds."""

    outbox_waiting: int
    outbox_age: float
    parked_keys: int


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """`lanes`: records that are not applied, by lane and topic, None when the log could not be asked. `lag`: per topic,
    those of the lane that is furthest behind. `outbox_age` in seconds; a key parked in two lanes counts twice."""

    outbox_waiting: int
    outbox_age: float
    parked_keys: int
    lag: dict[str, int] | None
    lanes: dict[str, dict[str, int]] | None
    projections: list[ProjectionState]

    def behind(self) -> int:
        """Records not applied, over all lanes; 0 when the log could not be asked."""
        return sum(count for topics in (self.lanes or {}).values() for count in topics.values())

    def is_settled(self) -> bool:
        """Nothing waits (parked keys aside)."""
        return self.outbox_waiting == 0 and self.lanes is not None and not self.behind()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "settled": self.is_settled()}


async def waiting(tx: Tx) -> Waiting:
    """Counts of outbox and parked keys; asks the database only."""
    counts = await tx.fetchrow(_COUNTS)
    assert counts is not None
    return Waiting(int(counts["waiting"]), float(counts["age"]), int(counts["parked"]))


async def delivery_status(tx: Tx, bus: EventBus, subscriptions: Subscriptions) -> DeliveryStatus:
    """Counts and lags now; raises BusUnavailable."""
    counts = await waiting(tx)
    return _status(counts, await _lanes(tx, bus, subscriptions), await states(tx))


async def status_within(tx: Tx, bus: EventBus, subscriptions: Subscriptions, seconds: float) -> DeliveryStatus:
    """The same; without lags when the log does not answer in time."""
    counts = await waiting(tx)
    lanes: dict[str, dict[str, int]] | None = None
    with suppress(BusUnavailable, TimeoutError):
        async with asyncio.timeout(seconds):
            await bus.start()
            lanes = await _lanes(tx, bus, subscriptions)
    return _status(counts, lanes, await states(tx))


def _status(
    counts: Waiting, lanes: dict[str, dict[str, int]] | None, projections: list[ProjectionState]
) -> DeliveryStatus:
    lag: dict[str, int] | None = None if lanes is None else {}
    for topic, count in (pair for topics in (lanes or {}).values() for pair in topics.items()):
        lag = {**(lag or {}), topic: max(count, (lag or {}).get(topic, 0))}
    return DeliveryStatus(counts.outbox_waiting, counts.outbox_age, counts.parked_keys, lag, lanes, projections)


async def _lanes(tx: Tx, bus: EventBus, subscriptions: Subscriptions) -> dict[str, dict[str, int]]:
    lanes: dict[str, dict[str, int]] = {lane.name: dict.fromkeys(lane.topics(), 0) for lane in subscriptions.lanes}
    for lane in subscriptions.lanes:
        for partition, position in (await positions(tx, bus, lane)).items():
            lanes[lane.name][partition.topic] += position.behind
    return lanes
