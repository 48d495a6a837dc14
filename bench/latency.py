"""Answer of `POST place` -> visible in `GET /v1/attainment`, open loop, on both buses.

usage: python -m bench.latency [--rate 50 --rate 200] [--seconds 15] [--bus embedded --bus kafka] [--quick]

Orders of one amount are created and placed at fixed times. One reader polls the attainment of the
target; the n-th order placed is matched with the moment the n-th amount is visible. Three figures: from
the answer of the placement, from the time the placement was meant to be sent, and from the time of the
`customer.order.confirmed` event (set in the transaction that confirms, a little before its commit).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from bench.report import percentile, pss_mib, write
from cli.load.client import Api, ApiError, connected
from cli.story import Story
from cli.story_report import StoryReport
from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import free_port
from kit.testing.native import make_folder, run_apart
from kit.testing.program import start_program

PLACED_P99_MS = 1000.0
UNIT = "ms (p99, answer of place -> attainment)"
PATIENCE_SECONDS = 20.0
LATE_SECONDS = 2.0
"""A system whose last answer comes so long after the last order was due is behind: its queue grows with the run."""
CONFIRMED_P50_MS = 150.0
_CONFIRMED = """
SELECT extract(epoch FROM time)::float8 AS at FROM outbox WHERE type = 'customer.order.confirmed.v1'
ORDER BY time DESC LIMIT $1
"""
LINE = {"sku": "STORY-A", "quantity": 1, "unit_price": 100_00, "discount": 0, "tax_rate": 0}


async def confirmed_at(folder: Path, count: int) -> list[float]:
    """When the last `count` orders were confirmed, on the clock of `perf_counter`, oldest first."""
    dsn = json.loads((folder / "system.json").read_text())["postgres"]
    connection = await asyncpg.connect(dsn, database="crmesh_customer")
    try:
        rows = await connection.fetch(_CONFIRMED, count)
    finally:
        await connection.close()
    offset = time.perf_counter() - time.time()
    return sorted(row["at"] + offset for row in rows)


async def measure(api: Api, folder: Path, rate: float, seconds: float) -> dict[str, Any]:
    """Run the open loop; milliseconds."""
    story = Story(api, StoryReport())
    await story.organise()
    await story.set_target()
    await story.open_account()
    profile = await api.get(f"/v1/credit-profiles/{story.account}")
    headers = {"If-Match": f'"{profile["version"]}"'}
    body = {"credit_limit": 10**12, "reason": "benchmark"}
    await api.call("PATCH", f"/v1/credit-profiles/{story.account}", body, headers=headers)
    await story.place([LINE], story.partner)
    await asyncio.sleep(1)
    count = int(rate * seconds)
    amount = await story.actual(story.target)
    answered: list[float] = [0.0] * count
    intended: list[float] = [0.0] * count
    visible: list[float] = []
    failed = 0
    began = time.perf_counter() + 0.5

    async def send(number: int) -> None:
        nonlocal failed
        intended[number] = began + number / rate
        await asyncio.sleep(intended[number] - time.perf_counter())
        try:
            made = await api.post("/v1/orders", story.order_body([LINE], story.partner))
            await api.post(f"/v1/orders/{made['id']}/place")
        except (httpx.HTTPError, ApiError):
            failed += 1
        answered[number] = time.perf_counter()

    async def watch() -> None:
        while len(visible) < count and not failed and time.perf_counter() < began + seconds + PATIENCE_SECONDS:
            try:
                seen = (await story.actual(story.target)) // amount - 1
            except (httpx.HTTPError, ApiError):
                return
            now = time.perf_counter()
            visible.extend([now] * (seen - len(visible)))
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    sending = [asyncio.create_task(send(number)) for number in range(count)]
    _done, pending = await asyncio.wait(sending, timeout=seconds + PATIENCE_SECONDS)
    failed += len(pending)
    for task in pending:
        task.cancel()
    late = time.perf_counter() - began - seconds
    await watching
    if failed or len(visible) < count or late > LATE_SECONDS:
        detail = f"not sustained: {failed} of {count} failed, the last answer {late:.1f} s late"
        return {"value": None, "unit": UNIT, "limit": PLACED_P99_MS, "orders": count, "detail": detail}
    from_answer = [(v - a) * 1000 for v, a in zip(visible, sorted(answered), strict=True)]
    from_intent = [(v - i) * 1000 for v, i in zip(visible, sorted(intended), strict=True)]
    from_confirmed = [(v - c) * 1000 for v, c in zip(visible, await confirmed_at(folder, count), strict=True)]
    p99 = percentile(from_answer, 0.99)
    return {
        "value": p99,
        "unit": UNIT,
        "limit": PLACED_P99_MS,
        "ratio": round(p99 / PLACED_P99_MS, 3),
        "p50_ms": percentile(from_answer, 0.5),
        "p50_from_intended_ms": percentile(from_intent, 0.5),
        "p99_from_intended_ms": percentile(from_intent, 0.99),
        "p50_from_confirmed_ms": percentile(from_confirmed, 0.5),
        "p99_from_confirmed_ms": percentile(from_confirmed, 0.99),
        "max_ms": max(from_answer),
        "orders": count,
    }


def run_on(bus: str, rate: float, seconds: float) -> dict[str, Any]:
    """One system, one measurement."""
    folder = make_folder("infra")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ("run", "--data", str(folder), "--port", str(port), "--bus", bus)
    environment = {"CRMESH_RATE_LIMIT_PER_SECOND": "0"}
    program = start_program(*arguments, log=folder / "run.log", url=url, environment=environment)
    try:
        program.wait_ready(300)

        async def work() -> dict[str, Any]:
            async with connected(url) as api:
                return await measure(api, folder, rate, seconds)

        row = asyncio.run(work())
        memory = pss_mib(program.process.pid, folder)
        return {"name": f"{bus}, {rate:g} orders/s", **row, "pss_mib": memory, "repetitions": 1}
    finally:
        program.stop()
        run_apart(EmbeddedPostgres(folder / "postgres").destroy())
        if (folder / "kafka").exists():
            run_apart(NativeKafka(folder / "kafka").destroy())
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Each rate on each bus."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, action="append")
    parser.add_argument("--seconds", type=float, default=15)
    parser.add_argument("--bus", action="append", choices=["embedded", "kafka"])
    parser.add_argument("--quick", action="store_true", help="a few seconds at a low rate, embedded log")
    options = parser.parse_args()
    rates, buses = options.rate or [20.0, 50.0, 100.0], options.bus or ["embedded", "kafka"]
    if options.quick:
        rates, buses, options.seconds = [20.0], ["embedded"], 5
    rows = [run_on(bus, rate, options.seconds) for bus in buses for rate in rates]
    note = f"everything in one process; p50 from confirmed at most {CONFIRMED_P50_MS:g} ms"
    write("latency", rows, unit="ms", note=note)


if __name__ == "__main__":
    main()
