"""SQL of the migrations by which lanes take over from the one group a service had in release 0.1.0.

Released migrations run it: what it does stays as it is. The old worker should be stopped; one that still runs finds
its offsets beyond everything it holds and drops it, as a member does that lost its partitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kit.events.envelope import PARTITIONS
from kit.events.handlers import topic_of_type

BEYOND = 2**62
"""An offset that no log reaches."""

_PARKED = "key, event_id, type, topic, partition, log_offset, headers, value, error, attempts, parked_at, discarded_at"

Lanes = Mapping[str, Sequence[str]]
"""Lane -> the event types it takes over."""


def _values(rows: Sequence[Sequence[str]]) -> str:
    return ", ".join("(" + ", ".join(f"'{value}'" for value in row) + ")" for row in rows)


def take_over(service: str, lanes: Lanes, projections: Sequence[str]) -> list[str]:
    """Statements that give each lane the offsets and the parked events of the old group that are its business, and
    say of `projections` that they are filled. In a database in which nothing has happened they are not: there
    everything begins at the start of the log."""
    old = f"crmesh.{service}"
    group_topics = sorted({(f"{old}.{lane}", topic_of_type(name)) for lane, types in lanes.items() for name in types})
    topics = sorted({topic for _group, topic in group_topics})
    group_types = sorted((f"{old}.{lane}", name) for lane, types in lanes.items() for name in types)
    names = ", ".join(f"'{name}'" for name in projections)
    return [
        f"""
        INSERT INTO projection_state (name, version, state)
        SELECT name, 1, 'live' FROM unnest(ARRAY[{names}]::text[]) AS n(name)
        WHERE EXISTS (SELECT FROM audit_log) OR EXISTS (SELECT FROM outbox)
           OR EXISTS (SELECT FROM consumer_offset WHERE next_offset > 0)
        """,
        f"""
        WITH moved AS (
            INSERT INTO consumer_offset AS o (grp, topic, partition, next_offset)
            SELECT '{old}', topic, partition, {BEYOND}
            FROM (VALUES {_values([(topic,) for topic in topics])}) AS t(topic),
                 generate_series(0, {PARTITIONS - 1}) AS partition
            ORDER BY topic, partition
            ON CONFLICT (grp, topic, partition) DO UPDATE SET next_offset = excluded.next_offset
            RETURNING o.topic, o.partition, coalesce(old.next_offset, 0) AS at
        )
        INSERT INTO consumer_offset (grp, topic, partition, next_offset)
        SELECT l.grp, m.topic, m.partition, m.at
        FROM moved m JOIN (VALUES {_values(group_topics)}) AS l(grp, topic) ON l.topic = m.topic
        """,
        f"""
        WITH gone AS (DELETE FROM parked_event WHERE grp = '{old}' RETURNING *)
        INSERT INTO parked_event (grp, {_PARKED})
        SELECT l.grp, {", ".join(f"g.{name}" for name in _PARKED.split(", "))}
        FROM gone g JOIN (VALUES {_values(group_types)}) AS l(grp, type) ON l.type = g.type
        ORDER BY g.id
        """,
    ]


def give_back(service: str) -> list[str]:
    """Statements that make the old group go on where the lanes stand, with the workers stopped; a lane that is
    behind the others keeps the group there, and what the others have handled is not handled again."""
    old = f"crmesh.{service}"
    lanes = f"grp LIKE '{old}.%'"
    return [
        f"""
        INSERT INTO inbox (grp, event_id, handled_at) SELECT '{old}', event_id, max(handled_at) FROM inbox
        WHERE {lanes} GROUP BY event_id ON CONFLICT DO NOTHING
        """,
        f"DELETE FROM inbox WHERE {lanes}",
        f"""
        UPDATE consumer_offset o SET next_offset = l.at
        FROM (SELECT topic, partition, min(next_offset) AS at FROM consumer_offset WHERE {lanes} GROUP BY 1, 2) l
        WHERE o.grp = '{old}' AND (o.topic, o.partition) = (l.topic, l.partition)
        """,
        f"DELETE FROM consumer_offset WHERE {lanes} OR (grp = '{old}' AND next_offset = 0)",
        f"""
        WITH gone AS (DELETE FROM parked_event WHERE {lanes} RETURNING *)
        INSERT INTO parked_event (grp, {_PARKED})
        SELECT '{old}', {_PARKED} FROM (SELECT DISTINCT ON (event_id) * FROM gone ORDER BY event_id, id) g ORDER BY id
        ON CONFLICT (grp, event_id) DO NOTHING
        """,
    ]
