"""The HTTP protocol of every server: httptools, and an answer is one system call."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_CORKED_BYTES = 16 * 1024


class _Corked:
    """A transport that sends what one turn of the loop writes in one system call.

    uvicorn writes head and body of an answer one by one: two system calls here, and two turns of who reads it.
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

    def is_closing(self) -> bool:
        """Asked at every answer, too often for `__getattr__`."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Closes after what was written."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._parts:
            data, self._parts, self._size = b"".join(self._parts), [], 0
            if not self._transport.is_closing():
                self._transport.write(data)


class CorkedProtocol(HttpToolsProtocol):
    """httptools (h11 accepts Content-Length together with Transfer-Encoding) on a corked transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the loop."""
        super().connection_made(cast(asyncio.Transport, _Corked(transport, self.loop)))
