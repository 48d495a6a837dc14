"""How far a lane is behind the log: in records, and in seconds by the age of the oldest it has not applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kit import clock
from kit.db.database import Tx
from kit.events.bus import EventBus, TopicPartition
from kit.events.handlers import Lane
from kit.events.starts import stored_offsets


@dataclass(frozen=True, slots=True)
class Position:
    """The next record to apply, and the end of the log."""

    next: int
    end: int

    @property
    def behind(self) -> int:
        """Records not applied."""
        return max(0, self.end - self.next)


async def positions(tx: Tx, bus: EventBus, lane: Lane) -> dict[TopicPartition, Position]:
    """Where the lane stands in every partition it reads; raises BusUnavailable."""
    stored = await stored_offsets(tx, lane.group, lane.topics())
    found: dict[TopicPartition, Position] = {}
    for topic in lane.topics():
        for partition, (first, end) in (await bus.bounds(topic)).items():
            found[partition] = Position(max(first, stored.get(partition, 0)), end)
    return found


class LagMeter:
    """Measures again and again. A record that was there at the last look and is not applied yet is looked up for its
    age; what came since is not: a lane that keeps up costs the log no reads and is 0 seconds behind."""

    def __init__(self, bus: EventBus, lane: Lane) -> None:
        self._bus, self.lane = bus, lane
        self._ends: Mapping[TopicPartition, int] = {}

    async def measure(self, tx: Tx) -> tuple[int, float]:
        """Records behind, and the age in seconds of the oldest; raises BusUnavailable."""
        found = await positions(tx, self._bus, self.lane)
        seconds = 0.0
        for partition, position in found.items():
            if position.next < self._ends.get(partition, 0):
                for record in await self._bus.read(partition, position.next, 1):
                    seconds = max(seconds, clock.now().timestamp() - record.timestamp_ms / 1000)
        self._ends = {partition: position.end for partition, position in found.items()}
        return sum(position.behind for position in found.values()), seconds
