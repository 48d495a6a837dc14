"""What every benchmark writes: a table on stdout and bench/out/<figure>.json."""

from __future__ import annotations

import json
import platform
import statistics
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from kit import clock

OUT = Path(__file__).parent / "out"
LIBRARIES = ("fastapi", "starlette", "pydantic", "asyncpg", "aiokafka", "uvicorn", "orjson")


def machine() -> dict[str, Any]:
    """Where it was measured."""
    return {
        "cores": psutil.cpu_count(),
        "processor": processor(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "load_before": round(psutil.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "versions": {name: version(name) for name in LIBRARIES},
    }


def processor() -> str:
    """Model name of the processor; empty where the system does not tell."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def write(figure: str, rows: list[dict[str, Any]], **extra: Any) -> None:
    """Print the rows and store them with machine, date and command. `extra`: unit, limit, note, repetitions."""
    OUT.mkdir(exist_ok=True)
    spec = sys.modules["__main__"].__spec__
    script = spec.name if spec is not None else Path(sys.argv[0]).name
    document = {
        "figure": figure,
        "command": " ".join(["python -m " + script, *sys.argv[1:]]),
        "date": clock.now().isoformat(timespec="seconds"),
        "machine": machine(),
        **extra,
        "rows": rows,
    }
    (OUT / f"{figure}.json").write_text(json.dumps(document, indent=2, default=str) + "\n")
    print_rows(rows)


def columns_of(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Names of all fields, in the order in which they first appear."""
    return list(dict.fromkeys(name for row in rows for name in row))


def print_rows(rows: Sequence[dict[str, Any]]) -> None:
    """A table for people."""
    names = columns_of(rows)
    widths = {name: max(len(name), *(len(text_of(row.get(name))) for row in rows)) for name in names}
    print("  ".join(name.ljust(widths[name]) for name in names))
    for row in rows:
        print("  ".join(text_of(row.get(name)).ljust(widths[name]) for name in names))
    print(flush=True)


def text_of(value: object) -> str:
    """A value as it stands in a table."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}" if abs(value) >= 1 else f"{value:.3f}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def middle(values: Sequence[float]) -> float:
    """Median."""
    return float(statistics.median(values))


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """Slope of the least-squares line through (log size, log seconds): 1 is linear growth."""
    import math

    xs, ys = [math.log(x) for x, _ in points], [math.log(y) for _, y in points]
    return statistics.linear_regression(xs, ys).slope


def pss_mib(pid: int, folder: Path) -> float:
    """Proportional set size of a process tree and of the servers that work in `folder`, in MiB."""
    from kit.testing.program import servers_of

    root = psutil.Process(pid)
    processes = {process.pid: process for process in [root, *root.children(recursive=True), *servers_of(folder)]}
    total = 0
    for process in processes.values():
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 2**20
