"""What adjustments brought, on PostgreSQL: measured by date once, named beside others, never from too little."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from kit.calendar import calendar_of
from kit.due.loop import DueLoop
from services.targets.adjustments.dues import ADJUSTMENTS_DUE
from services.targets.adjustments.effects import windows_of
from services.targets.day_profiles.rules import days_between
from tests.targets.adjustments.test_router import PATH, act, approved, measures
from tests.targets.alerts.conftest import ALERT, Days, Judged
from tests.targets.conftest import World

CALENDAR = calendar_of("CN", "Asia/Shanghai", {})
START = date(2026, 6, 1)


async def bring(world: World, first: date, last: date, amount: int) -> None:
    """An amount on each working day."""
    days = [day for day in days_between(first, last) if CALENDAR.is_working_day(day)]
    orders = [world.order({"a1": 1_000_000}, [amount], str(day)) for day in days]
    await world.service.deliver(*(world.confirmed(order) for order in orders))


async def active(world: World, unit: str = "team-a") -> str:
    body = {"name": "Y", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 10**9}
    made = (await world.service.post("/v1/targets", {**body, "unit_id": world.units[unit]})).json()["id"]
    await world.service.post(f"/v1/targets/{made}/activate")
    return str(made)


async def executed(world: World, target: str, **more: Any) -> dict[str, Any]:
    made = await approved(world, target, **more)
    answer = await act(world, made, "execute")
    assert answer.status_code == 200, answer.text
    return made


async def turn(world: World, loops: int = 1) -> None:
    await asyncio.gather(*(DueLoop(world.service.runtime, [ADJUSTMENTS_DUE]).turn() for _ in range(loops)))
    assert await world.service.rows("SELECT name, error FROM due_failure") == []


async def effect(world: World, made: dict[str, Any]) -> dict[str, Any]:
    answer = await world.service.get(f"{PATH}/{made['id']}/effect")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
async def at_start(world: World, days: Days) -> World:
    """Half a year of 200,000 a working day until the day of the execution."""
    days.on(START, 9)
    await bring(world, date(2026, 1, 5), START, 200_000)
    return world


async def test_the_effect_after_twenty_and_after_sixty_working_days(at_start: World, days: Days) -> None:
    world = at_start
    one = await executed(world, await active(world))
    windows = windows_of(CALENDAR, START, START, 60)
    await bring(world, windows.after[0], windows.after[1] + timedelta(days=20), 230_000)
    last = CALENDAR.add_working_days(START, 19)
    days.on(last + timedelta(days=1), 9)
    assert (await effect(world, one))["insufficient_data"] == {"reason": "working-days", "have": 19, "need": 20}
    days.on(CALENDAR.add_working_days(START, 20) + timedelta(days=1), 9)
    young = await effect(world, one)
    assert (young["working_days"], young["before"]["actual"], young["after"]["actual"]) == (20, 4_000_000, 4_600_000)
    assert (young["expected"] + young["effect"], young["sample_size"], young["overlapping"]) == (4_600_000, 40, [])
    assert young["p10"] <= young["effect"] <= young["p90"]
    days.on(windows.after[1], 23)
    await turn(world)
    assert (await world.service.get(f"{PATH}/{one['id']}")).json()["state"] == "executed", "the 60th day is not over"
    days.on(windows.after[1] + timedelta(days=9), 9)
    await turn(world, 2)
    row = (await world.service.get(f"{PATH}/{one['id']}")).json()
    assert (row["state"], row["measured_on"]) == ("measured", str(windows.after[1] + timedelta(days=1)))
    kept = row["effect"]
    assert (kept["working_days"], kept["before"]["actual"], kept["after"]["actual"]) == (60, 12_000_000, 13_800_000)
    assert kept["as_of"] == str(windows.after[1]), "as of its day, however late"
    assert await effect(world, one) == kept
    (event,) = await world.service.published("targets.adjustment.measured.v1")
    assert event.payload["result"] == {name: value for name, value in kept.items() if name != "seed"}
    assert event.payload["business_date"] == row["measured_on"]


async def test_results_that_do_not_reach_back_are_too_few(world: World, days: Days) -> None:
    days.on(START, 9)
    await bring(world, date(2026, 5, 20), START, 200_000)
    one = await executed(world, await active(world))
    days.on(CALENDAR.add_working_days(START, 30) + timedelta(days=1), 9)
    told = await effect(world, one)
    assert told["insufficient_data"] == {"reason": "history-too-short", "have": 8, "need": 30}
    assert (told["effect"], told["p10"]) == (None, None)


async def test_others_in_the_same_days_and_scope_are_named(at_start: World, days: Days) -> None:
    world = at_start
    one = await executed(world, await active(world))
    above, beside = await active(world, "north"), await active(world, "south")
    days.on(START + timedelta(days=7), 9)
    other = await executed(world, above)
    await executed(world, beside)
    await act(world, await approved(world, above), "drop", {"reason": "x"})
    days.on(CALENDAR.add_working_days(START, 25) + timedelta(days=1), 9)
    assert (await effect(world, one))["overlapping"] == [other["id"]]
    assert (await effect(world, other))["overlapping"] == [one["id"]]


async def test_a_day_off_that_was_declared_later_moves_the_measuring(at_start: World, days: Days) -> None:
    world = at_start
    one = await executed(world, await active(world))
    last = CALENDAR.add_working_days(START, 60)
    headers = world.service.headers(If_Match='"0"')
    off = {"kind": "off", "reason": "Stocktaking"}
    await world.service.request("PUT", f"/v1/calendar-days/{last}", off, headers=headers)
    days.on(last + timedelta(days=1), 9)
    await turn(world)
    assert (await world.service.get(f"{PATH}/{one['id']}")).json()["state"] == "executed"
    days.on(CALENDAR.add_working_days(START, 61) + timedelta(days=1), 9)
    await turn(world)
    assert (await world.service.get(f"{PATH}/{one['id']}")).json()["state"] == "measured"


async def test_measures_are_late_once_while_they_are_executed(world: World, days: Days) -> None:
    days.on(START, 9)
    named = measures(world, ("a", "2026-06-02"), ("b", "2026-06-03"))
    one = await approved(world, await active(world), measures=named)
    days.on(date(2026, 6, 3), 9)
    await turn(world)
    assert await world.service.published("targets.adjustment.overdue.v1") == [], "nobody has begun"
    await act(world, one, "start")
    days.on(date(2026, 6, 9), 9)
    await turn(world, 2)
    await turn(world)
    events = await world.service.published("targets.adjustment.overdue.v1")
    found = [(event.payload["overdue_keys"], event.payload["business_date"]) for event in events]
    assert found == [(["a"], "2026-06-03"), (["b"], "2026-06-04")]
    row = (await act(world, one, "measures/a/complete")).json()
    assert row["overdue"] == 1
    await act(world, one, "measures/b/drop")
    over = (await act(world, one, "execute")).json()
    assert (over["started_on"], over["executed_on"], over["overdue"]) == ("2026-06-03", "2026-06-09", 0)


async def test_an_alert_of_the_tree_calls_for_it(world: World, days: Days) -> None:
    days.on(date(2026, 2, 2), 9)
    judged = Judged(world, days)
    await judged.begin()
    days.on(date(2026, 4, 1))
    await judged.turn()
    (alert,) = await judged.alerts()
    assert len(await world.service.published(*ALERT)) == 1
    body = {"trigger": "alert", "alert_id": alert["id"], "strategy": "tactic", "reason": "Visit more"}
    made = await world.service.post(PATH, {**body, "target_id": judged.target})
    assert made.status_code == 201, made.text
    other = await world.service.post(PATH, {**body, "target_id": await active(world)})
    assert (other.status_code, other.json()["errors"][0]["pointer"]) == (422, "/alert_id")
