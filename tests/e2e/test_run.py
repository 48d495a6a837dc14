"""`crmesh run` on an empty system: starting, refusing to start, stopping at any moment, going on after a kill -9."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from cli.load.client import DEVELOPMENT_SECRET
from kit.native.process import free_port
from kit.testing.program import Program, run_program, servers_of, start_program, system_folder
from tests.shared_suites.sample import part_of_sample

EXIT_UNAVAILABLE = 3


@pytest.fixture
def folder() -> Iterator[Path]:
    with system_folder() as made:
        yield made


def start(folder: Path, *arguments: str, port: int = 0) -> Program:
    port = port or free_port()
    log = folder / f"run-{port}.log"
    place = ("--data", str(folder), "--port", str(port))
    return start_program("run", *place, *arguments, log=log, url=f"http://127.0.0.1:{port}")


def admin(program: Program) -> httpx.Client:
    form = {"grant_type": "client_credentials", "client_id": "admin", "client_secret": DEVELOPMENT_SECRET}
    token = httpx.post(f"{program.url}/oauth/token", data=form).json()["access_token"]
    return httpx.Client(base_url=program.url, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def make_unit(program: Program, code: str) -> None:
    with admin(program) as api:
        answer = api.post("/v1/units", json={"code": code, "name": code, "kind": "company", "parent_id": None})
        assert answer.status_code == 201, answer.text


def units(program: Program) -> set[str]:
    with admin(program) as api:
        return {item["code"] for item in api.get("/v1/units").json()["items"]}


def database_servers(folder: Path) -> set[int]:
    return {process.pid for process in servers_of(folder) if "-D" in process.cmdline()}


def wait_for(path: Path, seconds: float = 300) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} does not appear"
        time.sleep(0.01)


def test_serves_keeps_its_data_and_leaves_nothing_running(folder: Path) -> None:
    program = start(folder)
    program.wait_ready()
    program.wait_output("stop with Ctrl-C")
    assert re.search(r"ready in \d+\.\d s", program.output())
    assert program.url in program.output()
    assert httpx.get(f"{program.url}/docs").status_code == 200
    assert units(program) == set(), "an empty system"
    make_unit(program, "kept")
    assert database_servers(folder)
    assert program.interrupt() == 0
    assert servers_of(folder) == []
    assert "Traceback" not in program.output()

    again = start(folder)
    again.wait_ready()
    assert units(again) == {"kept"}
    assert again.stop(signal.SIGTERM) == 0
    assert servers_of(folder) == []


@pytest.mark.nightly  # the next one kills and takes over too
def test_after_a_kill_the_next_run_takes_over_the_database_server(folder: Path) -> None:
    program = start(folder)
    program.wait_ready()
    make_unit(program, "survives")
    servers = database_servers(folder)
    program.kill()
    assert database_servers(folder) == servers, "the database server outlives the program"
    checked = run_program("rebuild", "all", "--data", str(folder))
    assert (checked.returncode, "no system runs on" in checked.stderr) == (EXIT_UNAVAILABLE, True), checked.stderr

    again = start(folder)
    again.wait_ready()
    assert database_servers(folder) == servers, "the server was taken over"
    assert units(again) == {"survives"}
    make_unit(again, "works")
    assert again.stop() == 0
    assert servers_of(folder) == []


def test_the_table_of_a_run_after_a_kill_waits_for_what_is_on_its_way(
    folder: Path, prepared: Callable[[Path], Path]
) -> None:
    prepared(folder)
    load = ("--load", "--no-showcase", "--file", str(part_of_sample(folder, 300)))
    program = start(folder, *load)
    program.wait_ready()
    program.wait_output("stop with Ctrl-C", 300)
    with admin(program) as api:
        (seller,) = api.get("/v1/members?code=rep-01").json()["items"]
        (account,) = api.get("/v1/accounts?limit=1").json()["items"]
        row = {
            "account_id": account["id"],
            "currency": "USD",
            "place": True,
            "credits": [{"member_id": seller["id"], "share": 1_000_000}],
            "lines": [{"sku": "CD-ROCK", "quantity": 1, "unit_price": 1}],
        }
        rows = [{**row, "external_id": {"source": "own", "id": str(number)}} for number in range(1500)]
        answer = api.post("/v1/orders/batch", json={"rows": rows})
        assert (answer.status_code, answer.json()["created"]) == (200, 1500), answer.text[:500]
    program.kill()

    again = start(folder, *load)
    again.wait_ready()
    again.wait_output("stop with Ctrl-C", 300)
    assert "differs" not in again.output()
    assert "agrees" in again.output()
    assert httpx.get(f"{again.url}/readyz").status_code == 200
    assert again.interrupt() == 0


def test_a_port_already_taken_is_said_before_anything_is_touched(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        answer = run_program("run", "--data", str(folder), "--port", str(port))
    assert answer.returncode == EXIT_UNAVAILABLE
    assert "port is taken" in answer.stderr
    assert str(port) in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1, answer.stderr
    assert list(folder.iterdir()) == []


def test_a_data_folder_in_use_is_said_and_its_user_not_disturbed(
    folder: Path, prepared: Callable[[Path], Path]
) -> None:
    program = start(prepared(folder))
    program.wait_ready()
    answer = run_program("run", "--data", str(folder), "--port", str(free_port()))
    assert answer.returncode == EXIT_UNAVAILABLE
    assert "data folder is in use" in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1, answer.stderr
    make_unit(program, "undisturbed")
    assert (folder / "system.json").exists()
    assert program.stop() == 0
    assert servers_of(folder) == []


def test_a_data_folder_stays_with_its_bus(folder: Path) -> None:
    (folder / "bus").write_text("kafka")
    answer = run_program("run", "--data", str(folder), "--port", str(free_port()))
    assert answer.returncode == EXIT_UNAVAILABLE
    assert "kept by the kafka bus" in answer.stderr
    assert [path.name for path in folder.iterdir()] == ["bus"]


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("postgres", marks=pytest.mark.nightly),
        pytest.param("postgres/pgdata", marks=pytest.mark.nightly),
        "secret",
    ],
)
def test_interrupted_while_starting_nothing_is_left_and_nothing_damaged(folder: Path, moment: str) -> None:
    program = start(folder)
    wait_for(folder / moment)
    assert program.interrupt() == 0, program.output()
    assert servers_of(folder) == []
    assert "Traceback" not in program.output()

    again = start(folder)
    again.wait_ready()
    make_unit(again, "whole")
    assert again.stop() == 0


def test_kafka_of_its_own_is_stopped_too(folder: Path) -> None:
    program = start(folder, "--bus", "kafka")
    program.wait_ready()
    assert any("kafka.Kafka" in process.cmdline() for process in servers_of(folder))
    make_unit(program, "kept")
    assert program.interrupt() == 0
    assert servers_of(folder) == []
    again = start(folder, "--bus", "kafka")
    again.wait_ready()
    assert units(again) == {"kept"}
    assert again.stop(signal.SIGTERM) == 0
    assert servers_of(folder) == []
