"""A steady load through the gateway while things happen, counted step by step. Not a figure: `bench.k8s` uses it."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bench.faults.client import Client, Journal, Refused
from bench.faults.driver import Lane, Pace, open_lanes, prepare

RATE = 20.0
ACCOUNTS = 8
SEED = 1


class Counted(Client):
    """Counts every request and the time it took; one that fails is not sent again."""

    def __init__(self, url: str, journal: Journal) -> None:
        super().__init__([url], journal, retries=False)
        self.seconds: list[float] = []
        self.failed: list[str] = []

    async def _exchange(
        self, method: str, path: str, content: bytes, headers: dict[str, str], query: dict[str, str]
    ) -> tuple[int, Any]:
        began = time.monotonic()
        try:
            status, answer = await super()._exchange(method, path, content, headers, query)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.failed.append(f"{method} {path.split('/')[2]}: {error!r}")
            raise
        finally:
            self.seconds.append(time.monotonic() - began)
        if status >= 500 or status == 401:
            self.failed.append(f"{method} {path.split('/')[2]}: {status} {str(answer)[:200]}")
        return status, answer


class Load:
    """Lanes of commands that go on whatever happens. `rows`: what each step saw."""

    def __init__(self, url: str, path: Path) -> None:
        self.journal = Journal(path)
        self.rows: list[dict[str, Any]] = []
        self.failures: list[str] = []
        self._client = Counted(url, self.journal)
        self._lanes: list[Lane] = []
        self._stop = asyncio.Event()

    @asynccontextmanager
    async def prepared(self) -> AsyncIterator[None]:
        """What the lanes refer to is made; before anything else, as it makes a rate that may be made once."""
        async with self._client:
            world = await prepare(self._client, random.Random(SEED), f"k{SEED}")
            self._lanes = await open_lanes(self._client, world, Pace(RATE), SEED, ACCOUNTS)
            yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """The load, for the time of the block."""
        self._client.seconds.clear()
        self._client.failed.clear()
        running = [asyncio.create_task(self._go_on(lane)) for lane in self._lanes]
        try:
            yield
        finally:
            self._stop.set()
            await asyncio.gather(*running)

    async def _go_on(self, lane: Lane) -> None:
        while not self._stop.is_set():
            try:
                await lane.run(self._stop)
            except Refused:
                await asyncio.sleep(0.2)

    @asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        """Count what is sent while something happens."""
        client, began = self._client, time.monotonic()
        sent, failed = len(client.seconds), len(client.failed)
        yield
        new = client.failed[failed:]
        self.failures += [f"{name}: {one}" for one in new]
        spent = figures(client.seconds[sent:])
        row = {"step": name, "seconds": round(time.monotonic() - began, 1), **spent, "failed": len(new)}
        self.rows.append(row)
        print(row, flush=True)

    def total(self) -> dict[str, Any]:
        """From the first step to the last, between them too."""
        return {**figures(self._client.seconds), "failed": len(self._client.failed)}


def figures(spent: list[float]) -> dict[str, Any]:
    """Number of requests, median and 99th percentile in milliseconds."""
    if len(spent) < 2:
        return {"requests": len(spent)}
    cuts = statistics.quantiles(spent, n=100)
    return {"requests": len(spent), "p50_ms": round(cuts[49] * 1000), "p99_ms": round(cuts[98] * 1000)}
