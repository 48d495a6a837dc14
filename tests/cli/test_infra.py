"""`crmesh infra` end to end: both servers outlive the command, and `down` leaves nothing."""

from __future__ import annotations

import subprocess
import sys

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]

from cli.infra import _choose_ports
from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import find_processes, free_port
from kit.testing.native import make_folder, run_apart


def infra(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-c", "from cli.main import app; app()", "infra", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


async def reach(postgres: str, kafka: str) -> None:
    connection = await asyncpg.connect(f"{postgres}postgres")
    assert await connection.fetchval("SELECT 1") == 1
    await connection.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    assert (await admin.describe_cluster())["brokers"]
    await admin.close()


def test_up_status_down() -> None:
    folder = make_folder("infra")
    place = ("--folder", str(folder))
    ports = ("--postgres-port", str(free_port()), "--kafka-port", str(free_port()))
    try:
        assert infra("status", *place).returncode == 1
        first = infra("up", *place, *ports)
        assert first.returncode == 0, first.stderr
        lines = dict(line.split("=", 1) for line in first.stdout.splitlines())
        assert list(lines) == ["CRMESH_POSTGRES", "CRMESH_KAFKA"]
        assert lines["CRMESH_POSTGRES"] == f"postgresql://postgres@127.0.0.1:{ports[1]}/"
        run_apart(reach(lines["CRMESH_POSTGRES"], lines["CRMESH_KAFKA"]))
        processes = find_processes("kafka.Kafka", str(folder / "kafka" / "kafka.properties"))

        again = infra("up", *place)
        assert again.stdout == first.stdout
        assert find_processes("kafka.Kafka", str(folder / "kafka" / "kafka.properties")) == processes
        assert infra("status", *place).returncode == 0
        assert infra("down", *place).returncode == 0
        assert infra("down", *place).returncode == 0
        assert infra("status", *place).returncode == 1
        assert not processes[0].is_running()
    finally:
        assert infra("down", "--remove", *place).returncode == 0
    assert not (folder / "postgres").exists()
    assert not (folder / "kafka").exists()
    (folder / "ports.json").unlink()
    folder.rmdir()


def test_somebody_else_at_work_is_a_clear_refusal() -> None:
    folder = make_folder("infra")
    kafka = NativeKafka(folder / "kafka")
    kafka.folder.mkdir()
    owner = EmbeddedPostgres(folder / "postgres", fast=True)
    run_apart(owner.start())
    try:
        refused = infra("down", "--folder", str(folder))
        assert refused.returncode == 3
        assert "in use by process" in refused.stderr
        assert owner.is_running()
    finally:
        run_apart(owner.destroy())
        run_apart(kafka.destroy())
        folder.rmdir()


def test_ports_of_the_last_time_are_kept() -> None:
    folder = make_folder("infra")
    chosen = free_port(), free_port()
    assert _choose_ports(folder, *chosen) == chosen
    assert _choose_ports(folder, None, None) == chosen
    (folder / "ports.json").write_text("damaged")
    assert len(set(_choose_ports(folder, None, None))) == 2
    (folder / "ports.json").unlink()
    folder.rmdir()


@pytest.mark.nightly
def test_another_address_is_reached_from_its_network() -> None:
    folder = make_folder("infra")
    place = ("--folder", str(folder))
    ports = ("--postgres-port", str(free_port()), "--kafka-port", str(free_port()))
    try:
        found = infra("up", *place, *ports, "--host", "127.0.0.9")
        assert found.returncode == 0, found.stderr
        lines = dict(line.split("=", 1) for line in found.stdout.splitlines())
        assert lines["CRMESH_POSTGRES"] == f"postgresql://postgres@127.0.0.9:{ports[1]}/"
        assert lines["CRMESH_KAFKA"] == f"127.0.0.9:{ports[3]}"
        run_apart(reach(lines["CRMESH_POSTGRES"], lines["CRMESH_KAFKA"]))
    finally:
        assert infra("down", "--remove", *place).returncode == 0
    (folder / "ports.json").unlink()
    folder.rmdir()
