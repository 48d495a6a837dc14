"""Each failure of the database checks, really caused."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from kit import clock
from kit.db.database import DatabaseSettings
from kit.db.migrate import head, run_alembic, upgrade
from kit.doctor import database
from kit.doctor.database import _check_work, check_chain, check_server, check_service, judge_version
from kit.doctor.findings import Finding
from kit.events import outbox
from kit.events.relay import Relay
from kit.native.process import free_port
from kit.security.audit_chain import AuditSealer
from kit.testing.postgres import TestServer, create_database, drop_database, unique_name
from kit.testing.service import service_harness
from tests.kit.events.world import Tiny, eventually


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    return {each.check: each for each in findings}


async def work_of(tiny: Tiny) -> dict[str, Finding]:
    connection = await tiny.db.connect()
    try:
        return by_check(await _check_work(connection, tiny.service))
    finally:
        await connection.close()


async def test_a_server_that_is_away() -> None:
    (found,) = await check_server({"dsn": f"postgresql://x@127.0.0.1:{free_port()}/x"}, 0)
    assert (found.check, found.level) == ("PostgreSQL", "fail")
    assert "cannot be reached" in found.found
    assert found.advice


async def test_a_test_server_is_sound_but_for_its_durability(embedded: Tiny) -> None:
    found = by_check(await check_server(embedded.db.settings.connect, 1))
    assert (found["PostgreSQL"].level, found["clock"].level, found["connections"].level) == ("ok", "ok", "ok")
    assert found["PostgreSQL"].advice == ""
    assert found["durability"].level == "fail", "the server of the tests runs without fsync"
    assert "fsync" in found["durability"].found


async def test_pools_that_the_server_cannot_bear(embedded: Tiny) -> None:
    assert by_check(await check_server(embedded.db.settings.connect, 10_000))["connections"].level == "warn"


async def test_a_server_that_is_nearly_full(embedded: Tiny) -> None:
    free = by_check(await check_server(embedded.db.settings.connect, 0))["connections"].found
    used, usable = int(free.split()[0]), int(free.split()[2])
    held = []
    try:
        for _ in range(int(usable * 0.96) - used):
            held.append(await embedded.db.connect())
        assert by_check(await check_server(embedded.db.settings.connect, 0))["connections"].level == "fail"
    finally:
        await asyncio.gather(*(connection.close() for connection in held))


@pytest.mark.parametrize(("seconds", "level"), [(0, "ok"), (3, "warn"), (-3, "warn"), (60, "fail")])
async def test_a_clock_that_is_off(embedded: Tiny, monkeypatch: Any, seconds: int, level: str) -> None:
    now = clock.now
    monkeypatch.setattr(clock, "now", lambda: now() + timedelta(seconds=seconds))
    assert by_check(await check_server(embedded.db.settings.connect, 0))["clock"].level == level


def test_old_servers() -> None:
    assert (judge_version(170_006), judge_version(180_000), judge_version(190_001)) == ("fail", "ok", "ok")


async def test_projections_that_do_not_stand(embedded: Tiny) -> None:
    async with embedded.db.transaction() as tx:
        await tx.execute("INSERT INTO projection_state (name, version, state) VALUES ('tally', 1, 'building')")
    assert (await work_of(embedded))["projections"].level == "warn"
    async with embedded.db.transaction() as tx:
        await tx.execute("UPDATE projection_state SET state = 'aside', reason = 'boom'")
    found = (await work_of(embedded))["projections"]
    assert (found.level, found.found) == ("fail", "tally is set aside: boom")


async def test_migrations(postgres_server: TestServer) -> None:
    name = await create_database(postgres_server, unique_name("doctor"))
    settings = DatabaseSettings(connect=postgres_server.connect_args(name), name="customer")
    try:
        (found,) = await check_service("customer", settings)
        assert (found.check, found.level, found.advice) == ("migrations", "fail", "run: crmesh migrate customer")
        assert "0001 (expand)" in found.found
        await upgrade("customer", settings)
        assert by_check(await check_service("customer", settings))["migrations"].level == "ok"
        await asyncio.to_thread(run_alembic, "customer", settings.connect, "downgrade", "0001")
        found = by_check(await check_service("customer", settings))["migrations"]
        pending = ", ".join(f"{number:04d} (expand)" for number in range(2, int(head("customer")) + 1))
        assert (found.level, found.found) == ("fail", f"at 0001, pending: {pending}")
    finally:
        await drop_database(postgres_server, name)
    (found,) = await check_service("customer", settings)
    assert (found.check, found.level) == ("database", "fail")


async def test_a_worker_holds_the_relay(embedded: Tiny) -> None:
    assert (await work_of(embedded))["worker"].level == "fail"
    relay = Relay(embedded.db, embedded.bus)
    async with embedded.running(relay):
        await eventually(lambda: asyncio.sleep(0, relay.is_active))
        assert (await work_of(embedded))["worker"].level == "ok"


@pytest.mark.parametrize(("seconds", "level"), [(0, "ok"), (20, "warn"), (90, "fail")])
async def test_an_outbox_that_is_not_sent(embedded: Tiny, seconds: int, level: str) -> None:
    async with embedded.db.transaction() as tx:
        await outbox.add(tx, embedded.source, [embedded.event(1)])
    async with embedded.db.transaction() as tx:  # outbox rows are written at the commit
        await tx.execute("UPDATE outbox SET time = time - make_interval(secs => $1)", float(seconds))
    found = (await work_of(embedded))["outbox"]
    assert (found.level, found.found.startswith("1 events wait")) == (level, True)


async def test_parked_keys(embedded: Tiny) -> None:
    assert (await work_of(embedded))["parked keys"].level == "ok"
    embedded.handlers.poison = {1}
    await embedded.publish(embedded.event(1), embedded.event(2))
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    found = (await work_of(embedded))["parked keys"]
    assert (found.level, found.found) == ("fail", "1 keys, 2 events")
    assert f"crmesh parked list {embedded.service}" in found.advice


async def test_seals_that_do_not_come(embedded: Tiny) -> None:
    assert "audit seals" not in await work_of(embedded), "a service without an audit log"
    connection = await asyncpg.connect(**embedded.db.settings.connect)
    await connection.execute("CREATE TABLE audit_log (hash text, at timestamptz)")
    assert (await work_of(embedded))["audit seals"].level == "ok"
    for seconds, level in ((30, "ok"), (100, "warn"), (1000, "fail")):
        await connection.execute(
            "INSERT INTO audit_log VALUES (NULL, now() - make_interval(secs => $1))", float(seconds)
        )
        assert (await work_of(embedded))["audit seals"].level == level
    await connection.close()


async def test_a_session_that_holds_up_others(embedded: Tiny) -> None:
    assert (await work_of(embedded))["locks"].level == "ok"
    holder, waiter = [await asyncpg.connect(**embedded.db.settings.connect) for _ in range(2)]
    pid = holder.get_server_pid()
    async with holder.transaction():
        await holder.execute("LOCK TABLE outbox IN SHARE MODE")
        waiting = asyncio.create_task(waiter.execute("DELETE FROM outbox"))
        await asyncio.sleep(1.2)
        found = (await work_of(embedded))["locks"]
        assert (found.level, f" for {pid}" in found.found) == ("warn", True), found
        assert f"pg_terminate_backend({pid})" in found.advice
        waiting.cancel()
        await asyncio.wait({waiting})
    await holder.close()
    await waiter.close()


async def test_jobs_that_wait_and_a_seal_that_is_broken(postgres_server: TestServer) -> None:
    async with service_harness(postgres_server, "targets") as targets:
        await targets.post("/v1/units", {"code": "team-1", "name": "Team 1", "kind": "team"})
        key, settings = targets.runtime.secret, DatabaseSettings(connect=targets.runtime.db.settings.connect)

        async def found() -> dict[str, Finding]:
            async with targets.runtime.db.snapshot() as tx:
                chain = await check_chain(tx, "targets", key, 1)
            return by_check([*await check_service("targets", settings), *chain])

        await AuditSealer(targets.runtime.db, key).turn()
        first = await found()
        assert (first["jobs"].level, first["audit chain"].level) == ("ok", "ok")
        assert first["audit chain"].found == "the newest 1 rows are as they were sealed"
        async with targets.transaction() as tx:
            await tx.execute("UPDATE audit_log SET actor = 'nobody'")
            await tx.execute(
                "INSERT INTO job (id, kind, params, requested_by, run_at) "
                "VALUES (gen_random_uuid(), 'unknown', '{}', 'x', now() - interval '20 minutes 30 seconds')"
            )
        later = await found()
        assert (later["jobs"].level, later["audit chain"].level) == ("fail", "fail")
        assert re.match(r"1 wait, the oldest 12[3-9]\d s", later["jobs"].found), later["jobs"].found


async def test_of_a_server_that_is_too_old_nothing_else_is_asked(
    embedded: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "OLDEST_POSTGRES", 1_000)
    (found,) = await check_server(embedded.db.settings.connect, 0)
    assert (found.level, found.advice) == ("fail", "version 1000 or later is needed")
