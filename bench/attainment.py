"""Attainment at size: any two groups of a company's year over many credit lines, through the service.

usage: python -m bench.attainment [--lines 1000000] [--asks 100] [--quick]

Lines of one year are spread at random over 1,000 sellers in 200 units, 10 product lines, 34 regions (one a unit), 3
customer types and 3 channels, summed into buckets and months as crediting does. Every pair of groups is asked of the
targets API by one client, of the whole year and of one that lacks its first and last days; those of which a year has
more than 1,000 are refused, and asked of a quarter of a unit instead. `value` is the p99 in milliseconds from the first
byte sent to the last one read.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import asyncpg
import httpx

from bench.report import percentile, write
from bench.servers import Servers, infrastructure
from kit.testing.native import run_apart
from services.targets.attainment.enums import GroupBy
from services.targets.credits.lists import label_sql
from services.targets.credits.repository import KEYS

LIMIT_MS = 50.0
UNITS, SELLERS = 200, 1_000
REGIONS = 34
YEAR = 2025
PERIODS = {
    "year": {"from": f"{YEAR}-01-01", "to": f"{YEAR}-12-31"},
    "year less odd days": {"from": f"{YEAR}-01-04", "to": f"{YEAR}-12-28"},
}
QUARTER = {"from": f"{YEAR}-04-01", "to": f"{YEAR}-06-30"}
WARM = 3

_MEASURES = ("amount", "margin", "costed_net", "gross", "units")
_EACH = ("amount", "amount / 5", "amount", "amount * 113 / 100", "3000")
_DIMENSIONS = f"""
CREATE TEMP TABLE seller AS
SELECT m.id, u.path, u.id AS unit_id, n.number, n.region, {label_sql("unit", "u.id::text")} AS unit,
       {label_sql("region", "n.region")} AS region_label
FROM member m JOIN membership s ON s.member_id = m.id JOIN unit u ON u.id = s.unit_id CROSS JOIN LATERAL (
    SELECT substr(m.code, 8)::int AS number,
           'CN-' || lpad((substr(m.code, 8)::int % {UNITS} % {REGIONS})::text, 2, '0') AS region
) n WHERE m.code LIKE 'seller-%';
CREATE TEMP TABLE product AS
SELECT n AS number, 'line-' || n AS value, {label_sql("product_line", "('line-' || n)")} AS label
FROM generate_series(0, 9) n;
CREATE TEMP TABLE type AS
SELECT n AS number, v AS value, {label_sql("customer_type", "v")} AS label
FROM unnest(ARRAY['new', 'existing', 'dormant']) WITH ORDINALITY k(v, n);
CREATE TEMP TABLE way AS
SELECT n AS number, md5('channel' || n)::uuid AS id, {label_sql("channel", "md5('channel' || n)::uuid::text")} AS label
FROM generate_series(1, 3) n;
ANALYZE seller, product, type, way
"""
_MADE = f"""
CREATE TEMP TABLE made AS
SELECT n, (random() * {SELLERS - 1})::int AS seller, date '{YEAR}-01-01' + (random() * 364)::int AS day,
       (random() * 9)::int AS product, 1 + (random() * 2)::int AS type, 1 + (random() * 2)::int AS way,
       (random() * 100000)::bigint AS amount
FROM generate_series(1, $1::int) n
"""
_FROM = """
FROM made d JOIN seller s ON s.number = d.seller JOIN product p ON p.number = d.product
JOIN type t ON t.number = d.type JOIN way w ON w.number = d.way
"""
_LINES = f"""
INSERT INTO credit_line (id, fact_id, source_event_id, ordinal, sequence, kind, order_id, account_id, line_no,
    member_id, unit_path, product_line, region, customer_type, channel_id, order_date, posting_date, currency,
    {", ".join(_MEASURES)}, recorded_at)
SELECT x.id, x.id, x.id, 0, 1, 'confirmed', x.id, lpad(to_hex(n % 100000), 32, '0')::uuid, 1, s.id, s.path, p.value,
    s.region, t.value, w.id, day, day, 'USD', {", ".join(_EACH)}, now()
{_FROM} CROSS JOIN LATERAL (SELECT lpad(to_hex(n), 32, '0')::uuid AS id) x ORDER BY day
"""
_LABELS = """
INSERT INTO credit_label (id, kind, value, path)
SELECT DISTINCT unit, 'unit', unit_id::text, path FROM seller
UNION SELECT DISTINCT region_label, 'region', region, ARRAY[]::uuid[] FROM seller
UNION SELECT label, 'product_line', value, '{}' FROM product UNION SELECT label, 'customer_type', value, '{}' FROM type
UNION SELECT label, 'channel', id::text, '{}' FROM way
"""
_TIME = {"day": "day", "month": "date_trunc('month', day)::date", "member_id": "s.id"}
_VALUES = {
    **{"unit_path": "s.path", "product_line": "p.value", "region": "s.region", "customer_type": "t.value"},
    "channel": "w.id::text",
}
_LABELED = {
    **{"unit": "s.unit", "product_line": "p.label", "region": "s.region_label", "customer_type": "t.label"},
    "channel": "w.label",
}
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename = 'credit_line' AND indexname LIKE 'ix%' AND schemaname = 'public'
"""


