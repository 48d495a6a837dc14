"""Standalone: seconds until it answers, the first time (initdb, migrations) and the second, and its memory.

usage: python -m bench.standalone [--repeat 3] [--quick] [--bus embedded]

Memory is the sum of PSS over the process tree, PostgreSQL included, after 200 requests of each kind.
"""

from __future__ import annotations

import argparse
import shutil
from typing import Any

import httpx

from bench.report import middle, pss_mib, write
from cli.load.client import DEVELOPMENT_SECRET
from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import free_port
from kit.testing.native import make_folder, run_apart
from kit.testing.program import start_program

START_SECONDS = 5.0
MEMORY_MIB = 400.0
REQUESTS = 200
PATHS = ("/v1/accounts", "/v1/orders", "/v1/members", "/v1/partners", "/v1/credit-profiles")


def run(bus: str) -> dict[str, float]:
    """One folder, started twice."""
    folder = make_folder("infra")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ("run", "--data", str(folder), "--port", str(port), "--bus", bus)
    found: dict[str, float] = {}
    try:
        for name in ("first start", "second start"):
            program = start_program(*arguments, log=folder / "run.log", url=url)
            try:
                found[name] = program.wait_ready(300)
                if name == "second start":
                    found["memory when ready"] = pss_mib(program.process.pid, folder)
                    use(url)
                    found["memory after use"] = pss_mib(program.process.pid, folder)
            finally:
                program.stop()
    finally:
        run_apart(EmbeddedPostgres(folder / "postgres").destroy())
        if (folder / "kafka").exists():
            run_apart(NativeKafka(folder / "kafka").destroy())
        shutil.rmtree(folder, ignore_errors=True)
    return found


def use(url: str) -> None:
    """Some reading of everything."""
    form = {"grant_type": "client_credentials", "client_id": "admin", "client_secret": DEVELOPMENT_SECRET}
    with httpx.Client(base_url=url, timeout=60) as http:
        token = http.post("/oauth/token", data=form).raise_for_status().json()["access_token"]
        for _ in range(REQUESTS):
            for path in PATHS:
                http.get(path, headers={"Authorization": f"Bearer {token}"}).raise_for_status()


def main() -> None:
    """Times and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--bus", choices=["embedded", "kafka"], default="embedded")
    options = parser.parse_args()
    runs = [run(options.bus) for _ in range(1 if options.quick else options.repeat)]
    rows: list[dict[str, Any]] = []
    for name in runs[0]:
        value = middle([one[name] for one in runs])
        limit = MEMORY_MIB if name.startswith("memory") else START_SECONDS if name == "second start" else None
        unit = "MiB" if name.startswith("memory") else "s"
        ratio = round(value / limit, 3) if limit else None
        rows.append(
            {"name": name, "value": value, "unit": unit, "limit": limit, "ratio": ratio, "repetitions": len(runs)}
        )
    write("standalone", rows, note=f"bus {options.bus}")


if __name__ == "__main__":
    main()
