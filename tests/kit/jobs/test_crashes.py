"""What happens when a worker dies, stalls, is cut off, or is told to stop in the middle of a job."""

import asyncio
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kit.db.database import Database
from kit.jobs import store
from kit.jobs.jobs import JobContext, JobRunner, LeaseLost, enqueue, request_cancel

WORKER = Path(__file__).with_name("crashing_worker.py")
ROOT = Path(__file__).parents[3]


async def add(db: Database, **params: Any) -> Any:
    async with db.transaction() as tx:
        return await enqueue(tx, "count", params, "rep-07")


async def expire(db: Database, job: Any) -> None:
    async with db.transaction() as tx:
        await tx.execute("UPDATE job SET lease_until = clock_timestamp() - interval '1 second' WHERE id = $1", job)


async def claim(db: Database, owner: str, lease: float = 30, max_attempts: int = 3) -> Any:
    async with db.transaction() as tx:
        return await store.claim_next(tx, owner, lease, ["count"], max_attempts)


async def start_worker(db: Database, hang_at: int) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(WORKER),
        json.dumps(dict(db.settings.connect)),
        str(hang_at),
        cwd=ROOT,
        env={"PYTHONPATH": "."},
    )


async def test_killed_worker_is_replaced_and_every_step_happens_once(db: Database, until: Any) -> None:
    async with db.transaction() as tx:
        await tx.execute("CREATE TABLE done_step (step int PRIMARY KEY)")
    job = await add(db, steps=9)
    for hang_at in (3, 6):
        worker = await start_worker(db, hang_at)
        await until(job, checkpoint=str(hang_at))
        worker.kill()
        await worker.wait()
    worker = await start_worker(db, -1)
    try:
        row = await until(job, state="succeeded")
    finally:
        worker.kill()
        await worker.wait()
    assert json.loads(row["result"]) == {"steps": 9}
    async with db.reading() as tx:
        assert await tx.fetchval("SELECT array_agg(step ORDER BY step) FROM done_step") == list(range(9))


async def test_cancelled_task_leaves_the_lease_to_end(db: Database, until: Any, working: Any) -> None:
    begun = asyncio.Event()
    seen: list[Any] = []

    async def hang(context: JobContext) -> None:
        await context.checkpoint({"line": 7})
        begun.set()
        await asyncio.sleep(600)

    async def resume(context: JobContext) -> None:
        seen.append((context.attempt, context.state))

    job = await add(db)
    task = asyncio.create_task(JobRunner(db, {"count": hang}, lease=0.5).run(asyncio.Event()))
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(job, state="running")
    async with working(JobRunner(db, {"count": resume}, poll=0.05)):
        await until(job, state="succeeded")
    assert seen == [(2, {"line": 7})]


async def test_renewed_lease_is_not_taken_over(db: Database, until: Any, working: Any) -> None:
    runs = 0

    async def slow(_context: JobContext) -> None:
        nonlocal runs
        runs += 1
        await asyncio.sleep(1.5)

    job = await add(db)
    async with working(*(JobRunner(db, {"count": slow}, poll=0.05, lease=0.5) for _ in range(2))):
        await until(job, state="succeeded", attempts=1)
    assert runs == 1


async def test_stale_worker_can_write_nothing(db: Database, until: Any) -> None:
    job = await add(db)
    old = await claim(db, "old")
    assert await claim(db, "second") is None
    await expire(db, job)
    new = await claim(db, "new")
    assert (new.id, new.attempt) == (job, 2)
    async with db.reading() as reading:
        before = await reading.fetchrow("SELECT * FROM job")
    for write in (
        lambda tx: store.renew(tx, old, 30),
        lambda tx: store.save_progress(tx, old, 5, 9, 30),
        lambda tx: store.save_checkpoint(tx, old, {"at": 5}, 5, 9, 30),
        lambda tx: store.finish(tx, old, "succeeded", 9, 9, result={"by": "old"}),
        lambda tx: store.retry_later(tx, old, 3, "E", 1),
    ):
        with pytest.raises(LeaseLost):
            async with db.transaction() as tx:
                await write(tx)
    async with db.transaction() as tx:
        await store.release(tx, old)
    async with db.reading() as reading:
        assert await reading.fetchrow("SELECT * FROM job") == before
    async with db.transaction() as tx:
        await store.finish(tx, new, "succeeded", 9, 9, result={"by": "new"})
    await until(job, state="succeeded", result='{"by": "new"}')


@pytest.mark.parametrize("field", ["lease_until", "run_at"])
async def test_a_clock_set_back_holds_no_job_up(db: Database, field: str) -> None:
    """A lease or a pause that seems to last an hour was written by a clock that has been set back since."""
    job = await add(db, steps=3)
    assert (await claim(db, "dead")) if field == "lease_until" else job
    async with db.transaction() as tx:
        await tx.execute(f"UPDATE job SET {field} = clock_timestamp() + interval '1 hour' WHERE id = $1", job)
    taken = await claim(db, "living")
    assert taken is not None
    assert taken.id == job
    assert await claim(db, "another") is None, "the lease of the living worker holds"


