"""Studies whose worker or computation dies, that are cancelled, or computed by two at once."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import orjson
import pytest

from kit.due.loop import DueLoop
from kit.jobs.jobs import JobRunner
from kit.testing.service import ServiceHarness
from services.risk.studies import jobs
from services.risk.studies.dues import STUDIES_DUE
from services.risk.worker import jobs_of
from tests.risk.studies.runs import run, scenario, study, work_off

LONG = {"trials": 300_000}


def computations() -> set[int]:
    """Processes of this one that compute."""
    found = set()
    for task in Path("/proc/self/task").iterdir():
        for child in (task / "children").read_text().split():
            line = Path(f"/proc/{child}/cmdline")
            if line.exists() and b"studies.computation" in line.read_bytes():
                found.add(int(child))
    return found


async def begun(service: ServiceHarness) -> set[int]:
    """Once a computation has reported."""
    async with asyncio.timeout(60):
        sql = "SELECT FROM job WHERE progress_done > 0 AND state = 'running'"
        while not await service.rows(sql):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return computations()


async def kept(service: ServiceHarness) -> list[str]:
    rows = await service.rows("SELECT results::text AS text FROM study_result ORDER BY study_id")
    return [row["text"] for row in rows]


async def states(service: ServiceHarness) -> list[tuple[str, str | None]]:
    return [
        (row["state"], row["failure"]) for row in await service.rows("SELECT state, failure FROM study ORDER BY id")
    ]


async def test_a_computation_that_is_killed_is_made_again_and_shows_the_same(service: ServiceHarness) -> None:
    each = [await scenario(service) for _ in range(2)]
    whole, cut = await study(service, *each, **LONG), await study(service, *each, **LONG)
    await run(service, whole)
    await work_off(service)
    await run(service, cut)
    working = asyncio.create_task(work_off(service))
    (child,) = await begun(service)
    os.kill(child, signal.SIGKILL)
    await working
    first, second = await kept(service)
    assert first == second
    assert [state for state, _ in await states(service)] == ["completed", "completed"]
    assert len(await service.published("risk.study.completed.v1")) == 2


async def test_a_worker_that_dies_leaves_the_study_to_the_next(service: ServiceHarness) -> None:
    path = await study(service, **LONG)
    await run(service, path)
    runner = JobRunner(service.runtime.db, jobs_of(service.runtime), poll=0.02)
    dying = asyncio.create_task(runner.run(asyncio.Event()))
    children = await begun(service)
    dying.cancel()  # as a process that ends: nothing is handed back, the lease stands
    await asyncio.gather(dying, return_exceptions=True)
    assert children
    async with service.transaction() as tx:
        await tx.execute("UPDATE job SET lease_until = clock_timestamp() - interval '1 second' WHERE state = 'running'")
    await work_off(service)
    assert (await service.get(path)).json()["state"] == "completed"
    assert not computations(), "none goes on for nobody"
    assert len(await service.published("risk.study.completed.v1")) == 1


async def test_a_study_that_is_cancelled_stops_and_shows_nothing(service: ServiceHarness) -> None:
    path = await study(service, *[await scenario(service) for _ in range(4)], **LONG)
    await run(service, path)
    working = asyncio.create_task(work_off(service))
    await begun(service)
    answer = await service.post(f"{path}/cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    await working
    assert not computations()
    assert (await states(service), await kept(service)) == ([("cancelled", None)], [])
    assert (await service.post(f"{path}/cancel")).json()["code"] == "study-state"
    assert (await service.get(f"{path}/results")).json()["code"] == "study-not-completed"
    assert await service.published("risk.study.completed.v1") == []


async def test_two_workers_that_compute_the_same_complete_it_once(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(service, await study(service))
    compute = jobs.compute

    async def overtaken(inputs: Any, job: Any) -> Any:
        found = await compute(inputs, job)
        if job.attempt == 1:
            async with service.transaction() as tx:
                await tx.execute("UPDATE job SET lease_until = clock_timestamp() - interval '1 second'")
            monkeypatch.setattr(jobs, "compute", compute)
            await work_off(service)
        return found

    monkeypatch.setattr(jobs, "compute", overtaken)
    await work_off(service)
    assert [state for state, _ in await states(service)] == ["completed"]
    assert len(await kept(service)) == 1
    assert len(await service.published("risk.study.completed.v1")) == 1


async def test_a_computation_that_never_ends_well_fails_its_study(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "COMPUTATION", ("-c", "import sys; sys.exit(1)"))
    await run(service, await study(service))
    await work_off(service)
    assert await states(service) == [("failed", "computation-failed")]
    assert (await service.rows("SELECT attempts FROM job"))[0]["attempts"] == jobs.ATTEMPTS


@pytest.mark.parametrize(
    ("job", "state"),
    [("failed", ("failed", "computation-failed")), ("cancelled", ("cancelled", None)), ("queued", ("running", None))],
)
async def test_a_study_ends_as_its_job_did(service: ServiceHarness, job: str, state: tuple[str, str | None]) -> None:
    await run(service, await study(service))
    async with service.transaction() as tx:
        await tx.execute("UPDATE job SET state = $1", job)
        await tx.execute("UPDATE study SET due_at = clock_timestamp() - interval '1 minute'")
    assert await DueLoop(service.runtime, [STUDIES_DUE]).turn() == 1
    assert await states(service) == [state]
    assert await DueLoop(service.runtime, [STUDIES_DUE]).turn() == 0


async def test_the_loop_of_the_worker_lives_while_a_study_is_computed(service: ServiceHarness) -> None:
    await run(service, await study(service, *[await scenario(service) for _ in range(3)], **LONG))
    working = asyncio.create_task(work_off(service))
    await begun(service)
    loop, longest = asyncio.get_running_loop(), 0.0
    while not working.done():
        before = loop.time()
        await asyncio.sleep(0.01)
        longest = max(longest, loop.time() - before)
    await working
    assert longest < 2


async def test_inputs_survive_their_way_to_the_process(service: ServiceHarness) -> None:
    each = await scenario(service, frequency={"kind": "poisson", "mean": 0.1})
    path = await study(service, each, tolerance=[{"amount": 1, "probability": 1}])
    await run(service, path)
    async with service.transaction() as tx:
        (row,) = await tx.fetch("SELECT id FROM study")
        inputs = await jobs.inputs_of(tx, row["id"])
    assert inputs is not None
    assert type(inputs).model_validate_json(inputs.model_dump_json()) == inputs
    assert orjson.loads(inputs.model_dump_json())["scenarios"][0]["frequency"]["mean"] == 0.1
