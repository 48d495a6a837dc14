"""The protocol the gateway must be served with: httptools, and stricter where an ASGI app cannot see."""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from itertools import chain
from typing import TYPE_CHECKING, cast

import httptools
import orjson
from uvicorn import Config
from uvicorn._types import ASGIApplication

from gateway.problems import PROBLEMS

if TYPE_CHECKING:
    from gateway.app import Gateway
from kit.web.problems import MEDIA_TYPE, problem
from kit.web.protocol import CorkedProtocol
from kit.web.server import GRACE_SECONDS

HEAD_BYTES = 64 * 1024
"""Of request line and headers together: nothing else limits what a client without a token makes the gateway keep."""
HEAD_LINES = 100
TARGET_BYTES = 16 * 1024
_UNSENT_BYTES = 128 * 1024
"""What the system keeps unsent for a client: with its megabytes a slow reader would look like one that has stopped."""
_INTERNET = (socket.AF_INET, socket.AF_INET6)
HEAD_SECONDS = 30.0
"""From the first byte of a head, or from the connection when none comes, until the head is complete."""
KEEP_ALIVE_SECONDS = 75
"""Longer than balancers and clients keep a connection that nobody uses (60 s is the longest usual default): whoever
closes first must be the one who writes, or a request that may not be sent again goes into a closing connection."""


class HeadRefused(httptools.HttpParserError):
    """The head of a request is not read any further; `code` is one of PROBLEMS."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail)
        self.code = code


class StrictHttpProtocol(CorkedProtocol):
    """Bounds the head of a request in size and time, and answers 400 to what would be read in two ways.

    - A request target that is not a path: uvicorn drops scheme and host of `GET http://other/x` silently.
    - A fragment in the target, and a Transfer-Encoding other than `chunked`, which nobody behind would undo.
    - An Upgrade with a body: the parser ends the message at its headers, and the body, when it comes in its own
      packet, would be read as the next request. One without a body is answered, and the connection closed: what came
      in the same packet is lost in the parser.

    Trailers are dropped: uvicorn adds them to the headers of the request, after these were checked or before.
    """

    _refused: HeadRefused | None = None
    _timer: asyncio.TimerHandle | None = None
    _in_head = False
    _has_moved = False
    _held = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the loop."""
        super().connection_made(transport)
        if (own := transport.get_extra_info("socket")) is not None and own.family in _INTERNET:
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
        self._timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Called by the loop. What the parser keeps until a head or a trailer is complete is bounded here."""
        self._has_moved = False
        super().data_received(data)
        self._held = 0 if self._has_moved else self._held + len(data)
        if self._held > HEAD_BYTES:
            self._refuse(_too_large())
        elif self._in_head and self._timer is None:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._late)

    def on_message_begin(self) -> None:
        """Called by the parser."""
        self._in_head = True
        super().on_message_begin()

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._has_moved = True
        super().on_body(body)

    def _is_answering(self) -> bool:
        return self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete

    def _late(self) -> None:
        self._timer = None
        # a client that sends the next head early would take this answer for that of the request before
        if self.cycle is not None and not self.cycle.response_complete:
            self._timer = self.loop.call_later(HEAD_SECONDS, self._late)
        elif self._in_head:
            self._refuse(HeadRefused("request-timeout"))
        else:
            self.transport.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, error: HeadRefused) -> None:
        self._refused = error
        self.send_400_response(str(error))

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn for what cannot be parsed; it does not know why a head was refused here."""
        if not self.transport.is_closing() and not self._is_answering():
            error = self._refused or HeadRefused("malformed-request", msg)
            status, title = PROBLEMS[error.code]
            body = orjson.dumps(problem(status, error.code, title, str(error)))
            head = (
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\ncontent-type: {MEDIA_TYPE}\r\n"
                f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
            )
            self.transport.write(head.encode() + body)
        self.transport.close()

    def on_headers_complete(self) -> None:
        """Called by the parser; after an exception the answer is its problem and the connection closed."""
        self._in_head, self._has_moved = False, True
        self._stop_timer()
        try:
            self._check_head()
        except HeadRefused as error:
            self._refused = error
            raise
        # a copy: uvicorn adds trailers to its own list
        self.scope["headers"] = list(self.headers)
        super().on_headers_complete()
        if self.parser.should_upgrade():
            self.cycle.keep_alive = False

    def _unsupported_upgrade_warning(self) -> None:
        """Nothing to say: an offer to upgrade may be ignored (RFC 9110, 7.8)."""

    def _check_head(self) -> None:
        if len(self.url) > TARGET_BYTES:
            raise HeadRefused("uri-too-long", f"it is longer than {TARGET_BYTES} bytes")
        size = len(self.url) + sum(map(len, chain.from_iterable(self.headers)))
        if size > HEAD_BYTES or len(self.headers) > HEAD_LINES:
            raise _too_large()
        if not self.url.startswith(b"/") or b"#" in self.url:
            raise HeadRefused("malformed-request", "The request target must be a path")
        if any(name == b"transfer-encoding" and value.strip().lower() != b"chunked" for name, value in self.headers):
            raise HeadRefused("malformed-request", "The only Transfer-Encoding is chunked")
        if self.parser.should_upgrade() and any(
            name == b"transfer-encoding" or (name == b"content-length" and value.strip() != b"0")
            for name, value in self.headers
        ):
            raise HeadRefused("malformed-request", "An upgrade with a body")


def _too_large() -> HeadRefused:
    return HeadRefused("headers-too-large", f"they are more than {HEAD_LINES} or larger than {HEAD_BYTES} bytes")


def server_config(
    app: ASGIApplication | Gateway | str, *, host: str = "127.0.0.1", port: int = 8000, workers: int = 1
) -> Config:
    """uvicorn configuration of the gateway; `port` 0 lets the system choose, `app` may name a factory."""
    return Config(
        cast("ASGIApplication | str", app),
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
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        # a starved machine takes longer to start than the usual 5 s; killed for that, a process would never come up
        timeout_worker_healthcheck=60,
    )
