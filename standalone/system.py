"""The whole system in one process: PostgreSQL, the log, four services, their workers, the gateway."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import structlog
import uvicorn

from gateway.app import Gateway, create_app
from gateway.issuer import DevelopmentIssuer
from gateway.server import server_config
from gateway.settings import GatewaySettings
from gateway.upstream import AsgiUpstream
from kit.db.database import DatabaseSettings
from kit.db.migrate import upgrade
from kit.events.bus import EventBus
from kit.events.worker import Worker
from kit.native.postgres import EmbeddedPostgres
from kit.process import LOG_DATABASE, make_runtime, topics_of
from kit.runtime import Runtime
from kit.security.tokens import TokenVerifier, static_jwks
from standalone.registry import SERVICES, room

log = structlog.get_logger(__name__)

BusKind = Literal["embedded", "kafka"]


class PortTaken(Exception):
    """Another program listens on the gateway's port."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. `folder` holds everything that is kept; `kafka` names a running cluster (else one is started)."""

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8000
    bus: BusKind = "embedded"
    kafka: str | None = None

    @property
    def url(self) -> str:
        """Address of the gateway."""
        return f"http://{self.host}:{self.port}"


@dataclass
class System:
    """A running system."""

    options: Options
    postgres: str
    bus_address: str
    issuer: DevelopmentIssuer
    runtimes: dict[str, Runtime]
    gateway: Gateway
    started_in: float = 0.0
    first_start: bool = False
    _serving: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    async def serve(self, stop: asyncio.Event) -> None:
        """Answer HTTP until `stop` is set, then drain."""
        server = _QuietServer(server_config(cast(Any, self.gateway), host=self.options.host, port=self.options.port))
        server.on_started = self._serving.set
        serving = asyncio.create_task(server.serve())
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        self.gateway.start_draining()
        server.should_exit = True
        waiting.cancel()
        await serving

    async def wait_until_serving(self) -> None:
        """Returns when the port accepts requests."""
        await self._serving.wait()


class _QuietServer(uvicorn.Server):
    """Signals are handled by whoever runs the system."""

    on_started: Callable[[], None]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell when the port accepts requests."""
        await super().startup(sockets)
        if self.started:
            self.on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """No handlers of its own."""
        yield


def check_port(host: str, port: int) -> None:
    """Raises PortTaken when the gateway could not listen."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(f"{host}:{port} cannot be used: {error.strerror or error}") from None


def system_file(folder: Path) -> Path:
    """Describes the system that runs on a data folder, for other commands."""
    return folder / "system.json"


@asynccontextmanager
async def running(options: Options) -> AsyncIterator[System]:
    """Start everything, stop everything. Raises PortTaken, FolderInUse (kit.native) when that cannot be."""
    began = time.monotonic()
    check_port(options.host, options.port)
    first = not (options.folder / "postgres").exists()
    options.folder.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        server = EmbeddedPostgres(options.folder / "postgres")
        await server.start()
        stack.push_async_callback(server.stop)
        postgres = server.dsn("")
        bus_address = await _start_bus_server(options, stack)
        await _prepare_databases(server, options)
        gateway_settings = GatewaySettings(env="development", data_dir=options.folder, issuer_url=options.url)
        issuer = DevelopmentIssuer(gateway_settings)
        bus = await _start_bus(options, postgres, bus_address, stack)
        runtimes = await _start_services(options, postgres, issuer, bus, stack)
        apps = {name: room(name, "app").create_app(runtime) for name, runtime in runtimes.items()}
        upstreams = {name: AsgiUpstream(app) for name, app in apps.items()}
        documents = {name: app.openapi() for name, app in apps.items()}
        gateway = create_app(gateway_settings, upstreams, issuer=issuer, documents=documents)
        await _start_workers(runtimes, stack)
        system = System(options, postgres, bus_address, issuer, runtimes, gateway, first_start=first)
        system.started_in = time.monotonic() - began
        describe(system)
        stack.callback(system_file(options.folder).unlink, missing_ok=True)
        yield system


def describe(system: System) -> None:
    """Write the system file."""
    body = {
        "url": system.options.url,
        "postgres": system.postgres,
        "bus": system.options.bus,
        "kafka": system.bus_address,
        "pid": os.getpid(),
    }
    system_file(system.options.folder).write_text(json.dumps(body, indent=2))


async def _start_bus_server(options: Options, stack: AsyncExitStack) -> str:
    if options.bus == "embedded":
        return ""
    if options.kafka:
        return options.kafka
    from kit.native.kafka import NativeKafka

    broker = NativeKafka(options.folder / "kafka")
    await broker.start()
    stack.push_async_callback(broker.stop)
    return broker.bootstrap


async def _prepare_databases(server: EmbeddedPostgres, options: Options) -> None:
    if options.bus == "embedded":
        await server.ensure_database(LOG_DATABASE)
    for service in SERVICES:
        await server.ensure_database(f"crmesh_{service}")
        settings = room(service, "settings").Settings(postgres=server.dsn(""))
        if await upgrade(service, DatabaseSettings(connect=settings.database_connect(), name=service)):
            log.info("migrated", service=service)


async def _start_bus(options: Options, postgres: str, address: str, stack: AsyncExitStack) -> EventBus:
    bus: EventBus
    if options.bus == "kafka":
        from kit.events.kafka import KafkaBus

        bus = KafkaBus(address, "crmesh-standalone")
    else:
        from kit.events.embedded import EmbeddedBus

        settings = room("customer", "settings").Settings(postgres=postgres)
        bus = EmbeddedBus({"dsn": settings.server_dsn(LOG_DATABASE)})
    await bus.start()
    stack.push_async_callback(bus.stop)
    await bus.ensure_topics([topic for service in SERVICES for topic in topics_of(service)])
    return bus


async def _start_services(
    options: Options, postgres: str, issuer: DevelopmentIssuer, bus: EventBus, stack: AsyncExitStack
) -> dict[str, Runtime]:
    secret = _kept_secret(options.folder / "secret")
    runtimes = {}
    for service in SERVICES:
        settings = room(service, "settings").Settings(
            postgres=postgres,
            bus=options.bus,
            issuer=options.url,
            secret=secret,
            pool_writers=3,
            pool_readers=2,
        )
        verifier = TokenVerifier(options.url, settings.audience, static_jwks(issuer.jwks()))
        runtime = make_runtime(settings, bus=bus, verifier=verifier)
        await runtime.db.start()
        stack.push_async_callback(runtime.db.stop)
        runtimes[service] = runtime
    return runtimes


async def _start_workers(runtimes: dict[str, Runtime], stack: AsyncExitStack) -> None:
    stop = asyncio.Event()
    workers: list[Worker] = [room(name, "worker").create_worker(runtime) for name, runtime in runtimes.items()]
    tasks = [asyncio.create_task(worker.run(stop), name=f"worker-{worker.runtime.service}") for worker in workers]

    async def end() -> None:
        stop.set()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, BaseException):
                log.error("worker_failed", error=repr(outcome))

    stack.push_async_callback(end)


def _kept_secret(path: Path) -> str:
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        fresh.replace(path)
    return path.read_text()
