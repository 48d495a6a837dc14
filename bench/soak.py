"""Ten minutes of mixed load through the gateway on PostgreSQL and Kafka: what grows, and how fast.

usage: python -m bench.soak [--minutes 10] [--rate 15] [--readers 2] [--every 5] [--quick]

Commands at a steady rate (the driver of the fault run) and readers beside them. Transfers of members begin in the
future here: one that corrects takes memory for each line it corrects. Sampled: memory of
every process, database connections, consumer lag, waiting outbox rows, share of dead rows, table sizes. The slope is
that of the least-squares line through the samples after the first third, when pools and caches are filled.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import shutil
import signal
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from bench.faults.checker import runtimes
from bench.faults.client import Client, Journal, Refused
from bench.faults.driver import Lane, Pace, World, open_lanes, prepare
from bench.faults.processes import System
from bench.report import write
from kit.events.kafka import KafkaBus
from kit.events.status import delivery_status
from kit.runtime import Runtime
from kit.testing.native import make_folder
from standalone.registry import room

MIB = 2**20
FLAT_MIB_PER_HOUR = 12.0
"""A process that grows slower is called flat: allocators and caches breathe by some hundred KiB in ten minutes."""

KEPT = {
    "outbox": "kept 14 days for replay, then purged",
    "inbox": "kept 15 days, then purged",
    "idempotency_key": "kept 24 hours, then purged",
    "audit_log": "the audit log is kept for ever",
}
"""Why a table grows that is no business table."""

BOUNDED = {
    "memory postgres": "fills its buffers (shared_buffers, 128 MiB) and the caches of its sessions",
    "memory kafka": "fills its heap (512 MiB at most) and maps the indexes of the log",
}
"""What grows to a bound of its own, which ten minutes do not reach."""

TABLES = """
SELECT relname, pg_total_relation_size(relid)::bigint AS bytes, n_dead_tup, n_live_tup FROM pg_stat_user_tables
"""
SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname LIKE 'crmesh%'"


@dataclass
class Series:
    """Samples of one thing: (seconds, value)."""

    unit: str
    points: list[tuple[float, float]] = field(default_factory=list)

    def settled(self) -> list[tuple[float, float]]:
        """Without the first third."""
        return self.points[len(self.points) // 3 :]

    def slope_per_hour(self) -> float:
        """Of the least-squares line through the settled samples."""
        points = self.settled()
        if len({x for x, _ in points}) < 2:
            return 0.0
        return statistics.linear_regression([x for x, _ in points], [y for _, y in points]).slope * 3600

    def row(self, name: str, verdict: str) -> dict[str, Any]:
        """First and last of the settled samples are means of a tenth of them, against noise."""
        values = [y for _, y in self.settled()]
        some = max(1, len(values) // 10)
        return {
            "name": name,
            "unit": self.unit,
            "begin": round(statistics.fmean(values[:some]), 1),
            "end": round(statistics.fmean(values[-some:]), 1),
            "max": round(max(y for _, y in self.points), 1),
            "slope_per_hour": round(self.slope_per_hour(), 1),
            "verdict": verdict,
        }


class Sampler:
    """Looks at everything, again and again."""

    def __init__(self, system: System, made: dict[str, Runtime]) -> None:
        self._system, self._made = system, made
        self._began = time.monotonic()
        self.series: dict[str, Series] = {}

    def _note(self, name: str, unit: str, value: float) -> None:
        self.series.setdefault(name, Series(unit)).points.append((time.monotonic() - self._began, value))

    async def sample(self) -> None:
        """One look."""
        await asyncio.to_thread(self._memory)
        waiting = lag = dead = live = 0
        for service, runtime in self._made.items():
            async with runtime.db.reading() as tx:
                status = await delivery_status(tx, runtime.bus, room(service, "subscriptions").subscriptions)
                tables = await tx.fetch(TABLES)
            waiting += status.outbox_waiting
            lag += status.behind()
            dead += sum(table["n_dead_tup"] for table in tables)
            live += sum(table["n_live_tup"] for table in tables)
            for table in tables:
                self._note(f"table {service}.{table['relname']}", "MiB", table["bytes"] / MIB)
        self._note("events not yet handled (lag)", "events", lag)
        self._note("outbox rows not yet sent", "rows", waiting)
        self._note("dead rows of 100 rows", "rows", 100 * dead / max(1, dead + live))
        connection = await asyncpg.connect(**self._system.database("customer"))
        try:
            self._note("database connections", "sessions", await connection.fetchval(SESSIONS))
        finally:
            await connection.close()

    def _memory(self) -> None:
        for name, process in self._system.processes.items():
            if process.popen is not None and process.is_running:
                info = psutil.Process(process.popen.pid).memory_full_info()
                self._note(f"memory {name}", "MiB (PSS)", info.pss / MIB)
                self._note(f"rss {name}", "MiB (RSS)", info.rss / MIB)
        server = self._system.postgres.process
        total = 0
        for one in [server, *server.children(recursive=True)]:
            with contextlib.suppress(psutil.NoSuchProcess):
                total += one.memory_full_info().pss
        self._note("memory postgres", "MiB (PSS)", total / MIB)
        broker = sum(one.memory_full_info().pss for one in self._system.kafka.processes())
        self._note("memory kafka", "MiB (PSS)", broker / MIB)


class Reader:
    """Lists and single reads, one after the other."""

    def __init__(self, client: Client, pace: Pace, seed: int) -> None:
        self._client, self._pace, self._rng = client, pace, random.Random(seed)
        self.requests = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Read until told to stop."""
        paths = ("/v1/orders", "/v1/accounts", "/v1/credit-lines", "/v1/rebate-entries", "/v1/credit-profiles")
        while not stop.is_set():
            await self._pace.turn()
            path = self._rng.choice(paths)
            with contextlib.suppress(Refused):
                items = (await self._client.get(path, limit=self._rng.choice((1, 50, 200))))["items"]
                self.requests += 1
                if items and path in ("/v1/orders", "/v1/accounts"):
                    await self._client.get(f"{path}/{self._rng.choice(items)['id']}")
                    self.requests += 1


