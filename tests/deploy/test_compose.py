"""compose.yaml says what it should, and its processes run together as it says: the same commands, natively."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic_settings import BaseSettings

from cli.load.client import connected
from cli.story import run_story
from cli.story_report import StoryReport
from gateway.settings import GatewaySettings
from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import free_port
from kit.testing.native import make_folder, run_apart
from tests.architecture.source import ROOT, SERVICES
from tests.architecture.test_settings import settings_of, variables

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
PARTS: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: part for name, part in PARTS.items() if name not in ("postgres", "kafka")}
ROLES = ("api", "worker", "migrate")
each_of_ours = pytest.mark.parametrize("name", OURS)


def role(name: str) -> str:
    return name.rpartition("-")[2]


def model_of(name: str) -> type[BaseSettings]:
    return GatewaySettings if name == "gateway" else settings_of(name.partition("-")[0])


def test_every_process_is_there() -> None:
    assert OURS.keys() == {f"{service}-{one}" for service in SERVICES for one in ROLES} | {"gateway"}


@each_of_ours
def test_every_variable_is_a_setting(name: str) -> None:
    assert OURS[name]["environment"].keys() <= {variable for variable, _ in variables(model_of(name))}


@each_of_ours
def test_processes_are_restricted(name: str) -> None:
    part = OURS[name]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert part["image"] == f"crmesh:{version}"
    assert part["read_only"] is True
    assert part["cap_drop"] == ["ALL"]
    assert part["security_opt"] == ["no-new-privileges:true"]


def test_images_of_others_are_pinned() -> None:
    images = [PARTS[name]["image"] for name in ("postgres", "kafka")]
    assert all(re.search(r":\d+\.\d+", image) for image in images)
    assert PARTS["kafka"]["image"].endswith(kafka_version())


def kafka_version() -> str:
    coordinates = (ROOT / "deploy" / "native" / "kafka-coordinates.txt").read_text()
    found = re.search(r"kafka_2\.13:(\S+)", coordinates)
    assert found is not None
    return found.group(1)


def test_databases_are_made_for_every_service() -> None:
    made = re.findall(r"CREATE DATABASE (\w+);", COMPOSE["configs"]["databases"]["content"])
    assert made == [f"crmesh_{service}" for service in ("customer", "targets", "channels", "risk")]


@pytest.mark.parametrize("service", SERVICES)
def test_start_is_ordered_by_health(service: str) -> None:
    migrated = {f"{service}-migrate": {"condition": "service_completed_successfully"}}
    broker = {"kafka": {"condition": "service_healthy"}}
    assert OURS[f"{service}-migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert OURS[f"{service}-api"]["depends_on"] == migrated | broker | {"gateway": {"condition": "service_healthy"}}
    assert OURS[f"{service}-worker"]["depends_on"] == migrated | broker
    assert "depends_on" not in OURS["gateway"], "the issuer of the keys that the services wait for"


def test_only_the_gateway_is_reached_and_only_from_here() -> None:
    assert {name: part["ports"] for name, part in PARTS.items() if "ports" in part} == {
        "gateway": ["127.0.0.1:8000:8000"]
    }


class Native:
    """The processes of compose.yaml on this machine: other addresses and ports, the same commands and settings."""

    def __init__(self, folder: Path, postgres: str, kafka: str) -> None:
        self._folder = folder
        self._ports = {name: free_port() for name in OURS}
        self._addresses = {
            PARTS["customer-api"]["environment"]["CRMESH_POSTGRES"]: postgres,
            PARTS["customer-api"]["environment"]["CRMESH_KAFKA"]: kafka,
            "/var/lib/crmesh": str(folder / "issuer"),
            "0.0.0.0": "127.0.0.1",
            **{f"http://{name}:8000": f"http://127.0.0.1:{port}" for name, port in self._ports.items()},
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._ports['gateway']}"

    def environment(self, name: str) -> dict[str, str]:
        """Settings of the part, with the addresses of this machine."""
        values = dict(OURS[name]["environment"])
        for variable, value in values.items():
            for theirs, ours in self._addresses.items():
                value = value.replace(theirs, ours)
            values[variable] = value
        port = {"CRMESH_PORT": str(self._ports[name])} if role(name) != "worker" else {}
        return {**values, **port, "CRMESH_OPS_HOST": "127.0.0.1", "CRMESH_OPS_PORT": str(self._ports[name])}

    def run(self, name: str) -> None:
        """Start the part; a migration runs to its end."""
        with (self._folder / f"{name}.log").open("ab") as log:
            self.running[name] = process = subprocess.Popen(
                native(OURS[name]["command"]), env=self.environment(name), cwd=ROOT, stdout=log, stderr=log
            )
        if role(name) == "migrate":
            assert process.wait(120) == 0, self.output(name)
            del self.running[name]

    def wait_healthy(self, name: str) -> None:
        """Ask as the container engine does, by the part's own health check."""
        check = OURS[name]["healthcheck"]["test"]
        assert check[0] == "CMD"
        command = native([re.sub(r":(8000|9100)/", f":{self._ports[name]}/", word) for word in check[1:]])
        deadline = time.monotonic() + 120
        while subprocess.run(command, capture_output=True, check=False).returncode:
            assert self.running[name].poll() is None, self.output(name)
            assert time.monotonic() < deadline, self.output(name)
            time.sleep(0.5)

    def output(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()[-3000:]

    def stop(self) -> dict[str, int]:
        """SIGTERM to all, in the reverse of their order; exit codes."""
        codes = {}
        for process in reversed(self.running.values()):
            process.send_signal(signal.SIGTERM)
        for name, process in self.running.items():
            try:
                codes[name] = process.wait(40)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[name] = process.wait()
        self.running.clear()
        return codes


def native(command: list[str]) -> list[str]:
    """A command of the image with this environment's programs."""
    programs = {"python3": sys.executable, "crmesh": str(Path(sys.executable).parent / "crmesh")}
    return [programs[command[0]], *command[1:]]


def started_order() -> list[str]:
    """Our parts, each after those that it depends on."""
    order: list[str] = []
    while len(order) < len(OURS):
        order += [
            name
            for name, part in OURS.items()
            if name not in order and all(one in order or one not in OURS for one in part.get("depends_on", ()))
        ]
    return order


@pytest.fixture
def system() -> Iterator[Native]:
    """Every process, healthy."""
    folder = make_folder("compose")
    postgres = EmbeddedPostgres(folder / "postgres", tcp_port=free_port(), fast=True, max_connections=200)
    kafka = NativeKafka(folder / "kafka")

    async def start() -> tuple[str, str]:
        await postgres.start()
        await kafka.start()
        for name in re.findall(r"CREATE DATABASE (\w+);", COMPOSE["configs"]["databases"]["content"]):
            await postgres.ensure_database(name)
        return postgres.tcp_dsn(), kafka.bootstrap

    async def destroy() -> None:
        await postgres.destroy()
        await kafka.destroy()

    try:
        found = Native(folder, *run_apart(start()))
        try:
            for name in started_order():
                found.run(name)
            for name in list(found.running):
                found.wait_healthy(name)
            yield found
        finally:
            found.stop()
    finally:
        run_apart(destroy())
        shutil.rmtree(folder, ignore_errors=True)


def test_the_processes_work_together_and_end_orderly(system: Native) -> None:
    async def play() -> StoryReport:
        async with connected(system.url) as api:
            return await run_story(api)

    assert run_apart(play()).broken == ""
    codes = system.stop()
    assert codes == dict.fromkeys(codes, 0)
    assert len(codes) == len(SERVICES) * 2 + 1
