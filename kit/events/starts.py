"""Where lanes stand in the log, and where a lane begins on a topic that it has not read.

A row for every partition: 0 in a new database; the end of the log when the database has been at work and the topic is
new to the lane, since reactions never replay the past into decisions.
"""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Database, Tx
from kit.events.bus import EventBus, TopicPartition
from kit.events.envelope import PARTITIONS
from kit.events.handlers import Subscriptions

_LOCK = 0x43524D_03
_STORED = "SELECT topic, partition, next_offset FROM consumer_offset WHERE grp = $1 AND topic = ANY($2::text[])"
_STORE = """
INSERT INTO consumer_offset (grp, topic, partition, next_offset)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::bigint[]) ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING
"""
_KNOWN = "SELECT name FROM projection_state"
_ADD = """
INSERT INTO projection_state (name, version, state)
VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""


async def stored_offsets(tx: Tx, group: str, topics: Sequence[str]) -> dict[TopicPartition, int]:
    """The next offsets a group has stored with its effects."""
    rows = await tx.fetch(_STORED, group, list(topics))
    return {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in rows}


async def ensure(db: Database, bus: EventBus, subscriptions: Subscriptions) -> None:
    """Give every lane and projection of the service its start, once. Raises BusUnavailable.

    A database without the state of any projection is new. All lanes start in one transaction: the first that runs
    must not make the database look old to the others.
    """
    async with db.reading() as tx:
        if not await _missing(tx, subscriptions) and not await _unknown(tx, subscriptions):
            return
    topics = subscriptions.topics()
    ends = {place: end for topic in topics for place, (_first, end) in (await bus.bounds(topic)).items()}
    async with db.transaction() as tx:
        await tx.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        is_new = not await tx.fetch(_KNOWN)
        missing = await _missing(tx, subscriptions)
        await tx.execute(
            _STORE,
            [group for group, _place in missing],
            [place.topic for _group, place in missing],
            [place.partition for _group, place in missing],
            [0 if is_new else ends.get(place, 0) for _group, place in missing],
        )
        unknown = await _unknown(tx, subscriptions)
        for name in unknown:
            projection = subscriptions.projections[name]
            state = "live" if is_new or projection.is_ledger else "building"
            await tx.execute(_ADD, name, projection.version, state)


async def _missing(tx: Tx, subscriptions: Subscriptions) -> list[tuple[str, TopicPartition]]:
    found = []
    for lane in subscriptions.lanes:
        stored = await stored_offsets(tx, lane.group, lane.topics())
        places = [TopicPartition(topic, number) for topic in lane.topics() for number in range(PARTITIONS)]
        found += [(lane.group, place) for place in places if place not in stored]
    return found


async def _unknown(tx: Tx, subscriptions: Subscriptions) -> list[str]:
    known = {row["name"] for row in await tx.fetch(_KNOWN)}
    return sorted(subscriptions.projections.keys() - known)
