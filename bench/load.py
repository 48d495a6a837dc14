"""Batch import of the CDNOW sample through the gateway: accounts and orders a second, the loader's memory.

usage: python -m bench.load [--repeat 1] [--file FILE] [--cores 0] [--all-cores] [--chunk 1000] [--quick]

`crmesh run` and everything it starts (PostgreSQL included) and the loader share the cores named, one by default.
accepted: committed in customer; settled: every service has applied everything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.report import middle, pss_mib, write
from cli.load import cdnow
from cli.load.client import connected
from cli.load.loader import load
from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import free_port
from kit.testing.native import make_folder, run_apart
from kit.testing.program import start_program

ACCOUNTS_TARGET = 5_000
ORDERS_TARGET = 3_000


@dataclass
class Watch:
    """The loader's progress as rows and seconds per phase."""

    phases: dict[str, list[float]] = field(default_factory=dict)
    name: str = ""
    began: float = 0.0

    def phase(self, name: str, total: int | None) -> None:
        """A phase begins."""
        self.name, self.began = name, time.monotonic()
        self.phases[name] = [0.0, 0.0]
        assert total is None or total >= 0

    def advance(self, rows: int) -> None:
        """Rows are in."""
        phase = self.phases[self.name]
        phase[0] += rows
        phase[1] = time.monotonic() - self.began


async def load_it(url: str, file: Path, folder: Path, chunk: int) -> dict[str, Any]:
    """The loader's part, in a process of its own so that its memory is its own."""
    watch = Watch()
    async with connected(url) as api:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        report = await load(api, file, folder, watch, chunk)
    accounts, seconds = watch.phases["accounts"]
    return {
        "accounts": accounts / seconds,
        "orders accepted": report.orders / report.accepted_seconds,
        "orders settled": report.orders / report.settled_seconds,
        "loader memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "loader memory before": before,
    }


def run(options: argparse.Namespace) -> dict[str, Any]:
    """A fresh system, loaded once."""
    folder = make_folder("infra")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    everywhere = os.sched_getaffinity(0)
    if not options.all_cores:
        os.sched_setaffinity(0, {int(core) for core in options.cores.split(",")})  # what is started inherits it
    try:
        arguments = ("run", "--data", str(folder), "--port", str(port), "--bus", options.bus)
        environment = {"CRMESH_RATE_LIMIT_PER_SECOND": "0"}
        program = start_program(*arguments, log=folder / "run.log", url=url, environment=environment)
        try:
            program.wait_ready(300)
            inner = ["-m", "bench.load", "--inner", url, "--file", str(options.file), "--chunk", str(options.chunk)]
            done = subprocess.run([sys.executable, *inner], capture_output=True, text=True, check=False)
            if done.returncode:
                raise RuntimeError(done.stderr[-4000:])
            found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
            return {**found, "system memory": pss_mib(program.process.pid, folder)}
        finally:
            program.stop()
    finally:
        os.sched_setaffinity(0, everywhere)
        run_apart(EmbeddedPostgres(folder / "postgres").destroy())
        if (folder / "kafka").exists():
            run_apart(NativeKafka(folder / "kafka").destroy())
        shutil.rmtree(folder, ignore_errors=True)


def beginning(file: Path, lines: int) -> Path:
    """A file with the first lines of another."""
    part = make_folder("postgres") / "part.txt"
    with file.open() as source:
        part.write_text("".join(line for _, line in zip(range(lines), source, strict=False)))
    return part


def main() -> None:
    """Rates and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--file", type=Path, default=cdnow.sample_path(), help="a CDNOW file; the bundled sample")
    parser.add_argument("--cores", default="0")
    parser.add_argument("--all-cores", action="store_true")
    parser.add_argument("--chunk", type=int, default=1000, help="rows of a request")
    parser.add_argument("--bus", choices=["embedded", "kafka"], default="embedded")
    parser.add_argument("--quick", action="store_true", help="500 lines")
    parser.add_argument("--inner", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner:
        folder = make_folder("postgres")
        try:
            print(json.dumps(asyncio.run(load_it(options.inner, options.file, folder, options.chunk))))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        return
    if options.quick:
        options.file, options.repeat = beginning(options.file, 500), 1
    runs = [run(options) for _ in range(options.repeat)]
    limits = {"accounts": ACCOUNTS_TARGET, "orders accepted": ORDERS_TARGET}
    rows: list[dict[str, Any]] = []
    for name in runs[0]:
        value, limit = middle([one[name] for one in runs]), limits.get(name)
        unit = "MiB" if "memory" in name else "rows/s"
        ratio = round(value / limit, 3) if limit else None
        rows.append(
            {"name": name, "value": value, "unit": unit, "limit": limit, "ratio": ratio, "repetitions": len(runs)}
        )
    where = "all cores" if options.all_cores else f"everything on core {options.cores}"
    write("load", rows, note=f"{options.file.name}, {options.chunk} rows a request, bus {options.bus}, {where}")


if __name__ == "__main__":
    main()
