"""One order through all four services, the same on the embedded log and on Kafka, and the connections it takes."""

from __future__ import annotations

import asyncio
import contextlib
import json
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from cli.load.client import connected
from cli.story import run_story
from kit.testing.program import Program

MOST = 40
_OPEN = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


async def test_story(system: Program, capsys: pytest.CaptureFixture[str]) -> None:
    async with connected(system.url) as api:
        report = await run_story(api)
        again = await run_story(api)
    with capsys.disabled():
        for step in again.steps:
            print(f"\n{step.milliseconds:8.0f} ms  {step.name}", end="")
    assert report.broken == ""
    assert again.broken == "", "the story can be told twice on one system"


async def test_at_most_forty_connections(system: Program) -> None:
    address = json.loads((system.log.parent / "system.json").read_text())["postgres"]
    watcher = await asyncpg.connect(urlunsplit(urlsplit(address)._replace(path="/postgres")))
    counts: list[int] = []

    async def watch() -> None:
        while True:
            counts.append(await watcher.fetchval(_OPEN))
            await asyncio.sleep(0.05)

    watching = asyncio.create_task(watch())
    try:
        async with connected(system.url) as api:
            await asyncio.gather(*(run_story(api) for _ in range(3)))
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await watcher.close()
    assert 0 < max(counts) <= MOST