def verdict_of(name: str, series: Series, commands: int) -> str:
    """Flat, or what grows and why."""
    kind, _, what = name.partition(" ")
    slope, seconds = series.slope_per_hour(), series.points[-1][0] - series.points[0][0]
    if kind == "memory":
        return "flat" if slope <= FLAT_MIB_PER_HOUR else BOUNDED.get(name, "grows")
    if kind == "table":
        per_command = (series.points[-1][1] - series.points[0][1]) * MIB / max(1, commands)
        reason = KEPT.get(what.partition(".")[2], "rows of the business")
        return f"{per_command:,.0f} bytes a command: {reason}"
    settled = [y for _, y in series.settled()]
    drift = slope * seconds / 3600
    return "flat" if drift <= max(5.0, 0.25 * statistics.fmean(settled) + statistics.pstdev(settled)) else "grows"


def rows_of(series: dict[str, Series], commands: int, tables: int = 8) -> list[dict[str, Any]]:
    """Every process and counter, and the tables that grow fastest."""
    names = [name for name in series if not name.startswith(("table ", "rss "))]
    growing = sorted(
        (name for name in series if name.startswith("table ")),
        key=lambda name: series[name].points[-1][1] - series[name].points[0][1],
        reverse=True,
    )
    chosen = sorted(names, key=lambda name: (not name.startswith("memory"), name)) + growing[:tables]
    return [series[name].row(name, verdict_of(name, series[name], commands)) for name in chosen]


async def _load(client: Client, world: World, options: argparse.Namespace) -> tuple[list[Lane], list[Reader]]:
    world.transfer_days = (2, 3, 4)
    lanes = await open_lanes(client, world, Pace(options.rate), 1, options.accounts)
    pace = Pace(options.rate)
    return lanes, [Reader(client, pace, number) for number in range(options.readers)]


async def soak(folder: Path, options: argparse.Namespace) -> tuple[Sampler, dict[str, Any], list[str]]:
    """Start, load, sample, stop; the samples, what was sent, and what ended by itself."""
    system = System(folder)
    journal = Journal(folder / "acknowledged.jsonl")
    bus = KafkaBus(system.kafka_address, "crmesh-soak")
    stop = asyncio.Event()
    try:
        await system.start()
        async with runtimes(system, bus) as made, Client(system.gateways(), journal) as client:
            world = await prepare(client, random.Random(1), "soak")
            lanes, readers = await _load(client, world, options)
            sampler, before = Sampler(system, made), len(journal.acks)
            async with asyncio.TaskGroup() as group:
                for lane in lanes:
                    group.create_task(lane.run(stop))
                for reader in readers:
                    group.create_task(reader.run(stop))
                began = time.monotonic()
                while time.monotonic() - began < options.minutes * 60:
                    await sampler.sample()
                    await asyncio.sleep(options.every)
                stop.set()
            seconds = time.monotonic() - began
            sent = {
                "commands": len(journal.acks) - before,
                "reads": sum(reader.requests for reader in readers),
                "seconds": round(seconds, 1),
                "commands_per_second": round((len(journal.acks) - before) / seconds, 1),
                "failed_attempts": sum(journal.failures.values()),
            }
            return sampler, sent, system.unexpected
    finally:
        stop.set()
        await bus.stop()
        await system.stop()


def growing(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Names of what is not flat and no table."""
    return [str(row["name"]) for row in rows if row["verdict"] == "grows"]


def main() -> None:
    """The command line; exits 1 when something grows or ended by itself."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=15, help="commands a second, and as many reads")
    parser.add_argument("--accounts", type=int, default=12)
    parser.add_argument("--readers", type=int, default=2)
    parser.add_argument("--every", type=float, default=5, help="seconds between samples")
    parser.add_argument("--quick", action="store_true", help="one minute")
    options = parser.parse_args()
    if options.quick:
        options.minutes, options.every = 1.0, 2.0
    folder = make_folder("infra")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a run that is cut short ends what it has started
    try:
        sampler, sent, ended = asyncio.run(soak(folder, options))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows = rows_of(sampler.series, sent["commands"])
    grow = growing(rows)
    note = f"{sent['commands']} commands and {sent['reads']} reads in {sent['seconds']} s; " + (
        f"grows: {', '.join(grow)}" if grow else "memory, connections, lag and dead rows are flat"
    )
    samples = {name: [(round(x), round(y, 2)) for x, y in one.points] for name, one in sampler.series.items()}
    write("soak", rows, note=note, sent=sent, ended_by_themselves=ended, repetitions=1, samples=samples)
    raise SystemExit(1 if grow or ended else 0)


if __name__ == "__main__":
    main()
