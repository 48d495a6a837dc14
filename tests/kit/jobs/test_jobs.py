import asyncio
from typing import Any
from uuid import uuid4

import pytest

from kit.db.database import Database
from kit.errors import Conflict
from kit.events.bus import BusUnavailable
from kit.ids import derived_id
from kit.jobs.jobs import (
    JobAlreadyFinished,
    JobContext,
    JobNotFound,
    JobRunner,
    enqueue,
    get_job,
    request_cancel,
    require_job,
)


async def add(db: Database, kind: str = "work", **params: Any) -> Any:
    async with db.transaction() as tx:
        return await enqueue(tx, kind, params, "rep-07")


async def test_job_runs_and_keeps_its_result(db: Database, until: Any, working: Any) -> None:
    async def handler(context: JobContext) -> dict[str, int]:
        await context.progress(1, 2)
        await context.progress(2, 2)
        return {"double": context.params["n"] * 2}

    job = await add(db, n=21)
    async with db.reading() as tx:
        assert (await require_job(tx, job))["state"] == "queued"
    async with working(JobRunner(db, {"work": handler}, poll=0.05)):
        row = await until(job, state="succeeded")
    assert (row["result"], row["progress_done"], row["progress_total"]) == ('{"double": 42}', 2, 2)
    assert row["lease_owner"] is None
    assert row["error"] is None
    assert row["finished_at"] >= row["started_at"] >= row["created_at"]


async def test_job_of_a_rolled_back_request_never_exists(db: Database) -> None:
    job = uuid4()

    async def refused() -> None:
        async with db.transaction() as tx:
            await enqueue(tx, "work", {}, "rep-07", job_id=job)
            raise Conflict

    with pytest.raises(Conflict):
        await refused()
    async with db.reading() as tx:
        assert await get_job(tx, job) is None
        with pytest.raises(JobNotFound):
            await require_job(tx, job)


async def test_same_job_id_is_enqueued_once(db: Database) -> None:
    nightly = derived_id("nightly", "2026-01-05")
    for _ in range(2):
        async with db.transaction() as tx:
            assert await enqueue(tx, "work", {}, "schedule", job_id=nightly) == nightly
    async with db.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM job") == 1


async def test_wake_after_commit_beats_the_poll(db: Database, until: Any, working: Any) -> None:
    async def handler(_context: JobContext) -> None:
        return None

    runner = JobRunner(db, {"work": handler}, poll=60)
    async with working(runner):
        await asyncio.sleep(0.3)
        async with db.transaction() as tx:
            job = await enqueue(tx, "work", {}, "rep-07", wake=runner.wake)
        await until(job, state="succeeded")


async def test_jobs_of_unknown_kinds_stay_queued(db: Database, until: Any, working: Any) -> None:
    async def handler(_context: JobContext) -> None:
        return None

    foreign, own = await add(db, "foreign"), await add(db, "own")
    async with working(JobRunner(db, {"own": handler}, poll=0.05)):
        await until(own, state="succeeded")
    await until(foreign, state="queued", attempts=0)


async def test_two_runners_share_the_jobs_and_never_one_job(db: Database, until: Any, working: Any) -> None:
    running: set[Any] = set()
    runs: list[Any] = []

    async def handler(context: JobContext) -> None:
        assert context.id not in running
        running.add(context.id)
        runs.append(context.id)
        await asyncio.sleep(0.01)
        running.discard(context.id)

    jobs = [await add(db) for _ in range(30)]
    async with working(*(JobRunner(db, {"work": handler}, poll=0.05, concurrency=3) for _ in range(2))):
        for job in jobs:
            await until(job, state="succeeded", attempts=1)
    assert sorted(runs) == sorted(jobs)


async def test_refusal_fails_at_once_and_other_errors_are_bounded(db: Database, until: Any, working: Any) -> None:
    async def refused(_context: JobContext) -> None:
        raise Conflict("the period of rep@example.com is closed\x00")

    async def broken(_context: JobContext) -> None:
        raise ValueError("secret of rep@example.com")

    first, second = await add(db, "refused"), await add(db, "broken")
    handlers, told = {"refused": refused, "broken": broken}, []

    def finished(kind: str, state: str) -> None:
        told.append((kind, state))

    async with working(JobRunner(db, handlers, poll=0.02, max_attempts=3, retry_delay=0.01, finished=finished)):
        row = await until(first, state="failed")
        assert (row["error"], row["attempts"]) == ("conflict: the period of [email] is closed", 1)
        row = await until(second, state="failed")
        assert (row["error"], row["attempts"]) == ("ValueError", 3)
        assert row["finished_at"] is not None
    assert sorted(told) == [("broken", "failed"), ("refused", "failed")]


