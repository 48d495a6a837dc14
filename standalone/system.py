"""The whole system in one process: PostgreSQL, the log, four services, their workers, the gateway."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import psutil
import structlog

from gateway.app import Gateway, create_app
from gateway.issuer import DevelopmentIssuer
from gateway.server import server_config
from gateway.settings import GatewaySettings
from gateway.upstream import AsgiUpstream
from kit.collector import settle_collector
from kit.db.database import DatabaseSettings
from kit.db.migrate import upgrade
from kit.events.bus import EventBus
from kit.events.envelope import topic_of
from kit.events.kafka import KafkaBus
from kit.events.worker import Worker
from kit.native.postgres import EmbeddedPostgres
from kit.runtime import LOG_DATABASE, Runtime, make_bus, make_runtime, topics_of
from kit.security.tokens import TokenVerifier, static_jwks
from kit.web.health import InnerServer
from standalone.folder import kept_bus, kept_keys, kept_secret, system_file, write_whole
from standalone.registry import SERVICES, room

log = structlog.get_logger(__name__)

WATCH_SECONDS = 1.0
SHARED_BUFFERS_MB = 64
"""Half of the default: it counts towards the memory of the whole, and the operating system caches files too."""

BusKind = Literal["embedded", "kafka"]


STOP_SECONDS = 30.0
BACKLOG = 2048
DRAIN_SECONDS = 10


class PortTaken(Exception):
    """The gateway cannot listen on its address."""


class OtherBus(Exception):
    """The data folder belongs to a system whose events are elsewhere."""


class Interrupted(Exception):
    """Asked to stop before everything was started."""


class ServerGone(Exception):
    """The database server ended under the running system."""


class WorkerEnded(Exception):
    """A service's background work ended by itself."""


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
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@dataclass
class System:
    """A running system."""

    options: Options
    postgres: str
    bus_address: str
    issuer: DevelopmentIssuer
    runtimes: dict[str, Runtime]
    gateway: Gateway
    listener: socket.socket
    workers: list[asyncio.Task[None]]
    _serving: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    async def serve(self, stop: asyncio.Event) -> None:
        """Answer HTTP until `stop` is set, then drain."""
        config = server_config(cast(Any, self.gateway), host=self.options.host, port=self.options.port)
        config.timeout_graceful_shutdown = DRAIN_SECONDS
        server = InnerServer(config)
        server.on_started = self._serving.set
        settle_collector()
        serving = asyncio.create_task(server.serve(sockets=[self.listener]))
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
        self.gateway.start_draining()
        server.should_exit = True
        waiting.cancel()
        await serving

    async def wait_until_serving(self) -> None:
        """Returns when requests are answered."""
        await self._serving.wait()

    async def watch_workers(self) -> None:
        """Raises WorkerEnded as soon as a service's worker or PostgreSQL ends: nothing would move any more."""
        done, _ = await asyncio.wait(self.workers, return_when=asyncio.FIRST_COMPLETED)
        ended = next(iter(done))
        reason = "cancelled" if ended.cancelled() else repr(ended.exception())
        raise WorkerEnded(f"{ended.get_name()} ended: {reason}")


