"""Housekeeping of a worker: its figures, sealing, purges."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from kit.events import housekeeping, outbox
from kit.events.bus import BusUnavailable
from kit.events.housekeeping import Housekeeping
from kit.runtime import make_runtime
from kit.settings import ServiceSettings
from kit.testing.postgres import TestServer
from kit.testing.service import service_harness
from kit.testing.service import test_verifier as make_verifier
from services.targets.worker import create_worker
from tests.architecture.source import ROOT
from tests.kit.events.world import Tiny, eventually


def housekeeping_of(tiny: Tiny) -> Housekeeping:
    settings = ServiceSettings(service=tiny.service, bus="embedded")
    runtime = make_runtime(settings, bus=tiny.bus, verifier=make_verifier())
    runtime.db = tiny.db
    return Housekeeping(runtime, tiny.subscriptions, has_jobs=False)


async def test_purge_takes_only_what_is_old_in_short_steps(embedded: Tiny, monkeypatch: Any) -> None:
    monkeypatch.setattr(housekeeping, "PURGE_ROWS", 10)
    async with embedded.db.transaction() as tx:
        await outbox.add(tx, embedded.service, [embedded.event(n) for n in range(40)])
    async with embedded.db.transaction() as tx:  # outbox rows are written at the commit
        await tx.execute("UPDATE outbox SET published_at = now() - interval '15 days' WHERE sequence <= 35")
        await tx.execute("UPDATE outbox SET published_at = now() WHERE sequence = 36")
        await tx.execute(
            "INSERT INTO inbox SELECT 'g', gen_random_uuid(), now() - n * interval '1 day' "
            "FROM generate_series(1, 25) n"
        )
        await tx.execute(
            "INSERT INTO idempotency_key SELECT 'p', 'r', n::text, '', 200, '', '', now() - n * interval '13 hours' "
            "FROM generate_series(1, 4) n"
        )
    await housekeeping_of(embedded).purge()
    assert await embedded.rows("SELECT sequence FROM outbox ORDER BY 1") == [(n,) for n in range(36, 41)]
    assert await embedded.rows("SELECT count(*) FROM inbox") == [(14,)], "a day longer than the outbox repeats"
    assert await embedded.rows("SELECT key FROM idempotency_key") == [("1",)]


def test_an_inbox_remembers_longer_than_an_outbox_repeats_as_the_page_says() -> None:
    page = (ROOT / "docs" / "architecture" / "events.md").read_text()
    longest = housekeeping.OUTBOX_KEEPS + timedelta(days=1)
    assert longest <= housekeeping.INBOX_REMEMBERS
    assert f"Sent facts stay {housekeeping.OUTBOX_KEEPS.days} days in the outbox" in page
    assert f"Inboxes remember {housekeeping.INBOX_REMEMBERS.days} days" in page


async def test_gauges_show_what_waits(embedded: Tiny) -> None:
    made = housekeeping_of(embedded)
    embedded.handlers.poison = {3}
    await embedded.publish(*[embedded.event(n, f"key-{n}") for n in range(5)])
    await made.measure_lag()
    assert (gauge(made, "consumer_lag_records"), gauge(made, "consumer_lag_seconds")) == (5, 0)
    await asyncio.sleep(0.2)
    await made.measure_lag()
    assert 0.2 <= gauge(made, "consumer_lag_seconds") < 30
    await embedded.consumer().handle(await embedded.polled(), asyncio.Event())
    await made.measure()
    await made.measure_lag()
    assert (gauge(made, "consumer_lag_records"), gauge(made, "consumer_lag_seconds")) == (0, 0)
    assert (gauge(made, "parked_keys"), gauge(made, "outbox_unpublished")) == (1, 1)
    assert abs(gauge(made, "measured_timestamp") - time.time()) < 30


async def test_the_databases_figures_are_fresh_while_the_log_is_away(embedded: Tiny, monkeypatch: Any) -> None:
    async def away(_topic: str) -> None:
        raise BusUnavailable("gone")

    monkeypatch.setattr(embedded.bus, "bounds", away)
    made, stop = housekeeping_of(embedded), asyncio.Event()
    async with embedded.db.transaction() as tx:
        await outbox.add(tx, embedded.service, [embedded.event(1)])
    with pytest.raises(BusUnavailable):
        await made.measure_lag()
    running = asyncio.create_task(made.run(stop))

    async def measured() -> bool:
        return "crmesh_audit_chain_broken{" in made.runtime.metrics.render().decode()

    await eventually(measured)
    stop.set()
    await running
    assert gauge(made, "outbox_unpublished") == 1


async def test_sealer_and_jobs_are_seen(postgres_server: TestServer) -> None:
    async with service_harness(postgres_server, "targets") as targets:
        made = create_worker(targets.runtime).housekeeping
        await targets.post("/v1/units", {"code": "team-1", "name": "Team 1", "kind": "team"})
        async with targets.transaction() as tx:
            await tx.execute("UPDATE audit_log SET at = at - interval '1 hour'")
            await tx.execute(
                "INSERT INTO job (id, kind, params, requested_by, run_at) "
                "VALUES (gen_random_uuid(), 'unknown', '{}', 'x', now() - interval '90 seconds')"
            )
        async with targets.runtime.db.reading() as tx:
            assert await made.sealer.waiting_seconds(tx) > 3000
        await made.seal()
        await made.measure()
        assert (gauge(made, "audit_unsealed_age"), gauge(made, "chain_broken")) == (0, 0)
        assert gauge(made, "jobs_open", 'state="queued"') == 1
        assert 90 <= gauge(made, "job_oldest_seconds", 'state="queued"') < 200
        assert gauge(made, "jobs_open", 'state="running"') == 0
        await targets.post("/v1/units", {"code": "team-2", "name": "Team 2", "kind": "team"})
        await made.seal()
        for actor, is_broken in (("somebody", 1), ("admin", 0)):
            async with targets.transaction() as tx:
                await tx.execute("UPDATE audit_log SET actor = $1 WHERE id = (SELECT min(id) FROM audit_log)", actor)
            await made.look_back_at_the_seals()
            await made.seal()
            assert gauge(made, "chain_broken") == is_broken
        async with targets.transaction() as tx:
            await tx.execute("UPDATE audit_log SET hash = 'forged'")
        with pytest.raises(Exception, match="not as it was sealed"):
            await made.seal()
        assert gauge(made, "chain_broken") == 1


def gauge(made: Housekeeping, word: str, label: str = "") -> float:
    lines = made.runtime.metrics.render().decode().splitlines()
    (line,) = [one for one in lines if word in one.partition("{")[0] and label in one and not one.startswith("#")]
    return float(line.rpartition(" ")[2])
