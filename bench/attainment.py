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
from itertools import combinations
from typing import Any

import asyncpg
import httpx

from bench.report import percentile, write
from bench.servers import Servers, infrastructure
from kit.testing.native import run_apart
from services.targets.attainment.enums import GroupBy
from services.targets.credits.lists import label_sql

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

_MADE = f"""
INSERT INTO credit_line (id, fact_id, source_event_id, ordinal, sequence, kind, order_id, account_id, line_no,
    member_id, unit_path, product_line, region, customer_type, channel_id, order_date, posting_date, currency,
    amount, margin, costed_net, gross, units, recorded_at)
SELECT md5('line' || n)::uuid, md5('fact' || n)::uuid, md5('event' || n)::uuid, 0, 1, 'confirmed',
    md5('order' || n)::uuid, md5('account' || n % 100000)::uuid, 1, s.id, s.path, 'line-' || (random() * 9)::int,
    'CN-' || lpad((s.number % {UNITS} % {REGIONS})::text, 2, '0'),
    (ARRAY['new', 'existing', 'dormant'])[1 + (random() * 2)::int],
    md5('channel' || (random() * 2)::int)::uuid, day, day, 'USD', amount, amount / 5, amount, amount * 113 / 100, 3000,
    now()
FROM (
    SELECT n, (random() * {SELLERS - 1})::int AS seller, date '{YEAR}-01-01' + (random() * 364)::int AS day,
           (random() * 100000)::bigint AS amount
    FROM generate_series($1::int, $2::int) n
) r JOIN seller s ON s.number = r.seller
"""
_SELLERS = """
CREATE TEMP TABLE seller AS
SELECT m.id, u.path, substr(m.code, 8)::int AS number
FROM member m JOIN membership s ON s.member_id = m.id JOIN unit u ON u.id = s.unit_id WHERE m.code LIKE 'seller-%'
"""
_MEASURES = ("amount", "margin", "costed_net", "gross", "units")
_SUMS = ", ".join(f"sum({name})::bigint" for name in _MEASURES)
_BUCKETS = f"""
INSERT INTO credit_bucket (member_id, day, unit_path, product_line, region, customer_type, channel,
    {", ".join(_MEASURES)}, lines)
SELECT member_id, posting_date, unit_path, product_line, region, customer_type, channel_id::text, {_SUMS}, count(*)
FROM credit_line GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_OF = {
    "unit": "unit_path[cardinality(unit_path)]::text",
    "product_line": "product_line",
    "region": "region",
    "customer_type": "customer_type",
    "channel": "channel_id::text",
}
_MONTHS = f"""
INSERT INTO credit_month (month, {", ".join(_OF)}, {", ".join(_MEASURES)}, lines)
SELECT date_trunc('month', posting_date)::date, {", ".join(label_sql(kind, value) for kind, value in _OF.items())},
       {_SUMS}, count(*)
FROM credit_line GROUP BY 1, 2, 3, 4, 5, 6
"""
_DAYS = f"""
INSERT INTO credit_day (day, unit, {", ".join(_MEASURES)}, lines)
SELECT posting_date, {label_sql("unit", _OF["unit"])}, {_SUMS}, count(*) FROM credit_line GROUP BY 1, 2
"""
_BUT_LINES = {kind: value for kind, value in _OF.items() if kind != "product_line"}
_MEMBERS = f"""
INSERT INTO credit_member_month (month, member_id, {", ".join(_BUT_LINES)}, {", ".join(_MEASURES)}, lines)
SELECT date_trunc('month', posting_date)::date, member_id,
       {", ".join(label_sql(kind, value) for kind, value in _BUT_LINES.items())}, {_SUMS}, count(*)
FROM credit_line GROUP BY 1, 2, 3, 4, 5, 6
"""
_PATHS = {"unit": "unit_path"}
_LABELS = " UNION ".join(
    f"SELECT {label_sql(kind, value)}, '{kind}', {value}, {_PATHS.get(kind, 'ARRAY[]::uuid[]')} FROM credit_line"
    for kind, value in _OF.items()
)
STEP = 100_000


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
    """The credits; how many rows there are."""
    connection = await asyncpg.connect(**servers.database("crmesh_targets"))
    try:
        await connection.execute("SELECT setseed(0.5)")
        await connection.execute(_SELLERS)
        for first in range(1, lines + 1, STEP):
            await connection.execute(_MADE, first, min(first + STEP - 1, lines))
        made = (_BUCKETS, _MONTHS, _DAYS, _MEMBERS)
        for statement in (*made, f"INSERT INTO credit_label (id, kind, value, path) {_LABELS}"):
            await connection.execute(statement)
        await connection.execute("VACUUM (ANALYZE)")
        await connection.execute("CHECKPOINT")
        tables = ("credit_line", "credit_bucket", "credit_month", "credit_day", "credit_member_month")
        return {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in tables}
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
