"""How long after its cause an alert is raised, while orders come in: 500 indicators, two workers.

usage: python -m bench.alerts [--rate 50] [--seconds 20] [--indicators 500] [--quick]

Events of customer are put on the log at fixed times, orders of 200 accounts; each is an order that is confirmed, so all
indicators that are read from orders are evaluated again and again. In every fifth event the order is overdue from the
beginning, and of an account with an indicator of its own: that is a cause, and raises one alert. A figure is the time
from the event of the cause (made a moment before it is published) to that of the alert, on one clock. Two processes of
the worker share the log; each alert is raised once, whatever they do.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bench.report import percentile, write
from bench.servers import Servers, infrastructure
from kit import clock
from kit.events.bus import Message
from kit.events.envelope import Event, to_headers, topic_of
from kit.ids import new_id
from kit.process import started
from kit.runtime import LOG_DATABASE, Runtime, make_runtime, topics_of
from kit.testing.native import run_apart
from kit.testing.service import make_event
from services.customer.events_out.orders import OrderConfirmed
from services.risk.settings import Settings

LIMIT_SECONDS = 2.0
ACCOUNTS = 200
CAUSE_EVERY = 5
PATIENCE_SECONDS = 60.0
SERVICES = ("customer", "targets", "channels", "risk")
_ACCOUNTS = """
INSERT INTO account_directory (id, name) SELECT md5('a' || n)::uuid, 'Account ' || n FROM generate_series(1, $1) n
"""
_INDICATORS = """
INSERT INTO indicator (id, measure, account_id, amber, red, hysteresis, min_sample, risk_ids, state)
SELECT md5('i' || n)::uuid, CASE WHEN n <= $2 THEN 'overdue_ratio' ELSE (
           ARRAY['return_rate', 'cancellation_rate', 'refusal_rate', 'discount_depth', 'overdue_ratio']
       )[1 + n % 5] END,
       CASE WHEN n <= $2 THEN md5('c' || n)::uuid ELSE md5('a' || 1 + n % $3)::uuid END,
       CASE WHEN n <= $2 THEN 100000 ELSE 1000001 END, CASE WHEN n <= $2 THEN 200000 ELSE 1000002 END, 0, 1, '{}',
       'active'
FROM generate_series(1, $1) n
"""
_READINGS = """
INSERT INTO indicator_reading (id, measure, level, sample, due_at) SELECT id, measure, 'green', 0, now() FROM indicator
"""
_RAISED = """
SELECT i.account_id, o.time FROM outbox o JOIN indicator i ON i.id = (o.data::jsonb ->> 'indicator_id')::uuid
WHERE o.type = 'risk.alert.raised.v1'
"""
_CALM = "SELECT count(*) FROM indicator_reading WHERE due_at <= now() OR evaluated_at IS NULL"
_CAUSES = "SELECT md5('c' || n)::uuid FROM generate_series(1, $1) n"
_OTHERS = "SELECT md5('a' || n)::uuid FROM generate_series(1, $1) n"


def confirmed(account_id: UUID, *, is_overdue: bool) -> Event:
    """An order of today that is confirmed; its day to pay has passed, or comes."""
    today = clock.now().date()
    due_on = today - timedelta(10) if is_overdue else today + timedelta(30)
    own = {"id": new_id(), "account_id": account_id, "stream_key": account_id, "order_date": today, "due_on": due_on}
    return make_event(OrderConfirmed.TYPE, {**OrderConfirmed.EXAMPLE, **own}, account_id, subject=own["id"])


async def _prepare(runtime: Runtime, indicators: int, causes: int) -> tuple[list[UUID], list[UUID]]:
    """Accounts that will be a cause, and the others."""
    async with runtime.db.transaction() as tx:
        await tx.execute(_ACCOUNTS, ACCOUNTS)
        await tx.execute(_INDICATORS, indicators, causes, ACCOUNTS)
        await tx.execute(_READINGS)
        chosen = [row[0] for row in await tx.fetch(_CAUSES, causes)]
        return chosen, [row[0] for row in await tx.fetch(_OTHERS, ACCOUNTS)]


async def _calm(runtime: Runtime) -> None:
    """Wait until every indicator was evaluated once: the workers run."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        async with runtime.db.reading() as tx:
            if not await tx.fetchval(_CALM):
                return
        if asyncio.get_running_loop().time() > deadline:
            raise RuntimeError("the workers do not evaluate")
        await asyncio.sleep(0.2)


async def _raised(runtime: Runtime) -> list[tuple[UUID, datetime]]:
    async with runtime.db.reading() as tx:
        return [(row[0], row[1]) for row in await tx.fetch(_RAISED)]


async def measure(servers: Servers, rate: float, seconds: float, indicators: int) -> tuple[list[float], int]:
    """Seconds from each cause to its alert, and how many alerts were raised more than once."""
    settings = Settings(env="test", bus="embedded", postgres=servers.postgres.tcp_dsn())
    runtime = make_runtime(settings)
    count = int(rate * seconds)
    causes = count // CAUSE_EVERY
    await servers.postgres.ensure_database(LOG_DATABASE)
    async with started(runtime):
        for service in SERVICES:
            await runtime.bus.ensure_topics(topics_of(service))
        chosen, others = await _prepare(runtime, indicators, causes)
        for number in (1, 2):
            servers.start(f"risk-worker-{number}", ["-m", "services.risk.worker"])
        await _calm(runtime)
        caused: dict[UUID, datetime] = {}
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in range(count):
            await asyncio.sleep(max(0.0, begun + number / rate - loop.time()))
            is_cause = number % CAUSE_EVERY == 0
            account_id = chosen[number // CAUSE_EVERY] if is_cause else others[number % len(others)]
            event = confirmed(account_id, is_overdue=is_cause)
            if is_cause:
                caused[account_id] = event.time
            message = Message(key=event.key, value=event.data, headers=tuple(to_headers(event)))
            await runtime.bus.publish(topic_of("customer"), [message])
        deadline = loop.time() + PATIENCE_SECONDS
        while len({account_id for account_id, _at in await _raised(runtime)}) < causes:
            if loop.time() > deadline:
                break
            await asyncio.sleep(0.2)
        raised = await _raised(runtime)
        servers.stop()
    first = dict(reversed(raised))
    if missing := caused.keys() - first.keys():
        raise RuntimeError(f"{len(missing)} causes have no alert")
    doubled = sum(times > 1 for times in Counter(account_id for account_id, _at in raised).values())
    return [(first[account_id] - at).total_seconds() for account_id, at in caused.items()], doubled


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--indicators", type=int, default=500)
    parser.add_argument("--quick", action="store_true", help="few seconds, few indicators")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.indicators = 5.0, 100
    options.indicators = max(options.indicators, int(options.rate * options.seconds) // CAUSE_EVERY)
    with infrastructure(kafka=False) as servers:
        took, doubled = run_apart(measure(servers, options.rate, options.seconds, options.indicators))
    rows: list[dict[str, Any]] = [
        {"name": f"cause to alert, {name}", "value": round(percentile(took, part), 3), "unit": "s"}
        for name, part in (("p50", 0.5), ("p99", 0.99))
    ]
    slowest = round(max(took), 3)
    rows.append({"name": "cause to alert, the slowest", "value": slowest, "unit": "s", "limit": LIMIT_SECONDS})
    rows.append({"name": "alerts raised twice", "value": doubled, "unit": "", "limit": 0})
    note = f"{options.indicators} indicators, {options.rate:g} orders/s for {options.seconds:g} s, {len(took)} causes"
    write("alerts", rows, note=note)


if __name__ == "__main__":
    main()
