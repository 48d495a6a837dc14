"""One HTTP/1.1 connection to a service: httptools parses, asyncio carries, one exchange at a time.

A general client costs more per request than all the rest of the gateway; this one knows no redirects, cookies,
proxies or compression, as the gateway passes everything on as it is.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import cast

import httptools

from gateway.headers import Headers
from gateway.problems import UpstreamError

_HIGH_WATER, _LOW_WATER = 256 * 1024, 64 * 1024
_MAX_HEADER_BYTES = 64 * 1024
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class Connection(asyncio.Protocol):
    """Carries requests one after another. `is_reusable` tells whether the next may follow."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: Headers = []
        self.is_reusable = False
        self._loop = asyncio.get_running_loop()
        self._idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._chunks: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._failure = ""
        self._is_closed = self._has_headers = self._is_done = self._is_paused = False
        self._is_interim = self._is_head = self._ends_by_close = False
        self._buffered = self._header_bytes = 0

    def begin(self, head: bytes, *, is_head: bool) -> None:
        """Sends the head of a request (`is_head`: its method is HEAD) and gets ready for the answer."""
        if self._is_closed or self._transport is None:
            raise UpstreamError("the connection is closed")
        self.status, self.headers, self._parser = 0, [], httptools.HttpResponseParser(self)
        self._has_headers = self._is_done = self._is_interim = self._ends_by_close = self.is_reusable = False
        self._is_head, self._header_bytes = is_head, 0
        self._transport.write(head)

    async def upload(self, body: AsyncIterator[bytes], *, is_chunked: bool) -> None:
        """Sends the body; when it breaks off, so does the exchange: half a body must not look whole."""
        transport = cast(asyncio.Transport, self._transport)
        try:
            async for chunk in body:
                if not self._writable.is_set():
                    await self._writable.wait()
                if self._is_closed:
                    return
                transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if is_chunked else chunk)
            if is_chunked:
                transport.write(b"0\r\n\r\n")
        except Exception as error:
            self._fail(f"the request body broke off: {error}")

    async def answer(self) -> None:
        """Waits for `status` and `headers`. Raises UpstreamError."""
        while not self._has_headers:
            await self._wait()

    def __aiter__(self) -> Connection:
        return self

    async def __anext__(self) -> bytes:
        while not self._chunks:
            if self._is_done:
                raise StopAsyncIteration
            await self._wait()
        chunk = self._chunks.popleft()
        self._buffered -= len(chunk)
        if self._is_paused and self._buffered < _LOW_WATER:
            self._is_paused = False
            cast(asyncio.Transport, self._transport).resume_reading()
        return chunk

    def is_fresh(self, seconds: float) -> bool:
        """Whether both ends still hold the connection and it has rested no longer than so many seconds."""
        if self._is_closed or self._transport is None or self._transport.is_closing():
            return False
        return self._loop.time() - self._idle_since < seconds

    def is_at_end(self) -> bool:
        """Whether the answer has come to its end and was read."""
        return self._is_done and not self._chunks

    def rest(self) -> None:
        """Between two exchanges: whatever the service sends now closes the connection."""
        self._parser, self._idle_since = None, self._loop.time()

    def close(self) -> None:
        """Closes at once; the service sees that nobody listens."""
        self.is_reusable = False
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self) -> None:
        if self._failure or self._is_closed:
            raise UpstreamError(self._failure or "the service closed the connection")
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, reason: str) -> None:
        self._failure = self._failure or reason
        self.close()
        self._wake()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """An answer without a length ends here; every other one has broken off."""
        self._is_closed, self.is_reusable = True, False
        if self._ends_by_close and self._has_headers and exc is None and not self._failure:
            self._is_done = True
        self._writable.set()
        self._wake()

    def pause_writing(self) -> None:
        """The service reads slower than the client writes."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Feeds the parser; what comes unasked, or is no HTTP, ends the connection."""
        if self._parser is None:
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if self._is_done:
                self.close()
            else:
                self._fail("the service speaks no HTTP")

    # httptools

    def on_message_begin(self) -> None:
        """A second answer to one request: the first stands, the connection does not."""
        if self._is_done:
            self.is_reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, in lower case from here on; too many end the exchange, trailers are dropped."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > _MAX_HEADER_BYTES:
            raise UpstreamError("too many headers")
        if not self._has_headers:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The answer begins, unless it is an interim one (1xx)."""
        parser = self._parser
        if parser is None or self._is_done:
            return
        self.status = parser.get_status_code()
        self._is_interim = 100 <= self.status < 200
        if self._is_interim:
            return
        self._ends_by_close = not any(name in _FRAMING for name, _ in self.headers)
        self.is_reusable = parser.should_keep_alive() and not self._is_head
        self._has_headers = True
        # the parser would wait for the body that a HEAD's headers announce
        self._is_done = self._is_head
        self._wake()

    def on_body(self, chunk: bytes) -> None:
        """A part of the body; a slow reader holds the service back."""
        if self._is_done:
            return
        self._chunks.append(chunk)
        self._buffered += len(chunk)
        if self._buffered > _HIGH_WATER and not self._is_paused:
            self._is_paused = True
            cast(asyncio.Transport, self._transport).pause_reading()
        self._wake()

    def on_message_complete(self) -> None:
        """The end of the answer, or of an interim one."""
        if self._is_interim:
            self.headers, self._is_interim = [], False
        elif not self._is_done:
            self._is_done = True
            self._wake()
