"""Runs wrk (https://github.com/wg/wrk, the package `wrk` of Debian and Ubuntu) and reads its figures.

Not a figure: other scripts use it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONNECTIONS = 16
_DONE = """
done = function(summary, latency, requests)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  local form = '{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "broken": %d, "status": %d}\\n'
  io.stderr:write(string.format(form, summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, errors, summary.errors.status))
end
"""
_UUID = """
math.randomseed(SEED)
local function uuid()
  return string.format("%08x-%04x-4%03x-8%03x-%08x%04x", math.random(0, 0xffffffff), math.random(0, 0xffff),
    math.random(0, 0xfff), math.random(0, 0xfff), math.random(0, 0xffffffff), math.random(0, 0xffff))
end
"""
READ = """
local paths = PATHS
local at = 0
request = function() at = at % #paths + 1; return wrk.format("GET", paths[at]) end
"""
CREATE = """
request = function()
  wrk.headers["Idempotency-Key"] = uuid()
  return wrk.format("POST", "PATH", wrk.headers, (string.gsub(BODY, "FRESH", uuid())))
end
"""
ORDER = """
local bodies, at = BODIES, 0
request = function()
  wrk.headers["Idempotency-Key"] = uuid()
  at = at % #bodies + 1
  return wrk.format("POST", "PATH", wrk.headers, bodies[at])
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk sends: a template of a Lua script and what stands in the place of its words."""

    script: str
    words: dict[str, Any]

    def source(self, token: str, seed: int) -> str:
        """The script for one run."""
        text = _UUID.replace("SEED", str(seed)) + self.script + _DONE
        for word, value in self.words.items():
            text = text.replace(word, value if word == "PATH" else _lua(value))
        return (
            f'wrk.headers["Authorization"] = "Bearer {token}"\nwrk.headers["Content-Type"] = "application/json"\n{text}'
        )


def _lua(value: Any) -> str:
    if isinstance(value, str):
        return "[==[" + value + "]==]"
    return "{" + ", ".join(_lua(item) for item in value) + "}"


def run(
    load: Load,
    url: str,
    token: str,
    seconds: float,
    folder: Path,
    *,
    seed: int,
    cpu: Sequence[Callable[[], float]] = (),
    connections: int = CONNECTIONS,
) -> dict[str, Any]:
    """One run; `cpu` are meters of processor seconds, read before and after: their differences per request in ms."""
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("wrk is needed: apt-get install wrk")
    script = folder / "load.lua"
    script.write_text(load.source(token, seed))
    before = [meter() for meter in cpu]
    command = [
        program,
        "-t1",
        f"-c{connections}",
        f"-d{max(1, round(seconds))}s",
        "--timeout",
        "20s",
        "-s",
        str(script),
        url,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    after = [meter() for meter in cpu]
    try:
        found: dict[str, Any] = json.loads(done.stderr.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise RuntimeError(f"wrk failed: {done.stdout}\n{done.stderr}") from None
    found["per_second"] = found["requests"] / found["seconds"]
    count = max(1, found["requests"])
    found["cpu_ms"] = [(b - a) * 1000 / count for a, b in zip(before, after, strict=True)]
    return found
