"""Grading, RFM and the fit of churn over 10,000, 100,000 and 1,000,000 orders: seconds, and how they grow.

usage: python -m bench.insights [--orders 10000 100000 1000000] [--quick]

Databases are filled as `bench.customers` says, an account for ten orders. Each job is asked for over HTTP and worked
off by a worker in this process. Beside the seconds stands the processor time of this process and of the database
server, which other load does not change: growth is that of it. A grading run is measured twice: the first one gives
every account its grade and says so, the second one changes few.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

import psutil

from bench.customers import fill
from bench.report import exponent, write
from bench.servers import Servers, infrastructure
from kit.jobs.jobs import JobRunner
from kit.testing.native import run_apart
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, service_harness
from services.customer.worker import jobs_of

ORDERS = (10_000, 100_000, 1_000_000)
LIMIT_SECONDS, GROWTH = 20, 1.1
STEPS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("grading, first run", "/v1/grading-runs", {"as_of": "2026-06-29"}),
    ("grading, next run", "/v1/grading-runs", {"as_of": "2026-06-30"}),
    ("RFM", "/v1/rfm-runs", {"as_of": "2026-06-30"}),
    ("fit of churn", "/v1/churn-fits", {"as_of": "2026-06-30"}),
)


async def spent(service: ServiceHarness) -> float:
    """Seconds of processor time that this process and the server have taken so far, ended sessions included."""
    (row,) = await service.rows("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int AS pid")
    server = psutil.Process(row["pid"])
    all_of = [server.cpu_times(), *(one.cpu_times() for one in server.children())]
    return time.process_time() + sum(one.user + one.system + one.children_user + one.children_system for one in all_of)


async def worked(service: ServiceHarness, path: str, body: dict[str, Any]) -> tuple[float, float]:
    """Seconds from the asking to the end of the job, and seconds of processor time."""
    begun, before = time.perf_counter(), await spent(service)
    answer = await service.post(path, body)
    answer.raise_for_status()
    stop = asyncio.Event()
    await JobRunner(service.runtime.db, jobs_of(service.runtime), poll=0.05, finished=lambda *_: stop.set()).run(stop)
    (job,) = await service.rows("SELECT state, error FROM job ORDER BY id DESC LIMIT 1")
    if job["state"] != "succeeded":
        raise RuntimeError(f"{path} is {dict(job)}")
    return time.perf_counter() - begun, await spent(service) - before


async def of_size(server: TestServer, orders: int) -> list[dict[str, Any]]:
    """Each job once."""
    async with service_harness(server, "customer", statement_timeout_ms=0) as service:
        connection = await service.runtime.db.connect()
        await fill(connection, orders)
        await connection.close()
        rows = []
        for name, path, body in STEPS:
            seconds, cpu = await worked(service, path, body)
            rows.append(
                {
                    "name": f"{name}, {orders:,} orders",
                    "value": round(seconds, 2),
                    "unit": "s",
                    "limit": LIMIT_SECONDS,
                    "ratio": round(seconds / LIMIT_SECONDS, 3),
                    "cpu_s": round(cpu, 2),
                }
            )
            print(rows[-1], flush=True)
        return rows


async def run(servers: Servers, sizes: list[int]) -> list[dict[str, Any]]:
    """All sizes, and how each job grows."""
    place = urlsplit(servers.postgres.tcp_dsn())
    server = TestServer(place.hostname or "127.0.0.1", place.port or 5432, place.username or "postgres")
    found = [await of_size(server, size) for size in sizes]
    rows = [row for one in found for row in one]
    for at, (name, _, _) in enumerate(STEPS):
        points = [(float(size), one[at]["cpu_s"]) for size, one in zip(sizes, found, strict=True)]
        growth = exponent(points)
        rows.append(
            {
                "name": f"{name}, growth",
                "value": round(growth, 2),
                "unit": "exponent",
                "limit": GROWTH,
                "ratio": round(growth / GROWTH, 2),
            }
        )
    return rows


def main() -> None:
    """All jobs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="+", default=list(ORDERS))
    parser.add_argument("--quick", action="store_true", help="few orders")
    options = parser.parse_args()
    with infrastructure(kafka=False) as servers:
        rows = run_apart(run(servers, [5_000, 20_000] if options.quick else options.orders))
    write("insights", rows, note="one worker in the process that asks; an account for ten orders")


if __name__ == "__main__":
    main()
