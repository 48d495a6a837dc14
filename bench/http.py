"""Read, list 50, create, order (created and placed): the product beside the limit and the floor, in one run.

usage: python -m bench.http [--seconds 2] [--repeat 3] [--quick] [--only read --only list] [--accounts 10000]

wrk, 16 connections; two processes of the service, of the limit, of the gateway; PostgreSQL (durable), Kafka
and all workers run meanwhile. The variants take turns, the median of the repetitions counts.
`settled_per_second` are orders a second until the last of them was decided and counted everywhere.
`ratio` is the throughput as a part of the limit's (target: 0.5 direct, 0.35 through the gateway).
"""

from __future__ import annotations

import argparse
import json
import random
import time
from typing import Any

from bench import wrk
from bench.limit import PRINCIPAL, account_body, capture
from bench.report import middle, write
from bench.servers import UVICORN, Filled, Servers, fill_system, order_body, system, wait_settled
from kit.native.process import free_port

TARGETS = {"direct": 0.5, "gateway": 0.35}
OPERATIONS = ("read", "list", "create", "order")
PLACED_PATHS = 1000


def loads(filled: Filled, prefix: str) -> dict[str, wrk.Load]:
    """What is sent for each operation to a server whose paths begin with `prefix`."""
    own = filled.of_north()[:PLACED_PATHS]
    body = json.dumps({**account_body(filled), "name": "Harbour FRESH", "external_ids": {"erp": "FRESH"}})
    orders = [json.dumps({**order_body(account), "place": True}) for account in own]
    return {
        "read": wrk.Load(wrk.READ, {"PATHS": [f"{prefix}/v1/accounts/{account}" for account in own]}),
        "list": wrk.Load(wrk.READ, {"PATHS": [f"{prefix}/v1/accounts?limit=50"]}),
        "create": wrk.Load(wrk.CREATE, {"BODY": body, "PATH": f"{prefix}/v1/accounts"}),
        "order": wrk.Load(wrk.ORDER, {"BODIES": orders, "PATH": f"{prefix}/v1/orders"}),
    }


def floors(filled: Filled) -> dict[str, wrk.Load]:
    """The floor has no order of its own."""
    own = filled.of_north()[:PLACED_PATHS]
    body = json.dumps({**account_body(filled), "name": "Harbour FRESH", "external_ids": {"erp": "FRESH"}})
    return {
        "read": wrk.Load(wrk.READ, {"PATHS": [f"/floor/read/{account}" for account in own]}),
        "list": wrk.Load(wrk.READ, {"PATHS": ["/floor/list"]}),
        "create": wrk.Load(wrk.CREATE, {"BODY": body, "PATH": "/floor/create"}),
    }


class Bench:
    """One system under all loads."""

    def __init__(self, servers: Servers, filled: Filled, seconds: float) -> None:
        self.servers, self.filled, self.seconds = servers, filled, seconds
        self.runs: dict[tuple[str, str], list[dict[str, Any]]] = {}
        port = free_port()
        self.limit_url = f"http://127.0.0.1:{port}"
        settings = servers.environment(BENCH_LIMIT=str(servers.folder / "limit.json"))
        command = ["-m", "uvicorn", "--factory", "bench.limit_app:create_app", "--port", str(port), "--workers", "2"]
        # served as it comes: what the product does to the protocol is the product's
        servers.start("limit", [*command, "--http", "httptools", *UVICORN], url=self.limit_url, environment=settings)
        servers.wait("limit")
        service, prefixed = servers.service_url("customer"), loads(filled, "/limit")
        self.variants = {
            "floor": (self.limit_url, floors(filled), ("limit",)),
            "limit": (self.limit_url, prefixed, ("limit",)),
            "direct": (service, loads(filled, ""), ("customer-api",)),
            "gateway": (servers.url, loads(filled, ""), ("customer-api", "gateway")),
        }

    def run(self, operation: str, variant: str, *, seconds: float | None = None) -> None:
        """One repetition; everything that it left behind is worked off before the next."""
        url, found, names = self.variants[variant]
        if operation not in found:
            return
        meters = [self.servers.running[name].cpu_seconds for name in names]
        token = self.servers.token(PRINCIPAL)
        seed = random.randrange(2**31)
        folder = self.servers.folder
        began = time.perf_counter()
        result = wrk.run(found[operation], url, token, seconds or self.seconds, folder, seed=seed, cpu=meters)
        if result["status"] or result["broken"]:
            raise RuntimeError(f"{operation} {variant}: {result}")
        if operation in ("create", "order") and "customer-worker" in self.servers.running:
            wait_settled(self.servers)
            result["settled_per_second"] = result["requests"] / (time.perf_counter() - began)
        if seconds is None:
            self.runs.setdefault((operation, variant), []).append(result)

    def rows(self) -> list[dict[str, Any]]:
        """Medians."""
        rows = []
        for (operation, variant), runs in self.runs.items():
            rate = middle([run["per_second"] for run in runs])
            limit = middle([run["per_second"] for run in self.runs[operation, "limit"]])
            cpu = [middle([run["cpu_ms"][i] for run in runs]) for i in range(len(runs[0]["cpu_ms"]))]
            settled = [run["settled_per_second"] for run in runs if "settled_per_second" in run]
            is_order = operation == "order" and variant in TARGETS
            rows.append(
                {
                    "name": f"{operation} {variant}",
                    "value": rate,
                    "unit": "req/s",
                    "ratio": round(rate / limit, 3),
                    "limit": TARGETS.get(variant),
                    "p50_ms": middle([run["p50_ms"] for run in runs]),
                    "p99_ms": middle([run["p99_ms"] for run in runs]),
                    "cpu_ms_per_request": cpu[0],
                    "gateway_cpu_ms": cpu[1] if len(cpu) > 1 else None,
                    "settled_per_second": middle(settled) if settled and is_order else None,
                    "repetitions": len(runs),
                }
            )
        return rows


def main() -> None:
    """All operations, all variants."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--quick", action="store_true", help="one repetition of a second on few rows")
    parser.add_argument("--only", action="append", choices=OPERATIONS)
    parser.add_argument("--no-workers", action="store_true", help="without the workers: what they cost")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.repeat, options.accounts = 1, 1, 2_000
    with system() as servers:
        filled = fill_system(servers, options.accounts, 0)
        capture(servers, filled)
        if options.no_workers:
            servers.stop(*[name for name in servers.running if name.endswith("-worker")])
        bench = Bench(servers, filled, options.seconds)
        for operation in options.only or OPERATIONS:
            for variant in bench.variants:
                bench.run(operation, variant, seconds=1)
            for _ in range(options.repeat):
                for variant in bench.variants:
                    bench.run(operation, variant)
        note = "an order is created and placed by one request" + ", without workers" * options.no_workers
        write("http", bench.rows(), unit="req/s", connections=wrk.CONNECTIONS, seconds=options.seconds, note=note)


if __name__ == "__main__":
    main()
