"""Parked keys: events that could not be handled, and those that wait behind them."""

from __future__ import annotations

import base64
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import orjson

from kit.db.database import Database, Tx, dumps
from kit.errors import Conflict, NotFound
from kit.events.bus import Record
from kit.events.envelope import MAX_EVENT_BYTES, Event, from_headers
from kit.events.handlers import Lane, Subscriptions
from kit.events.projections import look
from kit.ids import derived_id
from kit.settings import ServiceSettings
from kit.telemetry.scrubbing import scrub_text
from kit.work import system_work

_HEADER_BYTES = 16 * 1024

DEAD_LETTER = """
INSERT INTO outbox (topic, event_id, type, source, subject, key, sequence, time,
                    correlation_id, causation_id, traceparent, data)
VALUES ($1, gen_random_uuid(), 'crmesh.dead_letter.v1', $4, $5, $2, 1, clock_timestamp(), '', '', '', $3)
"""
_BLOCKED = "SELECT DISTINCT key FROM parked_event WHERE grp = $1 AND key = ANY($2::text[]) AND discarded_at IS NULL"
_LOCK = "SELECT pg_advisory_xact_lock(k) FROM (SELECT unnest($1::bigint[]) AS k ORDER BY 1) AS s"
_PARK = """
INSERT INTO parked_event (grp, key, event_id, type, topic, partition, log_offset, headers, value, error, attempts)
SELECT grp, key, event_id, type, topic, partition, log_offset, headers, value, error, attempts
FROM json_populate_recordset(NULL::parked_event, $1::json)
ON CONFLICT (grp, event_id) DO NOTHING
"""


_LANE = "split_part(grp, '.', 3) AS lane"


class StillFailing(Conflict):
    code, title = "still-failing", "The parked event fails again"


def _lock_number(group: str, key: str) -> int:
    return derived_id("parked", group, key).int & (2**63 - 1)


async def lock_keys(tx: Tx, group: str, keys: Sequence[str]) -> None:
    """Serialise parking and retrying of these keys until the transaction ends."""
    await tx.execute(_LOCK, sorted(_lock_number(group, key) for key in keys))


async def blocked_keys(tx: Tx, group: str, seen: Collection[str]) -> set[str]:
    """Which of the keys `seen` to have parked events still have some; they are locked, so that a retry cannot pass
    by."""
    if not seen:
        return set()
    await lock_keys(tx, group, list(seen))
    return {row["key"] for row in await tx.fetch(_BLOCKED, group, list(seen))}


async def park(
    tx: Tx, group: str, held: Sequence[tuple[Record, Event]], failure: Exception | None, attempts: int
) -> None:
    """Append events to the queue of their key."""
    rows = [
        {
            "grp": group,
            "key": event.key,
            "event_id": event.id,
            "type": event.type,
            "topic": record.topic,
            "partition": record.partition,
            "log_offset": record.offset,
            "headers": orjson.dumps(
                [[name, value.decode("utf-8", "replace")] for name, value in record.headers]
            ).decode(),
            "value": record.value.decode("utf-8", "replace"),
            "error": reason(failure) if failure else "waits behind a parked event of its key",
            "attempts": attempts,
        }
        for record, event in held
    ]
    await tx.execute(_PARK, dumps(rows))


def storable(text: str, limit: int) -> str:
    """At most `limit` characters of a text, as PostgreSQL and JSON can hold them."""
    return text[:limit].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def reason(error: Exception) -> str:
    """Why something failed, as it is kept: without what of a person or a secret the error quotes."""
    return storable(scrub_text(repr(error)), 2000)


def describe(record: Record, error: Exception) -> dict[str, Any]:
    """Body of a dead letter: the record as it was and why it is here.

    Only the first 512 KiB: a dead letter has to pass the broker, or the relay could send nothing any more.
    """
    budget, headers = _HEADER_BYTES, []
    for name, value in record.headers:
        budget -= len(name) + len(value)
        if budget < 0:
            break
        headers.append([storable(name, _HEADER_BYTES), base64.b64encode(value).decode()])
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "key": storable(record.key, 1000),
        "headers": headers,
        "value": base64.b64encode(record.value[:MAX_EVENT_BYTES]).decode(),
        "size": len(record.value),
        "error": reason(error),
    }


