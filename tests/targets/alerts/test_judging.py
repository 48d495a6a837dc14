"""Targets are judged day by day: once, whatever workers, kills and weeks off do."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from kit.db.database import Tx
from kit.due.loop import DueLoop
from services.targets.alerts import repository
from services.targets.alerts.dues import JUDGINGS_DUE
from tests.targets.alerts.conftest import ALERT, ZONE, Days, Judged

UPDATED = "targets.attainment.updated.v1"
MARCH = date(2026, 3, 16)
"""A Monday when more than a tenth of the working days has elapsed."""
SEQUENCE = (970_000, 949_000, 960_000, 970_000, 849_000, 869_000, 870_000)


async def week(judged: Judged, figures: tuple[int, ...] = SEQUENCE, first: date = MARCH) -> list[date]:
    """Let the target stand at each figure at the end of a working day; returns the days of judging."""
    found = []
    await judged.thrive()
    for figure in figures:
        await judged.pace(figure, first)
        first += timedelta(days=3 if first.weekday() == 4 else 1)
        found.append(first)
    return found


def told(days: list[date]) -> list[tuple[str, str, str, int | None, str]]:
    return [
        ("raised", "green", "amber", 949_000, str(days[1])),
        ("cleared", "amber", "green", 970_000, str(days[3])),
        ("raised", "green", "red", 849_000, str(days[4])),
        ("raised", "red", "amber", 870_000, str(days[6])),
    ]


async def test_the_sequence_of_the_requirement(judged: Judged) -> None:
    day, asked = MARCH, []
    await judged.thrive()
    for figure in SEQUENCE:
        await judged.pace(figure, day)
        day += timedelta(days=3 if day.weekday() == 4 else 1)
        judged.days.on(day)
        await judged.turn()
        asked.append(day)
    assert await judged.said() == told(asked)
    newer, older = await judged.alerts()
    assert (older["state"], older["cleared_by"], older["cleared_on"]) == ("cleared", "green", str(asked[3]))
    assert (newer["state"], newer["level"], newer["previous"]) == ("open", "amber", "red")
    assert (newer["pace"], newer["p_hit"], newer["threshold"], newer["measure"]) == (870_000, None, 950_000, "pace")
    assert (newer["raised_on"], newer["changed_on"], newer["policy_version"]) == (str(asked[4]), str(asked[6]), 1)
    events = await judged.world.service.published(*ALERT)
    assert [(event.key, event.subject) for event in events] == [
        (judged.target, alert["id"]) for alert in (older, older, newer, newer)
    ]
    assert [event.sequence for event in events] == [1, 2, 1, 2]


async def test_a_week_off_is_each_of_its_days(judged: Judged) -> None:
    """A level depends on the one before it: what was missed is judged as if nobody had been away."""
    asked = await week(judged)
    judged.days.on(asked[-1], 23)
    await judged.turn()
    assert await judged.said() == told(asked)
    (row,) = await judged.world.service.rows("SELECT judged_on, due_at FROM target_judging")
    following = asked[-1] + timedelta(days=1)
    assert row["judged_on"] == asked[-1]
    assert row["due_at"] == datetime(following.year, following.month, following.day, tzinfo=ZONE)


async def test_many_workers_say_it_once(judged: Judged) -> None:
    for number in range(7):
        other = Judged(judged.world, judged.days)
        await other.begin(name=f"Spring {number}")
    asked = await week(judged)
    judged.days.on(asked[-1])
    small = replace(JUDGINGS_DUE, batch=2)
    loops = [DueLoop(judged.world.service.runtime, [small]) for _ in range(4)]
    await asyncio.gather(*(loop.turn() for loop in loops))
    assert await judged.world.service.rows("SELECT error FROM due_failure") == []
    said = [
        (event.payload["target_id"], event.payload["level"]) for event in await judged.world.service.published(*ALERT)
    ]
    assert len(said) == 8 * 4
    counts = await judged.world.service.rows(
        "SELECT count(*) AS n, count(DISTINCT payload.business_date) AS days FROM outbox o, "
        "json_to_record(o.data::json) AS payload(target_id uuid, business_date date) WHERE o.type = $1 "
        "GROUP BY payload.target_id",
        UPDATED,
    )
    assert len(counts) == 8
    assert all(row["n"] == row["days"] for row in counts), "once per target and day"


async def test_a_kill_half_way_leaves_nothing(judged: Judged, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = await week(judged)
    judged.days.on(asked[-1])
    write, left = repository.write_judgings, 2

    async def killed(tx: Tx, rows: Any) -> None:
        nonlocal left
        left -= 1
        await write(tx, rows)
        if left < 0:
            raise RuntimeError("killed")

    monkeypatch.setattr(repository, "write_judgings", killed)
    await DueLoop(judged.world.service.runtime, [JUDGINGS_DUE]).turn()
    before = await judged.said()
    assert len(await judged.world.service.rows("SELECT 1 FROM due_failure")) == 1
    assert before == told(asked)[: len(before)]
    monkeypatch.setattr(repository, "write_judgings", write)
    async with judged.world.service.transaction() as tx:
        await tx.execute("DELETE FROM due_failure")
    await judged.turn()
    assert await judged.said() == told(asked)


async def test_silent_before_a_tenth_of_the_working_days(judged: Judged) -> None:
    """Of 227 working days 23 are a tenth: they have elapsed at the end of 10 March."""
    judged.days.on(date(2026, 3, 10))
    await judged.turn()
    assert await judged.said() == []
    judged.days.on(date(2026, 3, 11))
    await judged.turn()
    assert await judged.said() == [("raised", "green", "red", 0, "2026-03-11")]
    updated = await judged.world.service.published(UPDATED)
    assert (updated[-1].payload["as_of"], updated[-1].payload["pace"]) == ("2026-03-10", 0)
    assert len(updated) == 24, "each working day, the silent ones too"


async def test_closing_clears(judged: Judged) -> None:
    judged.days.on(MARCH)
    await judged.turn()
    assert (await judged.world.service.post(f"/v1/targets/{judged.target}/close")).status_code == 200
    assert len(await judged.said()) == 1
    await judged.turn()
    assert await judged.said() == [
        ("raised", "green", "red", 0, "2026-03-11"),
        ("cleared", "red", "green", 0, str(MARCH)),
    ]
    (alert,) = await judged.alerts()
    assert (alert["state"], alert["cleared_by"], alert["threshold"]) == ("cleared", "closed", 850_000)
    judged.days.on(date(2027, 6, 1))
    assert await judged.turn() == 0


async def test_the_end_of_the_period_and_its_closing_day(judged: Judged) -> None:
    """After its period a target is reached or not; ten days later nobody asks any more."""
    await judged.pace(1_000_000, date(2026, 12, 31))
    judged.days.on(date(2027, 1, 4))
    await judged.turn()
    (row,) = await judged.world.service.rows("SELECT p_hit, p_hit_as_of, pace FROM target_judging")
    assert (row["p_hit"], row["p_hit_as_of"], row["pace"]) == (1_000_000, date(2027, 1, 3), 1_000_000)
    said = await judged.said()
    assert [one[2] for one in said] == ["red", "green"]
    await judged.bring(-1, date(2027, 1, 4))
    await judged.bring(-judged.amount, date(2026, 12, 30))
    judged.days.on(date(2027, 1, 5))
    await judged.turn()
    assert (await judged.said())[-1] == ("raised", "green", "red", 0, "2027-01-05")
    judged.days.on(date(2027, 1, 11))
    await judged.turn()
    assert (await judged.said())[-1][0] == "cleared"
    assert await judged.world.service.rows("SELECT 1 FROM target_judging WHERE due_at IS NOT NULL") == []


async def test_closing_and_judging_at_once(judged: Judged) -> None:
    judged.days.on(MARCH)
    for _ in range(3):
        await asyncio.gather(
            DueLoop(judged.world.service.runtime, [JUDGINGS_DUE]).turn(),
            judged.world.service.post(f"/v1/targets/{judged.target}/close"),
        )
    await judged.turn()
    assert [one[0] for one in await judged.said()] in ([], ["raised", "cleared"])
    assert await judged.world.service.rows("SELECT 1 FROM target_alert WHERE state <> 'cleared'") == []


async def test_what_does_not_count_is_not_judged(judged: Judged) -> None:
    service = judged.world.service
    body = {"name": "Draft", "period_start": "2026-02-02", "period_end": "2026-12-31", "amount": 100}
    await service.post("/v1/targets", body)
    plan = await service.post("/v1/plans", {"root_id": judged.target, "name": "What if"})
    assert plan.status_code == 201, plan.text
    rows = await service.rows("SELECT id FROM target_judging")
    assert [str(row["id"]) for row in rows] == [judged.target]


async def test_before_its_period_a_target_waits(judged: Judged) -> None:
    other = Judged(judged.world, judged.days, first=date(2026, 5, 2), last=date(2026, 5, 31))
    await other.begin(name="May")
    await judged.turn()
    (row,) = await judged.world.service.rows(
        "SELECT due_at, judged_on, version FROM target_judging WHERE id = $1", other.target
    )
    assert (row["judged_on"], row["version"]) == (None, 2)
    assert row["due_at"] == datetime(2026, 5, 6, tzinfo=ZONE), "the first days of May are off"


async def test_another_amount_is_judged_at_once(judged: Judged) -> None:
    await judged.thrive()
    await judged.pace(970_000, MARCH)
    tuesday = MARCH + timedelta(days=1)
    judged.days.on(tuesday)
    await judged.turn()
    assert await judged.said() == []
    judged.days.on(tuesday, 10)
    async with judged.world.service.transaction() as tx:
        await tx.execute("UPDATE target SET amount = amount * 2, updated_at = $1", judged.days.moment)
        await tx.execute(
            "INSERT INTO target_version (target_id, number, valid_from, amount, recorded_at) "
            "SELECT id, 2, $1, amount, $2 FROM target",
            tuesday,
            judged.days.moment,
        )
    await judged.turn()
    assert await judged.said() == [("raised", "green", "red", 485_000, str(tuesday))]


async def test_thresholds_of_the_day(judged: Judged) -> None:
    service = judged.world.service
    body = {"valid_from": str(MARCH), "reason": "stricter", "alert_pace_amber": 1_000_000, "alert_silent_share": 0}
    answer = await service.request("PUT", "/v1/target-policies", body, headers=service.headers(If_Match="*"))
    assert answer.status_code == 200, answer.text
    await judged.thrive()
    await judged.pace(970_000, MARCH)
    judged.days.on(MARCH + timedelta(days=1))
    await judged.turn()
    (alert,) = await judged.alerts()
    assert (alert["level"], alert["policy_version"], alert["threshold"]) == ("amber", 2, 1_000_000)


async def test_an_index_keeps_one_alert_a_target(judged: Judged, days: Days) -> None:
    days.on(MARCH)
    await judged.turn()
    with pytest.raises(Exception, match="uq_target_alert_standing"):
        async with judged.world.service.transaction() as tx:
            await tx.execute(
                "INSERT INTO target_alert SELECT n.* FROM target_alert a "
                "CROSS JOIN json_populate_record(a, json_build_object('id', gen_random_uuid())) n"
            )
