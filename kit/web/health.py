"""/livez, /readyz, /startupz, /metrics: the same four paths, with the same meanings, on every process.

livez: the event loop turns and no watchdog has given up; a restart would help. Never asks another system.
readyz: work sent here now would be done. startupz: the database has the tables this code needs.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from kit.db.database import TRANSIENT_ERRORS
from kit.db.migrate import current, head
from kit.runtime import Runtime
from kit.security.tokens import TokenVerifier
from kit.telemetry.metrics import CONTENT_TYPE, HttpMetrics, render

log = structlog.get_logger(__name__)

READY_SECONDS, KEYS_SECONDS = 3.0, 0.9
_NO_KEYS = "the issuer's keys were not obtained"
_NO_DATABASE: tuple[type[BaseException], ...] = (asyncpg.PostgresError, *TRANSIENT_ERRORS)

Check = Callable[[], Awaitable[str]]
"""Says in a few words what is wrong; nothing when all is well."""


async def is_well() -> str:
    """Answering at all is the proof."""
    return ""


async def holds_keys(verifier: TokenVerifier) -> str:
    """The issuer's keys were obtained: without them every request would be answered 503."""
    try:
        async with asyncio.timeout(KEYS_SECONDS):  # an answer that takes longer is there for the next probe
            return "" if await verifier.has_keys() else _NO_KEYS
    except TimeoutError:
        return _NO_KEYS


class ServiceHealth:
    """The checks of a process of a service. Its owner sets `is_draining` when it is about to end, and `waits_for` while
    it does not work yet; a process that answers no requests needs no keys."""

    def __init__(self, runtime: Runtime, livez: Check = is_well, *, answers_requests: bool = True) -> None:
        self.runtime, self.livez = runtime, livez
        self.answers_requests = answers_requests
        self.is_draining = False
        self.waits_for = ""
        self._seen = ""

    async def readyz(self) -> str:
        """The database answers, the issuer's keys are there and the process stays."""
        if self.is_draining:
            return "draining"
        try:
            async with asyncio.timeout(READY_SECONDS), self.runtime.db.reading() as tx:
                await tx.fetchval("SELECT 1")
        except TimeoutError:
            return "no connection to the database is free, or it does not answer"
        except _NO_DATABASE as error:
            return self._unreachable(error)
        self._seen = ""
        if self.waits_for:
            return self.waits_for
        return await holds_keys(self.runtime.verifier) if self.answers_requests else ""

    async def startupz(self) -> str:
        """The database is at the newest revision or a later one."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                connection = await self.runtime.db.connect()
                try:
                    at = await current(connection)
                finally:
                    connection.terminate()
        except _NO_DATABASE as error:
            return self._unreachable(error)
        return "" if at is not None and at >= head(self.runtime.service) else "migrations pending"

    def _unreachable(self, error: BaseException) -> str:
        """Says why once, not with every probe: a wrong password or authority is seen in the log."""
        if (reason := repr(error)) != self._seen:
            self._seen = reason
            log.warning("database_unreachable", service=self.runtime.service, error=reason)
        return "database unreachable"

    def routes(self) -> list[Route]:
        """The four routes of this process."""
        return health_routes(self.livez, self.readyz, self.startupz, [self.runtime.metrics])


def health_routes(livez: Check, readyz: Check, startupz: Check, metrics: Sequence[HttpMetrics]) -> list[Route]:
    """The four routes over a process's checks and the metrics of all that runs in it."""

    def probe(check: Check) -> Callable[[Request], Awaitable[Response]]:
        async def answer(_request: Request) -> Response:
            wrong = await check()
            return Response(wrong or "ok", 503 if wrong else 200, media_type="text/plain")

        return answer

    async def exposition(_request: Request) -> Response:
        return Response(render(metrics), headers={"Content-Type": CONTENT_TYPE})

    checks = {"/livez": livez, "/readyz": readyz, "/startupz": startupz}
    routes = [Route(path, probe(check), include_in_schema=False) for path, check in checks.items()]
    return [*routes, Route("/metrics", exposition, include_in_schema=False)]


class InnerServer(uvicorn.Server):
    """A server inside a process that handles its signals itself. `on_started` is called when requests are accepted."""

    on_started: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell when the port accepts requests."""
        await super().startup(sockets)
        if self.started and self.on_started is not None:
            self.on_started()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """No handlers of its own."""
        yield


@asynccontextmanager
async def served(routes: Sequence[Route], host: str, port: int) -> AsyncIterator[None]:
    """The routes on a port of their own while the block runs; port 0 serves none. OSError when the port is taken."""
    if not port:
        yield
        return
    app: Any = Starlette(routes=list(routes))
    config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as listener:
        server = InnerServer(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving
