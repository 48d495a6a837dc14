"""Serving an application from a process of its own: httptools, uvloop, and an end that no client notices."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from kit.web.protocol import CorkedProtocol

GRACE_SECONDS = 20
"""After the drain, how long requests on their way may take."""
_CLOSE = (b"connection", b"close")


class DrainingServer(uvicorn.Server):
    """SIGTERM begins a drain: `on_drain` is called, and for `seconds` requests are answered as before, but each
    answer is the last of its connection. Then the server ends, with exit code 0.

    Clients keep connections and would otherwise write into one that is just being closed. SIGINT, and a second
    SIGTERM, end at once. `seconds` must be longer than clients keep an idle connection: the gateway 4 s.
    """

    def __init__(self, config: uvicorn.Config, seconds: float, on_drain: Callable[[], None]) -> None:
        super().__init__(config)
        self._seconds, self._on_drain = seconds, on_drain
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_draining = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Called by uvicorn in its loop."""
        self._loop = asyncio.get_running_loop()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Called by uvicorn for SIGTERM and SIGINT, between two steps of the program."""
        if sig != signal.SIGTERM:
            super().handle_exit(sig, frame)
        elif self._loop is None or self._is_draining:
            self.should_exit = True
        else:
            self._is_draining = True
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        self._on_drain()
        # uvicorn makes the former from the latter once a second
        self.server_state.default_headers = [*self.server_state.default_headers, _CLOSE]
        self.config.encoded_headers = [*self.config.encoded_headers, _CLOSE]
        asyncio.get_running_loop().call_later(self._seconds, self._end)

    def _end(self) -> None:
        self.should_exit = True


def serve(app: Any, *, host: str, port: int, drain_seconds: float, on_drain: Callable[[], None]) -> None:
    """Serve until SIGTERM, draining first. Raises SystemExit when the port or the lifespan cannot start."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=CorkedProtocol,
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    DrainingServer(config, drain_seconds, on_drain).run()