async def test_error_then_success_leaves_no_error(db: Database, until: Any, working: Any) -> None:
    async def handler(context: JobContext) -> None:
        if context.attempt == 1:
            raise RuntimeError

    job = await add(db)
    async with working(JobRunner(db, {"work": handler}, poll=0.02, retry_delay=0.01)):
        await until(job, state="succeeded", attempts=2, error=None)


async def test_a_log_that_is_away_is_waited_for(db: Database, until: Any, working: Any) -> None:
    calls = 0

    async def handler(context: JobContext) -> None:
        nonlocal calls
        calls += 1
        assert context.attempt == 1
        if calls < 8:
            raise BusUnavailable("the broker is away")

    job = await add(db)
    async with working(JobRunner(db, {"work": handler}, poll=0.02, max_attempts=3, retry_delay=0.001)):
        await until(job, state="succeeded", attempts=1, error=None)
    assert calls == 8


async def test_result_that_cannot_be_stored_is_a_failure(db: Database, until: Any, working: Any) -> None:
    async def handler(_context: JobContext) -> dict[str, str]:
        return {"text": "\x00"}

    job = await add(db)
    async with working(JobRunner(db, {"work": handler}, poll=0.02, max_attempts=2, retry_delay=0.01)):
        await until(job, state="failed", attempts=2, result=None)


async def test_handler_that_cancels_itself_is_bounded(db: Database, until: Any, working: Any) -> None:
    async def handler(_context: JobContext) -> None:
        raise asyncio.CancelledError

    job = await add(db)
    async with working(JobRunner(db, {"work": handler}, poll=0.02, max_attempts=2, retry_delay=0.01)):
        await until(job, state="failed", error="CancelledError")


async def test_cancel_of_queued_running_finished_and_unknown(db: Database, until: Any, working: Any) -> None:
    reached = asyncio.Event()

    async def endless(context: JobContext) -> None:
        while True:
            await context.progress(context.done + 1, 1_000_000)
            reached.set()
            await asyncio.sleep(0.01)

    async def quick(_context: JobContext) -> None:
        return None

    queued, running, done = await add(db, "endless"), await add(db, "endless"), await add(db, "quick")
    async with db.transaction() as tx:
        assert await request_cancel(tx, queued) == "cancelled"
        assert await request_cancel(tx, queued) == "cancelled"
        with pytest.raises(JobNotFound):
            await request_cancel(tx, uuid4())
    async with working(
        JobRunner(db, {"endless": endless}, poll=0.02, progress_interval=0), JobRunner(db, {"quick": quick}, poll=0.02)
    ):
        await reached.wait()
        async with db.transaction() as tx:
            assert await request_cancel(tx, running) == "running"
        row = await until(running, state="cancelled", lease_owner=None)
        assert 0 < row["progress_done"] < 1_000_000
        await until(done, state="succeeded")
        async with db.transaction() as tx:
            with pytest.raises(JobAlreadyFinished):
                await request_cancel(tx, done)
    await until(queued, state="cancelled", attempts=0, started_at=None)


async def test_cancel_reaches_a_throttled_handler_by_the_renewal(db: Database, until: Any, working: Any) -> None:
    started = asyncio.Event()

    async def handler(context: JobContext) -> None:
        started.set()
        while True:
            await context.progress(1)
            await asyncio.sleep(0.01)

    job = await add(db)
    async with working(JobRunner(db, {"work": handler}, poll=0.02, progress_interval=3600, lease=0.8)):
        await started.wait()
        await asyncio.sleep(0.05)
        async with db.transaction() as tx:
            await request_cancel(tx, job)
        await until(job, state="cancelled")


async def test_cancelled_step_is_undone_with_its_transaction(db: Database, until: Any, working: Any) -> None:
    async with db.transaction() as tx:
        await tx.execute("CREATE TABLE effect (step int PRIMARY KEY)")
    first_done, go_on = asyncio.Event(), asyncio.Event()

    async def handler(context: JobContext) -> None:
        for step in (1, 2):
            async with db.transaction() as tx:
                await tx.execute("INSERT INTO effect VALUES ($1)", step)
                await context.checkpoint({"step": step}, tx)
            first_done.set()
            await go_on.wait()

    job = await add(db)
    async with working(JobRunner(db, {"work": handler}, poll=0.02)):
        await first_done.wait()
        async with db.transaction() as tx:
            await request_cancel(tx, job)
        go_on.set()
        row = await until(job, state="cancelled")
    assert row["checkpoint"] == '{"step": 1}'
    async with db.reading() as tx:
        assert [found["step"] for found in await tx.fetch("SELECT step FROM effect")] == [1]