async def test_effect_of_a_stale_worker_is_undone(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute("CREATE TABLE effect (by text)")
    job = await add(db)
    old = JobContext(db, await claim(db, "old"), 30, 0)
    await expire(db, job)
    new = JobContext(db, await claim(db, "new"), 30, 0)

    async def step(context: JobContext, by: str) -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO effect VALUES ($1)", by)
            await context.checkpoint({"by": by}, tx)

    results = await asyncio.gather(step(old, "old"), step(new, "new"), return_exceptions=True)
    assert isinstance(results[0], LeaseLost)
    assert results[1] is None
    async with db.reading() as tx:
        assert [row["by"] for row in await tx.fetch("SELECT by FROM effect")] == ["new"]


async def test_expired_lease_inside_an_open_step_is_not_taken(db: Database) -> None:
    job = await add(db)
    context = JobContext(db, await claim(db, "slow"), 30, 0)
    await expire(db, job)
    async with db.transaction() as tx:
        await context.checkpoint({"at": 1}, tx)
        assert await claim(db, "other") is None
    assert await claim(db, "other") is None


async def test_robbed_handler_is_stopped(db: Database, until: Any, working: Any) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def handler(_context: JobContext) -> None:
        begun.set()
        try:
            await asyncio.sleep(600)
        finally:
            ended.set()

    job = await add(db)
    async with working(JobRunner(db, {"count": handler}, poll=30, lease=0.4)):
        await begun.wait()
        async with db.transaction() as tx:
            await tx.execute("UPDATE job SET lease_owner = 'thief', lease_until = now() + interval '1 hour'")
        await asyncio.wait_for(ended.wait(), 5)
    await until(job, state="running", lease_owner="thief")


async def test_worker_cut_off_from_its_database_stops_before_its_lease_ends(db: Database, working: Any) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()
    lasted = 0.0

    async def handler(_context: JobContext) -> None:
        nonlocal lasted
        since = time.monotonic()
        begun.set()
        try:
            await asyncio.sleep(600)
        finally:
            lasted = time.monotonic() - since
            ended.set()

    await add(db)
    own = Database(db.settings)
    blocker = await db.connect()
    async with working(JobRunner(own, {"count": handler}, poll=30, lease=1.0, grace=0.1)):
        await begun.wait()
        async with blocker.transaction():
            await blocker.execute("LOCK TABLE job IN ACCESS EXCLUSIVE MODE")
            await asyncio.wait_for(ended.wait(), 5)
    await blocker.close()
    await own.stop()
    assert lasted < 1.15


async def test_worker_that_dies_every_time_ends_as_failed(db: Database, until: Any) -> None:
    job = await add(db)
    for number in range(3):
        assert (await claim(db, f"worker-{number}")).attempt == number + 1
        await expire(db, job)
    assert await claim(db, "last") is None
    await until(job, state="failed", error="worker died in 3 attempts", lease_owner=None)


async def test_new_checkpoints_keep_a_long_job_alive_and_the_same_one_does_not(db: Database, until: Any) -> None:
    job = await add(db)
    for number in range(6):
        held = await claim(db, f"worker-{number}")
        async with db.transaction() as tx:
            await store.save_checkpoint(tx, held, {"line": number}, number, None, 30)
        await expire(db, job)
    for number in (2, 3):
        held = await claim(db, f"stuck-{number}")
        assert held.attempt == number
        async with db.transaction() as tx:
            await store.save_checkpoint(tx, held, {"line": 5}, 5, None, 30)
        await expire(db, job)
    assert await claim(db, "last") is None
    await until(job, state="failed")


async def test_cancel_of_a_job_whose_worker_died(db: Database, until: Any) -> None:
    job = await add(db)
    await claim(db, "dead")
    async with db.transaction() as tx:
        assert await request_cancel(tx, job) == "running"
    await expire(db, job)
    assert await claim(db, "next") is None
    await until(job, state="cancelled", error=None)


async def test_orderly_stop_gives_the_job_back_at_once_and_uncounted(db: Database, until: Any, working: Any) -> None:
    begun = asyncio.Event()

    async def hang(context: JobContext) -> None:
        await context.checkpoint([1, 2])
        begun.set()
        await asyncio.sleep(600)

    job = await add(db)
    async with working(JobRunner(db, {"count": hang}, lease=3600, grace=0.1)):
        await begun.wait()
    await until(job, state="queued", attempts=0, lease_owner=None, checkpoint="[1, 2]")


async def test_orderly_stop_lets_a_short_job_finish(db: Database, until: Any, working: Any) -> None:
    begun = asyncio.Event()

    async def short(_context: JobContext) -> None:
        begun.set()
        await asyncio.sleep(0.3)

    job = await add(db)
    async with working(JobRunner(db, {"count": short}, grace=5)):
        await begun.wait()
    await until(job, state="succeeded")


async def test_runner_survives_losing_its_connections(db: Database, until: Any, working: Any) -> None:
    async def handler(_context: JobContext) -> None:
        return None

    own = Database(replace(db.settings, name="cut"))
    async with working(JobRunner(own, {"count": handler}, poll=0.05)):
        for _ in range(3):
            await until(await add(db), state="succeeded")
            async with db.transaction() as tx:
                assert await tx.fetch(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND application_name = 'crmesh-cut'"
                )
    await own.stop()
