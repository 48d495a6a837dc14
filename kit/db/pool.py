"""Connections for short work, over asyncpg's pool.

asyncpg makes a proxy, a future, a timer and a task of its own each time a connection is taken and put back, which costs
more than a small statement. Here one that comes back well rests and is handed on; all else (a new connection, one that
was cut off in a statement, that was closed, or that has rested too long) is left to asyncpg.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from kit.errors import AppError

Connection = asyncpg.Connection | PoolConnectionProxy

REST_SECONDS = 10.0
"""After that a connection goes back to asyncpg's pool, which closes it when nobody wants it."""
LOANS = 1000
"""Each time so many were lent, one goes back although it is well: asyncpg ends connections after many queries."""


class Pool:
    """At most `size` connections are lent at once; who comes later waits, first come first served."""

    def __init__(self, pool: asyncpg.Pool, size: int) -> None:
        self._pool, self._size = pool, size
        self._slots = asyncio.Semaphore(size)
        self._rested: list[tuple[float, PoolConnectionProxy]] = []
        self._loans = self._in_use = 0
        self._timer: asyncio.TimerHandle | None = None
        self._releasing: set[asyncio.Task[None]] = set()

    @property
    def in_use(self) -> int:
        """How many are lent now."""
        return self._in_use

    def lend(self) -> Loan:
        """A connection for the time of an `async with` block."""
        return Loan(self)

    async def take(self) -> PoolConnectionProxy:
        """A connection, to be given back."""
        await self._slots.acquire()
        try:
            connection = await self._ready()
        except BaseException:
            self._slots.release()
            raise
        self._in_use += 1
        return connection

    async def _ready(self) -> PoolConnectionProxy:
        while self._rested:
            _, connection = self._rested.pop()
            if _is_usable(connection):
                return connection
            await self._put_back(connection)
        return await self._pool.acquire()

    async def give_back(self, connection: PoolConnectionProxy, *, is_well: bool) -> None:
        """`is_well`: the last statement has come to its end."""
        self._in_use -= 1
        self._loans += 1
        try:
            if is_well and self._loans % LOANS and _is_usable(connection):
                loop = asyncio.get_running_loop()
                self._rested.append((loop.time(), connection))
                if self._timer is None:
                    self._timer = loop.call_later(REST_SECONDS, self._sweep)
            else:
                await self._put_back(connection)
        finally:
            self._slots.release()

    async def _put_back(self, connection: PoolConnectionProxy) -> None:
        # one that the server closes in this very moment asyncpg takes back by itself, and then says that it is free
        with suppress(asyncpg.InternalClientError):
            await self._pool.release(connection)

    def _sweep(self) -> None:
        """Those at the bottom have rested longest."""
        loop = asyncio.get_running_loop()
        latest = loop.time() - REST_SECONDS
        while self._rested and self._rested[0][0] <= latest:
            task = loop.create_task(self._put_back(self._rested.pop(0)[1]))
            self._releasing.add(task)
            task.add_done_callback(self._releasing.discard)
        self._timer = loop.call_later(REST_SECONDS, self._sweep) if self._rested else None

    async def close(self, seconds: float) -> None:
        """Close every connection, waiting for those in use, but not longer than so many seconds."""
        if self._timer is not None:
            self._timer.cancel()
        try:
            async with asyncio.timeout(seconds):
                for _ in range(self._size):
                    await self._slots.acquire()
                while self._rested:
                    await self._put_back(self._rested.pop()[1])
                await self._pool.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):  # too slow, or the server has gone
            self._pool.terminate()


def is_well(kind: type[BaseException] | None) -> bool:
    """Whether a block that ended so has left no statement in the middle: by itself, or with a refusal of ours."""
    return kind is None or issubclass(kind, AppError)


def _is_usable(connection: PoolConnectionProxy) -> bool:
    try:
        return not connection.is_closed() and not connection.is_in_transaction()
    except asyncpg.InterfaceError:  # it was closed, and asyncpg has taken it back
        return False


class Loan:
    """See Pool.lend."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __aenter__(self) -> PoolConnectionProxy:
        self._connection = await self._pool.take()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        await self._pool.give_back(self._connection, is_well=is_well(kind))
