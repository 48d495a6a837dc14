"""Building a process of a service from its settings: runtime, lifespan, signals."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any

import structlog
from fastapi import FastAPI

from kit.collector import settle_collector
from kit.db.database import Database, DatabaseSettings
from kit.events.bus import BusUnavailable, EventBus
from kit.events.envelope import dead_letter_topic_of, topic_of
from kit.events.worker import Worker
from kit.runtime import Runtime
from kit.security.tokens import TokenVerifier, http_jwks
from kit.settings import ServiceSettings
from kit.telemetry.logging import configure_logging
from kit.telemetry.metrics import Metrics
from kit.telemetry.spans import recording
from kit.web.health import ServiceHealth, served
from kit.web.server import serve

log = structlog.get_logger(__name__)

LOG_DATABASE = "crmesh_log"
"""Database of the embedded log."""
_NO_LOG = "the log has not been reached yet"
START_SECONDS = 1.0
"""Between two looks at what a worker waits for before it starts: its tables, its topics."""


def make_bus(settings: ServiceSettings, client_id: str) -> EventBus:
    """The event bus that the settings name."""
    if settings.bus == "kafka":
        from kit.events.kafka import KafkaBus
        from kit.events.kafka_access import KafkaAccess

        access = KafkaAccess(
            settings.kafka,
            tls=settings.kafka_tls,
            ca=settings.kafka_ca,
            cert=settings.kafka_cert,
            key=settings.kafka_key,
            user=settings.kafka_user,
            password=settings.kafka_password.get_secret_value(),
        )
        return KafkaBus(access, client_id)
    from kit.events.embedded import EmbeddedBus

    return EmbeddedBus({"dsn": settings.server_dsn(LOG_DATABASE)})


def make_verifier(settings: ServiceSettings) -> TokenVerifier:
    """Verifier of the issuer's tokens with keys fetched by HTTP."""
    return TokenVerifier(settings.issuer, settings.audience, http_jwks(settings.jwks_url))


def make_runtime(
    settings: ServiceSettings, *, bus: EventBus | None = None, verifier: TokenVerifier | None = None
) -> Runtime:
    """The runtime of one service; nothing is connected yet."""
    database = DatabaseSettings(
        connect=settings.database_connect(),
        name=settings.service,
        writers=settings.pool_writers,
        readers=settings.pool_readers,
    )
    db, metrics = Database(database), Metrics(settings.service)
    metrics.watch_pool("writers", settings.pool_writers, db.connections_in_use)
    metrics.watch_pool("readers", settings.pool_readers, partial(db.connections_in_use, read_only=True))
    return Runtime(
        service=settings.service,
        settings=settings,
        db=db,
        bus=bus or make_bus(settings, f"crmesh-{settings.service}"),
        verifier=verifier or make_verifier(settings),
        metrics=metrics,
    )


def topics_of(service: str) -> list[str]:
    """Topics a service writes."""
    return [topic_of(service), dead_letter_topic_of(service)]


@asynccontextmanager
async def started(runtime: Runtime) -> AsyncIterator[None]:
    """Start and stop the parts of a runtime that belongs to this process alone."""
    configure_logging(runtime.service, runtime.settings.log_level)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(recording(runtime.service))
        await runtime.db.start()
        stack.push_async_callback(runtime.db.stop)
        await runtime.bus.start()
        stack.push_async_callback(runtime.bus.stop)
        yield


def api_lifespan(runtime: Runtime) -> Callable[[FastAPI], Any]:
    """Lifespan of an api process: its database, and the log for status answers (events leave by the relay)."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        runtime.settings.require_safe()
        configure_logging(runtime.service, runtime.settings.log_level)
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(recording(runtime.service))
            await runtime.db.start()
            stack.push_async_callback(runtime.db.stop)
            stack.push_async_callback(runtime.bus.stop)
            settle_collector()
            yield
            app.state.health.is_draining = True

    return lifespan


def serve_api(settings: ServiceSettings, create_app: Callable[[Runtime, object], FastAPI]) -> None:
    """The api process of a service until SIGTERM: first not ready, then, after the drain, ended."""
    runtime = make_runtime(settings)
    app = create_app(runtime, api_lifespan(runtime))

    def on_drain() -> None:
        app.state.health.is_draining = True

    serve(app, host=settings.host, port=settings.port, drain_seconds=settings.drain_seconds, on_drain=on_drain)


async def run_worker(runtime: Runtime, create: Callable[[Runtime], Worker]) -> None:
    """The worker process of a service until SIGTERM or SIGINT, with its health on a port of its own.

    The port answers from the first moment to the last: also while the database is waited for, and while draining.
    Nothing is worked on before the tables are those of this version (what fails for their sake would be parked) and the
    topics have leaders.
    """
    runtime.settings.require_safe()
    worker = create(runtime)
    health, stop = ServiceHealth(runtime, worker.livez, answers_requests=False), asyncio.Event()

    def end() -> None:
        health.is_draining = True
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    async with served(health.routes(), runtime.settings.ops_host, runtime.settings.ops_port), started(runtime):
        await _migrated(health, stop)
        health.waits_for = _NO_LOG
        await _has_topics(runtime, stop)
        health.waits_for = ""
        if not stop.is_set():
            settle_collector()
            await worker.run(stop)


async def _migrated(health: ServiceHealth, stop: asyncio.Event) -> None:
    while await health.startupz() and not stop.is_set():
        await _pause(stop)


async def _has_topics(runtime: Runtime, stop: asyncio.Event) -> None:
    """Make the topics; a log that cannot be reached yet is waited for."""
    while not stop.is_set():
        try:
            await runtime.bus.ensure_topics(topics_of(runtime.service))
            return
        except BusUnavailable as error:
            log.warning("topics_wait", service=runtime.service, error=repr(error))
        await _pause(stop)


async def _pause(stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), START_SECONDS)
