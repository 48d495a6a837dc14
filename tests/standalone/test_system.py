"""The system in one process: its address, its folder, and that nothing ends unseen."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from cli.command import CannotRun
from cli.connect import default_folder
from cli.serve import with_system
from kit.events.bus import Message
from kit.events.kafka import KafkaBus
from kit.native.process import free_port
from kit.testing.kafka import delete_topics
from kit.testing.program import servers_of, system_folder
from standalone.folder import NotRunning, read_system, system_file
from standalone.registry import SERVICES
from standalone.system import (
    Interrupted,
    Options,
    OtherBus,
    PortTaken,
    System,
    _check_cluster,
    listen,
    running,
)


@pytest.fixture
def folder() -> Iterator[Path]:
    with system_folder() as made:
        yield made


def options(folder: Path) -> Options:
    return Options(folder, port=free_port())


async def test_it_runs_and_ends_in_this_process(folder: Path) -> None:
    chosen = options(folder)
    stop = asyncio.Event()
    async with running(chosen) as system:
        serving = asyncio.create_task(system.serve(stop))
        await system.wait_until_serving()
        async with httpx.AsyncClient(base_url=chosen.url) as http:
            assert (await http.get("/readyz")).status_code == 200
            health = await http.get("/livez")
        assert health.status_code == 200
        assert set(system.runtimes) == set(SERVICES)
        assert read_system(folder)["url"] == chosen.url
        stop.set()
        await serving
    assert not system_file(folder).exists()
    assert servers_of(folder) == []
    with pytest.raises(NotRunning):
        read_system(folder)
    listen(chosen.host, chosen.port).close()


async def test_a_worker_that_ends_stops_the_system_with_a_sentence(folder: Path) -> None:
    async def work(system: System, _stop: asyncio.Event) -> int:
        system.workers[0].cancel()
        await asyncio.sleep(60)
        return 0

    with pytest.raises(CannotRun, match="worker of"):
        await asyncio.wait_for(with_system(options(folder), work), 120)
    assert servers_of(folder) == []


async def test_work_that_fails_stops_everything(folder: Path) -> None:
    async def work(_system: System, _stop: asyncio.Event) -> int:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await with_system(options(folder), work)
    assert servers_of(folder) == []


async def test_asked_to_stop_before_the_start_it_leaves_nothing(folder: Path) -> None:
    stop = asyncio.Event()
    stop.set()
    with pytest.raises(Interrupted):
        async with running(options(folder), stop):
            pass
    assert servers_of(folder) == []


async def test_a_folder_of_another_bus_is_refused_untouched(folder: Path) -> None:
    (folder / "bus").write_text("kafka")
    with pytest.raises(OtherBus, match="kafka"):
        async with running(options(folder)):
            pass
    assert os.listdir(folder) == ["bus"]


async def test_a_folder_keeps_its_kafka_cluster(
    folder: Path, kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("standalone.system.topic_of", lambda service: f"{folder.name}.{service}")
    bus = KafkaBus(kafka_bootstrap, "test")
    await bus.ensure_topics([f"{folder.name}.{service}" for service in SERVICES])
    chosen = Options(folder, port=free_port(), bus="kafka", kafka=kafka_bootstrap)
    try:
        await _check_cluster(chosen, bus)
        kept = (folder / "bus").read_text()
        assert kept == f"kafka {await bus.cluster_id()}"
        await bus.publish(f"{folder.name}.risk", [Message("k", b"{}", ())])
        await _check_cluster(chosen, bus)
        (folder / "bus").unlink()
        with pytest.raises(OtherBus, match="events of another system"):
            await _check_cluster(chosen, bus)
        (folder / "bus").write_text("kafka another")
        with pytest.raises(OtherBus, match="CRMESH_KAFKA"):
            await _check_cluster(chosen, bus)
        (folder / "bus").write_text("kafka")  # as earlier versions wrote it
        await _check_cluster(chosen, bus)
        assert (folder / "bus").read_text() == kept
    finally:
        await delete_topics(kafka_bootstrap, *[f"{folder.name}.{service}" for service in SERVICES])
        await bus.stop()


def test_one_program_has_the_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTaken, match="in use"):
        listen("127.0.0.1", other.getsockname()[1])
    port = free_port()
    with listen("127.0.0.1", port), pytest.raises(PortTaken, match=str(port)):
        listen("127.0.0.1", port)
    with pytest.raises(PortTaken):
        listen("192.0.2.1", port)


def test_the_url_of_an_address_of_version_6() -> None:
    assert Options(Path("/x"), host="::1", port=8000).url == "http://[::1]:8000"


def test_the_system_of_the_usual_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = psutil.Process()
    monkeypatch.setenv("CRMESH_DATA", str(tmp_path))
    monkeypatch.delenv("CRMESH_POSTGRES", raising=False)
    assert default_folder() is None
    running_here = {"pid": me.pid, "started": me.create_time(), "postgres": "", "bus": "embedded", "kafka": ""}
    system_file(tmp_path).write_text(json.dumps(running_here))
    assert default_folder() == tmp_path
    monkeypatch.setenv("CRMESH_POSTGRES", "postgresql:///")
    assert default_folder() is None


def test_the_file_of_a_killed_system_is_not_believed(tmp_path: Path) -> None:
    me = psutil.Process()
    alive = {"pid": me.pid, "started": me.create_time(), "postgres": "", "bus": "embedded", "kafka": ""}
    system_file(tmp_path).write_text(json.dumps(alive))
    assert read_system(tmp_path)["pid"] == me.pid
    system_file(tmp_path).write_text(json.dumps({**alive, "started": me.create_time() - 1000}))
    with pytest.raises(NotRunning):
        read_system(tmp_path)
    system_file(tmp_path).write_text(json.dumps({**alive, "pid": 2**22 + 1}))
    with pytest.raises(NotRunning):
        read_system(tmp_path)
