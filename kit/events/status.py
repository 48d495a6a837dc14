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

_COUNTS = """
SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) AS waiting,
       (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(time)), 0)::float8 FROM outbox
        WHERE published_at IS NULL) AS age,
       (SELECT count(DISTINCT key) FROM parked_event WHERE grp = $1 AND discarded_at IS NULL) AS parked
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What the database alone tells; `outbox_age` in seconds."""

    outbox_waiting: int
    outbox_age: float
    parked_keys: int


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """`lag`: records per subscribed topic that are not applied, None when the log could not be asked; `outbox_age` in
    seconds."""

    outbox_waiting: int
    outbox_age: float
    parked_keys: int
    lag: dict[str, int] | None

    def is_settled(self) -> bool:
        """Nothing waits (parked keys aside)."""
        return self.outbox_waiting == 0 and self.lag is not None and not any(self.lag.values())

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "settled": self.is_settled()}


async def waiting(tx: Tx, group: str) -> Waiting:
    """Counts of outbox and parked keys; asks the database only."""
    counts = await tx.fetchrow(_COUNTS, group)
    assert counts is not None
    return Waiting(int(counts["waiting"]), float(counts["age"]), int(counts["parked"]))


async def delivery_status(tx: Tx, bus: EventBus, subscriptions: Subscriptions) -> DeliveryStatus:
    """Counts and lags now; raises BusUnavailable."""
    counts = await waiting(tx, subscriptions.group)
    lag = await _lag(tx, bus, subscriptions)
    return DeliveryStatus(counts.outbox_waiting, counts.outbox_age, counts.parked_keys, lag)


async def status_within(tx: Tx, bus: EventBus, subscriptions: Subscriptions, seconds: float) -> DeliveryStatus:
    """The same; without lags when the log does not answer in time."""
    counts = await waiting(tx, subscriptions.group)
    lag: dict[str, int] | None = None
    with suppress(BusUnavailable, TimeoutError):
        async with asyncio.timeout(seconds):
            await bus.start()
            lag = await _lag(tx, bus, subscriptions)
    return DeliveryStatus(counts.outbox_waiting, counts.outbox_age, counts.parked_keys, lag)


async def _lag(tx: Tx, bus: EventBus, subscriptions: Subscriptions) -> dict[str, int]:
    lag = dict.fromkeys(subscriptions.topics(), 0)
    for partition, position in (await positions(tx, bus, subscriptions)).items():
        lag[partition.topic] += position.behind
    return lag
