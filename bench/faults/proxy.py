"""A TCP proxy that can refuse, or fall silent: what stands between clients and a server that "cannot be reached".

With several backends it is also the one address of a service with several processes: connections go to
those in rotation, as behind a load balancer that follows readiness.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Literal

Mode = Literal["pass", "refuse", "silent"]
CHUNK = 64 * 1024


class TcpProxy:
    """Listens on 127.0.0.1:`port` and passes connections on to one of `backends` (ports of 127.0.0.1)."""

    def __init__(self, port: int, *backends: int) -> None:
        self.port = port
        self.rotation = list(backends)
        self._mode: Mode = "pass"
        self._flows = asyncio.Event()
        self._flows.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._turn = 0

    async def start(self) -> None:
        """Accept connections."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=1024)

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        self._cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def set_mode(self, mode: Mode) -> None:
        """`refuse` resets what is open and what comes; `silent` holds every byte back until it passes again."""
        self._mode = mode
        if mode == "silent":
            self._flows.clear()
        else:
            self._flows.set()
        if mode == "refuse":
            self._cut()

    def _cut(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        try:
            if self._mode != "refuse":
                await self._pass_on(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self._open.discard(writer)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._flows.wait()
        inner_reader, inner_writer = await self._connect()
        self._open.add(inner_writer)
        pumps = [
            asyncio.create_task(self._pump(reader, inner_writer)),
            asyncio.create_task(self._pump(inner_reader, writer)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self._open.discard(inner_writer)
            with contextlib.suppress(OSError):
                writer.close()
                inner_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """To the next backend in rotation that accepts; raises OSError when none does."""
        backends = list(self.rotation)
        self._turn += 1
        for offset in range(len(backends)):
            with contextlib.suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", backends[(self._turn + offset) % len(backends)])
        raise ConnectionRefusedError("no backend accepts connections")

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK):
            await self._flows.wait()
            writer.write(chunk)
            await writer.drain()
