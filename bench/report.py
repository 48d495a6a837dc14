"""What every benchmark writes: a table on stdout and bench/out/<figure>.json."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

OUT = Path(__file__).parent / "out"


def machine() -> dict[str, Any]:
    """Where it was measured."""
    return {
        "cores": psutil.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "python": platform.python_version(),
        "system": platform.platform(),
        "versions": {name: version(name) for name in ("fastapi", "asyncpg", "aiokafka", "aiohttp", "uvicorn")},
    }


def write(figure: str, rows: list[dict[str, Any]], **extra: Any) -> None:
    """Print the rows and store them with the machine."""
    OUT.mkdir(exist_ok=True)
    (OUT / f"{figure}.json").write_text(
        json.dumps({"figure": figure, "machine": machine(), "rows": rows, **extra}, indent=2, default=str) + "\n"
    )
    if rows:
        names = list(rows[0])
        widths = [max(len(name), *(len(_text(row.get(name))) for row in rows)) for name in names]
        print("  ".join(name.ljust(width) for name, width in zip(names, widths, strict=True)))
        for row in rows:
            print("  ".join(_text(row.get(name)).ljust(width) for name, width in zip(names, widths, strict=True)))


def _text(value: object) -> str:
    return f"{value:,.2f}" if isinstance(value, float) else str(value)


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


def percentile(values: list[float], share: float) -> float:
    """Nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))]
