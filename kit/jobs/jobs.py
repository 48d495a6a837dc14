"""Long work as a resource: enqueued in the transaction of the request, seen, cancelled, run by a `JobRunner`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from kit.db.database import TRANSIENT_ERRORS, Database, Row, Tx
from kit.db.rows import dumps
from kit.errors import AppError, Conflict, NotFound
from kit.events.bus import BusUnavailable
from kit.ids import new_id
from kit.jobs import store
from kit.jobs.context import JobContext
from kit.jobs.store import Claim, JobCancelled, LeaseLost
from kit.telemetry.tracing import tracing

__all__ = [
    "JobAlreadyFinished",
    "JobCancelled",
    "JobContext",
    "JobHandler",
    "JobNotFound",
    "JobRunner",
    "LeaseLost",
    "enqueue",
    "get_job",
    "request_cancel",
    "require_job",
    "resume_job",
]

log = structlog.stdlib.get_logger("kit.jobs")


AWAY = (
    BusUnavailable,
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
"""The database or the log is away: no fault of the job, which waits for it however long that takes."""
AWAY_DELAYS = 5


class JobNotFound(NotFound):
    code, title = "job-not-found", "No such job"


class JobAlreadyFinished(Conflict):
    code, title = "job-already-finished", "The job has already finished"


async def enqueue(
    tx: Tx,
    kind: str,
    params: Mapping[str, Any],
    requested_by: str,
    *,
    job_id: UUID | None = None,
    wake: Callable[[], None] | None = None,
) -> UUID:
    """Add a queued job in the caller's transaction; returns its id.

    With a `job_id` (a derived id, for work on a schedule) a second call adds nothing. `wake` (a runner's
    own, when it lives in this process) runs after the commit.
    """
    new = job_id or new_id()
    await tx.execute(
        "INSERT INTO job (id, kind, params, requested_by) VALUES ($1, $2, $3::jsonb, $4) ON CONFLICT (id) DO NOTHING",
        new,
        kind,
        dumps(params),
        requested_by,
    )
    if wake is not None:
        tx.after_commit(wake)
    return new


async def get_job(tx: Tx, job_id: UUID) -> Row | None:
    """The job's row without its lease, or None; `params` and `result` are JSON text."""
    return await tx.fetchrow(
        "SELECT id, kind, state, requested_by, params, progress_done, progress_total, result, error, attempts, "
        "cancel_requested, created_at, updated_at, started_at, finished_at, version FROM job WHERE id = $1",
        job_id,
    )


async def require_job(tx: Tx, job_id: UUID) -> Row:
    """The job's row; raises JobNotFound."""
    row = await get_job(tx, job_id)
    if row is None:
        raise JobNotFound
    return row


async def request_cancel(tx: Tx, job_id: UUID) -> str:
    """Cancel a queued job at once, ask a running one to stop; returns the state it is in now.

    Raises JobNotFound and JobAlreadyFinished; asking twice is harmless.
    """
    state = await tx.fetchval(
        "UPDATE job SET cancel_requested = true, state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END, "
        "finished_at = CASE state WHEN 'queued' THEN clock_timestamp() END, updated_at = clock_timestamp(), "
        "version = version + 1 WHERE id = $1 AND state IN ('queued', 'running') RETURNING state",
        job_id,
    )
    if state is None:
        if (await require_job(tx, job_id))["state"] != "cancelled":
            raise JobAlreadyFinished
        return "cancelled"
    return str(state)


async def resume_job(tx: Tx, job_id: UUID) -> bool:
    """Queue a job that failed or was cancelled again, with all its attempts: it goes on from its checkpoint. Returns
    whether it was such a job."""
    done = await tx.execute(
        "UPDATE job SET state = 'queued', cancel_requested = false, attempts = 0, error = NULL, finished_at = NULL, "
        "run_at = clock_timestamp(), updated_at = clock_timestamp(), version = version + 1 "
        "WHERE id = $1 AND state IN ('failed', 'cancelled')",
        job_id,
    )
    return bool(done)


JobHandler = Callable[[JobContext], Coroutine[Any, Any, Mapping[str, Any] | None]]
"""Does the work and returns the job's result. An AppError fails the job; any other error is tried again, and one that
says that the database or the log is away does not count."""


