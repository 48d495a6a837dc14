"""An import of a large file whose worker is killed: what it takes in memory, and that every row is there once.

usage: python -m bench.import_kills [--rows 100000] [--kills 3] [--quick]

The worker is a process of its own. It gets SIGKILL after equal parts of the file; the next one goes on when the lease
of the job has ended. Memory is the most of each life, and the last life against the first says whether it grows
with the file. In the end the accounts, the outcomes of rows and the events are counted against the file.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import time
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench.imports import sent
from bench.report import write
from bench.servers import Servers, infrastructure
from kit.events.embedded import EmbeddedBus
from kit.jobs.jobs import JobRunner
from kit.runtime import make_runtime
from kit.testing.native import run_apart
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, service_harness, test_verifier
from services.customer.settings import Settings
from services.customer.worker import jobs_of

LEASE = 5.0
_COUNTS = """
SELECT r.state, r.done, r.failed, r.created,
  (SELECT count(*) FROM account) AS accounts,
  (SELECT count(DISTINCT (source, external_id)) FROM account_external_id) AS external_ids,
  (SELECT count(*) FROM import_row) AS outcomes,
  (SELECT count(*) FROM outbox WHERE type = 'customer.account.created.v1') AS events
FROM import_run r
"""


def live(settings: Settings, connect: dict[str, Any]) -> None:
    """A worker; it ends with the import, or by force."""
    asyncio.run(_live(settings, connect))


async def _live(settings: Settings, connect: dict[str, Any]) -> None:
    runtime = make_runtime(settings, bus=EmbeddedBus(connect), verifier=test_verifier())
    stop = asyncio.Event()
    jobs = jobs_of(runtime)
    runner = JobRunner(runtime.db, jobs, poll=0.1, lease=LEASE, finished=lambda *_: stop.set())
    try:
        await runner.run(stop)
    finally:
        await runtime.db.stop()


async def done(service: ServiceHarness) -> int:
    """How many rows have an outcome."""
    (row,) = await service.rows("SELECT coalesce(done + failed, 0) AS n FROM import_run")
    return int(row["n"])


async def lived(service: ServiceHarness, connect: dict[str, Any], until: int | None) -> dict[str, Any]:
    """A worker until so many rows are done, or to the end: its most memory, and how many rows it did."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=live, args=(service.runtime.settings, connect))
    before, begun, most = await done(service), time.perf_counter(), 0.0
    process.start()
    assert process.pid is not None
    watched = psutil.Process(process.pid)
    while process.is_alive():
        try:
            most = max(most, watched.memory_info().rss / 2**20)
        except psutil.NoSuchProcess:
            break
        if until is not None and await done(service) >= until:
            process.kill()
            break
        await asyncio.sleep(0.2)
    await asyncio.to_thread(process.join)
    rows, seconds = await done(service) - before, time.perf_counter() - begun
    return {"value": round(most), "unit": "MiB", "rows": rows, "seconds": round(seconds, 1)}


async def run(servers: Servers, rows: int, kills: int) -> list[dict[str, Any]]:
    """The lives of the workers of one import, and what is there after them."""
    place = urlsplit(servers.postgres.tcp_dsn())
    server = TestServer(place.hostname or "127.0.0.1", place.port or 5432, place.username or "postgres")
    async with service_harness(server, "customer") as service:
        rate = {"currency": "CNY", "rate": "0.137", "valid_from": "2026-01-01"}
        (await service.post("/v1/exchange-rates", rate)).raise_for_status()
        await sent(service, rows)
        connect = server.connect_args(service.runtime.settings.database)
        bounds = [rows * part // (kills + 1) for part in range(1, kills + 1)]
        begun = time.perf_counter()
        lives = [
            {"name": f"life {number}", **await lived(service, connect, until)}
            for number, until in enumerate([*bounds, None], 1)
        ]
        seconds = time.perf_counter() - begun
        (found,) = await service.rows(_COUNTS)
    expected = dict.fromkeys(("done", "created", "accounts", "external_ids", "outcomes", "events"), rows)
    if {name: found[name] for name in expected} != expected or found["state"] != "succeeded" or found["failed"]:
        raise RuntimeError(f"of {rows} rows there is {dict(found)}")
    grown = lives[-1]["value"] / lives[0]["value"]
    return [
        {"name": f"{rows:,} accounts, {kills} workers killed", "value": round(rows / seconds), "unit": "rows/s"},
        *lives,
        {"name": "memory of the last life to the first", "value": round(grown, 2), "unit": "ratio"},
        {"name": "rows lost or doubled", "value": 0, "unit": "rows"},
    ]


def main() -> None:
    """An import, its kills, and what is there after them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a small file")
    options = parser.parse_args()
    with infrastructure(kafka=False) as servers:
        rows = run_apart(run(servers, 4_000 if options.quick else options.rows, options.kills))
    write("import_kills", rows, note=f"lease of {LEASE:.0f} s; seconds of a life include waiting for it")


if __name__ == "__main__":
    main()
