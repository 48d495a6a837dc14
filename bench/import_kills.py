"""Imports of large files whose workers are killed: what they take in memory, and that every row is there once.

usage: python -m bench.import_kills [--rows 1000000] [--kills 3] [--cdnow cdnow_master.txt] [--quick]

A file of accounts is generated; of the CDNOW file the customers become accounts and the purchases orders, each by an
import. The worker is a process of its own. It gets SIGKILL after equal parts of a file; the next one goes on when the
lease of the job has ended. Memory is the most of each life, and the last life against the first says whether it grows
with the file. In the end what is there is counted against the file: accounts or orders, ids, outcomes of rows,
events, the sum of the orders. Then the same file of orders again: all rows are unchanged.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import psutil

from bench.imports import lines, sent
from bench.report import write
from bench.servers import Servers, infrastructure
from cli.load.cdnow import PRODUCTS, Purchase, read, sku_of
from kit.events.embedded import EmbeddedBus
from kit.ids import derived_id
from kit.jobs.jobs import JobRunner
from kit.runtime import make_runtime
from kit.testing.native import run_apart
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, make_event, service_harness, test_verifier
from services.customer.settings import Settings
from services.customer.worker import jobs_of

LEASE = 30.0
SELLER = derived_id("member", 1)
_SUMS = """
SELECT state, done, failed, created, unchanged, rows_total,
  (SELECT count(*) FROM import_row w WHERE w.import_id = r.id) AS outcomes FROM import_run r WHERE id = $1
"""
_ACCOUNTS = """
SELECT (SELECT count(*) FROM account) AS rows,
  (SELECT count(DISTINCT (source, external_id)) FROM account_external_id) AS ids,
  (SELECT count(*) FROM outbox WHERE type = 'customer.account.created.v1') AS said, 0 AS amount
"""
_ORDERS = """
SELECT count(*) AS rows, count(DISTINCT external_id) AS ids, sum(net)::bigint AS amount,
  (SELECT count(*) FROM outbox WHERE type = 'customer.order.placed.v1') AS said FROM orders WHERE state = 'placed'