def _sums(table: str, names: Iterable[str]) -> str:
    """What crediting would have summed in a table, in the order of its days."""
    of = _TIME | (_VALUES if table == "credit_bucket" else _LABELED)
    keys = {name: of[name] for name in names}
    places = ", ".join(str(number) for number in range(1, len(keys) + 1))
    first = next(name for name in keys if name in ("day", "month"))
    sums = ", ".join(f"sum({each})::bigint" for each in _EACH)
    return (
        f"INSERT INTO {table} ({', '.join(keys)}, {', '.join(_MEASURES)}, lines) "
        f"SELECT {', '.join(keys.values())}, {sums}, count(*) {_FROM} GROUP BY {places} ORDER BY {of[first]}"
    )


def organise(servers: Servers, token: str) -> str:
    """A company of ten regions, their teams and the sellers in them; returns a region's id."""
    with httpx.Client(base_url=servers.service_url("targets"), headers={"Authorization": f"Bearer {token}"}) as api:

        def unit(code: str, kind: str, parent: str | None) -> str:
            body = {"code": code, "name": code, "kind": kind, "parent_id": parent, "valid_from": "2020-01-01"}
            return str(api.post("/v1/units", json=body).raise_for_status().json()["id"])

        company = unit("bench", "company", None)
        regions = [unit(f"region-{number}", "region", company) for number in range(10)]
        teams = [unit(f"team-{number}", "team", regions[number % 10]) for number in range(UNITS)]
        rows = [
            {"code": f"seller-{n}", "role": "sales_rep", "unit_id": teams[n % UNITS], "valid_from": "2020-01-01"}
            for n in range(SELLERS)
        ]
        answer = api.post("/v1/members/batch", json={"rows": rows}, timeout=120).raise_for_status().json()
        assert not answer["problems"], answer
    return regions[0]


async def fill(servers: Servers, lines: int) -> dict[str, int]:
    """The credits; how many rows there are. Each table by one statement, the indexes of the lines once they stand."""
    connection = await asyncpg.connect(**servers.database("crmesh_targets"))
    try:
        await connection.execute("SET work_mem = '256MB'; SET maintenance_work_mem = '256MB'; SELECT setseed(0.5)")
        await connection.execute(_DIMENSIONS)
        await connection.execute(_MADE.replace("$1", str(lines)))
        await connection.execute("ANALYZE made")
        indexes = await connection.fetch(_INDEXES)
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['indexname']}")
        sums = [_sums(table, keys) for table, keys in KEYS.items()]
        for statement in (_LABELS, *sums, _LINES, *(index["indexdef"] for index in indexes)):
            await connection.execute(statement)
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
        return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in ("credit_line", *KEYS)}
    finally:
        await connection.close()


def ask(api: httpx.Client, asked: dict[str, Any], times: int) -> tuple[list[float], int]:
    """How long each answer takes in milliseconds, and how many groups it has; -1 when there are too many."""
    took, groups = [], 0
    for number in range(times + WARM):
        began = time.perf_counter()
        answer = api.get("/v1/attainment", params=asked)
        if number >= WARM:
            took.append((time.perf_counter() - began) * 1000)
        if answer.status_code == 400 and answer.json()["errors"][0]["code"] == "too-many":
            return [], -1
        groups = len(answer.raise_for_status().json()["items"])
    return took, groups


def measure(servers: Servers, token: str, region: str, asks: int) -> list[dict[str, Any]]:
    """A row per pair of groups and period, and the worst of all."""
    rows: list[dict[str, Any]] = []
    with httpx.Client(
        base_url=servers.service_url("targets"), headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as api:
        for pair in combinations(GroupBy, 2):
            for name, period in PERIODS.items():
                asked: dict[str, Any] = {**period, "group_by": ",".join(pair)}
                took, groups = ask(api, asked, asks)
                if groups < 0:
                    name, asked = "quarter of a region", {**QUARTER, "unit_id": region, "group_by": ",".join(pair)}
                    took, groups = ask(api, asked, asks)
                if groups < 0:
                    rows.append({"name": f"{' x '.join(pair)}, {name}", "note": "more than 1,000 groups: refused"})
                else:
                    rows.append(_row(f"{' x '.join(pair)}, {name}", took, groups))
                if name == "quarter of a region":
                    break
    worst = max(row["value"] for row in rows if "value" in row)
    return [*rows, {"name": "worst of all", "value": worst, "unit": "ms", "limit": LIMIT_MS, "ratio": worst / LIMIT_MS}]


def _row(name: str, took: list[float], groups: int) -> dict[str, Any]:
    p99 = percentile(took, 0.99)
    return {
        "name": name,
        "value": round(p99, 1),
        "unit": "ms",
        "p50_ms": round(percentile(took, 0.5), 1),
        "groups": groups,
        "limit": LIMIT_MS,
        "ratio": round(p99 / LIMIT_MS, 2),
    }


def main() -> None:
    """All pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--asks", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="50,000 lines, few asks")
    options = parser.parse_args()
    if options.quick:
        options.lines, options.asks = 50_000, 10
    with infrastructure(kafka=False) as servers:
        servers.start_gateway()
        servers.start_api("targets")
        servers.wait("gateway", "targets-api")
        token = servers.token("director")
        region = organise(servers, servers.token())
        counts = run_apart(fill(servers, options.lines))
        rows = measure(servers, token, region, options.asks)
    sizes = ", ".join(f"{count:,} in {name}" for name, count in counts.items())
    write("attainment", rows, unit="ms", note=f"p99 of {options.asks} answers, one client; {sizes}")


if __name__ == "__main__":
    main()
