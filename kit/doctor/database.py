"""The database server and one service's database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from kit import clock
from kit.db.database import DatabaseSettings, Tx
from kit.db.migrate import pending
from kit.doctor.findings import Finding, Level, failed_if, finding, graded
from kit.doctor.keys import check_keys
from kit.events.relay import RELAY_LOCK
from kit.security.audit_chain import verify

OLDEST_POSTGRES: Final = 18
CHAIN_ROWS: Final = 1000
UNREACHABLE: Final = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError)

_CONNECTIONS = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
       - current_setting('reserved_connections')::int AS usable
"""
_LEADS = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
               AND (classid::bigint << 32) | objid::bigint = $1)
"""
_OUTBOX = """
SELECT count(*) AS waiting, coalesce(extract(epoch FROM clock_timestamp() - min(time)), 0)::float8 AS age
FROM outbox WHERE published_at IS NULL
"""
_PARKED = """
SELECT count(DISTINCT (grp, key)) AS keys, count(*) AS events FROM parked_event WHERE discarded_at IS NULL
"""
_PROJECTIONS = "SELECT name, state, reason, done, total FROM projection_state WHERE state <> 'live' ORDER BY name"
_UNSEALED = """
SELECT count(*) AS rows, coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::float8 AS age
FROM audit_log WHERE hash IS NULL
"""
_JOBS = """
SELECT count(*) FILTER (WHERE state = 'queued') AS queued, count(*) FILTER (WHERE state = 'running') AS running,
       coalesce(max(extract(epoch FROM clock_timestamp() - run_at)) FILTER (WHERE state = 'queued'), 0)::float8 AS age
FROM job WHERE state IN ('queued', 'running')
"""
_DUE = """
SELECT count(*) AS rows, coalesce(max(attempts), 0) AS attempts, string_agg(DISTINCT name, ', ' ORDER BY name) AS names,
       string_agg(DISTINCT error, ', ' ORDER BY error) AS errors
FROM due_failure
"""
_HAS_AUDIT = "SELECT to_regclass('audit_log') IS NOT NULL"
_BLOCKED = """
SELECT w.pid, extract(epoch FROM clock_timestamp() - w.query_start)::float8 AS age, pg_blocking_pids(w.pid) AS by
FROM pg_stat_activity w
WHERE w.datname = current_database() AND w.wait_event_type = 'Lock' AND cardinality(pg_blocking_pids(w.pid)) > 0
ORDER BY w.query_start LIMIT 1
"""

START = "start PostgreSQL; check CRMESH_POSTGRES, the network, and whether the database exists"


async def check_server(connect: Mapping[str, Any], wanted: int) -> list[Finding]:
    """Reachability, version, clock, durability, connections; `wanted`: connections of all processes at their most."""
    try:
        connection = await asyncpg.connect(**connect, timeout=10)
    except UNREACHABLE as error:
        return [finding("system", "PostgreSQL", "fail", f"cannot be reached: {error or type(error).__name__}", START)]
    try:
        number = int(await connection.fetchval("SHOW server_version_num"))
        level, shown = judge_version(number), f"version {number // 10_000}.{number % 10_000}"
        version = finding("system", "PostgreSQL", level, shown, f"version {OLDEST_POSTGRES} or later is needed")
        if level == "fail":
            return [version]
        return [
            version,
            await _check_clock(connection),
            await _check_durability(connection),
            await _check_connections(connection, wanted),
        ]
    finally:
        await connection.close()


def judge_version(number: int) -> Level:
    """Of `server_version_num`."""
    return failed_if(number // 10_000 < OLDEST_POSTGRES)


async def _check_clock(connection: asyncpg.Connection) -> Finding:
    before = clock.now()
    there = await connection.fetchval("SELECT clock_timestamp()")
    after = clock.now()
    skew = (there - (before + (after - before) / 2)).total_seconds()
    # what the way there and back may have taken is no skew
    level = graded(max(0.0, abs(skew) - (after - before).total_seconds() / 2), 1, 10)
    advice = "run a time service (chrony, systemd-timesyncd) on both machines: tokens and leases rest on clocks"
    return finding("system", "clock", level, f"PostgreSQL's clock is {skew:+.3f} s from this machine's", advice)


async def _check_durability(connection: asyncpg.Connection) -> Finding:
    names = ("fsync", "full_page_writes", "synchronous_commit")
    off = [name for name in names if await connection.fetchval("SELECT current_setting($1)", name) == "off"]
    found = f"{', '.join(off)} off" if off else "commits are flushed"
    return finding(
        "system", "durability", failed_if(bool(off)), found, "switch them on: acknowledged commands can be lost"
    )


async def _check_connections(connection: asyncpg.Connection, wanted: int) -> Finding:
    row = await connection.fetchrow(_CONNECTIONS)
    assert row is not None
    used, usable = row["used"], row["usable"]
    level = "warn" if wanted > usable and used < usable * 0.8 else graded(used / usable, 0.8, 0.95)
    found = f"{used} of {usable} used; the pools of one process of each kind may take {wanted}"
    advice = "raise max_connections, or lower CRMESH_POOL_WRITERS and CRMESH_POOL_READERS"
    return finding("system", "connections", level, found, advice)


async def check_service(service: str, settings: DatabaseSettings) -> list[Finding]:
    """Migrations, worker, outbox, parked keys, seals of one service's database."""
    try:
        at, waiting = await pending(service, settings)
        first = _judge_migrations(service, at, [f"{each.revision} ({each.phase})" for each in waiting])
        if at is None:
            return [first]
        connection = await asyncpg.connect(**settings.connect, timeout=10)
    except UNREACHABLE as error:
        is_missing = isinstance(error, asyncpg.InvalidCatalogNameError)
        advice = f"create the database and run: crmesh migrate {service}" if is_missing else START
        return [finding(service, "database", "fail", f"cannot be reached: {error or type(error).__name__}", advice)]
    try:
        return [first, *await _check_work(connection, service)]
    finally:
        await connection.close()


