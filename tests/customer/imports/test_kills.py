"""Whatever ends a worker: no row is lost, none is written twice."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.db.database import Tx
from kit.jobs.jobs import JobRunner
from services.customer.imports import loading, repository
from services.customer.worker import jobs_of
from tests.customer.conftest import World, work_off
from tests.customer.imports.files import PATH, counts, reverted, rows_of, sent, shown, started, text_of

ROWS = 95


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loading, "AT_ONCE", 10)


def file_of(rows: int = ROWS) -> str:
    return text_of(
        ["id", "name", "country", "note"], *[[f"C-{n}", f"Quay {n}", "CN", "two\nlines"] for n in range(rows)]
    )


async def killed(world: World, at: set[int], monkeypatch: pytest.MonkeyPatch) -> int:
    """Work a job that is killed in these steps, before their commit or after it; how often it was."""
    calls, kills = 0, 0
    real = repository.add_step

    async def counted(tx: Tx, *args: Any) -> None:
        nonlocal calls, kills
        await real(tx, *args)
        calls += 1
        if calls in at:
            kills += 1
            raise ConnectionError("killed")

    monkeypatch.setattr(repository, "add_step", counted)
    await work_off(world.service)
    monkeypatch.setattr(repository, "add_step", real)
    return kills


async def test_a_worker_that_dies_again_and_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await sent(world, "accounts", file_of(), piece=700)
    assert (await started(world, run, key="id")).status_code == 200
    assert await killed(world, {1, 4}, monkeypatch) == 2
    done = await shown(world, run)
    assert done["state"] == "succeeded"
    assert counts(done) == (ROWS, 0, 0, 0)
    names = await world.service.rows("SELECT name, count(*) AS n FROM account GROUP BY name")
    assert {row["name"]: row["n"] for row in names} == {f"Quay {n}": 1 for n in range(ROWS)}
    assert [row["row_no"] for row in await rows_of(world, run)] == list(range(2, ROWS + 2))
    created = await world.service.published("customer.account.created.v1")
    assert len({event.subject for event in created}) == len(created) == ROWS
    assert len(await world.service.published("customer.import.finished.v1")) == 1

    answer = await world.service.post(f"{PATH}/{run['id']}/revert")
    assert answer.status_code == 200
    assert await killed(world, {1}, monkeypatch) == 1
    back = await shown(world, run)
    assert (back["state"], back["reverted"], back["kept"]) == ("reverted", ROWS, 0)


async def test_a_worker_that_is_stopped_hands_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in the middle, the job goes on where it was with the next worker."""
    run = await sent(world, "accounts", file_of())
    assert (await started(world, run, key="id")).status_code == 200
    stop, real = asyncio.Event(), loading.load_rows

    async def stopping(*args: Any) -> Any:
        if await world.service.rows("SELECT FROM import_run WHERE done >= 30"):
            stop.set()
            await asyncio.sleep(5)
        return await real(*args)

    monkeypatch.setattr(loading, "load_rows", stopping)
    await JobRunner(world.service.runtime.db, jobs_of(world.service.runtime), poll=0.01, grace=0.05).run(stop)
    monkeypatch.setattr(loading, "load_rows", real)
    assert ((middle := await shown(world, run))["state"], middle["done"]) == ("running", 30)
    await work_off(world.service)
    assert counts(await shown(world, run)) == (ROWS, 0, 0, 0)
    assert len(await world.service.rows("SELECT FROM account")) == ROWS


async def test_cancelled_in_the_middle_it_can_be_taken_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await sent(world, "accounts", file_of())
    assert (await started(world, run, key="id")).status_code == 200
    real, calls = loading.load_rows, 0

    async def cancelling(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 4:
            # the step holds the import: the cancellation waits for it
            tasks.append(asyncio.create_task(world.service.post(f"{PATH}/{run['id']}/cancel")))
            await asyncio.sleep(0.05)
        return await real(*args)

    tasks: list[asyncio.Task[Any]] = []
    monkeypatch.setattr(loading, "load_rows", cancelling)
    await work_off(world.service)
    assert (await tasks[0]).json()["state"] == "cancelled"
    done = await shown(world, run)
    assert done["state"] == "cancelled"
    assert 40 <= done["created"] < ROWS
    assert len(await world.service.rows("SELECT FROM account")) == done["created"]
    jobs = await world.service.rows("SELECT state FROM job")
    assert jobs[0]["state"] in ("cancelled", "succeeded")
    back = await reverted(world, run)
    assert (back["state"], back["reverted"]) == ("reverted", done["created"])
