"""The protocol the gateway must be served with: httptools, and stricter where an ASGI app cannot see."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import httptools
from uvicorn import Config
from uvicorn._types import ASGIApplication
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from kit.web.server import GRACE_SECONDS

_CORKED_BYTES = 16 * 1024


class _Corked:
    """A transport that sends what one turn of the loop writes in one system call.

    uvicorn writes head and body of an answer one by one; a call costs as much as all of the gateway's own headers.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._parts: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends at the end of this turn; much at once, so that the flow control sees it."""
        if not self._parts:
            self._loop.call_soon(self._flush)
        self._parts.append(data)
        self._size += len(data)
        if self._size > _CORKED_BYTES:
            self._flush()

    def close(self) -> None:
        """Closes after what was written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            data, self._parts, self._size = b"".join(self._parts), [], 0
            if not self._transport.is_closing():
                self._transport.write(data)


class StrictHttpProtocol(HttpToolsProtocol):
    """Answers 400 to what would be read in two ways.

    - A request target that is not a path: uvicorn drops scheme and host of `GET http://other/x` silently.
    - An Upgrade with a body: the parser ends the message at its headers, and the body, when it comes in its own
      packet, would be read as the next request.

    Trailers are dropped: uvicorn adds them to the headers of the request, after these were checked or before.
    """

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the loop."""
        super().connection_made(cast(asyncio.Transport, _Corked(transport, self.loop)))

    def on_headers_complete(self) -> None:
        """Called by the parser; an exception here is answered with 400 and the connection closed."""
        if not self.url.startswith(b"/"):
            raise httptools.HttpParserError("the request target must be a path")
        has_body = any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
            for name, value in self.headers
        )
        if has_body and self.parser.should_upgrade():
            raise httptools.HttpParserError("an upgrade with a body")
        self.scope["headers"] = list(self.headers)
        super().on_headers_complete()


def server_config(app: ASGIApplication | str, *, host: str = "127.0.0.1", port: int = 8000, workers: int = 1) -> Config:
    """uvicorn configuration of the gateway; `port` 0 lets the system choose, `app` may name a factory."""
    return Config(
        app,
        factory=isinstance(app, str),
        workers=workers,
        host=host,
        port=port,
        http=StrictHttpProtocol,
        ws="none",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        lifespan="on",
        timeout_graceful_shutdown=GRACE_SECONDS,
        # a starved machine takes longer to start than the usual 5 s; killed for that, a process would never come up
        timeout_worker_healthcheck=60,
    )
