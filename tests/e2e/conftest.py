"""A whole system for a module of tests: `crmesh run` as a user starts it, on each bus."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.load.client import connected
from cli.story import run_story
from cli.story_report import StoryReport
from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import free_port
from kit.testing.native import make_folder, run_apart
from kit.testing.program import Program, start_program
from tests.e2e.world import World


@contextmanager
def running_system(bus: str, folder: Path, environment: dict[str, str] | None = None) -> Iterator[Program]:
    port = free_port()
    program = start_program(
        "run",
        "--data",
        str(folder),
        "--port",
        str(port),
        "--bus",
        bus,
        log=folder / "run.log",
        url=f"http://127.0.0.1:{port}",
        environment=environment,
    )
    try:
        program.wait_ready()
        yield program
    finally:
        if program.process.poll() is None:
            program.stop()


def remove(folder: Path) -> None:
    """End what was left behind on the folder and remove it."""
    run_apart(EmbeddedPostgres(folder / "postgres").destroy())
    if (folder / "kafka").exists():
        run_apart(NativeKafka(folder / "kafka").destroy())


@pytest.fixture
def data_folder(prepared: Callable[[Path], Path]) -> Iterator[Path]:
    """A data folder with empty databases, removed with all servers on it."""
    folder = prepared(make_folder("system"))
    yield folder
    remove(folder)


@pytest.fixture(scope="module", params=["embedded", "kafka"])
def system(request: pytest.FixtureRequest, prepared: Callable[[Path], Path]) -> Iterator[Program]:
    """An empty running system on either bus."""
    folder = prepared(make_folder("system"))
    try:
        with running_system(request.param, folder) as program:
            yield program
    finally:
        remove(folder)


@pytest.fixture(scope="session")
def world(prepared: Callable[[Path], Path]) -> Iterator[World]:
    """The API of a running system (embedded log) where the story has been played; one for all modules."""

    async def play(url: str) -> StoryReport:
        async with connected(url) as api:
            return await run_story(api)

    folder = prepared(make_folder("system"))
    try:
        with running_system("embedded", folder) as program:
            assert run_apart(play(program.url)).broken == ""
            with World(program.url, folder) as found:
                found.learn()
                found.seed()
                yield found
    finally:
        remove(folder)


@pytest.fixture
def run_system() -> Callable[[str, Path], object]:
    """Context manager: a running system on a folder."""
    return running_system
