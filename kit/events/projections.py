"""Which projections stand, which are being filled, and which were set aside.

A lane leaves out a projection whose state is not `live` at the version of the code; the state is looked up after the
lane's offsets are locked, so that whoever holds them can switch it on at an exact place of the log.

A projection that fails on `MAX_FAILED_KEYS` keys without a success in between is set aside: its lane goes on without
it, and what was parked for its sake is handled. A rebuild puts it back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from kit.db.database import Database, Tx
from kit.errors import AppError
from kit.events.handlers import Lane, Projection, Subscriptions

MAX_FAILED_KEYS: Final = 10

_LOOK = """
SELECT DISTINCT key, NULL AS projection, false AS off FROM parked_event
WHERE grp = $1 AND key = ANY($2::text[]) AND discarded_at IS NULL
UNION ALL
SELECT NULL, p.name, p.version <> n.version OR p.state <> 'live'
FROM unnest($3::text[], $4::int[]) AS n(name, version) JOIN projection_state p ON p.name = n.name
WHERE p.version <> n.version OR p.state <> 'live' OR p.failed_keys <> '{}'
"""
_FAILED = """
UPDATE projection_state p SET
    failed_keys = k.keys,
    state = CASE WHEN cardinality(k.keys) >= $4 THEN 'aside' ELSE p.state END,
    reason = $3,
    since = CASE WHEN p.state = 'live' AND cardinality(k.keys) >= $4 THEN clock_timestamp() ELSE p.since END
FROM (SELECT array_agg(DISTINCT key) AS keys FROM (
          SELECT unnest(failed_keys) AS key FROM projection_state WHERE name = $1 UNION ALL SELECT $2) a) k
WHERE p.name = $1 AND p.state IN ('live', 'aside') RETURNING p.state
"""
_SUCCEEDED = """
UPDATE projection_state SET failed_keys = '{}', reason = '' WHERE name = ANY($1::text[]) AND state = 'live'
"""
_STATES = "SELECT name, version, state, reason, done, total FROM projection_state ORDER BY name"


class ProjectionBuilding(AppError):
    """What the answer is read from is being filled from the log."""

    status, code, title, retryable = 503, "projection-building", "The data is still being prepared", True


@dataclass(frozen=True, slots=True)
class ProjectionState:
    """`state`: live, building (never filled yet) or aside; `done` of `total` records are read while it is filled."""

    name: str
    version: int
    state: str
    reason: str
    done: int
    total: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Turn:
    """What a lane leaves out in one transaction: keys that may be parked, projections that are off; `suspects` are on
    and failed lately."""

    blocked: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    suspects: frozenset[str] = frozenset()


async def look(tx: Tx, lane: Lane, keys: Collection[str]) -> Turn:
    """Parked ones of `keys`, projections of the lane that are off, and those that failed lately. One statement."""
    own = [each for each in lane.door.projections.values() if each.lane == lane.name and not each.is_ledger]
    rows = await tx.fetch(_LOOK, lane.group, list(keys), [each.name for each in own], [each.version for each in own])
    named = [row for row in rows if row["projection"] is not None]
    return Turn(
        blocked=frozenset(row["key"] for row in rows if row["projection"] is None),
        off=frozenset(row["projection"] for row in named if row["off"]),
        suspects=frozenset(row["projection"] for row in named if not row["off"]),
    )


async def failed(tx: Tx, name: str, key: str, error: str) -> bool:
    """A projection failed on a key; returns whether it is set aside now. Another member may have done that while this
    one was at work: the key is noted all the same, or nothing would let go of it."""
    # one writer at a time: the keys of two members are counted together
    await tx.execute("SELECT FROM projection_state WHERE name = $1 FOR UPDATE", name)
    return bool(await tx.fetchval(_FAILED, name, key, error, MAX_FAILED_KEYS) == "aside")


async def succeeded(tx: Tx, names: Collection[str]) -> None:
    """These projections did their work: failures before do not count any more."""
    if names:
        await tx.execute(_SUCCEEDED, sorted(names))


async def held_for(tx: Tx, lane: Lane) -> list[str]:
    """Keys that may be parked only because a projection of the lane failed that has been set aside since."""
    rows = await tx.fetch(
        "SELECT DISTINCT e.key FROM projection_state p JOIN parked_event e ON e.key = ANY(p.failed_keys) "
        "WHERE p.state = 'aside' AND p.name = ANY($1::text[]) AND e.grp = $2 AND e.discarded_at IS NULL ORDER BY 1",
        [each.name for each in lane.door.projections.values() if each.lane == lane.name],
        lane.group,
    )
    return [row["key"] for row in rows]


async def states(tx: Tx) -> list[ProjectionState]:
    """Of all projections of a service."""
    return [ProjectionState(**row) for row in await tx.fetch(_STATES)]


async def to_fill(db: Database, subscriptions: Subscriptions) -> list[Projection]:
    """Projections that wait to be filled: new ones, and those whose version is behind the code."""
    async with db.reading() as tx:
        found = {each.name: each for each in await states(tx)}
    return [
        each
        for each in subscriptions.projections.values()
        if not each.is_ledger
        and (row := found.get(each.name)) is not None
        and (row.state == "building" or row.version < each.version)
    ]


async def holds_up(db: Database, lane: Lane) -> bool:
    """Whether what the lane's decisions read has to be filled first: projections of its own, and new directories."""
    if lane.name != "core":
        return False
    async with db.reading() as tx:
        fresh = {each.name for each in await states(tx) if each.state == "building"}
    waiting = await to_fill(db, lane.door)
    return any(each.lane == "core" or (each.lane == "directory" and each.name in fresh) for each in waiting)


async def require_filled(tx: Tx, names: Sequence[str]) -> bool:
    """For answers that are read from projections; raises ProjectionBuilding (503) while one has never been filled.
    Returns whether all of them are there: then they are filled for good, and need not be asked for again."""
    rows = await tx.fetch("SELECT name, state FROM projection_state WHERE name = ANY($1::text[])", list(names))
    building = next((row["name"] for row in rows if row["state"] == "building"), None)
    if building is not None:
        raise ProjectionBuilding(f"{building} is being filled from the log")
    return len(rows) == len(set(names))
