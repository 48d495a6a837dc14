"""Keyset pages at 10,000 and 1,000,000 accounts with record scope on: first page and deep page.

usage: python -m bench.lists [--rows 1000000] [--pages 200] [--repeat 3] [--quick]

Rows go straight into the table. 40 sellers own them alike, so that every page is full in the small table too; the
caller sees everything (director), the 10 of a region (manager) or their own (seller). Figures are of the query
(`fetch_page`), p50 in milliseconds; `ratio` is that of the large table over the small one (at most 1.3). A deep page
begins at three quarters.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from bench.report import middle, percentile, write
from bench.servers import Servers, infrastructure
from kit.db.database import Database, DatabaseSettings, Tx
from kit.db.lists import Page, fetch_page, parse_query
from kit.db.migrate import upgrade
from kit.db.text_keys import KEYS_VERSION
from kit.security.principals import Actor, owned_rows, scope_query
from kit.testing.native import run_apart
from services.customer.accounts.lists import ACCOUNTS
from services.customer.roles import REACHES

RATIO = 1.3
SMALL = 10_000
PAGE = 50
SELLERS = 40
REGION_SELLERS = 10
SECRET = b"benchmark"
CALLERS = {"all": "sales_director", "region": "sales_manager", "own": "sales_rep"}
TODAY = date(2026, 1, 1)

_PRINCIPALS = """
INSERT INTO principal (id, valid_from, code, subject, path)
SELECT md5('seller' || n)::uuid, date '2020-01-01', 'seller-' || n, 'seller-' || n,
       ARRAY[md5('company')::uuid, md5('region' || n / $2)::uuid]
FROM generate_series(0, $1 - 1) AS n
UNION ALL SELECT md5('manager')::uuid, date '2020-01-01', 'manager', 'manager',
       ARRAY[md5('company')::uuid, md5('region0')::uuid]
"""
_ACCOUNTS = """
INSERT INTO account (id, version, created_at, updated_at, stream_key, kind, name, region, customer_type, owner_id, tags,
                     search_key, name_sort, keyed_of)
SELECT id, 1, at, at, id, 'organization', 'Customer ' || n, 'CN-SH', 'new',
       md5('seller' || n % $2)::uuid, '{}', 'customer ' || n || chr(10), '1 customer ' || n,
       $3 || ' Customer ' || n || chr(10)
FROM (SELECT n, md5('account' || n)::uuid AS id, timestamptz '2020-01-01Z' + n * interval '1 second' AS at
      FROM generate_series(1, $1) AS n) AS made
"""
_EXTERNAL = """
INSERT INTO account_external_id (source, external_id, account_id)
SELECT 'bench', n::text, md5('account' || n)::uuid FROM generate_series(1, $1) AS n
"""
SUBJECTS = {"all": "director", "region": "manager", "own": "seller-7"}


async def prepare(servers: Servers, rows: int) -> Database:
    """A migrated customer database with so many accounts."""
    name = f"bench_{rows}"
    await servers.postgres.ensure_database(name)
    settings = DatabaseSettings(connect=servers.database(name), name="customer", statement_timeout_ms=0)
    await upgrade("customer", settings)
    connection = await asyncpg.connect(**settings.connect)
    try:
        await connection.execute(_PRINCIPALS, SELLERS, REGION_SELLERS)
        await connection.execute(_ACCOUNTS, rows, SELLERS, KEYS_VERSION)
        await connection.execute(_EXTERNAL, rows)
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
    return Database(settings)


async def scope_of(tx: Tx, caller: str) -> tuple[str, Sequence[Any]]:
    """The condition of the caller's record scope, as the router makes it."""
    query = scope_query(Actor(SUBJECTS[caller], frozenset({CALLERS[caller]}), frozenset()), REACHES, TODAY)
    return await owned_rows(tx, query, "a.owner_id")


async def page(tx: Tx, caller: str, sort: str, cursor: str | None) -> Page:
    """One page as the endpoint makes it, scope included."""
    where, args = await scope_of(tx, caller)
    given = [("limit", str(PAGE)), ("sort", sort), *([("cursor", cursor)] if cursor else [])]
    return await fetch_page(tx, ACCOUNTS, parse_query(ACCOUNTS, given), where=where, args=args, secret=SECRET)


async def deep_cursor(tx: Tx, caller: str, sort: str) -> str | None:
    """A cursor that stands at three quarters of what the caller sees, made as the page before would make it."""
    from kit.db.cursors import encode_cursor
    from kit.db.lists import _identity

    where, args = await scope_of(tx, caller)
    column, descending = ACCOUNTS.fields[sort.removeprefix("-")].order, sort.startswith("-")
    seen = int(await tx.fetchval(f"SELECT count(*) FROM account a WHERE {where}", *args))
    order = f"{column} {'DESC' if descending else 'ASC'}, a.id {'DESC' if descending else 'ASC'}"
    part = f"ORDER BY {order} OFFSET {seen * 3 // 4} LIMIT 1"
    found = await tx.fetchrow(f"SELECT {column} AS value, a.id FROM account a WHERE {where} {part}", *args)
    assert found is not None
    query = parse_query(ACCOUNTS, [("limit", str(PAGE)), ("sort", sort)])
    identifier: UUID = found["id"]
    return encode_cursor(SECRET, _identity(ACCOUNTS, query), [found["value"], identifier])


async def measure(db: Database, pages: int) -> dict[str, tuple[float, float]]:
    """p50 and p99 in milliseconds by case."""
    found = {}
    async with db.reading() as tx:
        for caller in CALLERS:
            for sort in ("-created_at", "name"):
                cursors = {"first": None, "deep": await deep_cursor(tx, caller, sort)}
                for place, cursor in cursors.items():
                    times = []
                    for number in range(pages + 10):
                        began = time.perf_counter()
                        result = await page(tx, caller, sort, cursor)
                        if number >= 10:  # plans and pages of the table are warm by then
                            times.append((time.perf_counter() - began) * 1000)
                        if len(result.items) != PAGE:
                            raise RuntimeError(f"{caller} {sort} {place}: a page of {len(result.items)}")
                    found[f"{caller}, {sort}, {place} page"] = (percentile(times, 0.5), percentile(times, 0.99))
    return found


async def run(servers: Servers, large: int, pages: int, repeat: int) -> list[dict[str, Any]]:
    """Both tables in turn."""
    databases = {size: await prepare(servers, size) for size in (SMALL, large)}
    runs = []
    for _ in range(repeat):
        runs.append({size: await measure(db, pages) for size, db in databases.items()})
    for db in databases.values():
        await db.stop()
    rows = []
    for case in runs[0][SMALL]:
        small = middle([one[SMALL][case][0] for one in runs])
        big = middle([one[large][case][0] for one in runs])
        rows.append(
            {
                "name": case,
                "value": big,
                "unit": "ms",
                "small_ms": small,
                "p99_ms": middle([one[large][case][1] for one in runs]),
                "ratio": round(big / small, 2),
                "limit": RATIO,
                "repetitions": repeat,
            }
        )
    return rows


def main() -> None:
    """All cases."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="a large table of 100,000 rows")
    options = parser.parse_args()
    if options.quick:
        options.rows, options.pages, options.repeat = 100_000, 30, 1
    with infrastructure(kafka=False) as servers:
        rows = run_apart(run(servers, options.rows, options.pages, options.repeat))
    write("lists", rows, unit="ms", note=f"p50 of a page of 50 at {options.rows:,} rows against {SMALL:,}")


if __name__ == "__main__":
    main()
