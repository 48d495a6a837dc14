"""Reports are written once for each period: whatever workers, kills, clock steps and weeks off do."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from kit.due.loop import DueLoop
from services.targets.events_out.reports import ReportPublished
from services.targets.report_schedules import service as schedules
from services.targets.reports import dues
from services.targets.reports.dues import REPORTS_DUE
from services.targets.reports.repository import all_reports
from services.targets.reports.sealing import is_sealed, seal_of
from services.targets.reports.service import write_report
from tests.targets.reports.conftest import PUBLISHED, Desk

FRIDAY = date(2026, 2, 13)
ONE = timedelta(days=1)


async def test_a_report_of_the_day_before(desk: Desk) -> None:
    """Of the page: a target of 1,600,000 with 900,000 on the 13th, after 10 of 16 working days, is at pace 900,000."""
    target = await desk.target()
    await desk.sold(900_000)
    schedule = await desk.schedule()
    assert await desk.turn(FRIDAY + ONE, 5) > 0
    assert await desk.reports() == [], "it is not six yet"
    await desk.turn(FRIDAY + ONE, 6)
    (report,) = await desk.reports()
    assert (report["period_key"], report["period_start"], report["period_end"]) == ("2026-02-13",) * 3
    assert (report["schedule_id"], report["late_by"], report["targets"]) == (schedule, 0, 1)
    body = await desk.body(report)
    assert seal_of(body) == report["sha256"]
    (row,) = body["targets"]
    assert (row["target_id"], row["unit_code"], row["member_code"]) == (target, "team-a", None)
    assert (row["amount"], row["value"], row["percent"], row["pace"]) == (1_600_000, 900_000, 562_500, 900_000)
    assert (row["alert"]["level"], row["alert"]["measure"], row["alert"]["state"]) == ("amber", "pace", "open")
    assert body["totals"] == {"amount": 1_600_000, "value": 900_000}
    assert (body["unit"]["code"], body["as_of"], body["currency"]) == ("north", "2026-02-13", "USD")
    (event,) = await desk.world.service.published(PUBLISHED)
    assert (event.key, event.subject, event.sequence) == (schedule, report["id"], 1)
    said = ReportPublished.model_validate(event.payload)
    assert (str(said.unit_id), said.sha256, said.business_date) == (
        desk.world.units["north"],
        report["sha256"],
        FRIDAY + ONE,
    )


async def test_weeks_and_months(desk: Desk) -> None:
    await desk.schedule(cadence="weekly")
    await desk.schedule(cadence="monthly")
    await desk.turn(date(2026, 3, 10))
    found = [(one["cadence"], one["period_key"]) for one in await desk.reports()]
    weeks = [("weekly", f"2026-W{week:02d}") for week in (7, 8, 9, 10)]
    assert sorted(found) == [("monthly", "2026-02"), *weeks]
    (month,) = await desk.reports("?cadence=monthly")
    assert (month["period_start"], month["period_end"], month["late_by"]) == ("2026-02-01", "2026-02-28", 781_200)


async def test_a_week_off_writes_seven_daily_ones(desk: Desk) -> None:
    await desk.target()
    await desk.schedule()
    for day in range(13, 20):
        await desk.sold(100 * day, f"2026-02-{day}")
    await desk.turn(date(2026, 2, 20), 7)
    reports = await desk.reports()
    assert [one["period_key"] for one in reports] == [f"2026-02-{day}" for day in range(13, 20)]
    assert [one["late_by"] for one in reports] == [3600 + 86_400 * days for days in range(6, -1, -1)]
    values = [(await desk.body(one))["totals"]["value"] for one in reports]
    assert values == [sum(100 * day for day in range(13, last + 1)) for last in range(13, 20)], "each of its own day"
    events = await desk.world.service.published(PUBLISHED)
    assert [event.payload["period_key"] for event in events] == [one["period_key"] for one in reports]
    await desk.turn(date(2026, 2, 20), 8)
    assert len(await desk.reports()) == 7


async def test_many_workers_write_it_once(desk: Desk) -> None:
    for unit in ("company", "north", "south", "team-a"):
        await desk.schedule(unit)
    desk.days.on(date(2026, 2, 18), 7)
    loops = [DueLoop(desk.world.service.runtime, [REPORTS_DUE]) for _ in range(4)]
    await asyncio.gather(*(loop.turn() for loop in loops))
    assert await desk.world.service.rows("SELECT name, error FROM due_failure") == []
    rows = await desk.world.service.rows("SELECT schedule_id, count(*) AS n FROM report GROUP BY 1")
    assert [row["n"] for row in rows] == [5] * 4
    said = [event.payload["id"] for event in await desk.world.service.published(PUBLISHED)]
    assert sorted(said) == sorted(str(row["id"]) for row in await desk.world.service.rows("SELECT id FROM report"))


async def test_a_kill_half_way_leaves_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = await desk.schedule()
    left = 2

    async def killed(*args: Any) -> Any:
        nonlocal left
        left -= 1
        after = await schedules.advance(*args)
        if left < 0:
            raise RuntimeError("killed")
        return after

    monkeypatch.setattr(dues, "advance", killed)
    desk.days.on(date(2026, 2, 18), 7)
    await DueLoop(desk.world.service.runtime, [REPORTS_DUE]).turn()
    service = desk.world.service
    assert [row["row_id"] for row in await service.rows("SELECT row_id::text FROM due_failure")] == [schedule]
    assert [one["period_key"] for one in await desk.reports()] == ["2026-02-13", "2026-02-14"]
    monkeypatch.setattr(dues, "advance", schedules.advance)
    desk.days.on(date(2026, 2, 18), 8)
    await DueLoop(service.runtime, [REPORTS_DUE]).turn()
    assert [one["period_key"] for one in await desk.reports()] == [f"2026-02-{day}" for day in range(13, 18)]
    assert len(await service.published(PUBLISHED)) == 5


async def test_a_period_has_one_report_of_a_schedule(desk: Desk) -> None:
    """Also when its row was set back: nothing is written and said twice."""
    await desk.schedule()
    await desk.turn(date(2026, 2, 15))
    before = await desk.world.service.rows("SELECT * FROM report ORDER BY id")
    async with desk.world.service.transaction() as tx:
        await tx.execute("UPDATE report_schedule SET next_start = '2026-02-13', due_at = '2026-02-13T22:00Z'")
    await desk.turn(date(2026, 2, 15))
    assert await desk.world.service.rows("SELECT * FROM report ORDER BY id") == before
    assert len(await desk.world.service.published(PUBLISHED)) == 2


async def test_nothing_changes_a_report(desk: Desk) -> None:
    await desk.target()
    await desk.schedule()
    await desk.turn(FRIDAY + ONE)
    service = desk.world.service
    before = await service.rows("SELECT * FROM report")
    for statement in (
        "UPDATE report SET late_by = 1",
        "UPDATE report SET body = '{}'",
        "DELETE FROM report",
        "TRUNCATE report",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            async with service.transaction() as tx:
                await tx.execute(statement)
    await desk.sold(5_000, "2026-02-13")
    assert await service.rows("SELECT * FROM report") == before, "what came later is no part of it"
    async with service.transaction() as tx:
        (one,) = [each async for each in all_reports(tx)]
    assert is_sealed(one.body, one.sha256)
    assert not is_sealed(one.body.replace("team-a", "team-b"), one.sha256)


async def test_reports_do_not_wait_for_what_is_away(desk: Desk) -> None:
    """What KPIs are read from is being filled: the report waits, and is late then."""
    await desk.schedule()
    service = desk.world.service
    async with service.transaction() as tx:
        await tx.execute("INSERT INTO projection_state (name, version, state) VALUES ('kpi_visit', 1, 'building')")
    desk.days.on(FRIDAY + ONE, 7)
    await DueLoop(service.runtime, [REPORTS_DUE]).turn()
    assert await desk.reports() == []
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM projection_state WHERE name = 'kpi_visit'")
        await tx.execute("DELETE FROM due_failure")
    await desk.turn(FRIDAY + ONE, 9)
    (report,) = await desk.reports()
    assert (report["period_key"], report["late_by"]) == ("2026-02-13", 3 * 3600)


async def test_a_report_of_many_targets_takes_no_more_statements(desk: Desk) -> None:
    counts: list[int] = []
    for copies in (0, 300):
        target = await desk.target()
        async with desk.world.service.transaction() as tx:
            await tx.execute(_COPIES, target, copies)
        schedule = UUID(await desk.schedule("team-a"))
        asked: list[object] = []
        async with desk.world.service.transaction() as tx:
            work = desk.world.service.work(tx)
            row = await schedules.require_schedule(work, schedule)
            with tx.connection.query_logger(asked.append):
                assert await write_report(work, row)
        counts.append(len(asked))
    assert [one["targets"] for one in await desk.reports("?sort=written_at")] == [1, 302]
    assert counts[0] == counts[1] > 0


_COPIES = """
INSERT INTO target (id, root_id, name, metric, state, currency, amount, period_start, period_end, unit_id)
SELECT n.id, n.id, 'Copy ' || n.number, t.metric, t.state, t.currency, t.amount, t.period_start, t.period_end, t.unit_id
FROM target t CROSS JOIN (SELECT gen_random_uuid() AS id, number FROM generate_series(1, $2::int) number) n
WHERE t.id = $1::uuid
"""
