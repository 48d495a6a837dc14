"""Lives that end at their n-th statement: the connection is cut off there, and nothing of that life gets through any
more, as when its process is killed. What is written and not committed ends a life, too, and so does a commit of which
nobody hears."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest

from kit.db.database import Tx
from kit.jobs.jobs import JobHandler, JobRunner
from kit.runtime import Runtime
from kit.testing.service import ServiceHarness
from services.customer.worker import jobs_of

STATEMENTS = ("fetch", "fetchrow", "fetchval", "rows", "row", "execute", "copy")
DEADLINE = 120.0
"""Seconds after which a life that neither ends nor comes to its end is a fault."""


@dataclass
class Life:
    """Lives for so many statements."""

    left: int
    is_over: bool = False
    end: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it is over, or has finished a job."""

    def step(self) -> bool:
        """Whether it ends at this statement; raises ConnectionError when it is over already."""
        if self.is_over:
            raise ConnectionError("killed")
        self.left -= 1
        self.is_over = self.left <= 0
        if self.is_over:
            self.end.set()
        return self.is_over


_LIFE: ContextVar[Life | None] = ContextVar("life", default=None)


class Lives:
    """Of a service; what runs in none goes on undisturbed."""

    def __init__(
        self,
        service: ServiceHarness,
        killer: asyncpg.Connection,
        patch: pytest.MonkeyPatch,
        jobs: Callable[[Runtime], Mapping[str, JobHandler]] = jobs_of,
    ) -> None:
        self._service, self._killer, self._jobs = service, killer, jobs
        for name in STATEMENTS:
            patch.setattr(Tx, name, self._counted(getattr(Tx, name)))
        patch.setattr(Tx, "flush", self._flushed(Tx.flush))
        patch.setattr(Tx, "committed", _committed(Tx.committed))

    def _counted(self, real: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def statement(tx: Tx, *args: Any, **options: Any) -> Any:
            await self._step(tx)
            return await real(tx, *args, **options)

        return statement

    def _flushed(self, real: Callable[[Tx], Awaitable[None]]) -> Callable[[Tx], Awaitable[None]]:
        async def flush(tx: Tx) -> None:
            await self._step(tx)
            await real(tx)
            await self._step(tx)

        return flush

    async def _step(self, tx: Tx) -> None:
        """Ends the life whose turn it is, here; its connection is gone when this returns."""
        life = _LIFE.get()
        if life is not None and life.step():
            pid = tx.connection.get_server_pid()
            assert await self._killer.fetchval("SELECT pg_terminate_backend($1, 30000)", pid)

    @contextmanager
    def life(self, statements: int) -> Iterator[Life]:
        """What is awaited or begun inside lives for so many statements."""
        life = Life(statements)
        before = _LIFE.set(life)
        try:
            yield life
        finally:
            _LIFE.reset(before)

    async def work(self, statements: int) -> bool:
        """A worker of a life does the jobs that are queued; whether it lived to their end. The lease of what it leaves
        is over."""
        if not await self._open_jobs():
            return True
        stop, service = asyncio.Event(), self._service
        with self.life(statements) as life:
            runner = JobRunner(
                service.runtime.db,
                self._jobs(service.runtime),
                poll=0.01,
                grace=0.01,
                max_attempts=10_000,
                finished=lambda *_: life.end.set(),
            )
            task = asyncio.create_task(runner.run(stop))
        async with asyncio.timeout(DEADLINE):
            await life.end.wait()
            stop.set()
            await task
        async with service.transaction() as tx:
            await tx.execute(
                "UPDATE job SET lease_until = clock_timestamp() - interval '1 second', run_at = created_at"
            )
        return not await self._open_jobs()

    async def _open_jobs(self) -> bool:
        return bool(await self._service.rows("SELECT FROM job WHERE state IN ('queued', 'running')"))

    async def work_through(self, check: Callable[[], Awaitable[None]], stride: int = 1) -> int:
        """Workers, each of which lives `stride` statements longer, until the jobs are done; how many died before. After
        each `check`."""
        dead = 0
        while not await self.work(1 + dead * stride):
            await check()
            dead += 1
        await check()
        return dead


def _committed(real: Callable[[Tx], None]) -> Callable[[Tx], None]:
    def committed(tx: Tx) -> None:
        life = _LIFE.get()
        if life is not None and life.step():
            raise ConnectionError("killed")
        real(tx)

    return committed


def totals(rows: list[dict[str, Any]]) -> dict[str, int]:
    """The only row of sums."""
    (row,) = rows
    return {name: int(value or 0) for name, value in row.items()}
