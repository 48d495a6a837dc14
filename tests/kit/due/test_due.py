"""Due rows are worked once each, whatever workers, failures and clocks do."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kit.doctor.database import _check_due
from kit.due.due import LONGEST_PAUSE, Due
from kit.due.loop import DueLoop
from kit.work import Work
from tests.kit.due.conftest import START, Clock, Reminders
from tests.kit.due.reminders import REMINDERS, Reminder, remind, runtime_on

KILLER = Path(__file__).with_name("killed_at_every_line.py")
ROOT = Path(__file__).parents[3]


async def test_what_is_due_is_worked_once_and_what_is_not_waits(reminders: Reminders, now: Clock) -> None:
    await reminders.add(20)
    await reminders.add(1, due=START + timedelta(seconds=1), first=100)
    loop = DueLoop(reminders.runtime, [REMINDERS])
    assert await loop.turn() == 20
    assert await loop.turn() == 0
    assert await reminders.said() == list(range(20))
    now.step(seconds=1)
    assert await loop.turn() == 1
    assert await reminders.said() == [*range(20), 100]


@pytest.mark.usefixtures("now")
async def test_condition_and_row_lock_keep_rows_from_being_worked(reminders: Reminders) -> None:
    await reminders.add(1, kind="gone")
    held, _free = await reminders.add(2, first=1)
    loop = DueLoop(reminders.runtime, [REMINDERS])
    async with reminders.runtime.db.transaction() as command:
        await command.execute("UPDATE reminder SET due_at = NULL WHERE id = $1", held)
        assert await loop.turn() == 1
    assert await loop.turn() == 0
    assert await reminders.said() == [2]


@pytest.mark.usefixtures("now")
async def test_many_workers_at_once_work_each_row_once(reminders: Reminders) -> None:
    await reminders.add(300)
    loops = [DueLoop(runtime_on(dict(reminders.runtime.db.settings.connect)), [REMINDERS]) for _ in range(4)]
    try:
        counts = await asyncio.gather(*(loop.turn() for loop in loops))
    finally:
        await asyncio.gather(*(loop._runtime.db.stop() for loop in loops))
    assert sum(counts) == 300
    assert await reminders.said() == list(range(300))


async def test_a_clock_that_steps_back_repeats_nothing_and_holds_nothing_up(reminders: Reminders, now: Clock) -> None:
    await reminders.add(3)
    await reminders.add(1, kind="bad", first=3)
    loop = DueLoop(reminders.runtime, [REMINDERS])
    now.step(days=30)
    assert await loop.turn() == 4
    now.step(days=-30)
    await reminders.add(2, first=10)
    assert await loop.turn() == 3, "the pause of the row that failed seems to last a month: it is over"
    assert await reminders.said() == [0, 1, 2, 10, 11]
    now.step(seconds=-1)
    assert await loop.turn() == 0


async def test_after_a_week_off_late_is_said_as_late_and_nothing_is_skipped(reminders: Reminders, now: Clock) -> None:
    await reminders.add(1, kind="daily", first=1)
    await reminders.add(1, first=2, due=START + timedelta(days=2))
    now.step(days=7)
    assert await DueLoop(reminders.runtime, [REMINDERS]).turn() == 9
    said = await reminders.fetch("SELECT n, due_at, detected_at FROM said ORDER BY n, due_at")
    assert [(row["n"], row["due_at"]) for row in said] == [
        *((1, START + timedelta(days=day)) for day in range(8)),
        (2, START + timedelta(days=2)),
    ]
    assert {row["detected_at"] for row in said} == {now.time}


async def test_a_row_that_fails_waits_longer_each_time_and_stops_nobody(reminders: Reminders, now: Clock) -> None:
    (bad,) = await reminders.add(1, kind="bad", due=START - timedelta(days=1))
    await reminders.add(20, first=1)
    loop = DueLoop(reminders.runtime, [REMINDERS])
    await loop.turn()
    assert await reminders.said() == list(range(1, 21))
    pauses = []
    for attempt in range(1, 14):
        (row,) = await reminders.fetch("SELECT * FROM due_failure")
        assert (row["row_id"], row["attempts"], row["error"]) == (bad, attempt, "ArithmeticError")
        pauses.append(row["retry_at"] - now.time)
        now.time = row["retry_at"] - timedelta(microseconds=1)
        assert await loop.turn() == 0
        now.time = row["retry_at"]
        assert await loop.turn() == 1
    assert pauses[:4] == [timedelta(seconds=seconds) for seconds in (5, 10, 20, 40)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    await reminders.execute("UPDATE reminder SET kind = 'once'")
    now.step(hours=1)
    assert await loop.turn() == 1
    assert await reminders.fetch("SELECT * FROM due_failure") == []
    assert await reminders.said() == list(range(21))


@pytest.mark.usefixtures("now")
async def test_a_step_that_leaves_a_row_due_is_undone(reminders: Reminders) -> None:
    await reminders.add(1, kind="left")
    await DueLoop(reminders.runtime, [REMINDERS]).turn()
    assert await reminders.said() == []
    (row,) = await reminders.fetch("SELECT error FROM due_failure")
    assert row["error"] == "StillDue"


@pytest.mark.usefixtures("now")
async def test_a_kind_that_fails_altogether_does_not_stop_the_others(reminders: Reminders) -> None:
    async def time_out(work: Work, _rows: Sequence[Reminder]) -> None:
        await work.tx.execute("SET LOCAL statement_timeout = 1")
        await work.tx.execute("SELECT pg_sleep(1)")

    broken = replace(REMINDERS, name="broken", condition="t.no_such_column = 1")
    slow = Due("slow", Reminder, time_out, "t.kind = 'gone'")
    await reminders.add(3)
    await reminders.add(1, kind="gone")
    assert await DueLoop(reminders.runtime, [broken, slow, REMINDERS]).turn() == 4
    assert await reminders.said() == [0, 1, 2]
    (row,) = await reminders.fetch("SELECT name, error FROM due_failure")
    assert tuple(row) == ("slow", "QueryCanceledError")


async def test_lateness_and_failures_are_figures(reminders: Reminders, now: Clock) -> None:
    await reminders.add(1, kind="bad")
    await reminders.add(1, kind="bad", first=1)
    loop = DueLoop(reminders.runtime, [REMINDERS])
    now.step(minutes=2)
    await loop.measure()
    text = reminders.runtime.metrics.render().decode()
    assert 'crmesh_due_oldest_seconds{due="reminder",service="tiny"} 120.0' in text
    await loop.turn()
    await reminders.execute("UPDATE reminder SET kind = 'gone' WHERE n = 0")
    await loop.measure()
    text = reminders.runtime.metrics.render().decode()
    assert 'crmesh_due_failing{due="reminder",service="tiny"} 1.0' in text, (
        "what nobody waits for any more is forgotten"
    )
    await reminders.execute("UPDATE reminder SET kind = 'once' WHERE n = 1")
    now.step(minutes=2)
    await loop.turn()
    await loop.measure()
    text = reminders.runtime.metrics.render().decode()
    assert 'crmesh_due_oldest_seconds{due="reminder",service="tiny"} 0.0' in text
    assert 'crmesh_due_worked_total{due="reminder",service="tiny"} 1.0' in text


@pytest.mark.usefixtures("now")
async def test_the_index_finds_the_rows(reminders: Reminders) -> None:
    await reminders.add(3000, due=START + timedelta(days=1))
    await reminders.add(5)
    await reminders.execute("ANALYZE reminder")
    seen: list[str] = []

    async def explain(self: Any, _kind: Any, sql: str, *args: object) -> list[Any]:
        seen.extend(row[0] for row in await self.fetch("EXPLAIN " + sql, *args))
        return []

    async with reminders.runtime.db.transaction() as tx:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(tx), "rows", explain)
            await REMINDERS.claim(tx, START)
    assert any("ix_reminder_due_at" in line for line in seen), seen


@pytest.mark.usefixtures("now")
async def test_the_loop_survives_losing_its_connections_and_ends_when_told(reminders: Reminders) -> None:
    loop, stop = DueLoop(reminders.runtime, [REMINDERS], poll=0.02), asyncio.Event()
    task = asyncio.create_task(loop.run(stop))
    other = await asyncpg.connect(**reminders.runtime.db.settings.connect)
    try:
        for n in range(3):
            await other.execute(
                "INSERT INTO reminder (id, kind, n, due_at) VALUES (gen_random_uuid(), 'once', $1, $2)", n, START
            )
            for _ in range(400):
                if await other.fetchval("SELECT count(*) FROM said") == n + 1:
                    break
                await asyncio.sleep(0.02)
            await other.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert [row["n"] for row in await other.fetch("SELECT n FROM said ORDER BY n")] == [0, 1, 2]
    finally:
        stop.set()
        await asyncio.wait_for(task, 10)
        await other.close()


@pytest.mark.usefixtures("now")
async def test_a_mistake_in_one_kind_ends_no_worker(reminders: Reminders) -> None:
    await reminders.add(3)
    broken = replace(REMINDERS, name="broken", condition="t.no_such_column = 1")
    stop = asyncio.Event()
    task = asyncio.create_task(DueLoop(reminders.runtime, [broken, REMINDERS], poll=0.02).run(stop))
    for _ in range(400):
        if await reminders.said():
            break
        await asyncio.sleep(0.02)
    assert not task.done()
    stop.set()
    await asyncio.wait_for(task, 10)
    assert await reminders.said() == [0, 1, 2]


async def test_names_are_unique(reminders: Reminders) -> None:
    with pytest.raises(ValueError, match="names of their own"):
        DueLoop(reminders.runtime, [REMINDERS, Due("reminder", Reminder, remind)])


async def test_killed_at_every_line_each_row_is_worked_once(reminders: Reminders) -> None:
    """A worker is killed at the first line, the next at the second, and so on, until one comes through."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(KILLER),
        json.dumps(dict(reminders.runtime.db.settings.connect)),
        cwd=ROOT,
        env={"PYTHONPATH": "."},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    rounds = json.loads(out.splitlines()[-1])
    assert rounds["killed"] > 40
    said = await reminders.fetch("SELECT n, count(*) AS times FROM said GROUP BY n ORDER BY n")
    assert [(row["n"], row["times"]) for row in said] == [(n, 1) for n in range(rounds["rows"])]


async def test_the_doctor_sees_rows_that_fail(reminders: Reminders, now: Clock) -> None:
    await reminders.add(1, kind="bad")
    loop = DueLoop(reminders.runtime, [REMINDERS])
    found = []
    for _ in range(5):
        await loop.turn()
        now.step(hours=1)
        connection = await asyncpg.connect(**reminders.runtime.db.settings.connect)
        try:
            found.append(await _check_due(connection, "tiny"))
        finally:
            await connection.close()
    assert [each.level for each in found] == ["warn"] * 4 + ["fail"]
    assert "reminder" in found[0].found
    assert "ArithmeticError" in found[0].found
