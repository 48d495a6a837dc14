"""Imports of accounts: how fast a file becomes accounts, in how much memory, against the database by itself.

usage: python -m bench.imports [--rows 5000 20000] [--quick]

The file is generated, sent in parts and worked off by the job's own steps, in this process. The limit is what the
database alone needs to store the same rows of the same tables with the same indexes, a thousand rows a transaction:
they are copied into empty tables made alike. Ratios are of the same run, so a busy machine shows in both. Then the same
file again: all rows are unchanged.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil

from bench.report import exponent, write
from bench.servers import Servers, infrastructure
from kit.jobs.jobs import JobRunner
from kit.testing.native import run_apart
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, service_harness
from services.customer.worker import jobs_of

ROWS = (5_000, 20_000)
COLUMNS = (
    *("id", "name", "local_name", "country", "region", "industry_scheme", "industry_code"),
    *("employees", "annual_revenue_base", "phone", "tags"),
)
PART = 4 * 2**20
AT_ONCE = 1_000
_TABLES = """
SELECT c.relname, c.relpages FROM pg_class c
WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.reltuples > $1 AND c.relname <> 'import_chunk'
ORDER BY 1
"""


class Spent(NamedTuple):
    """What a step took: seconds, seconds of this process's processor time, and its most memory in MiB."""

    seconds: float
    own: float
    memory: float


def lines(rows: int) -> Iterator[bytes]:
    """Accounts as CSV: Chinese and Latin names, a region, a trade, people, revenue, a telephone number, tags."""
    yield f"{','.join(COLUMNS)}\n".encode()
    for number in range(rows):
        yield (
            f"C-{number:07d},Quay {number} Trading Ltd,第{number}码头贸易有限公司,CN,CN-SH,gbt4754,C26,"
            f"{number % 900},{number % 5_000}.50,+86138{number:08d},{'vip;north' if number % 3 else ''}\n"
        ).encode()


async def measured(step: Callable[[], Any]) -> Spent:
    """What a step takes."""
    process, most, over = psutil.Process(), 0.0, asyncio.Event()

    async def watch() -> None:
        nonlocal most
        while not over.is_set():
            most = max(most, process.memory_info().rss / 2**20)
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 0.2)

    watching = asyncio.create_task(watch())
    begun, spent = time.perf_counter(), time.process_time()
    await step()
    taken = time.perf_counter() - begun, time.process_time() - spent
    over.set()
    await watching
    return Spent(*taken, most)


async def sent(service: ServiceHarness, kind: str, text: Iterable[bytes], **options: Any) -> str:
    """An import of the lines of a file, by their column `id`, that waits for a worker."""
    run: str = (await service.post("/v1/imports", {"kind": kind})).json()["id"]
    headers = {**service.headers(), "Content-Type": "application/octet-stream"}
    part, number = bytearray(), 0

    async def put() -> None:
        nonlocal number
        number += 1
        answer = await service.client.put(f"/v1/imports/{run}/parts/{number}", content=bytes(part), headers=headers)
        answer.raise_for_status()
        part.clear()

    for line in text:
        part += line
        if len(part) >= PART:
            await put()
    if part:
        await put()
    (await service.post(f"/v1/imports/{run}/start", {"key": "id", "options": options})).raise_for_status()
    return run


async def worked(service: ServiceHarness, run: str) -> None:
    """Until the job is done."""
    stop = asyncio.Event()
    runner = JobRunner(service.runtime.db, jobs_of(service.runtime), poll=0.05, finished=lambda *_: stop.set())
    await runner.run(stop)
    found = (await service.get(f"/v1/imports/{run}")).json()
    if found["state"] != "succeeded" or found["failed"]:
        rows = (await service.get(f"/v1/imports/{run}/rows?limit=1")).json()["items"]
        raise RuntimeError(f"the import has {found['failed']} failed rows and is {found['state']}: {rows}")


async def stored_again(service: ServiceHarness, rows: int) -> None:
    """What the import wrote, by the database alone, into empty tables like its own."""
    async with service.transaction() as tx:
        tables = await tx.fetch(_TABLES, rows * 0.9)
        for table, _ in tables:
            await tx.execute(f"CREATE TABLE again_{table} (LIKE {table} INCLUDING ALL)")
    for at in range(0, rows, AT_ONCE):
        async with service.transaction() as tx:
            for table, pages in tables:
                first, last = (pages * edge // rows for edge in (at, at + AT_ONCE))
                await tx.execute(
                    f"INSERT INTO again_{table} OVERRIDING SYSTEM VALUE "
                    f"SELECT * FROM {table} WHERE ctid >= '({first},0)' AND ctid < '({last},0)'"
                )


async def run_one(server: TestServer, rows: int) -> list[dict[str, Any]]:
    """An import of so many rows, the limit, and the same file again."""
    async with service_harness(server, "customer") as service:
        rate = {"currency": "CNY", "rate": "0.137", "valid_from": "2026-01-01"}
        (await service.post("/v1/exchange-rates", rate)).raise_for_status()
        imports = await sent(service, "accounts", lines(rows), source="erp")
        first = await measured(lambda: worked(service, imports))
        connection = await service.runtime.db.connect()
        await connection.execute("VACUUM (ANALYZE)")
        await connection.close()
        limit = await measured(lambda: stored_again(service, rows))
        again = await sent(service, "accounts", lines(rows), source="erp")
        second = await measured(lambda: worked(service, again))
    return [
        {
            "name": f"import of {rows:,} accounts",
            "rows": rows,
            "value": round(rows / first.seconds),
            "unit": "rows/s",
            "seconds": round(first.seconds, 1),
            "own_cpu_us_per_row": round(first.own / rows * 1e6),
            "limit_rows_s": round(rows / limit.seconds),
            "ratio_to_limit": round(first.seconds / limit.seconds, 2),
            "memory_mib": round(first.memory),
        },
        {
            "name": f"the same {rows:,} again",
            "rows": rows,
            "value": round(rows / second.seconds),
            "unit": "rows/s",
            "seconds": round(second.seconds, 1),
            "own_cpu_us_per_row": round(second.own / rows * 1e6),
            "ratio_to_limit": round(second.seconds / limit.seconds, 2),
            "memory_mib": round(second.memory),
        },
    ]


async def run(servers: Servers, sizes: list[int]) -> list[dict[str, Any]]:
    """Imports of each size, and how time and memory grow with it."""
    place = urlsplit(servers.postgres.tcp_dsn())
    server = TestServer(place.hostname or "127.0.0.1", place.port or 5432, place.username or "postgres")
    rows: list[dict[str, Any]] = []
    for size in sizes:
        rows += await run_one(server, size)
    whole = rows[::2]
    if len(sizes) > 1:
        growth = exponent([(one["rows"], one["seconds"]) for one in whole])
        rows.append({"name": "growth of an import", "value": round(growth, 2), "unit": "exponent"})
        grown = whole[-1]["memory_mib"] / whole[0]["memory_mib"]
        rows.append({"name": "memory of the largest to the smallest", "value": round(grown, 2), "unit": "ratio"})
    return rows


def main() -> None:
    """Imports, and what they are measured against."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--quick", action="store_true", help="small files")
    options = parser.parse_args()
    with infrastructure(kafka=False) as servers:
        rows = run_apart(run(servers, [1_000, 3_000] if options.quick else options.rows))
    write("imports", rows, note="one worker and one connection; the same process sends the file")


if __name__ == "__main__":
    main()
