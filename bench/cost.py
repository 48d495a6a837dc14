"""What an order costs: processor time by kind of process, from the request to the last thing that it brings about.

usage: python -m bench.cost [--seconds 10] [--repeat 3] [--accounts 10000] [--quick]

wrk creates and places orders by one request each through the gateway, 16 connections, at saturation; every process,
PostgreSQL (durable) and Kafka are read before, and again when everything has settled. `ms` is processor time an order,
`limit` what all of it together may cost; `orders settled` counts until the last order was decided and credited
everywhere.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Callable
from typing import Any

from bench import wrk
from bench.http import loads
from bench.limit import PRINCIPAL
from bench.report import middle, write
from bench.servers import SERVICES, Filled, Servers, fill_system, system, tree_cpu, wait_settled

LIMITS = {"together": 10.0, "orders settled": 200.0}


def meters(servers: Servers) -> dict[str, Callable[[], float]]:
    """Processor seconds of each kind of process."""

    def of(*names: str) -> Callable[[], float]:
        return lambda: sum(servers.running[name].cpu_seconds() for name in names)

    kafka = servers.kafka
    assert kafka is not None
    return {
        "gateway": of("gateway"),
        "customer api": of("customer-api"),
        "other apis": of(*(f"{name}-api" for name in SERVICES if name != "customer")),
        "workers": of(*(f"{name}-worker" for name in SERVICES)),
        "PostgreSQL": servers.database_cpu,
        "Kafka": lambda: sum(tree_cpu(process.pid) for process in kafka.processes()),
    }


def measure(servers: Servers, filled: Filled, seconds: float) -> dict[str, float]:
    """One run; milliseconds an order by kind of process, and orders a second."""
    found = meters(servers)
    before, began = {name: meter() for name, meter in found.items()}, time.perf_counter()
    load, token = loads(filled, "")["order"], servers.token(PRINCIPAL)
    result = wrk.run(load, servers.url, token, seconds, servers.folder, seed=random.randrange(2**31))
    if result["status"] or result["broken"]:
        raise RuntimeError(f"orders: {result}")
    wait_settled(servers)
    orders = result["requests"]
    cost = {name: (meter() - before[name]) * 1000 / orders for name, meter in found.items()}
    return {
        **cost,
        "together": sum(cost.values()),
        "orders accepted": result["per_second"],
        "orders settled": orders / (time.perf_counter() - began),
    }


def row(name: str, values: list[float]) -> dict[str, Any]:
    """A line of the table."""
    value, limit = middle(values), LIMITS.get(name)
    unit = "orders/s" if name.startswith("orders") else "ms"
    ratio = round(value / limit, 3) if limit else None
    return {"name": name, "value": value, "unit": unit, "limit": limit, "ratio": ratio, "repetitions": len(values)}


def main() -> None:
    """The table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="two seconds on few rows, once")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.repeat, options.accounts = 2, 1, 2_000
    with system() as servers:
        filled = fill_system(servers, options.accounts, 0)
        measure(servers, filled, 2)
        runs = [measure(servers, filled, options.seconds) for _ in range(options.repeat)]
    rows = [row(name, [run[name] for run in runs]) for name in runs[0]]
    note = "an order is created and placed by one request through the gateway"
    write("cost", rows, connections=wrk.CONNECTIONS, seconds=options.seconds, note=note)


if __name__ == "__main__":
    main()
