"""Accounts that may be one customer: how well they are told, and how long a scan of all takes.

usage: python -m bench.identity [--rows 10000 30000 100000] [--quick]

`precision` and `recall` are of the labelled pairs of the tests, at the score of a duplicate. The scan is the job's own
step (`pair_up`) over accounts that went straight into the table, a twentieth of them spelt a second time, two with each
phone. The exponent of its growth is 1 where that is linear.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import asyncpg

from bench.report import exponent, write
from bench.servers import Servers, infrastructure
from kit.db.database import Database, DatabaseSettings
from kit.db.migrate import upgrade
from kit.testing.native import run_apart
from services.customer.identity import repository
from services.customer.identity.jobs import BATCH
from services.customer.identity.rules import compare_names, named, verdict
from services.customer.identity.service import pair_up
from tests.customer.identity.labelled import labelled

ROWS = (10_000, 30_000, 100_000)
LIMIT_SECONDS = 180
_PLACES = "北京 上海 广州市 深圳市 杭州 成都市 武汉 西安 南京 苏州市 青岛 大连 厦门 长沙 天津"
_TRADES = "科技 贸易 电子 机械 食品 物流 餐饮管理 建材 纺织 医药 信息技术 装饰工程 教育咨询 汽车"
_MARKETS = "Trading Foods Logistics Software Engineering Chemicals Consulting Motors"
_SYLLABLES = "al ber cor dan el far gor hal in jor kel lun mor nor ol per quin ros sil tor um ver wal yor zen"
_ADD = """
INSERT INTO account (id, version, created_at, updated_at, stream_key, kind, name, phone, customer_type, tags)
SELECT md5('account' || n)::uuid, 1, now(), now(), md5('account' || n)::uuid, 'organization', name, phone, 'new', '{}'
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS made (name, phone, n)
"""


def _brand(rng: random.Random) -> str:
    """Two to four Chinese characters; common ones come more often, as in names of companies."""
    return "".join(chr(0x4E00 + min(int(rng.expovariate(1 / 900)), 9_000)) for _ in range(rng.choice((2, 2, 3, 4))))


def _names(count: int) -> Iterator[str]:
    """Names of companies, seven in ten Chinese; every twentieth is an earlier one spelt in another way."""
    rng, known = random.Random(21), list[tuple[str, str]]()
    places, trades, markets, syllables = (text.split() for text in (_PLACES, _TRADES, _MARKETS, _SYLLABLES))
    for number in range(count):
        if number % 20 == 19:
            yield rng.choice(known)[1]
            continue
        if rng.random() < 0.7:
            place, brand, trade = rng.choice(places), _brand(rng), rng.choice(trades)
            spelt = f"{place}{brand}{trade}有限公司", f"{brand}{trade}（{place}）股份有限公司"
        else:
            words = ("".join(rng.choices(syllables, k=rng.randint(2, 4))).title() for _ in range(rng.randint(1, 3)))
            brand, market = " ".join(words), rng.choice(markets)
            spelt = f"{brand} {market} Ltd", f"{brand.upper()} {market} Limited"
        known.append(spelt)
        yield spelt[0]


async def _prepare(servers: Servers, rows: int) -> Database:
    """A migrated customer database with so many accounts."""
    name = f"bench_identity_{rows}"
    await servers.postgres.ensure_database(name)
    settings = DatabaseSettings(connect=servers.database(name), name="customer", statement_timeout_ms=0)
    await upgrade("customer", settings)
    connection = await asyncpg.connect(**settings.connect)
    try:
        names = list(_names(rows))
        await connection.execute(_ADD, names, [f"+8621{number % (rows // 2):08d}" for number in range(rows)])
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
    return Database(settings)


async def _scan(db: Database) -> tuple[float, int, int]:
    """(seconds, pairs, keys that were skipped) of a scan."""
    begun, after, pairs = time.perf_counter(), UUID(int=0), 0
    while True:
        async with db.transaction() as tx:
            ids = await repository.next_accounts(tx, after, BATCH)
            if not ids:
                skipped = await repository.skipped_keys(tx)
                return time.perf_counter() - begun, pairs, skipped
            pairs += await pair_up(tx, ids, lesser_only=True)
            after = ids[-1]


def _told() -> dict[str, float]:
    """How the score judges the labelled pairs."""
    pairs = labelled()
    said = [verdict(compare_names(named(pair.one), named(pair.other)).name) == "duplicate" for pair in pairs]
    hits = sum(pair.is_same and is_said for pair, is_said in zip(pairs, said, strict=True))
    return {"pairs": len(pairs), "precision": hits / sum(said), "recall": hits / sum(pair.is_same for pair in pairs)}


async def run(servers: Servers, sizes: list[int]) -> list[dict[str, Any]]:
    """A scan of each size."""
    rows: list[dict[str, Any]] = []
    for size in sizes:
        db = await _prepare(servers, size)
        spent = time.process_time()
        seconds, pairs, skipped = await _scan(db)
        await db.stop()
        rows.append(
            {
                "name": f"scan of {size:,} accounts",
                "value": round(seconds, 1),
                "unit": "s",
                "own_cpu_s": round(time.process_time() - spent, 1),
                "limit": LIMIT_SECONDS if size == max(ROWS) else None,
                "pairs": pairs,
                "skipped_keys": skipped,
            }
        )
    growth = exponent([(size, row["value"]) for size, row in zip(sizes, rows, strict=True)])
    return [*rows, {"name": "growth of the scan", "value": round(growth, 2), "unit": "exponent"}]


def main() -> None:
    """What is told, and scans."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=list(ROWS))
    parser.add_argument("--quick", action="store_true", help="small tables")
    options = parser.parse_args()
    sizes = [2_000, 6_000] if options.quick else options.rows
    told = _told()
    rows: list[dict[str, Any]] = [
        {"name": "precision", "value": round(told["precision"], 3), "limit": 0.98, "unit": "share"},
        {"name": "recall", "value": round(told["recall"], 3), "limit": 0.85, "unit": "share"},
    ]
    with infrastructure(kafka=False) as servers:
        rows += run_apart(run(servers, sizes))
    write("identity", rows, note=f"{told['pairs']:.0f} labelled pairs; one process and one connection")


if __name__ == "__main__":
    main()
