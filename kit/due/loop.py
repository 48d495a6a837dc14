"""The part of a worker that works what is due."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog

from kit import clock
from kit.db.database import TRANSIENT_ERRORS
from kit.due.due import AnyDue, failures, oldest
from kit.runtime import Runtime
from kit.telemetry.tracing import tracing
from kit.work import system_work

log = structlog.get_logger(__name__)

POLL_SECONDS: Final = 1.0
MEASURE_SECONDS: Final = 5.0
OF_THE_ROWS: Final = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""Transient, but a row may cause them again and again: it waits, the others go on. If the database is away after all,
writing that down says so."""
AWAY: Final = tuple(kind for kind in TRANSIENT_ERRORS if kind not in OF_THE_ROWS)


class DueLoop:
    """Works the due rows of one service, each kind a batch in its turn; any number of workers may do so at once."""

    def __init__(self, runtime: Runtime, dues: Sequence[AnyDue], *, poll: float = POLL_SECONDS) -> None:
        if len({due.name for due in dues}) < len(dues):
            raise ValueError("kinds of due rows have names of their own")
        self._runtime = runtime
        self._dues = tuple(dues)
        self._poll = poll
        for due in self._dues:
            runtime.metrics.due_worked(due.name, 0)

    async def run(self, stop: asyncio.Event) -> None:
        """Work what becomes due until `stop` is set; a batch that has begun ends."""
        measured = -MEASURE_SECONDS
        while not stop.is_set():
            if time.monotonic() - measured >= MEASURE_SECONDS:
                measured = time.monotonic()
                await self._attempt(self.measure())
            await self._attempt(self.turn(stop))
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._poll)

    async def _attempt(self, part: Coroutine[Any, Any, object]) -> None:
        try:
            await part
        except TRANSIENT_ERRORS as error:
            log.warning("due_retry", service=self._runtime.service, error=repr(error))
        except Exception as error:  # one kind's mistake must not end the worker
            log.error("due_broken", service=self._runtime.service, error=repr(error), exc_info=error)

    async def turn(self, stop: asyncio.Event | None = None) -> int:
        """Work everything that is due now, unless `stop` is set; returns how many rows that were.

        Raises what says that the database is away; any other error makes its row wait.
        """
        worked = 0
        while not (stop is not None and stop.is_set()):
            counts = [await self._batch(due) for due in await self._going()]
            worked += sum(counts)
            if not any(counts):
                break
        return worked

    async def _going(self) -> list[AnyDue]:
        """Kinds of which a row is due, mostly none; all, when one of them cannot be asked."""
        try:
            async with self._runtime.db.reading() as tx:
                since = await oldest(tx, self._dues, clock.now())
        except AWAY:
            raise
        except Exception:  # whose mistake it is shows when each is worked
            return list(self._dues)
        return [due for due, moment in zip(self._dues, since, strict=True) if moment is not None]

    async def measure(self) -> None:
        """Refresh how late the oldest rows are, and how many fail."""
        now = clock.now()
        async with self._runtime.db.reading() as tx:
            since, failing = await oldest(tx, self._dues, now), await failures(tx)
        for due, moment in zip(self._dues, since, strict=True):
            if due.name in failing:
                async with self._runtime.db.transaction() as tx:
                    failing[due.name] = await due.forget(tx, now)
            late = 0.0 if moment is None else (now - moment).total_seconds()
            self._runtime.metrics.due(due.name, late, failing.get(due.name, 0))

    async def _batch(self, due: AnyDue) -> int:
        """Work one batch, or one row after the other when it fails; returns how many rows were taken up."""
        ids: list[UUID] = []
        try:
            await self._work(due, ids)
        except AWAY:
            raise
        except Exception as error:
            if len(ids) == 1:
                await self._postpone(due, ids[0], error)
            else:
                log.warning("due_batch_failed", service=self._runtime.service, due=due.name, error=repr(error))
                for each in ids:
                    await self._alone(due, each)
        return len(ids)

    async def _alone(self, due: AnyDue, row_id: UUID) -> None:
        try:
            await self._work(due, [], row_id)
        except AWAY:
            raise
        except Exception as error:
            await self._postpone(due, row_id, error)

    async def _work(self, due: AnyDue, ids: list[UUID], only: UUID | None = None) -> None:
        """One transaction: rows, step, what it says; `ids` are filled with those taken up."""
        runtime, now = self._runtime, clock.now()
        async with runtime.db.transaction() as tx:
            rows = await due.claim(tx, now, only)
            ids += [row.id for row in rows]
            if not rows:
                return
            with tracing(service=runtime.service, what=f"due {due.name}", kind="internal"):
                await due.step(system_work(tx, runtime.service, runtime.settings), rows)
            await due.settle(tx, rows)
        runtime.metrics.due_worked(due.name, len(rows))

    async def _postpone(self, due: AnyDue, row_id: UUID, error: Exception) -> None:
        async with self._runtime.db.transaction() as tx:
            attempts = await due.postpone(tx, clock.now(), row_id, type(error).__name__)
        log.error(
            "due_failed",
            service=self._runtime.service,
            due=due.name,
            row=str(row_id),
            attempts=attempts,
            exc_info=error,
        )