class JobRunner:
    """Runs the jobs of one database whose kinds it has handlers for, `concurrency` at a time.

    `lease`, `poll`, `grace`, `retry_delay` and `progress_interval` are seconds. A worker that dies is
    noticed when its lease ends; a job fails after `max_attempts` claims without a new checkpoint. `finished` is told
    kind and outcome of each job.
    """

    def __init__(
        self,
        db: Database,
        handlers: Mapping[str, JobHandler],
        *,
        name: str = "worker",
        concurrency: int = 1,
        lease: float = 30.0,
        poll: float = 1.0,
        grace: float = 5.0,
        max_attempts: int = 5,
        retry_delay: float = 1.0,
        progress_interval: float = 0.25,
        finished: Callable[[str, str], None] | None = None,
    ) -> None:
        self._db = db
        self._handlers = dict(handlers)
        self._name = name
        self._concurrency = concurrency
        self._lease = lease
        self._poll = poll
        self._grace = grace
        self._max_attempts = max_attempts
        self._retry_delay = retry_delay
        self._progress_interval = progress_interval
        self._finished = finished
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look for work now instead of at the next poll; call it from the runner's event loop."""
        self._woken.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then give running handlers `grace` seconds and hand back what is unfinished."""
        if not self._handlers:
            await stop.wait()
            return
        async with asyncio.TaskGroup() as group:
            for _ in range(self._concurrency):
                group.create_task(self._slot(stop))
            await stop.wait()
            self.wake()

    async def _slot(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._woken.clear()
            try:
                claim = await self._claim()
            except TRANSIENT_ERRORS as error:
                log.warning("job claim failed", error=type(error).__name__)
                claim = None
            if claim is not None:
                with tracing(service=self._db.settings.name, what=f"job {claim.kind}", kind="internal"):
                    await self._execute(claim, stop)
            elif not stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._poll)

    async def _claim(self) -> Claim | None:
        owner, kinds = f"{self._name}:{new_id()}", list(self._handlers)
        async with self._db.reading() as tx:
            if not await store.is_any_open(tx, kinds):
                return None
        async with self._db.transaction() as tx:
            return await store.claim_next(tx, owner, self._lease, kinds, self._max_attempts)

    async def _execute(self, claim: Claim, stop: asyncio.Event) -> None:
        context = JobContext(self._db, claim, self._lease, self._progress_interval)
        work = asyncio.create_task(self._handlers[claim.kind](context))
        keeper = asyncio.create_task(self._keep(claim, context))
        stopping = asyncio.create_task(stop.wait())
        tasks: list[asyncio.Task[Any]] = [work, keeper, stopping]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not work.done() and not keeper.done():
                await asyncio.wait(tasks[:2], timeout=self._grace, return_when=asyncio.FIRST_COMPLETED)
            interrupted = not work.done()
            if interrupted:
                work.cancel()
                await asyncio.wait({work}, timeout=self._grace)
            await self._settle(claim, context, work, interrupted)
        except LeaseLost:
            log.warning("job lease lost", job=str(claim.id), kind=claim.kind)
        except TRANSIENT_ERRORS as error:
            log.warning("job not settled, its lease will end", job=str(claim.id), error=type(error).__name__)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, claim: Claim, context: JobContext) -> None:
        """Renew until the lease is lost (or may be: not renewed for its whole length), then return."""
        renewed = claim.since
        step = self._lease / 4
        while time.monotonic() - renewed < self._lease - step / 2:
            await asyncio.sleep(step)
            asked_at = time.monotonic()
            try:
                async with asyncio.timeout(step), self._db.transaction() as tx:
                    if await store.renew(tx, claim, self._lease):
                        context.cancel_requested = True
                renewed = asked_at
            except LeaseLost:
                return
            except TRANSIENT_ERRORS as error:
                log.warning("job lease not renewed", job=str(claim.id), error=type(error).__name__)

    async def _settle(
        self, claim: Claim, context: JobContext, work: asyncio.Task[Mapping[str, Any] | None], interrupted: bool
    ) -> None:
        """Write the outcome of the handler; raises LeaseLost when that is not ours to write any more."""
        if not work.done() or (interrupted and work.cancelled()):
            async with self._db.transaction() as tx:
                await store.release(tx, claim)
            return
        error: BaseException | None
        error = asyncio.CancelledError("the handler cancelled itself") if work.cancelled() else work.exception()
        if error is None:
            try:
                await self._finish(claim, context, "succeeded", result=work.result())
            except TRANSIENT_ERRORS:
                raise
            except LeaseLost:
                raise
            except Exception as unstorable:
                error = unstorable
        if isinstance(error, LeaseLost):
            raise error
        if isinstance(error, JobCancelled):
            await self._finish(claim, context, "cancelled")
        elif isinstance(error, AppError):
            await self._finish(claim, context, "failed", error=f"{error.code}: {store.error_text(error)}")
        elif isinstance(error, AWAY):
            async with self._db.transaction() as tx:
                await store.postpone(tx, claim, type(error).__name__, AWAY_DELAYS * self._retry_delay)
            log.warning("job postponed", job=str(claim.id), kind=claim.kind, error=repr(error))
        elif error is not None:
            await self._retry(claim, error)

    async def _finish(
        self, claim: Claim, context: JobContext, state: str, *, result: object = None, error: str | None = None
    ) -> None:
        async with self._db.transaction() as tx:
            await store.finish(tx, claim, state, context.done, context.total, result=result, error=error)
        self._tell(claim.kind, state)
        log.info("job finished", job=str(claim.id), kind=claim.kind, state=state)

    def _tell(self, kind: str, state: str) -> None:
        if self._finished is not None:
            self._finished(kind, state)

    async def _retry(self, claim: Claim, error: BaseException) -> None:
        async with self._db.transaction() as tx:
            state = await store.retry_later(tx, claim, self._max_attempts, type(error).__name__, self._retry_delay)
        if state == "failed":
            self._tell(claim.kind, state)
        if state == "cancelled":
            log.info("job cancelled", job=str(claim.id), kind=claim.kind)
        else:
            log.error("job attempt failed", job=str(claim.id), kind=claim.kind, state=state, exc_info=error)