def listen(host: str, port: int) -> socket.socket:
    """Take the gateway's address for this process, before anything is started. Raises PortTaken.

    Requests that come in while the system starts wait in the queue of the socket.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise PortTaken(f"{host}:{port}: {error.strerror or error}") from None
    listener.setblocking(False)
    return listener


@asynccontextmanager
async def running(options: Options, stop: asyncio.Event | None = None) -> AsyncIterator[System]:
    """Start everything, stop everything.

    Raises PortTaken, FolderInUse (kit.native) and OtherBus when that cannot be, before anything is changed;
    Interrupted when `stop` is set while starting (no step is torn in two, what was started is stopped).
    """
    with closing(listen(options.host, options.port)) as listener:
        async with AsyncExitStack() as stack:
            yield await _start(options, listener, stack, stop or asyncio.Event())


async def _start(options: Options, listener: socket.socket, stack: AsyncExitStack, stop: asyncio.Event) -> System:
    options.folder.mkdir(parents=True, exist_ok=True)
    _check_bus(options)
    server = EmbeddedPostgres(options.folder / "postgres", shared_buffers_mb=SHARED_BUFFERS_MB)
    await server.start()
    stack.push_async_callback(server.stop)
    if options.bus == "embedded":
        write_whole(options.folder / "bus", options.bus)
    postgres = server.dsn("")
    _go_on(stop)
    bus_address = await _start_bus_server(options, stack)
    _go_on(stop)
    await _prepare_databases(server, options, stop)
    gateway_settings = GatewaySettings(env="development", data_dir=options.folder, issuer_url=options.url)
    issuer = DevelopmentIssuer(gateway_settings)
    bus = await _start_bus(options, postgres, bus_address, stack)
    runtimes = await _start_services(options, postgres, issuer, bus, stack)
    apps = {name: room(name, "app").create_app(runtime) for name, runtime in runtimes.items()}
    upstreams = {name: AsgiUpstream(app) for name, app in apps.items()}
    gateway = create_app(
        gateway_settings,
        upstreams,
        issuer=issuer,
        others=[runtime.metrics for runtime in runtimes.values()],
    )
    _go_on(stop)
    workers = _start_workers(runtimes, stack)
    workers.append(asyncio.create_task(_watch_server(server), name="PostgreSQL"))
    stack.callback(workers[-1].cancel)
    system = System(options, postgres, bus_address, issuer, runtimes, gateway, listener, workers)
    describe(system)
    stack.callback(system_file(options.folder).unlink, missing_ok=True)
    return system


async def _watch_server(server: EmbeddedPostgres) -> None:
    """Ends when the database server has gone: the next start recovers everything."""
    while True:
        await asyncio.sleep(WATCH_SECONDS)
        if not await asyncio.to_thread(server.is_running):
            raise ServerGone("it was killed or crashed; start again and it recovers")


def _go_on(stop: asyncio.Event) -> None:
    if stop.is_set():
        raise Interrupted


def _check_bus(options: Options) -> None:
    """Raises OtherBus: offsets and sent events of one log mean nothing in another."""
    kept, _cluster = kept_bus(options.folder)
    if kept not in ("", options.bus):
        raise OtherBus(f"the events of {options.folder} are kept by the {kept} bus, not {options.bus}")


async def _check_cluster(options: Options, bus: KafkaBus) -> None:
    """Raises OtherBus: with another cluster, or one that holds the events of another system, facts would be lost."""
    kept, known = kept_bus(options.folder)
    cluster = await bus.cluster_id()
    if known and known != cluster:
        raise OtherBus(
            f"its events are kept by the Kafka cluster {known}, and this is {cluster}; CRMESH_KAFKA names the cluster"
        )
    if not kept:
        for service in SERVICES:
            if any(end for _first, end in (await bus.bounds(topic_of(service))).values()):
                raise OtherBus(f"it is new, and the Kafka cluster {cluster} holds the events of another system")
    write_whole(options.folder / "bus", f"kafka {cluster}")


def describe(system: System) -> None:
    """Write the system file."""
    body = {
        "url": system.options.url,
        "postgres": system.postgres,
        "bus": system.options.bus,
        "kafka": system.bus_address,
        "pid": os.getpid(),
        "started": psutil.Process().create_time(),
    }
    write_whole(system_file(system.options.folder), json.dumps(body, indent=2))


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


async def _prepare_databases(server: EmbeddedPostgres, options: Options, stop: asyncio.Event) -> None:
    if options.bus == "embedded":
        await server.ensure_database(LOG_DATABASE)
    for service in SERVICES:
        await server.ensure_database(f"crmesh_{service}")
        settings = room(service, "settings").Settings(postgres=server.dsn(""))
        if await upgrade(service, DatabaseSettings(connect=settings.database_connect(), name=service)):
            log.info("migrated", service=service)
        _go_on(stop)


async def _start_bus(options: Options, postgres: str, address: str, stack: AsyncExitStack) -> EventBus:
    bus: EventBus
    if address and not options.kafka:
        bus = KafkaBus(address, "crmesh-standalone")
    else:
        settings = room("customer", "settings").Settings(postgres=postgres, bus=options.bus, kafka=address)
        bus = make_bus(settings, "crmesh-standalone")
    await bus.start()
    stack.push_async_callback(bus.stop)
    await bus.ensure_topics([topic for service in SERVICES for topic in topics_of(service)])
    if isinstance(bus, KafkaBus):
        await _check_cluster(options, bus)
    return bus


async def _start_services(
    options: Options, postgres: str, issuer: DevelopmentIssuer, bus: EventBus, stack: AsyncExitStack
) -> dict[str, Runtime]:
    secret = kept_secret(options.folder / "secret")
    runtimes = {}
    for service in SERVICES:
        settings = room(service, "settings").Settings(
            postgres=postgres,
            bus=options.bus,
            issuer=options.url,
            secret=secret,
            pool_writers=3,
            pool_readers=2,
            **kept_keys(secret),
        )
        verifier = TokenVerifier(options.url, settings.audience, static_jwks(issuer.jwks()))
        runtime = make_runtime(settings, bus=bus, verifier=verifier)
        await runtime.db.start()
        stack.push_async_callback(runtime.db.stop)
        runtimes[service] = runtime
    return runtimes


def _start_workers(runtimes: dict[str, Runtime], stack: AsyncExitStack) -> list[asyncio.Task[None]]:
    stop = asyncio.Event()
    workers: list[Worker] = [room(name, "worker").create_worker(runtime) for name, runtime in runtimes.items()]
    tasks = [
        asyncio.create_task(worker.run(stop), name=f"the worker of {worker.runtime.service}") for worker in workers
    ]

    async def end() -> None:
        stop.set()
        _done, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in late:
            log.error("worker_does_not_stop", worker=task.get_name())
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                log.error("worker_failed", error=repr(outcome))

    stack.push_async_callback(end)
    return tasks
