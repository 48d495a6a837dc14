"""How many database connections the whole system takes in one process."""

from __future__ import annotations

import asyncio
import contextlib
import json
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from cli.load.client import connected
from cli.story import run_story
from kit.testing.program import Program

MOST = 40
_OPEN = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


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
