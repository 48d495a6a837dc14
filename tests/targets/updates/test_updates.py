"""Targets tell how far they are once a minute when something was credited to them, and the last value counts."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from kit.db.database import Tx
from kit.due.due import AnyDue
from kit.due.loop import DueLoop
from services.targets.updates import repository
from services.targets.updates.dues import MARKS_DUE, NEWS_DUE
from tests.targets.alerts.conftest import Days
from tests.targets.conftest import World

UPDATED = "targets.attainment.updated.v1"
TODAY = date(2026, 2, 12)
MINUTE = timedelta(minutes=1)


async def begin(world: World, **given: Any) -> str:
    body = {
        **{"name": "Spring", "amount": 1_000_000, "period_start": "2026-02-01", "period_end": "2026-02-28"},
        **given,
    }
    made = await world.service.post("/v1/targets", body)
    assert made.status_code == 201, made.text
    target: str = made.json()["id"]
    assert (await world.service.post(f"/v1/targets/{target}/activate")).status_code == 200
    return target


async def sell(world: World, who: str, amount: int, day: date = TODAY) -> None:
    await world.service.deliver(world.confirmed(world.order({who: 1_000_000}, [amount], str(day))))


async def turn(world: World) -> None:
    loop = DueLoop(world.service.runtime, [MARKS_DUE, NEWS_DUE])
    await loop.turn()
    await loop.turn()  # what the marks made due
    assert await world.service.rows("SELECT name, error FROM due_failure") == []


async def told(world: World) -> list[tuple[str, int]]:
    return [(one.payload["target_id"], one.payload["value"]) for one in await world.service.published(UPDATED)]


async def test_once_a_minute_the_last_value(world: World, days: Days) -> None:
    days.on(TODAY, 10)
    target = await begin(world, unit_id=world.units["team-a"])
    await sell(world, "a1", 100)
    await sell(world, "a1", 200)
    await turn(world)
    assert await told(world) == [], "the minute is not over"
    days.moment += MINUTE
    await sell(world, "a1", 50)
    await turn(world)
    assert await told(world) == [(target, 350)], "all that was there by then, once"
    days.moment += MINUTE - timedelta(seconds=1)
    await turn(world)
    assert await told(world) == [(target, 350)]
    days.moment += MINUTE
    await turn(world)
    assert await told(world) == [(target, 350)], "the mark of what was told already says nothing new"
    await sell(world, "a1", 1)
    days.moment += MINUTE
    await turn(world)
    assert await told(world) == [(target, 350), (target, 351)]
    events = await world.service.published(UPDATED)
    assert [one.sequence for one in events] == sorted({one.sequence for one in events})
    assert await world.service.rows("SELECT 1 FROM credit_mark") == []


async def test_targets_that_something_was_credited_to_and_no_others(world: World, days: Days) -> None:
    days.on(TODAY, 10)
    units, members = world.units, world.members
    mine = {
        await begin(world),
        await begin(world, unit_id=units["company"]),
        await begin(world, unit_id=units["team-a"]),
        await begin(world, member_id=members["a1"]),
        await begin(world, unit_id=units["team-a"], member_id=members["a1"]),
        await begin(world, metric="units", unit_id=units["team-a"]),
    }
    await begin(world, unit_id=units["team-b"])
    await begin(world, member_id=members["b1"])
    await begin(world, region="US-CA")
    await begin(world, unit_id=units["team-a"], period_start="2026-03-01", period_end="2026-03-31")
    draft = await world.service.post(
        "/v1/targets",
        {"name": "Draft", "metric": "revenue", "amount": 1, "period_start": "2026-02-01", "period_end": "2026-02-28"},
    )
    assert draft.status_code == 201
    await sell(world, "a1", 100)
    days.moment += MINUTE
    await turn(world)
    assert {target for target, _ in await told(world)} == mine
    (row,) = await world.service.rows("SELECT count(*) AS n FROM target_news")
    assert row["n"] == len(mine)


async def test_many_workers_say_it_once(world: World, days: Days) -> None:
    days.on(TODAY, 10)
    targets = {await begin(world, name=f"Spring {number}") for number in range(8)}
    await sell(world, "a1", 100)
    days.moment += MINUTE
    small: list[AnyDue] = [replace(MARKS_DUE, batch=1), replace(NEWS_DUE, batch=2)]
    for _ in range(2):
        await asyncio.gather(*(DueLoop(world.service.runtime, small).turn() for _ in range(4)))
    assert sorted(await told(world)) == sorted((target, 100) for target in targets)


async def test_a_kill_half_way_leaves_it_due(world: World, days: Days, monkeypatch: pytest.MonkeyPatch) -> None:
    days.on(TODAY, 10)
    target = await begin(world)
    await sell(world, "a1", 100)
    days.moment += MINUTE

    async def killed(_tx: Tx, _rows: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as inner:
        inner.setattr(repository, "write_news", killed)
        loop = DueLoop(world.service.runtime, [MARKS_DUE, NEWS_DUE])
        await loop.turn()
        await loop.turn()
    assert await told(world) == []
    days.moment += MINUTE
    await turn(world)
    assert await told(world) == [(target, 100)]


async def test_what_is_judged_meanwhile_is_told_later(world: World, days: Days) -> None:
    """Nobody waits for the judging of a target, which waits for nobody either."""
    days.on(TODAY, 10)
    target = await begin(world)
    await sell(world, "a1", 100)
    days.moment += MINUTE
    async with world.service.transaction() as tx:
        await tx.execute("SELECT 1 FROM target_judging FOR UPDATE")
        await turn(world)
    assert await told(world) == []
    days.moment += MINUTE
    await turn(world)
    assert await told(world) == [(target, 100)]


async def test_what_counts_no_more_is_forgotten(world: World, days: Days) -> None:
    days.on(TODAY, 10)
    target = await begin(world)
    await sell(world, "a1", 100)
    days.moment += MINUTE
    await DueLoop(world.service.runtime, [MARKS_DUE]).turn()
    assert (await world.service.post(f"/v1/targets/{target}/close")).status_code == 200
    await turn(world)
    assert await told(world) == []
    assert await world.service.rows("SELECT 1 FROM target_news") == []