def _judge_migrations(service: str, at: str | None, waiting: list[str]) -> Finding:
    found = f"at {at or 'nothing'}" + (f", pending: {', '.join(waiting)}" if waiting else "")
    return finding(service, "migrations", failed_if(bool(waiting)), found, f"run: crmesh migrate {service}")


async def _check_work(connection: asyncpg.Connection, service: str) -> list[Finding]:
    leads = await connection.fetchval(_LEADS, RELAY_LOCK)
    outbox = await connection.fetchrow(_OUTBOX)
    held = await connection.fetchrow(_PARKED)
    assert outbox is not None
    assert held is not None
    found = [
        finding(
            service,
            "worker",
            failed_if(not leads),
            "sends and hears events" if leads else "none holds the relay",
            "start the worker; if one runs, read its log: it cannot reach the database",
        ),
        finding(
            service,
            "outbox",
            graded(outbox["age"] if outbox["waiting"] else 0, 10, 60),
            f"{outbox['waiting']} events wait, the oldest {outbox['age']:.1f} s",
            "see that the worker runs and reaches the log; others do not hear of these facts",
        ),
        finding(
            service,
            "parked keys",
            failed_if(held["keys"] > 0),
            f"{held['keys']} keys, {held['events']} events",
            f"look: crmesh parked list {service}; then retry the key, or discard an event",
        ),
    ]
    if await connection.fetchval("SELECT to_regclass('projection_state') IS NOT NULL"):
        found.append(await _check_projections(connection, service))
    found.append(await _check_locks(connection, service))
    if await connection.fetchval("SELECT to_regclass('job') IS NOT NULL"):
        found.append(await _check_jobs(connection, service))
    if await connection.fetchval("SELECT to_regclass('due_failure') IS NOT NULL"):
        found.append(await _check_due(connection, service))
    if await connection.fetchval(_HAS_AUDIT):
        found.append(await _check_seals(connection, service))
    return [*found, *await check_keys(connection, service)]


async def _check_projections(connection: asyncpg.Connection, service: str) -> Finding:
    rows = await connection.fetch(_PROJECTIONS)
    aside = [f"{row['name']} is set aside: {row['reason'][:200]}" for row in rows if row["state"] == "aside"]
    building = [
        f"{row['name']} is being filled: {row['done']} of {row['total']} records {row['reason']}".strip()
        for row in rows
        if row["state"] == "building"
    ]
    return finding(
        service,
        "projections",
        "fail" if aside else "warn" if building else "ok",
        "; ".join(aside + building) or "all stand",
        f"mend what fails, then: crmesh rebuild {service} PROJECTION --swap --force; filling needs a worker",
    )


async def _check_locks(connection: asyncpg.Connection, service: str) -> Finding:
    row = await connection.fetchrow(_BLOCKED)
    if row is None:
        return finding(service, "locks", "ok", "no session waits for another", "")
    blockers = ", ".join(map(str, sorted(set(row["by"]))))
    found = f"session {row['pid']} has waited {row['age']:.1f} s for {blockers}"
    advice = f"see what {blockers} does in pg_stat_activity; end it: SELECT pg_terminate_backend({min(row['by'])})"
    return finding(service, "locks", graded(row["age"], 1, 4), found, advice)


async def _check_jobs(connection: asyncpg.Connection, service: str) -> Finding:
    row = await connection.fetchrow(_JOBS)
    assert row is not None
    found = f"{row['queued']} wait, the oldest {max(row['age'], 0):.0f} s; {row['running']} run"
    advice = "see that a worker runs, and how far the running job is: GET /admin/SERVICE/jobs"
    return finding(service, "jobs", graded(row["age"], 60, 900), found, advice)


async def _check_due(connection: asyncpg.Connection, service: str) -> Finding:
    row = await connection.fetchrow(_DUE)
    assert row is not None
    found = "no row that was due has failed"
    if row["rows"]:
        found = f"{row['rows']} due rows wait for another attempt ({row['names']}), up to {row['attempts']} failed: "
        found += row["errors"]
    advice = "read the worker's log (due_failed): it names the row and the error; the attempts go on"
    return finding(service, "due rows", graded(row["attempts"], 1, 5), found, advice)


async def _check_seals(connection: asyncpg.Connection, service: str) -> Finding:
    row = await connection.fetchrow(_UNSEALED)
    assert row is not None
    level = graded(row["age"] if row["rows"] else 0, 60, 600)
    found = f"{row['rows']} audit rows not sealed, the oldest {row['age']:.0f} s"
    advice = f"see that the worker runs; then: crmesh audit-log verify {service}"
    return finding(service, "audit seals", level, found, advice)


async def check_chain(tx: Tx, service: str, key: bytes, since: int) -> list[Finding]:
    """The newest rows of the audit log, from `since` on, are as they were sealed; `tx` is one snapshot."""
    if not await tx.fetchval(_HAS_AUDIT):
        return []
    newest = await tx.fetchval("SELECT max(id) FROM audit_log") or 0
    report = await verify(tx, key, since=max(since, newest - CHAIN_ROWS))
    found = f"the newest {report.sealed} rows are as they were sealed"
    if report.broken is not None:
        found = f"row {report.broken.id}: {report.broken.reason}"
    advice = f"an incident: see the runbook CrmeshAuditChainBroken; crmesh audit-log verify {service}"
    return [finding(service, "audit chain", failed_if(report.broken is not None), found, advice)]
