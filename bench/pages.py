"""Pages of orders, cases, opportunities, activities and timelines at 10,000 and 1,000,000 orders, record scope on.

usage: python -m bench.pages [--orders 1000000] [--repeat 40] [--quick]

Both databases are filled alike (`bench.customers`). Each page is asked for once of the service, by somebody who sees
everything (director), a quarter of the sellers (manager) or their own (seller); the statements of that request are then
run in turns in both databases. `value` is the p50 of their milliseconds in the large one, `ratio` that over the small
one (at most 1.3); `blocks` are the pages of 8 KiB that they read, which no other load changes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import asyncpg
import orjson

from bench.customers import fill
from bench.report import percentile, write
from bench.servers import Servers, infrastructure
from kit.db.database import Tx
from kit.testing.native import run_apart
from kit.testing.postgres import TestServer
from kit.testing.service import ServiceHarness, service_harness

SMALL, LARGE = 10_000, 1_000_000
RATIO = 1.3
CALLERS = {
    "all": ("director", "sales_director"),
    "subtree": ("manager", "sales_manager"),
    "own": ("seller-2", "sales_rep"),
}
PAGES = (
    "orders?limit=20",
    "orders?limit=20&sort=-order_date",
    "orders?limit=20&sort=-gross_base",
    "orders?limit=20&state=on_hold",
    "orders?limit=20&is_overdue=true",
    "orders?limit=20&is_overdue=true&sort=order_date",
    "orders?limit=20&open_amount[gt]=0",
    "orders?limit=5&sku=SKU-7",
    "cases?limit=20",
    "cases?limit=20&state=received",
    "cases?limit=20&state=received&severity=critical",
    "cases?limit=20&state=received&sort=due_at",
    "opportunities?limit=20",
    "opportunities?limit=20&state=open&sort=expected_close",
    "opportunities?limit=20&overdue=true",
    "opportunities?limit=20&sort=-amount_base",
    "activities?limit=20&state=planned&sort=due_on",
    "activities?limit=20&overdue=true",
    "payments?limit=20",
    "payments?limit=20&sort=-received_on",
    "contacts?limit=20",
    "contacts?limit=20&sort=name",
    "accounts/{account}/timeline?limit=20",
    "orders?limit=5&account_id={account}",
)
_ACCOUNT = """
SELECT account_id FROM orders WHERE owner_id = md5('seller2')::uuid GROUP BY account_id
ORDER BY abs(count(*) - 12), account_id LIMIT 1
"""
METHODS = ("fetch", "fetchrow", "fetchval", "rows", "row")


class Asked(NamedTuple):
    """A statement with its parameters."""

    sql: str
    args: Sequence[object]


@contextmanager
def listening() -> Iterator[list[Asked]]:
    """The statements of what happens meanwhile."""
    heard: list[Asked] = []
    real = {name: getattr(Tx, name) for name in METHODS}

    def wrapped(name: str) -> Any:
        def ask(self: Tx, *words: Any) -> Any:
            start = 1 if name in ("rows", "row") else 0
            heard.append(Asked(words[start], words[start + 1 :]))
            return real[name](self, *words)

        return ask

    for name in METHODS:
        setattr(Tx, name, wrapped(name))
    try:
        yield heard
    finally:
        for name, method in real.items():
            setattr(Tx, name, method)


async def asked(service: ServiceHarness, caller: str, path: str, account: str) -> list[Asked]:
    """What the service asks of its database for a page; raises RuntimeError for one that is not full."""
    subject, role = CALLERS[caller]
    with listening() as heard:
        answer = await service.get(f"/v1/{path.format(account=account)}", headers=service.headers(subject, role))
    answer.raise_for_status()
    limit = int(path.split("limit=")[1].split("&")[0])
    if len(answer.json()["items"]) != limit:
        raise RuntimeError(f"{caller} {path}: a page of {len(answer.json()['items'])}")
    return heard


async def timed(connection: asyncpg.Connection, statements: Sequence[Asked]) -> float:
    """Milliseconds of the statements."""
    begun = time.perf_counter()
    for one in statements:
        await connection.fetch(one.sql, *one.args)
    return (time.perf_counter() - begun) * 1000


async def blocks(connection: asyncpg.Connection, statements: Sequence[Asked]) -> int:
    """Pages that the statements read."""
    read = 0
    for one in statements:
        plan = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {one.sql}", *one.args)
        top = orjson.loads(plan)[0]["Plan"]
        read += top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return read


async def case(
    both: Sequence[ServiceHarness], accounts: Sequence[str], caller: str, path: str, repeat: int
) -> dict[str, Any]:
    """A page in both databases, in turns."""
    statements = [await asked(one, caller, path, account) for one, account in zip(both, accounts, strict=True)]
    connections = [await service.runtime.db.connect() for service in both]
    try:
        for connection, one in zip(connections, statements, strict=True):
            await connection.execute("SET statement_timeout = 0")
            await timed(connection, one)
        read = [await blocks(connection, one) for connection, one in zip(connections, statements, strict=True)]
        times: tuple[list[float], list[float]] = ([], [])
        for _ in range(repeat if max(read) < 20_000 else 3):
            for at in (0, 1):
                times[at].append(await timed(connections[at], statements[at]))
    finally:
        for connection in connections:
            await connection.close()
    small, large = (percentile(one, 0.5) for one in times)
    return {
        "name": f"{caller}, {path}",
        "value": round(large, 2),
        "unit": "ms",
        "small_ms": round(small, 2),
        "ratio": round(large / small, 2),
        "limit": RATIO,
        "blocks": read[1],
        "small_blocks": read[0],
        "repetitions": len(times[0]),
    }


async def run(servers: Servers, orders: int, repeat: int) -> list[dict[str, Any]]:
    """All pages."""
    place = urlsplit(servers.postgres.tcp_dsn())
    server = TestServer(place.hostname or "127.0.0.1", place.port or 5432, place.username or "postgres")
    async with service_harness(server, "customer") as small, service_harness(server, "customer") as large:
        for service, size in ((small, SMALL), (large, orders)):
            connection = await service.runtime.db.connect()
            await fill(connection, size)
            await connection.close()
        both, rows = (small, large), []
        accounts = [(await service.rows(_ACCOUNT))[0]["account_id"] for service in both]
        for path in PAGES:
            for caller in CALLERS:
                rows.append(await case(both, accounts, caller, path, repeat))
                print(rows[-1], flush=True)
        return rows


def main() -> None:
    """Pages of both sizes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=LARGE)
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--quick", action="store_true", help="100,000 orders")
    options = parser.parse_args()
    orders = 100_000 if options.quick else options.orders
    with infrastructure(kafka=False) as servers:
        rows = run_apart(run(servers, orders, options.repeat))
    write("pages", rows, note=f"p50 of the statements of a page at {orders:,} orders against {SMALL:,}")


if __name__ == "__main__":
    main()
