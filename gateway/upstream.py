"""How a request reaches a service: over HTTP, or in process as in standalone. Both stream both ways."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit

from starlette.types import ASGIApp, Message

from gateway.headers import Headers
from gateway.http_client import Connection
from gateway.problems import UpstreamError, UpstreamUnavailable

logger = logging.getLogger(__name__)

# Below the 5 s after which uvicorn closes idle connections, so that no request is written into a closing one.
_KEEP_ALIVE_SECONDS = 4.0
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class UpstreamRequest(NamedTuple):
    """A cleaned request. `path` and `query` are still percent-encoded; `body` is None when there is none."""

    method: str
    path: str
    query: str
    headers: Headers
    body: AsyncIterator[bytes] | None = None


class UpstreamResponse(NamedTuple):
    """Status and headers (names in lower case); `body` raises UpstreamError when the answer breaks off. `is_over` may
    know that what was read of it last was its end."""

    status: int
    headers: Headers
    body: AsyncIterator[bytes]
    is_over: Callable[[], bool] = lambda: False


class Upstream(Protocol):
    """Port to one service."""

    def open(self, request: UpstreamRequest) -> AbstractAsyncContextManager[UpstreamResponse]:
        """Sends the request; leaving the block before the body's end tells the service that nobody listens.

        Raises UpstreamError.
        """
        ...

    async def aclose(self) -> None:
        """Releases connections."""
        ...


class HttpUpstream:
    """A service behind `base_url` (http or https), with pooled connections."""

    def __init__(self, base_url: str, *, connect_seconds: float = 2.0) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or parts.hostname is None:
            raise ValueError(f"{base_url} is no http address")
        self._host, self._is_https = parts.hostname, parts.scheme == "https"
        self._port = parts.port or (443 if self._is_https else 80)
        self._prefix, self._authority = parts.path.rstrip("/"), parts.netloc.encode("ascii")
        self._connect_seconds = connect_seconds
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()

    def open(self, request: UpstreamRequest) -> AbstractAsyncContextManager[UpstreamResponse]:
        """See Upstream.open."""
        return _HttpExchange(self, request)

    async def take(self) -> Connection:
        """A connection for one exchange. Raises UpstreamUnavailable."""
        connection = self._rested() or await self._connect()
        self._busy.add(connection)
        return connection

    def give_back(self, connection: Connection, *, is_reusable: bool) -> None:
        """The exchange is over; a connection that is not reusable is closed."""
        self._busy.discard(connection)
        if is_reusable:
            connection.rest()
            self._idle.append(connection)
        else:
            connection.close()

    def head(self, request: UpstreamRequest) -> tuple[bytes, bool]:
        """Request line and headers, and whether the body follows in chunks."""
        query = f"?{request.query}" if request.query else ""
        lines = [
            f"{request.method} {self._prefix}{request.path}{query} HTTP/1.1".encode("ascii"),
            b"host: " + self._authority,
        ]
        lines += [name + b": " + value for name, value in request.headers]
        is_chunked = False
        if request.body is not None or request.method in _WITH_BODY:
            has_length = any(name == b"content-length" for name, _ in request.headers)
            is_chunked = request.body is not None and not has_length
            if is_chunked:
                lines.append(b"transfer-encoding: chunked")
            elif not has_length:
                lines.append(b"content-length: 0")
        head = b"\r\n".join(lines) + b"\r\n\r\n"
        if head.count(b"\n") != len(lines) + 1 or head.count(b"\r") != len(lines) + 1 or lines[0].count(b" ") != 2:
            raise UpstreamError("a line break in a header")
        return head, is_chunked

    def _rested(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_fresh(_KEEP_ALIVE_SECONDS):
                return connection
            connection.close()
        return None

    async def _connect(self) -> Connection:
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    Connection, self._host, self._port, ssl=self._is_https or None
                )
        except (OSError, TimeoutError) as error:
            raise UpstreamUnavailable(f"no connection to {self._host}:{self._port}: {error}") from error
        return connection

    async def aclose(self) -> None:
        """See Upstream.aclose."""
        for connection in [*self._idle, *self._busy]:
            connection.close()
        self._idle.clear()


class _HttpExchange:
    """One request and its answer over a connection of the pool. A class: a generator costs twice as much."""

    def __init__(self, pool: HttpUpstream, request: UpstreamRequest) -> None:
        self._pool, self._request = pool, request
        self._upload: asyncio.Task[None] | None = None

    async def __aenter__(self) -> UpstreamResponse:
        request = self._request
        head, is_chunked = self._pool.head(request)
        self._connection = connection = await self._pool.take()
        try:
            connection.begin(head, is_head=request.method == "HEAD")
            if request.body is not None:
                self._upload = asyncio.create_task(connection.upload(request.body, is_chunked=is_chunked))
            await connection.answer()
        except BaseException:
            await self._end()
            raise
        return UpstreamResponse(connection.status, connection.headers, connection, connection.is_at_end)

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        await self._end()

    async def _end(self) -> None:
        upload, connection = self._upload, self._connection
        is_sent = upload is None or upload.done()
        try:
            if upload is not None and not is_sent:
                upload.cancel()
                # the next attempt reads the same body, and only one may read
                await asyncio.wait({upload})
        finally:
            is_reusable = is_sent and connection.is_at_end() and connection.is_reusable
            self._pool.give_back(connection, is_reusable=is_reusable)


class AsgiUpstream:
    """A service in the same process, treated as if a server stood between: own task, own context, same signals.

    As with a real server, a caller that goes away is told to the application (`http.disconnect`) but does not
    cancel it: a transaction being committed is not torn apart.
    """

    def __init__(self, app: ASGIApp, *, name: str = "service", state: dict[str, Any] | None = None) -> None:
        self._app, self._name, self._state = app, name, state
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def open(self, request: UpstreamRequest) -> AsyncIterator[UpstreamResponse]:
        """See Upstream.open."""
        exchange = _Exchange(request.body)
        task = asyncio.create_task(self._run(request, exchange), context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            start = await exchange.start()
            headers = [(name.lower(), value) for name, value in start.get("headers", ())]
            yield UpstreamResponse(start["status"], headers, exchange.chunks())
        finally:
            exchange.close()

    async def _run(self, request: UpstreamRequest, exchange: _Exchange) -> None:
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": "http",
            "path": unquote(request.path),
            "raw_path": request.path.encode("ascii"),
            "query_string": request.query.encode("ascii"),
            "root_path": "",
            "headers": [(b"host", self._name.encode()), *request.headers],
            "client": ("127.0.0.1", 0),
            "server": (self._name, 80),
        }
        if self._state is not None:
            scope["state"] = self._state.copy()
        try:
            await self._app(scope, exchange.receive, exchange.send)
        except Exception:
            logger.exception("%s failed outside its own error handling", self._name)
        finally:
            exchange.fail("The application ended without completing its answer")

    async def aclose(self) -> None:
        """Cancels what still runs; the service's own shutdown has drained before."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Exchange:
    """One request in process. At most two messages wait between application and reader: backpressure."""

    def __init__(self, body: AsyncIterator[bytes] | None) -> None:
        self._body = body
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(2)
        self._failure = ""
        self._closed = asyncio.Event()
        self._complete = False
        self._told_end = False

    async def receive(self) -> Message:
        """ASGI receive of the application."""
        if self._body is None:
            if not self._told_end:
                self._told_end = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await self._closed.wait()
            return {"type": "http.disconnect"}
        try:
            return {"type": "http.request", "body": await anext(self._body), "more_body": True}
        except StopAsyncIteration:
            self._body, self._told_end = None, True
            return {"type": "http.request", "body": b"", "more_body": False}
        except Exception as error:
            self._body, self._told_end = None, True
            self.fail(f"The request body broke off: {error}")
            return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """ASGI send of the application; after the reader has gone it does nothing, as a server does."""
        if self._closed.is_set() or self._complete:
            return
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._complete = True
        await self._room.acquire()
        if self._closed.is_set():
            self._room.release()
        else:
            self._messages.put_nowait(message)

    def fail(self, reason: str) -> None:
        """The answer will not be completed; the reader learns it after what was sent before."""
        if not self._complete and not self._failure:
            self._failure = reason
            self._messages.put_nowait(None)

    def close(self) -> None:
        """The reader has gone; a sender that waits for room is let go."""
        self._closed.set()
        self._room.release()

    async def _next(self) -> Message:
        message = await self._messages.get()
        if message is None:
            raise UpstreamError(self._failure)
        self._room.release()
        return message

    async def start(self) -> Message:
        """The http.response.start message."""
        message = await self._next()
        while message["type"] != "http.response.start":
            message = await self._next()
        return message

    async def chunks(self) -> AsyncIterator[bytes]:
        """Body chunks up to the application's last one."""
        while True:
            message = await self._next()
            if message["type"] != "http.response.body":
                continue
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return