async def list_parked(tx: Tx) -> list[dict[str, Any]]:
    """Parked events of all lanes, oldest first, at most 1,000."""
    rows = await tx.fetch(
        f"SELECT id, {_LANE}, key, event_id, type, topic, partition, log_offset, error, attempts, parked_at "
        "FROM parked_event WHERE discarded_at IS NULL ORDER BY id LIMIT 1000"
    )
    return [dict(row) for row in rows]


async def require_parked(tx: Tx, parked_id: int) -> dict[str, Any]:
    """One parked event: its row with `headers` as pairs, `value` as text, and `behind`: ids and types of those of
    its lane and key that wait for it, at most 1,000. Raises NotFound."""
    row = await tx.fetchrow(
        f"SELECT id, grp, {_LANE}, key, event_id, type, topic, partition, log_offset, headers, value, error, attempts, "
        "parked_at FROM parked_event WHERE id = $1 AND discarded_at IS NULL",
        parked_id,
    )
    if row is None:
        raise NotFound(f"no parked event {parked_id}")
    behind = await tx.fetch(
        "SELECT id, event_id, type FROM parked_event "
        "WHERE grp = $1 AND key = $2 AND id > $3 AND discarded_at IS NULL ORDER BY id LIMIT 1000",
        row["grp"],
        row["key"],
        parked_id,
    )
    found = {**row, "headers": orjson.loads(row["headers"]), "behind": [dict(each) for each in behind]}
    del found["grp"]
    return found


async def retry_key(db: Database, subscriptions: Subscriptions, settings: ServiceSettings, key: str) -> int:
    """Handle the parked events of a key in order, lane by lane, one transaction each; returns how many went through.

    A lane stops at the first that fails again; what went through stays. Raises the first such error when all lanes
    have had their turn.
    """
    done, failures = 0, list[Exception]()
    for lane in subscriptions.lanes:
        try:
            done += await retry_in(db, lane, settings, key)
        except Exception as error:  # one lane's fault stays in it
            failures.append(error)
    if failures:
        raise failures[0]
    return done


async def retry_in(db: Database, lane: Lane, settings: ServiceSettings, key: str) -> int:
    """The same in one lane; projections that are off are left out."""
    done = 0
    while True:
        async with db.transaction() as tx:
            await lock_keys(tx, lane.group, [key])
            row = await tx.fetchrow(
                "SELECT id, headers, value FROM parked_event "
                "WHERE grp = $1 AND key = $2 AND discarded_at IS NULL ORDER BY id LIMIT 1",
                lane.group,
                key,
            )
            if row is None:
                return done
            headers = [(name, value.encode()) for name, value in orjson.loads(row["headers"])]
            event = from_headers(headers, row["value"].encode())
            await tx.execute("DELETE FROM parked_event WHERE id = $1", row["id"])
            is_new = await tx.execute(
                "INSERT INTO inbox (grp, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                lane.group,
                event.id,
            )
            if is_new:
                turn = await look(tx, lane, ())
                await lane.handle(system_work(tx, lane.service, settings), [event], turn.off)
        done += 1


async def discard(tx: Tx, parked_id: int) -> str:
    """Give up one parked event in its lane for good (a rebuild leaves it out too); returns its key. Raises NotFound.

    It counts as handled, so that a second copy of it in the log is dropped.
    """
    row = await tx.fetchrow(
        "UPDATE parked_event SET discarded_at = clock_timestamp() "
        "WHERE id = $1 AND discarded_at IS NULL RETURNING grp, key, event_id",
        parked_id,
    )
    if row is None:
        raise NotFound(f"no parked event {parked_id}")
    await tx.execute(
        "INSERT INTO inbox (grp, event_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", row["grp"], row["event_id"]
    )
    return str(row["key"])


async def discarded(tx: Tx, group: str) -> list[UUID]:
    """Ids of the events that were given up."""
    rows = await tx.fetch("SELECT event_id FROM parked_event WHERE grp = $1 AND discarded_at IS NOT NULL", group)
    return [UUID(str(row["event_id"])) for row in rows]
