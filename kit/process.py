"""Running a process of a service: lifespan, signals, waiting for what it needs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

import structlog
from fastapi import FastAPI

from kit.collector import settle_collector
from kit.events.bus import BusUnavailable
from kit.events.worker import Worker
from kit.runtime import Runtime, make_runtime, topics_of
from kit.settings import ServiceSettings
from kit.telemetry.logging import configure_logging
from kit.telemetry.spans import recording
from kit.web.health import ServiceHealth, served
from kit.web.server import serve

log = structlog.get_logger(__name__)

_NO_LOG = "the log has not been reached yet"
START_SECONDS = 1.0
"""Between two looks at what a worker waits for before it starts: its tables, its topics."""


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
