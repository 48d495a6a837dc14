"""The system as its processes: PostgreSQL, Kafka behind a proxy, api and worker of each service, gateways.

Whatever ends is started again, as an orchestrator does it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil

from bench.faults.clocks import HOUR, Clocks
from bench.faults.disks import Disk
from bench.faults.proxy import TcpProxy
from kit.native.kafka import NativeKafka
from kit.native.postgres import EmbeddedPostgres
from kit.native.process import NativeError, free_port
from standalone.registry import SERVICES

ROOT = Path(__file__).resolve().parents[2]
SUPERVISE_SECONDS = 0.2
READY_SECONDS = 300.0
POSTGRES_MIB, KAFKA_MIB = 3072, 1024
PROTOCOL = "kit.web.protocol:CorkedProtocol"


@dataclass
class Process:
    """One process by name; `url` when it serves HTTP. `is_wanted`: the supervisor starts it again."""

    name: str
    command: list[str]
    environment: dict[str, str]
    log: Path
    url: str = ""
    is_wanted: bool = True
    starts: int = 0
    popen: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def spawn(self, crash_at: str = "") -> None:
        """Start it; with `crash_at` it kills itself at that point (`name:n`), this one time."""
        extra = {"CRMESH_CRASH_AT": crash_at} if crash_at else {}
        with self.log.open("ab") as out:
            self.popen = subprocess.Popen(
                self.command,
                stdout=out,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                env={**self.environment, **extra},
                start_new_session=True,  # as an orchestrator does; the scheduler then shares between them as well
            )
        self.starts += 1

    @property
    def is_running(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def send(self, number: int) -> None:
        """Send a signal to it if it lives."""
        if self.popen is not None and self.popen.poll() is None:
            self.popen.send_signal(number)

    async def ended(self, seconds: float) -> bool:
        """Wait until it has ended; False when the time is over."""
        deadline = time.monotonic() + seconds
        while self.is_running:
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(0.02)
        return True

    async def ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait for /readyz; raises TimeoutError with the end of its log."""
        deadline = time.monotonic() + seconds
        timeout = aiohttp.ClientTimeout(total=2)
        async with aiohttp.ClientSession(timeout=timeout) as client:
            while time.monotonic() < deadline:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                    async with client.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)
        raise TimeoutError(f"{self.name} is not ready:\n{self.log.read_text(errors='replace')[-3000:]}")


