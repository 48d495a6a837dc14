"""What a simulation of a policy costs: whom other terms would move, of 100,000 accounts with ten orders each.

usage: python -m bench.policies [--accounts 10000 30000 100000] [--quick]

The simulation is the job's own steps (`simulate_next`). The limit of each size is measured beside it: the statements
of those steps alone, on one connection of asyncpg, with the results that the simulation has found. Both are run in
turn, `ROUNDS` times, and the least of each counts: whoever comes first reads the database into memory for the other.
`cpu_ratio` is the same of processor seconds, of this process and of PostgreSQL's, which do not depend on who else runs.
`growth` is the exponent of seconds over accounts (at most 1.1).
"""

from __future__ import annotations

import argparse
import time
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from bench.report import exponent, write
from bench.servers import Servers, infrastructure
from kit.clock import business_date
from kit.db.database import Database, DatabaseSettings
from kit.db.migrate import upgrade
from kit.records import fresh
from kit.testing.native import run_apart
from kit.work import system_work
from services.risk.policies import service as policies
from services.risk.policies.bodies import TermsBody
from services.risk.policies.enums import RiskPolicyKind
from services.risk.profiles.enums import SubjectKind
from services.risk.scorecards import repository as scorecards
from services.risk.scorecards.service import Rules, rules_on
from services.risk.settings import Settings
from services.risk.simulations import repository
from services.risk.simulations.jobs import CHUNK
from services.risk.simulations.models import RiskPolicySimulation
from services.risk.simulations.rules import OF_SUBJECTS
from services.risk.simulations.service import simulate_next

ACCOUNTS = (10_000, 30_000, 100_000)
ORDERS = 10
GROWTH = 1.1
ROUNDS = 2
RATIO = 2.0
"""Seconds of the simulation over those of its statements alone; whatever is above is the product's own work."""
_ADD = (
    "INSERT INTO account_directory (id, name) "
    "SELECT md5('a' || n)::uuid, 'Account ' || n FROM generate_series(1, $1) n",
    "INSERT INTO credit_profile (id, stream_key, credit_limit, grade, scored_grade, is_on_hold) "
    "SELECT md5('a' || n)::uuid, md5('a' || n)::uuid, 10000000, 'BBB', 'BBB', false FROM generate_series(1, $1) n",
)
# An order each 36 days; every third is paid late, the last of every ninth account is overdue.
_ORDERS = """
INSERT INTO receivable (order_id, account_id, order_date, terms_days, due_on, gross, returned, paid, open)
SELECT md5('o' || n || '-' || k)::uuid, md5('a' || n)::uuid, $3::date - 36 * k - 40, 30, $3::date - 36 * k - 10, 100000,
       0, CASE WHEN k > 1 OR n % 9 > 0 THEN 100000 ELSE 0 END, CASE WHEN k > 1 OR n % 9 > 0 THEN 0 ELSE 100000 END
FROM generate_series(1, $1) n, generate_series(1, $2) k
"""
_CONFIRMED = """
INSERT INTO receivable_move (source_event_id, source_ordinal, order_id, account_id, kind, amount, day)
SELECT order_id, 0, order_id, account_id, 'confirmed', gross, order_date FROM receivable
"""
_PAID = """
INSERT INTO receivable_move (source_event_id, source_ordinal, order_id, account_id, payment_id, kind, amount, day)
SELECT order_id, 1, order_id, account_id, order_id, 'paid', -paid,
       due_on + CASE WHEN get_byte(uuid_send(order_id), 0) % 3 = 0 THEN 8 ELSE -2 END
FROM receivable WHERE paid > 0
"""
_KEEP = "CREATE TABLE kept (LIKE risk_policy_simulation_result)"
_MOVE = "WITH gone AS (DELETE FROM risk_policy_simulation_result RETURNING *) INSERT INTO kept SELECT * FROM gone"
_EMPTY = "TRUNCATE kept, risk_policy_simulation_result"
_GIVE = """
INSERT INTO risk_policy_simulation_result SELECT * FROM kept WHERE account_id = ANY($1::uuid[])
"""


async def _prepare(servers: Servers, accounts: int, today: date) -> Database:
    """A migrated database of risk with so many accounts."""
    name = f"bench_policies_{accounts}"
    await servers.postgres.ensure_database(name)
    settings = DatabaseSettings(connect=servers.database(name), name="risk", statement_timeout_ms=0)
    await upgrade("risk", settings)
    connection = await asyncpg.connect(**settings.connect)
    try:
        for sql in _ADD:
            await connection.execute(sql, accounts)
        await connection.execute(_ORDERS, accounts, ORDERS, today)
        for sql in (_CONFIRMED, _PAID, _KEEP):
            await connection.execute(sql)
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()
    return Database(settings)


