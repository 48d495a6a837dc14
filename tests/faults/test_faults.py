"""The short form of `make faults`: the system as its processes, real PostgreSQL and Kafka, killed under load."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.faults.proxy import TcpProxy
from bench.faults.run import SHORT, Plan, run
from kit.native.process import free_port
from kit.testing.native import make_folder, run_apart
from standalone.registry import SERVICES


@pytest.fixture
def folder() -> Iterator[Path]:
    made = make_folder("infra")
    yield made
    shutil.rmtree(made, ignore_errors=True)


def test_nothing_is_lost_duplicated_or_reordered(folder: Path) -> None:
    outcome = run_apart(run(Plan(seed=1), folder))
    assert outcome.verdict.damage == []
    assert len(outcome.nemesis.injections) == len(SHORT)
    assert outcome.nemesis.kills >= 8
    assert outcome.nemesis.injected.duplicates > 0
    assert outcome.verdict.counted["orders"] > 20
    assert outcome.verdict.counted["projections set aside"] == len(SERVICES)
    # a worker that starts while Kafka is away ends and is started again
    assert [one for one in outcome.unexpected if ".worker" not in one] == []


GONE = (ConnectionResetError, asyncio.IncompleteReadError)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(100):
        writer.write(chunk)
        await writer.drain()
    writer.close()


async def test_proxy_passes_refuses_and_falls_silent() -> None:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = TcpProxy(free_port(), server.sockets[0].getsockname()[1])
    await proxy.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    try:
        writer.write(b"one")
        assert await reader.readexactly(3) == b"one"
        proxy.set_mode("silent")
        writer.write(b"two")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)
        proxy.set_mode("pass")
        assert await reader.readexactly(3) == b"two"
        proxy.set_mode("refuse")
        with pytest.raises(GONE):
            await reader.readexactly(1)
        refused, other = await asyncio.open_connection("127.0.0.1", proxy.port)
        with pytest.raises(GONE):
            await refused.readexactly(1)
        other.close()
        await other.wait_closed()
    finally:
        writer.close()
        await proxy.stop()
        server.close()
        await asyncio.sleep(0.05)