class System:
    """All processes on one folder. `replicas` api processes per service behind one address, and as many gateways.

    `mutant` starts the workers with one guarantee switched off (see `bench.faults.mutants`). With `clocks` every
    process but the broker can have its clock stepped, and begins two hours ago; with `disks` PostgreSQL and Kafka get
    disks of their own where that is allowed (`disks` then holds them). `faults`: Kafka is behind a proxy that
    can cut it off, and a projection of every service always fails, which must hold nothing else up.
    """

    def __init__(
        self,
        folder: Path,
        *,
        replicas: int = 1,
        mutant: str = "",
        clocks: Clocks | None = None,
        disks: bool = False,
        faults: bool = True,
    ) -> None:
        self.folder = folder
        self.clocks = clocks
        wanted = {"postgres": POSTGRES_MIB, "kafka": KAFKA_MIB} if disks else {}
        self.disks = {name: Disk(folder / name, size) for name, size in wanted.items()}
        kafka_port = free_port()
        self.kafka_proxy = TcpProxy(free_port(), kafka_port)
        self.postgres = EmbeddedPostgres(
            folder / "postgres",
            tcp_port=free_port(),
            max_connections=300,
            environment=clocks.environment("postgres") if clocks else None,
        )
        self._kafka_port = self.kafka_proxy.port if faults else kafka_port
        self.kafka = NativeKafka(folder / "kafka", kafka_port, timeout=READY_SECONDS, advertised_port=self._kafka_port)
        self.processes: dict[str, Process] = {}
        self.addresses: dict[str, TcpProxy] = {}
        self.unexpected: list[str] = []
        self._replicas = replicas
        self._mutant = mutant
        self._faults = faults
        self._supervisor: asyncio.Task[None] | None = None
        self._planned: set[str] = set()

    @property
    def kafka_address(self) -> str:
        return f"127.0.0.1:{self._kafka_port}"

    def gateways(self) -> list[str]:
        """Addresses of the gateways."""
        return [one.url for name, one in self.processes.items() if name.startswith("gateway")]

    def api(self, service: str) -> Process:
        return self.processes[f"{service}.api"]

    def worker(self, service: str) -> Process:
        return self.processes[f"{service}.worker"]

    def database(self, service: str) -> dict[str, Any]:
        """Arguments of asyncpg.connect for a service's database."""
        return {"dsn": f"{self.postgres.tcp_dsn()}crmesh_{service}"}

    async def start(self, *, interrupt_migrations: bool = False) -> int:
        """Start everything; returns how many migration runs were killed on the way."""
        (self.folder / "logs").mkdir(exist_ok=True)
        if not all(disk.mount() for disk in self.disks.values()):
            self._unmount()
        await asyncio.gather(self.postgres.start(), self._start_kafka())
        for service in SERVICES:
            await self.postgres.ensure_database(f"crmesh_{service}")
        self._describe()
        if self.clocks is not None:
            self.clocks.step(self.clocks.names(), -2 * HOUR)
        for address in self.addresses.values():
            await address.start()
        killed = await self._migrate(interrupted=interrupt_migrations)
        for process in self.processes.values():
            process.spawn()
        self._supervisor = asyncio.create_task(self._supervise())
        await asyncio.gather(*(process.ready() for process in self.processes.values() if process.url))
        return killed

    async def _start_kafka(self) -> None:
        await self.kafka_proxy.start()  # first: the broker is asked about itself at its advertised address
        await self.kafka.start()

    def _describe(self) -> None:
        ports = {service: [free_port() for _ in range(self._replicas)] for service in SERVICES}
        gateways = [free_port() for _ in range(self._replicas)]
        issuer = f"http://127.0.0.1:{gateways[0]}"
        common = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("CRMESH_", "COVERAGE_"))},
            "ENV": "test",
            "CRMESH_POSTGRES": self.postgres.tcp_dsn(),
            "CRMESH_KAFKA": self.kafka_address,
            "CRMESH_BUS": "kafka",
            "CRMESH_ISSUER": issuer,
            "CRMESH_ISSUER_URL": issuer,
            "CRMESH_JWKS_URL": f"{issuer}/.well-known/jwks.json",
            "CRMESH_TIMEZONE": "UTC",
            "CRMESH_LOG_LEVEL": "WARNING",
            "CRMESH_OPS_PORT": "0",  # the workers share a machine
        }
        for service, own in ports.items():
            for number, port in enumerate(own, start=1):
                name = f"{service}.api" + (f"-{number}" if number > 1 else "")
                self._add(name, _api(service, port), common, f"http://127.0.0.1:{port}")
            if self._replicas > 1:
                self.addresses[service] = TcpProxy(free_port(), *own)
            failing = {"CRMESH_FAIL_INSIGHT": "1"} if self._faults else {}
            self._add(f"{service}.worker", _worker(service, self._mutant), {**common, **failing})
        upstreams = {
            f"CRMESH_UPSTREAM_{service.upper()}": "http://127.0.0.1:"
            + str(self.addresses[service].port if self._replicas > 1 else own[0])
            for service, own in ports.items()
        }
        for number, port in enumerate(gateways, start=1):
            name = "gateway" + (f"-{number}" if number > 1 else "")
            own_settings = {"CRMESH_PORT": str(port), "CRMESH_DATA_DIR": str(self.folder / "gateway"), **upstreams}
            environment = {**common, **own_settings}
            del environment["CRMESH_JWKS_URL"]  # the gateway is the issuer
            self._add(name, [sys.executable, "-m", "gateway.main"], environment, f"http://127.0.0.1:{port}")

    def _add(self, name: str, command: list[str], environment: dict[str, str], url: str = "") -> None:
        clock = self.clocks.environment(name) if self.clocks is not None else {}
        log = self.folder / "logs" / f"{name}.log"
        self.processes[name] = Process(name, command, {**environment, **clock}, log, url)

    def heal(self) -> None:
        """Nothing is stopped, away, full or out of time any more."""
        self.kafka_proxy.set_mode("pass")
        for process in self.processes.values():
            process.send(signal.SIGCONT)
        for disk in self.disks.values():
            disk.free()
        if self.clocks is not None:
            self.clocks.step(self.clocks.names(), 0)

    def add_second_worker(self, service: str) -> Process:
        """Another worker of a service: two relays, two members of the group."""
        name = f"{service}.worker-2"
        if name not in self.processes:
            self._add(name, _worker(service, self._mutant), self.worker(service).environment)
        self.processes[name].is_wanted = True
        self.processes[name].spawn()
        return self.processes[name]

    async def retire(self, process: Process) -> None:
        """End a process for good, orderly."""
        process.is_wanted = False
        process.send(signal.SIGTERM)
        if not await process.ended(30):
            process.send(signal.SIGKILL)
            await process.ended(10)

    async def _migrate(self, *, interrupted: bool) -> int:
        """`crmesh migrate`; when interrupted, first killed at later and later moments until one run comes through."""
        killed, patience = 0, 0.8 if interrupted else 300.0
        environment = self.processes["customer.api"].environment
        while True:
            command = Process("migrate", [_script(), "migrate"], environment, self.folder / "logs" / "migrate.log")
            command.spawn()
            assert command.popen is not None
            try:
                has_ended = await command.ended(patience)
            except asyncio.CancelledError:  # the whole run is cut short
                command.send(signal.SIGKILL)
                raise
            if has_ended:
                if command.popen.returncode:
                    raise NativeError(f"migrate failed:\n{command.log.read_text(errors='replace')[-3000:]}")
                return killed
            command.send(signal.SIGKILL)
            await command.ended(10)
            killed, patience = killed + 1, patience * 1.3

    async def _supervise(self) -> None:
        while True:
            for process in list(self.processes.values()):
                if process.is_wanted and not process.is_running:
                    assert process.popen is not None
                    if process.popen.returncode != -signal.SIGKILL:
                        self.unexpected.append(f"{process.name} ended with {process.popen.returncode}")
                    process.spawn()
            await asyncio.sleep(SUPERVISE_SECONDS)

    async def kill_postgres(self) -> None:
        """kill -9 of the server and start it again (crash recovery)."""
        server = self.postgres.process
        self.postgres.detach()
        children = server.children()
        server.kill()
        await asyncio.to_thread(psutil.wait_procs, [server, *children], 20)
        await self.postgres.start()

    async def kill_kafka(self) -> None:
        """kill -9 of the broker and start it again."""
        await self.kafka.stop(grace=0)
        await self.kafka.start()

    async def restart_postgres_if_gone(self) -> None:
        """Start the server again when it has ended by itself."""
        if not self.postgres.is_running():
            self.postgres.detach()
            await self.postgres.start()

    async def restart_kafka_if_gone(self) -> None:
        """Start the broker again: it ends by itself some time after a write has failed, or not at all."""
        await asyncio.to_thread(psutil.wait_procs, self.kafka.processes(), 20)
        await self.kill_kafka()

    async def run_once(self, name: str, *arguments: str, crash_at: str = "", seconds: float = 120) -> int:
        """Run a `crmesh` command beside the system; returns its exit code (-9: killed itself)."""
        environment = self.processes["customer.api"].environment
        command = Process(name, [_script(), *arguments], environment, self.folder / "logs" / f"{name}.log")
        command.spawn(crash_at)
        assert command.popen is not None
        if not await command.ended(seconds):
            command.send(signal.SIGKILL)
            await command.ended(10)
        return command.popen.returncode or 0

    async def stop(self) -> None:
        """End everything and remove the data; the logs stay until the folder goes."""
        if self._supervisor is not None:
            self._supervisor.cancel()
        for process in self.processes.values():
            process.send(signal.SIGCONT)
            process.send(signal.SIGKILL)
        for process in self.processes.values():
            await process.ended(10)
        for address in self.addresses.values():
            await address.stop()
        await asyncio.gather(self.postgres.destroy(), self.kafka.destroy())
        await self.kafka_proxy.stop()
        self._unmount()

    def _unmount(self) -> None:
        for disk in self.disks.values():
            disk.unmount()
        self.disks = {}


def _script() -> str:
    return str(Path(sys.executable).parent / "crmesh")


def _api(service: str, port: int) -> list[str]:
    factory = f"services.{service}.app:from_environment"
    quiet = ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "20", "--no-proxy-headers"]
    address = ["--host", "127.0.0.1", "--port", str(port)]
    return [sys.executable, "-m", "uvicorn", "--factory", factory, "--http", PROTOCOL, *address, *quiet]


def _worker(service: str, mutant: str) -> list[str]:
    if mutant:
        return [sys.executable, "-m", "bench.faults.mutants", mutant, service]
    return [sys.executable, "-m", f"services.{service}.worker"]
