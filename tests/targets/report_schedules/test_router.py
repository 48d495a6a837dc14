"""Schedules of reports over HTTP: who makes them, when the next report is due, what stops and goes on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from kit.due.loop import DueLoop
from kit.testing.service import codes
from services.targets.reports.dues import REPORTS_DUE
from tests.targets.alerts.conftest import Days
from tests.targets.conftest import World

PATH = "/v1/report-schedules"
FEBRUARY = date(2026, 2, 14)
"""A Saturday."""


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


async def schedule(world: World, cadence: str = "daily", local_time: str = "06:00", unit: str = "north") -> Any:
    body = {"unit_id": world.units[unit], "cadence": cadence, "local_time": local_time}
    answer = await world.service.post(PATH, body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def move(world: World, made: Any, action: str) -> Any:
    answer = await world.service.post(f"{PATH}/{made['id']}/{action}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def written(world: World) -> list[str]:
    await DueLoop(world.service.runtime, [REPORTS_DUE]).turn()
    assert await world.service.rows("SELECT name, error FROM due_failure") == []
    return [row["period_key"] for row in await world.service.rows("SELECT period_key FROM report ORDER BY period_key")]


@pytest.mark.parametrize(
    ("cadence", "start", "due"),
    [
        ("daily", "2026-02-14", "2026-02-14T22:00:00Z"),
        ("weekly", "2026-02-09", "2026-02-15T22:00:00Z"),
        ("monthly", "2026-02-01", "2026-02-28T22:00:00Z"),
    ],
)
async def test_the_first_report_covers_the_period_that_runs(
    world: World, days: Days, cadence: str, start: str, due: str
) -> None:
    days.on(FEBRUARY, 9)
    made = await schedule(world, cadence)
    assert (made["state"], made["next_start"], made["due_at"], made["stopped_at"]) == ("active", start, due, None)
    assert await written(world) == []


async def test_what_is_refused(world: World) -> None:
    good = {"unit_id": world.units["north"], "cadence": "daily", "local_time": "06:00"}
    for body, pointer in (
        ({"unit_id": world.members["a1"]}, "/unit_id"),
        ({"cadence": "yearly"}, "/cadence"),
        ({"local_time": "24:00"}, "/local_time"),
        ({"local_time": "6:00"}, "/local_time"),
        ({"local_time": "06:00\n"}, "/local_time"),
        ({"local_time": 6}, "/local_time"),
    ):
        answer = await world.service.post(PATH, good | body)
        assert (answer.status_code, codes(answer.json())) == (422, [pointer]), body


async def test_who_schedules_and_sees(world: World) -> None:
    service = world.service
    manager = service.headers("manager-north", "sales_manager")
    own = {"unit_id": world.units["team-a"], "cadence": "daily", "local_time": "06:00"}
    made = await service.post(PATH, own, headers=manager)
    assert made.status_code == 201
    other = await service.post(PATH, own | {"unit_id": world.units["south"]}, headers=manager)
    assert (other.status_code, other.json()["code"]) == (422, "unknown-unit")
    foreign = (await schedule(world, unit="south"))["id"]
    for subject, role, seen, read in (
        ("manager-north", "sales_manager", 1, 404),
        ("a1", "sales_rep", 0, 404),
        ("auditor", "auditor", 2, 200),
        ("director", "sales_director", 2, 200),
    ):
        headers = service.headers(subject, role)
        assert len((await service.get(PATH, headers=headers)).json()["items"]) == seen
        assert (await service.get(f"{PATH}/{foreign}", headers=headers)).status_code == read
    for verb in ("pause", "resume", "archive", "restore"):
        answer = await service.post(f"{PATH}/{foreign}/{verb}", headers=manager)
        assert (answer.status_code, answer.json()["code"]) == (404, "report-schedule-not-found")
    for unit, found in (("company", 2), ("north", 1), ("team-b", 0)):
        answer = await service.get(f"{PATH}?below_unit_id={world.units[unit]}&state=active&cadence=daily")
        assert len(answer.json()["items"]) == found


async def test_another_time_of_the_day(world: World, days: Days) -> None:
    days.on(FEBRUARY, 9)
    made = await schedule(world)
    later = (await world.service.patch(f"{PATH}/{made['id']}", {"local_time": "07:30"}, 1)).json()
    assert (later["due_at"], later["version"]) == ("2026-02-14T23:30:00Z", 2)
    days.on(date(2026, 2, 15), 7)
    at_once = (await world.service.patch(f"{PATH}/{made['id']}", {"local_time": "05:00"}, 2)).json()
    assert moment(at_once["due_at"]) == moment("2026-02-14T23:00:00Z"), "five has passed"
    assert await written(world) == ["2026-02-14"]
    row = (await world.service.get("/v1/reports")).json()["items"][0]
    assert (row["late_by"], moment(row["due_at"])) == (0, moment("2026-02-14T23:00:00Z"))
    after = (await world.service.get(f"{PATH}/{made['id']}")).json()
    assert (after["next_start"], after["due_at"]) == ("2026-02-15", "2026-02-15T21:00:00Z")
    days.on(date(2026, 2, 16), 9)
    late = (await world.service.patch(f"{PATH}/{made['id']}", {"local_time": "12:00"}, after["version"])).json()
    assert late["due_at"] == "2026-02-15T21:00:00Z", "what is due stays due"
    archived = await move(world, made, "archive")
    refused = await world.service.patch(f"{PATH}/{made['id']}", {"local_time": "13:00"}, archived["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "report-schedule-state")


async def test_a_pause_leaves_out_what_ends_in_it(world: World, days: Days) -> None:
    days.on(FEBRUARY, 9)
    made = await schedule(world)
    days.on(date(2026, 2, 15), 5)
    paused = await move(world, made, "pause")
    assert (paused["due_at"], moment(paused["stopped_at"])) == (None, moment("2026-02-14T21:00:00Z"))
    days.on(date(2026, 2, 18), 9)
    assert await written(world) == []
    resumed = await move(world, made, "resume")
    assert (resumed["next_start"], resumed["due_at"]) == ("2026-02-18", "2026-02-18T22:00:00Z")
    days.on(date(2026, 2, 20), 9)
    assert await written(world) == ["2026-02-18", "2026-02-19"]


async def test_a_schedule_that_was_archived_is_restored_paused_and_goes_on(world: World, days: Days) -> None:
    days.on(FEBRUARY, 9)
    made = await schedule(world)
    refused = await world.service.post(f"{PATH}/{made['id']}/restore")
    assert (refused.status_code, refused.json()["code"]) == (409, "report-schedule-state")
    days.on(date(2026, 2, 15), 5)
    archived = await move(world, made, "archive")
    days.on(date(2026, 2, 17), 9)
    restored = await move(world, made, "restore")
    assert (restored["state"], restored["due_at"]) == ("paused", None)
    assert moment(restored["stopped_at"]) == moment(archived["stopped_at"])
    days.on(date(2026, 2, 18), 9)
    await move(world, made, "resume")
    days.on(date(2026, 2, 20), 9)
    assert await written(world) == ["2026-02-18", "2026-02-19"]


@pytest.mark.parametrize("action", ["pause", "archive"])
async def test_what_is_due_when_a_schedule_is_stopped_is_written(world: World, days: Days, action: str) -> None:
    days.on(FEBRUARY, 9)
    made = await schedule(world)
    days.on(date(2026, 2, 16), 9)
    assert (await move(world, made, action))["due_at"] == "2026-02-14T22:00:00Z"
    days.on(date(2026, 2, 18), 9)
    assert await written(world) == ["2026-02-14", "2026-02-15"]
    after = (await world.service.get(f"{PATH}/{made['id']}")).json()
    assert (after["next_start"], after["due_at"]) == ("2026-02-16", None)


async def test_a_schedule_on_a_clock_that_was_set_back_writes_nothing_twice(world: World, days: Days) -> None:
    days.on(FEBRUARY, 9)
    made = await schedule(world)
    days.on(date(2026, 2, 16), 9)
    assert await written(world) == ["2026-02-14", "2026-02-15"]
    days.on(FEBRUARY, 12)
    assert await written(world) == ["2026-02-14", "2026-02-15"]
    await move(world, made, "pause")
    back = await move(world, made, "resume")
    assert back["next_start"] == "2026-02-16", "what is written already is not begun anew"
    days.on(date(2026, 2, 17), 9)
    assert await written(world) == ["2026-02-14", "2026-02-15", "2026-02-16"]
