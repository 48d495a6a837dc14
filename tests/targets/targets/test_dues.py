"""Targets close some days after their period, with the clock set by the test: once, in order, whatever workers do."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, time
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kit import clock
from kit.due.loop import DueLoop
from services.targets.targets import dues
from services.targets.targets.dues import CLOSINGS_DUE

Q1 = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 10000001}


class Days:
    """The company's clock, which stands where the test puts it; tokens go by the real one."""

    def __init__(self) -> None:
        self.moment = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.moment

    def on(self, day: date, hour: int = 12) -> None:
        self.moment = datetime.combine(day, time(hour), ZoneInfo("Asia/Shanghai"))


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Days:
    made = Days()
    monkeypatch.setattr("kit.testing.service.clock", SimpleNamespace(now=clock.now))
    monkeypatch.setattr(clock, "now", made)
    return made


async def turn(world: Any) -> int:
    worked = await DueLoop(world.service.runtime, [CLOSINGS_DUE]).turn()
    assert await world.service.rows("SELECT * FROM due_failure") == []
    return worked


async def active(world: Any, **more: Any) -> tuple[str, list[str]]:
    """An active target by months: its id and theirs."""
    root = (await world.service.post("/v1/targets", {**Q1, **more})).json()["id"]
    answer = await world.service.post(f"/v1/targets/{root}/decompositions", {"dimension": "month"})
    assert (await world.service.post(f"/v1/targets/{root}/activate")).status_code == 200
    return root, [child["target_id"] for child in answer.json()["children"]]


async def read(world: Any, target: str) -> dict[str, Any]:
    found: dict[str, Any] = (await world.service.get(f"/v1/targets/{target}")).json()
    return found


async def test_a_quarter_closes_month_by_month_and_keeps_its_value(world: Any, days: Days) -> None:
    days.on(date(2026, 1, 5))
    root, (january, _, march) = await active(world)
    order = world.order({"a1": 1_000_000}, [700], "2026-01-20")
    await world.service.deliver(world.confirmed(order))
    assert (await read(world, january))["closes_on"] == "2026-02-10"
    days.on(date(2026, 2, 9), 23)
    assert await turn(world) == 0
    days.on(date(2026, 2, 10), 0)
    assert (await turn(world), await turn(world)) == (1, 0)
    closed = await read(world, january)
    assert (closed["state"], closed["closed_value"], (await read(world, root))["state"]) == ("closed", 700, "active")
    (event,) = await world.service.published("targets.target.closed.v1")
    said = (event.subject, event.key, event.payload["value"], event.payload["business_date"])
    assert said == (january, root, 700, "2026-02-10")
    (row,) = await world.service.rows("SELECT actor FROM audit_log WHERE action = 'close'")
    assert row["actor"] == "system"
    await world.service.deliver(world.returned(order, {1: (0, 200)}, "2026-01-31"))
    (item,) = (await world.attainment(target_id=january))["items"]
    assert (item["actual"], item["closed_value"], item["after_close"]) == (500, 700, -200)
    days.on(date(2026, 4, 10), 1)
    assert await turn(world) > 0
    assert [(await read(world, target))["closed_value"] for target in (root, march)] == [500, 0]
    assert len(await world.service.published("targets.target.closed.v1")) == 4
    assert (await world.service.rows("SELECT due_at FROM target WHERE due_at IS NOT NULL")) == []


async def test_after_years_off_many_workers_close_everything_once(world: Any, days: Days) -> None:
    days.on(date(2026, 1, 5))
    for _ in range(5):
        await active(world)
    days.on(date(2029, 1, 1))
    loops = [DueLoop(world.service.runtime, [CLOSINGS_DUE]) for _ in range(4)]
    await asyncio.gather(*(loop.turn() for loop in loops))
    events = await world.service.published("targets.target.closed.v1")
    assert len({event.subject for event in events}) == len(events) == 20
    assert await world.service.rows("SELECT * FROM due_failure") == []
    assert await world.service.rows("SELECT 1 FROM target WHERE state <> 'closed' OR due_at IS NOT NULL") == []


async def test_large_trees_close_in_parts_children_first(
    world: Any, days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dues, "AT_ONCE", 2)
    days.on(date(2026, 1, 5))
    root, months = await active(world)
    days.on(date(2026, 5, 1))
    loop = DueLoop(world.service.runtime, [CLOSINGS_DUE])
    counts = []
    for _ in range(3):
        days.moment = days.moment.replace(second=days.moment.second + 1)
        await loop._batch(CLOSINGS_DUE)
        counts.append(len(await world.service.rows("SELECT 1 FROM target WHERE state = 'closed'")))
    assert counts == [2, 3, 4]
    closed = [event.subject for event in await world.service.published("targets.target.closed.v1")]
    assert (closed[-1], set(closed[:-1])) == (root, set(months))


async def test_commands_and_the_closing_at_once_close_once(world: Any, days: Days) -> None:
    days.on(date(2026, 1, 5))
    root, months = await active(world)
    days.on(date(2026, 5, 1))
    _, *answers = await asyncio.gather(
        DueLoop(world.service.runtime, [CLOSINGS_DUE]).turn(),
        *(world.service.post(f"/v1/targets/{target}/close") for target in (months[0], root)),
    )
    assert {answer.status_code for answer in answers} <= {200, 409}
    await DueLoop(world.service.runtime, [CLOSINGS_DUE]).turn()
    closed = [event.subject for event in await world.service.published("targets.target.closed.v1")]
    assert sorted(closed) == sorted([root, *months])
    assert await world.service.rows("SELECT * FROM due_failure") == []


async def test_children_made_later_close_no_later_than_their_parent(world: Any, days: Days) -> None:
    days.on(date(2026, 1, 5))
    _, (january, *_) = await active(world)
    body = {"valid_from": "2026-01-05", "reason": "more time", "close_after_days": 30}
    headers = world.service.headers(If_Match="*")
    assert (await world.service.request("PUT", "/v1/target-policies", body, headers=headers)).status_code == 200
    children = [{"member_id": world.members[code]} for code in ("a1", "a2")]
    split = {"dimension": "member", "children": children}
    answer = await world.service.post(f"/v1/targets/{january}/decompositions", split)
    child = answer.json()["children"][0]["target_id"]
    assert (await read(world, child))["closes_on"] == "2026-02-10"
    other, _ = await active(world, name="later")
    assert (await read(world, other))["closes_on"] == "2026-04-30", "the policy of the day it was activated"


async def test_what_never_counted_is_closed_without_a_word(world: Any) -> None:
    root = (await world.service.post("/v1/targets", Q1)).json()["id"]
    assert (await world.service.post(f"/v1/targets/{root}/close")).json()["closed_value"] is None
    assert await world.service.published("targets.target.closed.v1") == []


async def test_an_early_release_left_no_day(world: Any, days: Days) -> None:
    """What it activated while this one was rolled out closes with its tree, ten days after its period."""
    days.on(date(2026, 1, 5))
    root, _ = await active(world)
    async with world.service.transaction() as tx:
        await tx.execute("UPDATE target SET closes_on = NULL")
        await tx.execute("UPDATE target SET due_at = '2026-02-01T00:00:00Z' WHERE parent_id IS NULL")
    days.on(date(2026, 2, 1))
    assert await turn(world) == 1
    (row,) = await world.service.rows("SELECT due_at FROM target WHERE parent_id IS NULL")
    assert row["due_at"] == datetime(2026, 2, 9, 16, tzinfo=UTC)
    days.on(date(2026, 4, 11))
    await turn(world)
    assert (await read(world, root))["state"] == "closed"