async def _simulated(db: Database, settings: Settings, today: date) -> tuple[float, int, Rules]:
    """(seconds, results, rules in force) of a simulation of terms under which three grades lose their days to pay."""
    async with db.transaction() as tx:
        work = system_work(tx, "risk", settings)
        held = {kind: await policies.policy_on(work, kind, today) for kind in OF_SUBJECTS}
        rules = await rules_on(work, today)
    terms = held[RiskPolicyKind.TERMS]
    assert isinstance(terms.body, TermsBody)
    body = terms.body.model_copy(update={"lgd": 400_000, "grades": _stricter(terms.body)})
    one = RiskPolicySimulation(
        **fresh(),
        policy_id=terms.id,
        kind=terms.kind,
        policy_version=2,
        against_version=1,
        body=body,
        as_of=today,
        created_by="bench",
    )
    versions = {str(kind): policy.policy_version for kind, policy in held.items()}
    begun, after = time.perf_counter(), None
    while True:
        async with db.transaction() as tx:
            ids = await simulate_next(system_work(tx, "risk", settings), one, versions, after, CHUNK)
        if not ids:
            break
        after = ids[-1]
    seconds = time.perf_counter() - begun
    async with db.transaction() as tx:
        moved = int(await tx.fetchval("SELECT count(*) FROM risk_policy_simulation_result"))
        await tx.execute(_MOVE)
    return seconds, moved, rules


def _stricter(body: TermsBody) -> tuple[Any, ...]:
    return tuple(
        row.model_copy(update={"terms_days": 7}) if row.grade in ("BBB", "BB", "B") else row for row in body.grades
    )


async def _statements(servers: Servers, db: Database, rules: Rules, today: date) -> tuple[float, float]:
    """Seconds of the statements of the same steps and nothing else, by the clock and of processors."""
    connection = await asyncpg.connect(**db.settings.connect)
    after: UUID | None = None
    try:
        spent, begun = time.process_time() + servers.database_cpu(), time.perf_counter()
        while True:
            async with connection.transaction():
                await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
                found = await connection.fetch(scorecards.NEXT, after, CHUNK, str(SubjectKind.ACCOUNT))
                if not found:
                    seconds = time.perf_counter() - begun
                    return seconds, time.process_time() + servers.database_cpu() - spent
                ids = [row["id"] for row in found]
                await connection.fetch(scorecards.FIGURES[SubjectKind.ACCOUNT], today, ids, *rules.window)
                await connection.fetch("SELECT * FROM credit_profile WHERE id = ANY($1::uuid[]) ORDER BY id", ids)
                await connection.fetch(repository.OVERDUE, ids, today, rules.open_from, rules.window.items_from)
                await connection.execute(_GIVE, ids)
                after = ids[-1]
    finally:
        await connection.execute(_EMPTY)
        await connection.close()


async def run(servers: Servers, sizes: list[int]) -> list[dict[str, Any]]:
    """A simulation of each size, and its limit."""
    settings = Settings(env="test", bus="embedded")
    today = business_date(settings.timezone)
    rows: list[dict[str, Any]] = []
    for size in sizes:
        db = await _prepare(servers, size, today)
        product, alone = [], []
        for _ in range(ROUNDS):
            spent, begun = time.process_time(), servers.database_cpu()
            seconds, moved, rules = await _simulated(db, settings, today)
            own = time.process_time() - spent
            product.append((seconds, own + servers.database_cpu() - begun, own))
            alone.append(await _statements(servers, db, rules, today))
        (seconds, cpu, own), (limit, limit_cpu) = min(product), min(alone)
        await db.stop()
        rows.append(
            {
                "name": f"policy of terms over {size:,} accounts",
                "value": round(seconds, 2),
                "unit": "s",
                "own_cpu_s": round(own, 2),
                "statements_s": round(limit, 2),
                "ratio": round(seconds / limit, 2),
                "cpu_ratio": round(cpu / limit_cpu, 2),
                "limit": RATIO,
                "moved": moved,
            }
        )
    if len(sizes) < 2:
        return rows
    growth = exponent([(float(size), row["value"]) for size, row in zip(sizes, rows, strict=True)])
    return [*rows, {"name": "growth with accounts", "value": round(growth, 2), "unit": "exponent", "limit": GROWTH}]


def main() -> None:
    """Simulate and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, nargs="+", default=list(ACCOUNTS))
    parser.add_argument("--quick", action="store_true", help="few accounts")
    options = parser.parse_args()
    sizes = [1_000, 4_000] if options.quick else options.accounts
    with infrastructure(kafka=False) as servers:
        rows = run_apart(run(servers, sizes))
    write("policies", rows, note="one process and one connection; ten orders an account")


if __name__ == "__main__":
    main()
