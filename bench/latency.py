"""Answer of `POST place` -> visible in `GET /v1/attainment`, open loop, on both buses.

usage: python -m bench.latency [--rate 50 --rate 200] [--seconds 15] [--run embedded|kafka|processes ...] [--quick]

On `crmesh run` with either log (everything in one process), and on Kafka with a process of its own for every api,
worker and gateway, as in production. Orders of one amount are created and placed at fixed times. One reader polls the
attainment of the target; the n-th order placed is matched with the moment the n-th amount is visible. Three figures:
from the answer of the placement, from the time the placement was meant to be sent, and from the time of the
`customer.order.confirmed` event (set in the transaction that confirms, a little before its commit).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import time
from typing import Any

import aiohttp
import asyncpg
import orjson

from bench.report import percentile, pss_mib, write
from bench.servers import system
from cli.load.client import Api, connected
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


class Client:
    """Asks with little work of its own: it runs on the cores of the system."""

    def __init__(self, http: aiohttp.ClientSession, url: str, token: str) -> None:
        self._http, self._url, self._headers = http, url, {"Authorization": f"Bearer {token}"}

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """The JSON answer. Raises aiohttp.ClientError for a status that is an error."""
        headers, data = self._headers, None
        if body is not None:
            headers, data = headers | {"Content-Type": "application/json"}, orjson.dumps(body)
        async with self._http.request(method, self._url + path, data=data, headers=headers) as answer:
            answer.raise_for_status()
            return orjson.loads(await answer.read())

    async def actual(self, target: str) -> int:
        """Live attainment of a target."""
        answer = await self.call("GET", f"/v1/attainment?target_id={target}")
        return int(answer["items"][0]["actual"])


async def confirmed_at(dsn: str, count: int) -> list[float]:
    """When the last `count` orders were confirmed, on the clock of `perf_counter`, oldest first."""
    connection = await asyncpg.connect(dsn, database="crmesh_customer")
    try:
        rows = await connection.fetch(_CONFIRMED, count)
    finally:
        await connection.close()
    offset = time.perf_counter() - time.time()
    return sorted(row["at"] + offset for row in rows)


async def measure(url: str, dsn: str, rate: float, seconds: float) -> dict[str, Any]:
    """Run the open loop; milliseconds. `dsn`: the PostgreSQL server of the system."""
    async with connected(url) as api, aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        story = await _story(api)
        return await _loop(story, Client(http, url, await api.token()), dsn, rate, seconds)


async def _story(api: Api) -> Story:
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
    return story


async def _loop(story: Story, client: Client, dsn: str, rate: float, seconds: float) -> dict[str, Any]:
    count = int(rate * seconds)
    amount = await client.actual(story.target)
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
            made = await client.call("POST", "/v1/orders", story.order_body([LINE], story.partner))
            await client.call("POST", f"/v1/orders/{made['id']}/place")
        except (aiohttp.ClientError, TimeoutError):
            failed += 1
        answered[number] = time.perf_counter()

    async def watch() -> None:
        while len(visible) < count and not failed and time.perf_counter() < began + seconds + PATIENCE_SECONDS:
            try:
                seen = (await client.actual(story.target)) // amount - 1
            except (aiohttp.ClientError, TimeoutError):
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
    from_confirmed = [(v - c) * 1000 for v, c in zip(visible, await confirmed_at(dsn, count), strict=True)]
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


def run_processes(rate: float, seconds: float) -> dict[str, Any]:
    """A system of many processes, one measurement."""
    with system() as servers:
        row = asyncio.run(measure(servers.url, servers.postgres.tcp_dsn(), rate, seconds))
    return {"name": f"kafka, a process each, {rate:g} orders/s", **row, "repetitions": 1}


def run_on(bus: str, rate: float, seconds: float) -> dict[str, Any]:
    """A system of one process, one measurement."""
    folder = make_folder("infra")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    arguments = ("run", "--data", str(folder), "--port", str(port), "--bus", bus)
    environment = {"CRMESH_RATE_LIMIT_PER_SECOND": "0"}
    program = start_program(*arguments, log=folder / "run.log", url=url, environment=environment)
    try:
        program.wait_ready(300)
        dsn = json.loads((folder / "system.json").read_text())["postgres"]
        row = asyncio.run(measure(url, dsn, rate, seconds))
        memory = pss_mib(program.process.pid, folder)
        return {"name": f"{bus}, one process, {rate:g} orders/s", **row, "pss_mib": memory, "repetitions": 1}
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
    parser.add_argument("--run", action="append", choices=["embedded", "kafka", "processes"])
    parser.add_argument("--quick", action="store_true", help="a few seconds at a low rate, embedded log")
    options = parser.parse_args()
    rates, runs = options.rate or [50.0, 200.0], options.run or ["embedded", "kafka", "processes"]
    if options.quick:
        rates, runs, options.seconds = [20.0], ["embedded"], 5
    rows = [
        run_processes(rate, options.seconds) if run == "processes" else run_on(run, rate, options.seconds)
        for run in runs
        for rate in rates
    ]
    note = f"p50 from confirmed at most {CONFIRMED_P50_MS:g} ms"
    write("latency", rows, unit="ms", note=note)


if __name__ == "__main__":
    main()
