"""Relay, consumers and rebuild, each alone: how fast events leave, are applied, and are applied again.

usage: python -m bench.events [--orders 10000] [--outbox 50000] [--full] [--quick] [--repeat 1]

Real orders are placed while no worker runs; then each stage of the story is started alone in a process pinned
to one core (PostgreSQL and Kafka have the others): relay of customer, consumer of risk, its relay, and so on.
The rebuild of the credit ledger is timed on logs of growing length (copies of real facts under new ids); the
exponent is the slope of log(seconds) over log(events), 1 being linear.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from typing import Any

from bench.report import exponent, middle, write
from bench.servers import SERVICES, Filled, Servers, fill_system, order_row, send, system, wait_settled
from cli.load.client import connected
from kit.testing.native import run_apart

RELAY_TARGET = 15_000
CONSUMER_TARGET = 3_000
EXPONENT_TARGET = 1.1
ACCOUNTS = 2_000
STAGES = (
    ("relay", "customer"),
    ("consume", "risk"),
    ("relay", "risk"),
    ("consume", "customer"),
    ("relay", "customer"),
    ("consume", "targets"),
    ("consume", "channels"),
    ("relay", "targets"),
    ("relay", "channels"),
)


def role(servers: Servers, name: str, service: str, number: int = 0) -> dict[str, Any]:
    """Run one part in its own process on one core."""
    pin = ["taskset", "-c", "0"] if shutil.which("taskset") else []
    command = [*pin, sys.executable, "-m", "bench.event_roles", name, service, str(number)]
    environment = servers.environment(CRMESH_LOG_LEVEL="ERROR")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=1800)
    if done.returncode:
        raise RuntimeError(f"{name} {service}: {done.stdout}\n{done.stderr[-4000:]}")
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def place(servers: Servers, filled: Filled, first: int, count: int) -> None:
    """Orders through the batch endpoint; nothing moves on while no worker runs."""

    async def work() -> None:
        async with connected(servers.url) as api:
            await send(api, "/v1/orders/batch", [order_row(filled, first + n) for n in range(count)])

    run_apart(work())


def pipeline(servers: Servers, filled: Filled, first: int, orders: int) -> dict[str, dict[str, Any]]:
    """Figures of every stage by its name."""
    place(servers, filled, first, orders)
    found: dict[str, dict[str, Any]] = {}
    for name, service in STAGES:
        result = role(servers, name, service)
        if name == "relay":
            found[f"relay {service}, {result['records']:,} events"] = result
        else:
            # records of other types pass by as well: what counts is orders
            scale = orders / result["records"]
            found[f"consumer {service}"] = {
                **result,
                "per_second": result["per_second"] * scale,
                "cpu_ms": result["cpu_ms"] / scale,
            }
    return found


def growth(servers: Servers, sizes: list[int]) -> list[dict[str, Any]]:
    """Rebuild at every size, and the exponent."""
    rows, points = [], []
    for size in sizes:
        role(servers, "clone_log", "targets", size)
        result = role(servers, "rebuild", "targets")
        points.append((float(result["events"]), float(result["seconds"])))
        rows.append(
            {
                "name": f"rebuild credits, {result['events']:,} events",
                "value": result["seconds"],
                "unit": "s",
                "cpu_ms_per_request": result["cpu_ms"],
                "repetitions": 1,
            }
        )
    if len(points) > 1:
        slope = exponent(points)
        limit = EXPONENT_TARGET
        name = "rebuild credits, exponent"
        rows.append({"name": name, "value": slope, "unit": "", "limit": limit, "ratio": slope / limit})
    return rows


def stage_rows(runs: list[dict[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Medians of every stage."""
    rows = []
    # by their place: how many events a relay finds may differ by a few from run to run
    for name, *measured in zip(runs[0], *(run.values() for run in runs), strict=True):
        limit = RELAY_TARGET if name.startswith("relay") else CONSUMER_TARGET
        value = middle([each["per_second"] for each in measured])
        rows.append(
            {
                "name": name,
                "value": value,
                "unit": "events/s" if name.startswith("relay") else "orders/s",
                "limit": limit,
                "ratio": round(value / limit, 3),
                "cpu_ms_per_request": middle([each["cpu_ms"] for each in measured]),
                "repetitions": len(runs),
            }
        )
    return rows


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=10_000)
    parser.add_argument("--outbox", type=int, default=50_000)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--full", action="store_true", help="rebuild up to 1,000,000 events")
    parser.add_argument("--quick", action="store_true", help="few rows")
    options = parser.parse_args()
    sizes = [10_000, 100_000, *([1_000_000] if options.full else [])]
    if options.quick:
        options.orders, options.outbox, sizes = 1_000, 5_000, [1_000, 5_000]
    with system() as servers:
        filled = fill_system(servers, ACCOUNTS, 0)
        wait_settled(servers)
        servers.stop(*(f"{service}-worker" for service in SERVICES))
        runs = []
        for number in range(options.repeat):
            run = pipeline(servers, filled, number * options.orders, options.orders)
            role(servers, "clone_outbox", "customer", options.outbox)
            runs.append({**run, "relay, full outbox": role(servers, "relay", "customer")})
        servers.stop()
        rows = [*stage_rows(runs), *growth(servers, sizes)]
    note = f"{options.orders} orders, {options.outbox} rows of an outbox; relays of few rows are short"
    write("events", rows, note=note)


if __name__ == "__main__":
    main()
