"""The one connection on which the members of a process hold their session locks, and read and commit.

A session gets a lock that it holds already once more: `_holders` keeps the members of one process apart,
the lock keeps processes apart. When the connection is lost, no member of the process can read or commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import structlog

from kit.events.bus import BusUnavailable
from kit.events.embedded_common import CHANNEL, CONNECTION_ERRORS, RELEASED, unavailable_when_lost

log = structlog.get_logger(__name__)

_CLOSE_SECONDS = 5.0


class Holder(Protocol):
    """Who holds locks."""

    def lost(self) -> None:
        """All of them are gone."""
        ...


class SharedLocks:
    """Locks by key, each with one holder here; the connection is open while one of them is held."""

    def __init__(self, connect: Callable[[], Awaitable[Any]]) -> None:
        self._connect = connect
        self._connection: Any = None
        self._holders: dict[int, Holder] = {}
        self._turn = asyncio.Lock()

    async def take(self, holder: Holder, keys: Sequence[int]) -> list[int]:
        """Those of the keys that `holder` holds from now on: they were free, or its own."""
        async with self._turn:
            own = [key for key in keys if self._holders.get(key) is holder]
            free = [key for key in keys if key not in self._holders]
            if not free:
                return own
            if self._connection is None:
                async with unavailable_when_lost():
                    self._connection = await self._connect()
                self._connection.add_termination_listener(self._end)
            connection = self._connection
            try:
                async with self._guarded(connection):
                    rows = await connection.fetch(
                        "SELECT k, pg_try_advisory_lock(k) FROM unnest($1::bigint[]) AS k", free
                    )
            except asyncio.CancelledError:
                self._end(connection)  # nobody knows which it got
                raise
            gained = [key for key, is_gained in rows if is_gained]
            self._holders.update(dict.fromkeys(gained, holder))
            await self._close_unused()
            return own + gained

    def is_holder(self, holder: Holder) -> bool:
        """Whether it holds something."""
        return holder in self._holders.values()

    @asynccontextmanager
    async def using(self, holder: Holder) -> AsyncIterator[Any]:
        """The connection, for one holder at a time. BusUnavailable when it is lost, or `holder` holds nothing."""
        async with self._turn:
            if not self.is_holder(holder):
                raise BusUnavailable("the connection that held the locks of the log was lost")
            connection = self._connection
            async with self._guarded(connection):
                yield connection

    async def give_back(self, holder: Holder, topics: Sequence[str]) -> None:
        """Free all that `holder` holds, and tell the members of every process that `topics` are free."""
        async with self._turn:
            keys = [key for key, each in self._holders.items() if each is holder]
            if not keys:
                return
            connection = self._connection
            try:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await connection.execute("SELECT pg_advisory_unlock(k) FROM unnest($1::bigint[]) AS k", keys)
                    for topic in topics:
                        await connection.execute("SELECT pg_notify($1, $2)", CHANNEL, f"{RELEASED}:{topic}")
                    for key in keys:
                        self._holders.pop(key, None)
                    await self._close_unused()
            except (*CONNECTION_ERRORS, asyncio.CancelledError) as error:
                log.info("embedded_log.member_left_without_goodbye", error=repr(error))
                self._end(connection)
                if isinstance(error, asyncio.CancelledError):
                    raise

    @asynccontextmanager
    async def _guarded(self, connection: Any) -> AsyncIterator[None]:
        """An error of the connection ends it; so does one that came while its last answer was read."""
        try:
            async with unavailable_when_lost():
                yield
                if self._connection is not connection:
                    raise BusUnavailable("the connection that held the locks of the log was lost")
        except BusUnavailable:
            self._end(connection)
            raise

    async def _close_unused(self) -> None:
        if not self._holders and self._connection is not None:
            spare, self._connection = self._connection, None
            await spare.close()

    def _end(self, connection: Any) -> None:
        if self._connection is connection:
            self._connection = None
            holders, self._holders = set(self._holders.values()), {}
            if holders:
                log.warning("embedded_log.locks_lost", members=len(holders))
            for holder in holders:
                holder.lost()
        if not connection.is_closed():
            connection.terminate()
