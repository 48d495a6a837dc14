"""Answer of `POST place` -> visible in `GET /v1/attainment`, open loop, on both buses.

usage: python -m bench.latency [--rate 20] [--seconds 60] [--bus embedded --bus kafka]

Orders of one amount are created and placed at fixed times. One reader polls the attainment of the
target; the n-th order placed is matched with the moment the n-th amount is visible. Two figures: from
the answer of the placement, and from the time the placement was meant to be sent.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from pathlib import Path
from typing import Any

from bench.report import percentile, pss_mib, write
from cli.load.client import Api, connected
from cli.story import Story
from cli.story_report import StoryReport
from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import free_port
from kit.testing.native import make_folder, run_apart
from kit.testing.program import start_program

LINE = {"sku": "STORY-A", "quantity": 1, "unit_price": 100_00, "discount": 0, "tax_rate": 0}


async def measure(api: Api, rate: float, seconds: float) -> dict[str, Any]:
    """Run the open loop; milliseconds."""
    story = Story(api, StoryReport())
    await story.organise()
    await story.set_target()
    await story.open_account()
    profile = await api.get(f"/v1/credit-profiles/{story.account}")
    headers = {"If-Match": f'"{profile["version"]}"'}
    body = {"credit_limit": 10**12, "reason": "benchmark"}
    await api.call("PATCH", f"/v1/credit-profiles/{story.account}", body, headers=headers)
    await story.place([LINE])
    await asyncio.sleep(1)
    count = int(rate * seconds)
    amount = await story.actual(story.target)
    answered: list[float] = [0.0] * count
    intended: list[float] = [0.0] * count
    visible: list[float] = []
    began = time.perf_counter() + 0.5

    async def send(number: int) -> None:
        intended[number] = began + number / rate
        await asyncio.sleep(intended[number] - time.perf_counter())
        made = await api.post("/v1/orders", story.order_body([LINE]))
        await api.post(f"/v1/orders/{made['id']}/place")
        answered[number] = time.perf_counter()

    async def watch() -> None:
        while len(visible) < count:
            seen = (await story.actual(story.target)) // amount - 1
            now = time.perf_counter()
            visible.extend([now] * (seen - len(visible)))
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(send(number) for number in range(count)))
    await asyncio.wait_for(watching, 120)
    from_answer = [(v - a) * 1000 for v, a in zip(visible, sorted(answered), strict=True)]
    from_intent = [(v - i) * 1000 for v, i in zip(visible, sorted(intended), strict=True)]
    return {
        "rate": rate,
        "orders": count,
        "p50_ms": percentile(from_answer, 0.5),
        "p99_ms": percentile(from_answer, 0.99),
        "p50_from_intended_ms": percentile(from_intent, 0.5),
        "p99_from_intended_ms": percentile(from_intent, 0.99),
        "max_ms": max(from_answer),
    }


def run_on(bus: str, rate: float, seconds: float) -> dict[str, Any]:
    """One system, one measurement."""
    folder = make_folder("bench")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program = start_program(
        "run", "--data", str(folder), "--port", str(port), "--bus", bus, log=folder / "run.log", url=url
    )
    try:
        ready = program.wait_ready()

        async def work() -> dict[str, Any]:
            async with connected(url) as api:
                return await measure(api, rate, seconds)

        row = asyncio.run(work())
        memory = pss_mib(program.process.pid, Path(folder))
        return {"bus": bus, **row, "first_start_s": ready, "pss_mib": memory}
    finally:
        program.stop()
        run_apart(EmbeddedPostgres(folder / "postgres").destroy())
        if (folder / "kafka").exists():
            run_apart(NativeKafka(folder / "kafka").destroy())


def main() -> None:
    """Both buses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--bus", action="append", choices=["embedded", "kafka"])
    options = parser.parse_args()
    rows = [run_on(bus, options.rate, options.seconds) for bus in options.bus or ["embedded", "kafka"]]
    write("latency", rows, unit="ms", limit="p99 under 1000 ms")


if __name__ == "__main__":
    main()
