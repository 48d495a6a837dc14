"""SQL of the job table. Every write of a worker carries the `lease_owner` of its claim and so is fenced."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from kit.db.database import Row, Tx
from kit.db.filters import Field
from kit.db.lists import ListSpec
from kit.db.rows import dumps
from kit.jobs.tables import JobState
from kit.telemetry.scrubbing import scrub_text

MAX_ERROR_CHARS = 2_000
JOBS = ListSpec(
    source="job j",
    fields={
        "id": Field("j.id", "uuid"),
        "kind": Field("j.kind"),
        "state": Field("j.state", enum=tuple(JobState)),
        "requested_by": Field("j.requested_by"),
        "params": Field("j.params", "json"),
        "progress_done": Field("j.progress_done", "int", filterable=False),
        "progress_total": Field("j.progress_total", "int", nullable=True, filterable=False),
        "result": Field("j.result", "json", nullable=True),
        "error": Field("j.error", nullable=True, filterable=False),
        "attempts": Field("j.attempts", "int"),
        "cancel_requested": Field("j.cancel_requested", "bool"),
        "created_at": Field("j.created_at", "datetime"),
        "updated_at": Field("j.updated_at", "datetime"),
        "started_at": Field("j.started_at", "datetime", nullable=True),
        "finished_at": Field("j.finished_at", "datetime", nullable=True),
        "version": Field("j.version", "int", filterable=False),
    },
    default_sort="-id",
)


class LeaseLost(Exception):
    """Another worker may have taken the job over: this one must stop and cannot write."""


class JobCancelled(Exception):
    """Somebody asked to cancel the job; raised inside its handler, which lets it pass."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job as one worker holds it. `owner` is unique per claim, so it is the fencing token.

    `since` is the monotonic time just before the claim.
    """

    id: UUID
    kind: str
    owner: str
    attempt: int
    params: Any
    checkpoint: Any
    done: int
    total: int | None
    since: float


_OPEN = """
SELECT state, count(*) AS count, coalesce(extract(epoch FROM clock_timestamp() - min(
           CASE state WHEN 'queued' THEN run_at ELSE started_at END)), 0)::float8 AS oldest
FROM job WHERE state IN ('queued', 'running') GROUP BY state
"""
_ANY_OPEN = "SELECT FROM job WHERE state IN ('queued', 'running') AND kind = ANY($1::text[]) LIMIT 1"
_AHEAD = "interval '10 minutes'"
"""No lease and no pause between attempts is so long: a time further ahead was written before the clock was set back."""

_OVER = f"(lease_until < clock_timestamp() OR lease_until > clock_timestamp() + {_AHEAD})"
_DUE = f"(run_at <= clock_timestamp() OR run_at > clock_timestamp() + {_AHEAD})"

_SWEEP = f"""
UPDATE job SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'failed' END,
               error = CASE WHEN NOT cancel_requested THEN 'worker died in ' || attempts || ' attempts' END,
               lease_owner = NULL, lease_until = NULL, finished_at = clock_timestamp(),
               updated_at = clock_timestamp(), version = version + 1
WHERE id IN (SELECT id FROM job
             WHERE state = 'running' AND {_OVER} AND kind = ANY($1::text[])
               AND (cancel_requested OR attempts >= $2)
             FOR UPDATE SKIP LOCKED)
"""

_CLAIM = f"""
UPDATE job SET state = 'running', lease_owner = $1, lease_until = clock_timestamp() + make_interval(secs => $2),
               attempts = attempts + 1, started_at = coalesce(started_at, clock_timestamp()),
               updated_at = clock_timestamp(), version = version + 1
WHERE id = (SELECT id FROM job
            WHERE kind = ANY($3::text[])
              AND (state = 'queued' AND {_DUE}
                   OR state = 'running' AND {_OVER} AND attempts < $4 AND NOT cancel_requested)
            ORDER BY run_at, id LIMIT 1
            FOR UPDATE SKIP LOCKED)
