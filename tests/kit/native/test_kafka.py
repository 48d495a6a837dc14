"""The native Kafka: records survive restarts and kills, one owner per folder, nothing left behind."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer  # type: ignore[import-untyped]

from kit.native.kafka import NativeKafka, check_versions
from kit.native.process import FolderInUse, NativeError, free_port
from kit.testing.kafka import create_topic
from kit.testing.native import make_folder

PARENT = """
import asyncio, sys
from pathlib import Path
from kit.native.kafka import NativeKafka

async def main():
    broker = NativeKafka(Path(sys.argv[1]))
    await broker.start()
    print("ready", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


@pytest.fixture
async def broker() -> AsyncIterator[NativeKafka]:
    broker = NativeKafka(make_folder("kafka"))
    yield broker
    broker.detach()
    await broker.destroy()
    assert not broker.is_running()
    assert is_gone(broker.folder)


def is_gone(path: Path) -> bool:
    return not path.exists()


async def produce(bootstrap: str, topic: str, values: list[bytes]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all", enable_idempotence=True) as producer:
        for value in values:
            await producer.send_and_wait(topic, value, key=b"one key")


async def consume(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, group_id="readers", auto_offset_reset="earliest")
    async with asyncio.timeout(30), consumer:
        return [(await consumer.getone()).value for _ in range(count)]


async def test_records_survive_stop_and_kill(broker: NativeKafka) -> None:
    await broker.start()
    bootstrap = broker.bootstrap
    await create_topic(bootstrap, "facts", 3)
    await produce(bootstrap, "facts", [b"1", b"2"])
    assert await consume(bootstrap, "facts", 2) == [b"1", b"2"]
    await broker.stop()
    await broker.stop()
    assert not broker.is_running()

    await broker.start()
    assert broker.bootstrap == bootstrap
    await produce(bootstrap, "facts", [b"3"])
    [process] = broker.processes()
    process.kill()
    await asyncio.to_thread(process.wait, 10)
    broker.detach()

    await broker.start()
    assert await consume(bootstrap, "facts", 1) == [b"3"]
    with pytest.raises(FolderInUse):
        await NativeKafka(broker.folder).start()
    assert broker.is_running()


async def test_broker_of_a_killed_parent_is_refused_while_it_lives_then_adopted(broker: NativeKafka) -> None:
    command = [sys.executable, "-W", "error", "-c", PARENT, str(broker.folder)]
    parent = await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    while "ready" not in await asyncio.to_thread(parent.stdout.readline):
        assert parent.poll() is None
    [process] = broker.processes()
    assert os.getsid(process.pid) != os.getsid(parent.pid)
    with pytest.raises(FolderInUse, match=str(parent.pid)):
        await broker.start()
    with pytest.raises(FolderInUse):
        await broker.stop()
    parent.kill()
    await asyncio.to_thread(parent.wait)
    parent.stdout.close()

    assert process.is_running()
    await broker.start()
    assert broker.processes() == [process]
    await broker.stop()
    assert not psutil.pid_exists(process.pid)


async def test_a_taken_port_is_an_error_when_asked_for_and_avoided_when_not(broker: NativeKafka) -> None:
    await broker.start()
    taken = int(broker.bootstrap.rsplit(":", 1)[1])
    await broker.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", taken))
        other.listen()
        began = time.monotonic()
        with pytest.raises(NativeError, match="Address already in use"):
            await NativeKafka(broker.folder, taken).start()
        assert time.monotonic() - began < 60
        await broker.start()
        assert not broker.bootstrap.endswith(f":{taken}")
        assert len(broker.processes()) == 1


def test_an_interrupted_format_starts_over(broker: NativeKafka) -> None:
    broker.folder.joinpath("data").mkdir()
    broker.folder.joinpath("data", "meta.properties").write_text("half")
    asyncio.run(broker.start())
    assert broker.is_running()


async def test_never_started_folder_has_no_address_and_stops_quietly(tmp_path: Path) -> None:
    broker = NativeKafka(tmp_path / "none", free_port())
    await broker.stop()
    assert not broker.is_running()
    with pytest.raises(NativeError, match="ever started"):
        _ = broker.bootstrap


@pytest.mark.parametrize(
    "found", [[], ["kafka-clients-3.9.1.jar"], ["kafka-clients-3.9.1.jar", "kafka-clients-4.3.1.jar"]]
)
def test_clients_of_another_version_are_refused(found: list[str]) -> None:
    with pytest.raises(NativeError, match="same version"):
        check_versions(["org.apache.kafka:kafka_2.13:4.3.1"], [Path("jars") / name for name in found])
    check_versions(["org.apache.kafka:kafka_2.13:4.3.1"], [Path("jars/kafka-clients-4.3.1.jar")])