"""
COUNTS = {"accounts": _ACCOUNTS, "orders": _ORDERS}


def live(settings: Settings, connect: Mapping[str, Any]) -> None:
    """A worker; it ends with the import, or by force."""
    asyncio.run(_live(settings, connect))


async def _live(settings: Settings, connect: Mapping[str, Any]) -> None:
    runtime = make_runtime(settings, bus=EmbeddedBus(connect), verifier=test_verifier())
    stop = asyncio.Event()
    jobs = jobs_of(runtime)
    runner = JobRunner(runtime.db, jobs, poll=0.1, lease=LEASE, finished=lambda *_: stop.set())
    try:
        await runner.run(stop)
    finally:
        await runtime.db.stop()


async def done(service: ServiceHarness, run: str) -> tuple[int, bool]:
    """How many rows of an import have an outcome, and whether it is still worked on."""
    (row,) = await service.rows("SELECT done + failed AS n, state FROM import_run WHERE id = $1", UUID(run))
    return int(row["n"]), row["state"] == "running"


async def lived(service: ServiceHarness, connect: Mapping[str, Any], run: str, until: int | None) -> dict[str, Any]:
    """A worker until so many rows are done, or to the end: its most memory, and how many rows it did."""
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=live, args=(service.runtime.settings, connect))
    (before, _), begun, most, spent = await done(service, run), time.perf_counter(), 0.0, 0.0
    process.start()
    assert process.pid is not None
    watched = psutil.Process(process.pid)
    while process.is_alive():
        try:
            most = max(most, watched.memory_info().rss / 2**20)
            spent = sum(watched.cpu_times()[:2])
        except psutil.NoSuchProcess:
            break
        rows, is_running = await done(service, run)
        if not is_running or (until is not None and rows >= until):
            process.kill()
            break
        await asyncio.sleep(1)
    await asyncio.to_thread(process.join)
    rows, seconds = (await done(service, run))[0] - before, time.perf_counter() - begun
    return {
        "value": round(most),
        "unit": "MiB",
        "rows": rows,
        "seconds": round(seconds, 1),
        "own_cpu_us_per_row": round(spent / max(rows, 1) * 1e6),
    }


async def imported(
    service: ServiceHarness, kind: str, text: Iterable[bytes], rows: int, kills: int, amount: int = 0, **options: Any
) -> list[dict[str, Any]]:
    """The lives of the workers of an import; raises RuntimeError where what is there is not what the file has."""
    connect = service.runtime.db.settings.connect
    run = await sent(service, kind, text, source="file", **options)
    bounds = [rows * part // (kills + 1) for part in range(1, kills + 1)]
    begun = time.perf_counter()
    lives = [
        {"name": f"{rows:,} {kind}, life {number}", **await lived(service, connect, run, until)}
        for number, until in enumerate([*bounds, None], 1)
    ]
    seconds = time.perf_counter() - begun
    (ended,) = await service.rows(_SUMS, UUID(run))
    wanted = {**dict.fromkeys(("done", "created", "outcomes", "rows_total"), rows), "state": "succeeded", "failed": 0}
    await counted(service, kind, rows, amount)
    if {name: ended[name] for name in wanted} != wanted:
        raise RuntimeError(f"the import of {rows} {kind} ended as {dict(ended)}")
    grown = lives[-1]["value"] / lives[0]["value"]
    return [
        {"name": f"{rows:,} {kind}, {kills} workers killed", "value": round(rows / seconds), "unit": "rows/s"},
        *lives,
        {"name": f"{rows:,} {kind}, memory of the last life to the first", "value": round(grown, 2), "unit": "ratio"},
        {"name": f"{rows:,} {kind}, lost or doubled", "value": 0, "unit": "rows"},
    ]


async def counted(service: ServiceHarness, kind: str, rows: int, amount: int) -> None:
    """Raises RuntimeError where there is more or less than the file has."""
    (found,) = await service.rows(COUNTS[kind])
    if dict(found) != {**dict.fromkeys(("rows", "ids", "said"), rows), "amount": amount}:
        raise RuntimeError(f"of {rows} {kind} there is {dict(found)}")


async def again(
    service: ServiceHarness, text: Iterable[bytes], rows: int, amount: int, **options: Any
) -> dict[str, Any]:
    """The same orders again, which changes none of them."""
    run = await sent(service, "orders", text, source="file", **options)
    one = await lived(service, service.runtime.db.settings.connect, run, None)
    (ended,) = await service.rows(_SUMS, UUID(run))
    await counted(service, "orders", rows, amount)
    if (ended["unchanged"], ended["failed"], ended["state"]) != (rows, 0, "succeeded"):
        raise RuntimeError(f"the same {rows} orders again are {dict(ended)}")
    return {**one, "name": f"the same {rows:,} orders again"}


def accounts_of(purchases: Sequence[Purchase]) -> Iterator[bytes]:
    """The customers of a file of purchases."""
    yield b"id,name,owner_id\n"
    for customer in dict.fromkeys(one.customer for one in purchases):
        yield f"{customer},Customer {customer},{SELLER}\n".encode()


def orders_of(purchases: Sequence[Purchase]) -> Iterator[bytes]:
    """Purchases as orders; the line of the file is the id."""
    yield b"id,account,currency,order_date,sku,quantity,unit_price,discount,tax_rate\n"
    for one in purchases:
        price, less = (f"{cents // 100}.{cents % 100:02}" for cents in (one.unit_price, one.discount))
        yield f"{one.line},{one.customer},USD,{one.day},{sku_of(one)},{one.quantity},{price},{less},0\n".encode()


async def others_say(service: ServiceHarness) -> None:
    """A seller and products are known, and a rate."""
    member = {
        "id": SELLER,
        "code": "S-1",
        "subject": "seller-1",
        "role": "sales_rep",
        "memberships": [
            {"unit_id": SELLER, "path": [SELLER], "valid_from": "1990-01-01", "valid_to": None},
        ],
        "version": 1,
        "changed": [],
    }
    await service.deliver(make_event("targets.member.joined.v1", member, "organisation"))
    for sku, name, line in PRODUCTS:
        product = {"id": derived_id("product", sku), "sku": sku, "name": name, "product_line": line}
        product |= {"is_active": True, "version": 1, "changed": []}
        await service.deliver(make_event("channels.product.changed.v1", product, sku))
    rate = {"currency": "CNY", "rate": "0.137", "valid_from": "1990-01-01"}
    (await service.post("/v1/exchange-rates", rate)).raise_for_status()


async def of_accounts(server: TestServer, rows: int, kills: int) -> list[dict[str, Any]]:
    """Generated accounts."""
    async with service_harness(server, "customer") as service:
        await others_say(service)
        return await imported(service, "accounts", lines(rows), rows, kills)


async def of_purchases(server: TestServer, purchases: Sequence[Purchase], kills: int) -> list[dict[str, Any]]:
    """Customers and their purchases, placed."""
    customers, amount = len({one.customer for one in purchases}), sum(one.cents for one in purchases)
    rows, placed = len(purchases), {"account_source": "file", "place": True}
    async with service_harness(server, "customer") as service:
        await others_say(service)
        return [
            *await imported(service, "accounts", accounts_of(purchases), customers, kills),
            *await imported(service, "orders", orders_of(purchases), rows, kills, amount, **placed),
            await again(service, orders_of(purchases), rows, amount, **placed),
        ]


def served(servers: Servers) -> TestServer:
    """The server of the databases."""
    place = urlsplit(servers.postgres.tcp_dsn())
    return TestServer(place.hostname or "127.0.0.1", place.port or 5432, place.username or "postgres")


def main() -> None:
    """Imports, their kills, and what is there after them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="accounts that are generated; 0: none")
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--cdnow", type=Path, help="the whole CDNOW file, which is not bundled")
    parser.add_argument("--quick", action="store_true", help="a small file")
    options = parser.parse_args()
    note = f"lease of {LEASE:.0f} s; seconds of a life include waiting for it"
    with infrastructure(kafka=False) as servers:
        if options.cdnow:
            purchases = list(read(options.cdnow))
            write("import_cdnow", run_apart(of_purchases(served(servers), purchases, options.kills)), note=note)
        if rows := 4_000 if options.quick else options.rows:
            write("import_kills", run_apart(of_accounts(served(servers), rows, options.kills)), note=note)


if __name__ == "__main__":
    main()
