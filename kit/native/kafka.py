"""A real Kafka broker (KRaft, one node) from Python packages alone, for developers, tests and CI."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import re
import shutil
import string
import subprocess
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil
import structlog

from kit.native.java import java_binary, read_coordinates, resolve_jars
from kit.native.process import LOOPBACK, FolderLock, NativeError, end_processes, find_processes, free_port

log = structlog.get_logger(__name__)

SETTINGS: Final = Path(__file__).resolve().parents[2] / "deploy" / "native"
JVM_OPTIONS: Final = ("-Xmx512m", "-XX:+UseSerialGC", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn")
ATTEMPTS: Final = 3


def check_versions(coordinates: list[str], jars: list[Path]) -> None:
    """`NativeError` unless exactly the broker's version of kafka-clients is among the jars."""
    broker = coordinates[0].rsplit(":", 1)[1]
    clients = [jar.name for jar in jars if re.fullmatch(r"kafka-clients-\d.*\.jar", jar.name)]
    if clients != [f"kafka-clients-{broker}.jar"]:
        raise NativeError(f"broker {broker} needs kafka-clients of the same version, found {clients}")


class NativeKafka:
    """One broker whose data, settings and log live in `folder`.

    `port` None: the port of the last run if it is free, else any free one. `host`: the address it listens on, one of
    this machine. `advertised_port`: where clients are told to connect when something stands between (fault tests).
    `settings`: more lines for the broker's file, with the same placeholders; the last line of a name counts.
    `format_options`: more for the tool that prepares the data folder (users of SCRAM).
    A broker that an earlier process left behind (kill -9, or `detach`) is adopted by `start` and ended by `stop`.
    """

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        timeout: float = 90,
        host: str = LOOPBACK,
        advertised_port: int | None = None,
        settings: str = "",
        format_options: Sequence[str] = (),
    ) -> None:
        self.folder = folder.resolve()
        self.log_file = self.folder / "kafka.log"
        self._wanted_port = port
        self._host = host
        self._advertised_port = advertised_port
        self._settings = settings
        self._format_options = tuple(format_options)
        self._timeout = timeout
        self._config = self.folder / "kafka.properties"
        self._data = self.folder / "data"
        self._lock = FolderLock(self.folder)

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients; `NativeError` before the first start on this folder."""
        host, port = self._configured("PLAINTEXT")
        if port is None:
            raise NativeError(f"no Kafka was ever started in {self.folder}")
        return f"{host}:{port}"

    def is_running(self) -> bool:
        """Whether a broker of this folder lives, whoever started it."""
        return bool(self.processes())

    async def start(self) -> None:
        """Start or adopt the broker and wait until it answers; `FolderInUse` if another process has the folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock.acquire()
        try:
            if not await self._adopt():
                await self._start_fresh()
        except BaseException:
            self._lock.release()
            raise

    async def stop(self, *, grace: float = 40) -> None:
        """End the broker: orderly for up to `grace` seconds, then by force (0: at once). Idempotent."""
        if not self.folder.exists():
            return
        if not self._lock.held:
            self._lock.acquire()
        try:
            await end_processes(self.processes(), grace)
        finally:
            self._lock.release()

    def detach(self) -> None:
        """Let go of the folder and leave the broker running."""
        self._lock.release()

    async def destroy(self) -> None:
        """End the broker by force and remove the folder with its data."""
        await self.stop(grace=0)
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    def processes(self) -> list[psutil.Process]:
        """Brokers that live on this folder, whoever started them."""
        return find_processes("kafka.Kafka", str(self._config))

    async def _adopt(self) -> bool:
        left = self.processes()
        if not left:
            return False
        host, port = self._configured("PLAINTEXT")
        is_same = host == self._host and self._wanted_port in (None, port)
        if len(left) == 1 and is_same and await self._answers(left[0]):
            log.info("adopted the Kafka left by an earlier run", pid=left[0].pid, bootstrap=self.bootstrap)
            return True
        await end_processes(left, 20)
        return False

    async def _start_fresh(self) -> None:
        coordinates = read_coordinates(SETTINGS / "kafka-coordinates.txt")
        jars = await asyncio.to_thread(resolve_jars, coordinates)
        check_versions(coordinates, jars)
        classpath = os.pathsep.join(map(str, jars))
        for attempt in range(1, ATTEMPTS + 1):
            self._write_config(fresh_ports=attempt > 1)
            await self._format(classpath)
            process = psutil.Process(self._spawn(classpath))
            if await self._answers(process):
                log.info("Kafka started", bootstrap=self.bootstrap, pid=process.pid)
                return
            await end_processes([process], 0)
            if "Address already in use" not in self._log_tail() or self._wanted_port is not None:
                break
        raise NativeError(f"Kafka does not start, end of {self.log_file}:\n{self._log_tail()}")

    def _configured(self, listener: str) -> tuple[str, int | None]:
        """Address and port of the last run."""
        text = self._config.read_text() if self._config.exists() else ""
        found = re.search(rf"^listeners=.*\b{listener}://([\d.]+):(\d+)", text, re.MULTILINE)
        return (found.group(1), int(found.group(2))) if found else (self._host, None)

    def _configured_port(self, listener: str) -> int | None:
        return self._configured(listener)[1]

    def _write_config(self, *, fresh_ports: bool) -> None:
        port = self._wanted_port or free_port(None if fresh_ports else self._configured_port("PLAINTEXT"))
        controller = free_port(None if fresh_ports else self._configured_port("CONTROLLER"))
        while controller == port:
            controller = free_port()
        template = string.Template((SETTINGS / "kafka.properties").read_text() + self._settings)
        pending = self._config.with_suffix(".new")
        ports = {"port": port, "controller_port": controller, "advertised_port": self._advertised_port or port}
        pending.write_text(template.substitute(ports, host=self._host, data=self._data))
        pending.replace(self._config)

    async def _format(self, classpath: str) -> None:
        """Prepare the data folder; the mark is written last, so a crash half-way formats again."""
        mark = self.folder / "formatted"
        if mark.exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A", 1)
        arguments = ("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._config), *self._format_options)
        command = [str(java_binary()), "-Xmx256m", "-XX:+UseSerialGC", "-cp", classpath, *arguments]
        done = await asyncio.to_thread(
            subprocess.run, command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise NativeError(f"Kafka cannot format {self._data}: {(done.stderr or done.stdout)[-3000:]}")
        mark.write_text(cluster)

    def _spawn(self, classpath: str) -> int:
        """Process id of a broker in its own session, so that Ctrl-C in the terminal does not reach it."""
        command = [str(java_binary()), *JVM_OPTIONS, "-cp", classpath, "kafka.Kafka", str(self._config)]
        log_flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        return os.posix_spawn(
            command[0],
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self.log_file), log_flags, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )

    async def _answers(self, process: psutil.Process) -> bool:
        """Wait until the broker is registered with its controller; False if it died or the time is over."""
        deadline = time.monotonic() + self._timeout
        host, port = self.bootstrap.split(":")
        while time.monotonic() < deadline:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection(host, int(port))
                writer.close()
                if await self._knows_itself():
                    return True
            await asyncio.sleep(0.1)
        return False

    async def _knows_itself(self) -> bool:
        from aiokafka.admin import AIOKafkaAdminClient  # type: ignore[import-untyped]
        from aiokafka.errors import KafkaError  # type: ignore[import-untyped]

        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap, request_timeout_ms=5000)
        try:
            await admin.start()
            return bool((await admin.describe_cluster())["brokers"])
        except (KafkaError, OSError):
            return False
        finally:
            await admin.close()

    def _log_tail(self) -> str:
        return self.log_file.read_text(errors="replace")[-3000:] if self.log_file.exists() else ""
