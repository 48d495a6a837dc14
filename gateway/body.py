"""The client's request body on its way: counted, never held as a whole, its beginning kept for a second attempt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NoReturn

from starlette.types import Receive


class BodyBroken(Exception):
    """The request body cannot be passed on to its end."""


class RequestBody:
    """The client's body, counted while it passes. A class, as a cancelled read must not end it.

    Up to `keep` bytes are remembered: while no more have come, `rewind` starts over.
    """

    def __init__(self, receive: Receive, limit: int, on_progress: Callable[[], None], *, keep: int = 0) -> None:
        self._receive, self._limit, self._keep, self._on_progress = receive, limit, keep, on_progress
        self._size = 0
        self._kept: list[bytes] = []
        self._next_kept = 0
        self.is_waiting = self.is_too_large = self.is_client_gone = False
        self.ended = asyncio.Event()

    @property
    def is_broken(self) -> bool:
        """Whether the client left it unfinished or exceeded the limit."""
        return self.is_client_gone or self.is_too_large

    def rewind(self) -> bool:
        """Starts over for another attempt; False when more has passed than is kept."""
        if self._size > self._keep or self.is_broken:
            return False
        self._next_kept, self.is_waiting = 0, False
        return True

    def __aiter__(self) -> RequestBody:
        return self

    async def __anext__(self) -> bytes:
        if self._next_kept < len(self._kept):
            self._next_kept += 1
            return self._kept[self._next_kept - 1]
        while not self.ended.is_set():
            chunk = await self._live()
            if chunk:
                return chunk
        if self.is_broken:
            self._break("the body has broken off")
        raise StopAsyncIteration

    async def _live(self) -> bytes:
        self.is_waiting = True
        message = await self._receive()
        self.is_waiting = False
        if message["type"] == "http.disconnect":
            self.is_client_gone = True
            self._break("the client went away")
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        if self._size > self._limit:
            self.is_too_large = True
            self._break("the body is too large")
        if self._size > self._keep:
            self._kept, self._next_kept = [], 0
        elif chunk:
            self._kept.append(chunk)
            self._next_kept = len(self._kept)
        if not message.get("more_body", False):
            self.ended.set()
        self._on_progress()
        return chunk

    def _break(self, reason: str) -> NoReturn:
        self.ended.set()
        raise BodyBroken(reason)