RETURNING id, kind, attempts, params, checkpoint, progress_done, progress_total
"""

_HELD = "WHERE id = $1 AND lease_owner = $2 AND state = 'running'"

_RENEW = f"""
UPDATE job SET lease_until = clock_timestamp() + make_interval(secs => $3) {_HELD} RETURNING cancel_requested
"""

_PROGRESS = f"""
UPDATE job SET progress_done = $3, progress_total = $4, updated_at = clock_timestamp(), version = version + 1,
               lease_until = clock_timestamp() + make_interval(secs => $5)
{_HELD} RETURNING cancel_requested
"""

_CHECKPOINT = f"""
UPDATE job SET checkpoint = $3::jsonb, attempts = CASE WHEN checkpoint IS DISTINCT FROM $3::jsonb THEN 1 ELSE attempts
               END,
               progress_done = $4, progress_total = $5, updated_at = clock_timestamp(), version = version + 1,
               lease_until = clock_timestamp() + make_interval(secs => $6)
{_HELD} RETURNING cancel_requested
"""

_FINISH = f"""
UPDATE job SET state = $3, result = $4::jsonb, error = $5, progress_done = $6, progress_total = $7,
               lease_owner = NULL, lease_until = NULL, finished_at = clock_timestamp(),
               updated_at = clock_timestamp(), version = version + 1
{_HELD}
"""

_RETRY = f"""
UPDATE job SET state = CASE WHEN cancel_requested THEN 'cancelled' WHEN attempts >= $3 THEN 'failed' ELSE 'queued' END,
               finished_at = CASE WHEN cancel_requested OR attempts >= $3 THEN clock_timestamp() END,
               error = $4, lease_owner = NULL, lease_until = NULL,
               run_at = clock_timestamp() + make_interval(secs => $5 * power(2, least(attempts - 1, 8))),
               updated_at = clock_timestamp(), version = version + 1
{_HELD} RETURNING state
"""

_RELEASE = f"""
UPDATE job SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END, attempts = attempts - 1,
               finished_at = CASE WHEN cancel_requested THEN clock_timestamp() END,
               lease_owner = NULL, lease_until = NULL, run_at = clock_timestamp(),
               updated_at = clock_timestamp(), version = version + 1
{_HELD}
"""


_POSTPONE = f"""
UPDATE job SET state = CASE WHEN cancel_requested THEN 'cancelled' ELSE 'queued' END, attempts = attempts - 1,
               finished_at = CASE WHEN cancel_requested THEN clock_timestamp() END, error = $3,
               lease_owner = NULL, lease_until = NULL, run_at = clock_timestamp() + make_interval(secs => $4),
               updated_at = clock_timestamp(), version = version + 1
{_HELD}
"""


async def open_jobs(tx: Tx) -> dict[str, tuple[int, float]]:
    """State -> how many jobs, and for how many seconds the oldest has been due or running."""
    found = {row["state"]: (int(row["count"]), max(0.0, row["oldest"])) for row in await tx.fetch(_OPEN)}
    return {state: found.get(state, (0, 0.0)) for state in ("queued", "running")}


async def is_any_open(tx: Tx, kinds: list[str]) -> bool:
    """Whether a job of these kinds waits or runs: without one there is nothing to claim, and nothing to close."""
    return await tx.fetchrow(_ANY_OPEN, kinds) is not None


async def claim_next(tx: Tx, owner: str, lease: float, kinds: list[str], max_attempts: int) -> Claim | None:
    """Close what died too often or was cancelled while dead, then take the oldest job that is due (`lease` seconds)."""
    since = time.monotonic()
    await tx.execute(_SWEEP, kinds, max_attempts)
    row = await tx.fetchrow(_CLAIM, owner, lease, kinds, max_attempts)
    if row is None:
        return None
    return Claim(
        id=row["id"],
        kind=row["kind"],
        owner=owner,
        attempt=row["attempts"],
        params=orjson.loads(row["params"]),
        checkpoint=None if row["checkpoint"] is None else orjson.loads(row["checkpoint"]),
        done=row["progress_done"],
        total=row["progress_total"],
        since=since,
    )


def _held(row: Row | None) -> bool:
    if row is None:
        raise LeaseLost
    return bool(row["cancel_requested"])


async def renew(tx: Tx, claim: Claim, lease: float) -> bool:
    """Prolong the lease; returns whether cancel was asked; raises LeaseLost."""
    return _held(await tx.fetchrow(_RENEW, claim.id, claim.owner, lease))


async def save_progress(tx: Tx, claim: Claim, done: int, total: int | None, lease: float) -> bool:
    """Store how far the job is; returns whether cancel was asked; raises LeaseLost."""
    return _held(await tx.fetchrow(_PROGRESS, claim.id, claim.owner, done, total, lease))


async def save_checkpoint(tx: Tx, claim: Claim, state: object, done: int, total: int | None, lease: float) -> bool:
    """Store where to resume; returns whether cancel was asked; raises LeaseLost."""
    return _held(await tx.fetchrow(_CHECKPOINT, claim.id, claim.owner, dumps(state), done, total, lease))


async def finish(
    tx: Tx, claim: Claim, state: str, done: int, total: int | None, *, result: object = None, error: str | None = None
) -> None:
    """Close the job; raises LeaseLost."""
    stored = None if result is None else dumps(result)
    if not await tx.execute(_FINISH, claim.id, claim.owner, state, stored, error, done, total):
        raise LeaseLost


async def retry_later(tx: Tx, claim: Claim, max_attempts: int, error: str, delay: float) -> str:
    """Queue the job again after `delay` seconds doubled per attempt, or fail it; returns its new state."""
    state = await tx.fetchval(_RETRY, claim.id, claim.owner, max_attempts, error, delay)
    if state is None:
        raise LeaseLost
    return str(state)


async def postpone(tx: Tx, claim: Claim, error: str, delay: float) -> None:
    """Queue the job again after `delay` seconds; the attempt does not count."""
    await tx.execute(_POSTPONE, claim.id, claim.owner, error, delay)


async def release(tx: Tx, claim: Claim) -> None:
    """Give the job back unharmed at a shutdown: the attempt does not count."""
    await tx.execute(_RELEASE, claim.id, claim.owner)


def error_text(error: BaseException) -> str:
    """Bounded text that the text type takes (no NUL), without what of a person or a secret the error quotes."""
    return scrub_text(str(error)).replace("\x00", "")[:MAX_ERROR_CHARS]
