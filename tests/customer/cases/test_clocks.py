"""SLA clocks of cases in the service: what stops and moves them, what time brings about, once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.due.loop import DueLoop
from kit.testing.service import make_event
from services.customer.cases import service as cases
from services.customer.cases.dues import CASES_DUE
from services.customer.policies.schemas import HOURS
from tests.customer.cases.conftest import BOSS, BREACHED, Desk, at, calendar, clock_of, hear_units, unit, written
from tests.customer.conftest import MANAGER, REP_1, REP_2, UNITS, member

FIRST, RESOLUTION = "first_response", "resolution"
HIGH = {"severity": "high"}
"""120 and 960 minutes; without a grade 180 and 1440."""


def due(case: dict[str, Any], clock: str = RESOLUTION, attempt: int = 1) -> Any:
    return clock_of(case, clock, attempt)["due_at"]


async def test_minutes_by_severity_and_without_a_grade(desk: Desk) -> None:
    desk.on("09-29 09:00")
    found = {}
    for severity in ("critical", "high", "medium", "low"):
        case = await desk.open(severity=severity)
        found[severity] = tuple(clock_of(case, name)["minutes"] for name in (FIRST, RESOLUTION))
    assert found == {"critical": (90, 720), "high": (180, 1440), "medium": (360, 2160), "low": (720, 3600)}


async def test_a_holiday_lies_between(desk: Desk) -> None:
    case = await desk.open(**HIGH)
    assert (due(case, FIRST), due(case)) == (written(at("10-08 11:00")), written(at("10-10 17:00")))
    assert case["due_at"] == written(at("10-08 11:00"))
    desk.on("10-03 11:00")
    on_holiday = await desk.open(**HIGH)
    assert due(on_holiday, FIRST) == written(at("10-08 12:00"))
    assert not clock_of(on_holiday, FIRST)["is_provisional"]


async def test_who_came_earlier_waits_since_then(desk: Desk) -> None:
    desk.on("10-08 09:30")
    case = await desk.open(**HIGH, received_at="2026-09-30T17:00:00+08:00")
    assert (due(case), case["opened_on"], case["number"]) == (
        written(at("10-10 17:00")), "2026-09-30", "CS-2026-000001",
    )  # fmt: skip
    for moment, code in (("2026-10-08T09:30:01+08:00", "in-future"), ("2025-10-07T09:00:00+08:00", "too-old")):
        body = {"kind": "question", "subject": "s", "severity": "low", "received_at": moment}
        errors = (await desk.service.post("/v1/cases", body)).json()["errors"]
        assert [(one["pointer"], one["code"]) for one in errors] == [("/received_at", code)]


async def test_a_pause_is_moved_by_its_working_time_alone(desk: Desk) -> None:
    case = await desk.open(**HIGH)
    desk.on("10-08 11:00")
    halted = await desk.done(case, "pause", {"reason": "waiting-for-customer"})
    assert (clock_of(halted, RESOLUTION)["state"], due(halted)) == ("paused", None)
    assert clock_of(halted, RESOLUTION)["worked_minutes"] == 180
    assert clock_of(halted, FIRST)["state"] == "running", "the first response is never paused"
    assert (await desk.tell(case, "pause", {"reason": "x"})).json()["code"] == "case-paused"
    desk.on("10-10 10:00")
    again = await desk.done(case, "resume")
    assert (due(again), again["paused_at"], again["pause_reason"]) == (written(at("10-13 16:00")), None, None)
    assert (await desk.tell(case, "resume")).json()["code"] == "case-not-paused"


async def test_first_response_by_a_person_alone(desk: Desk) -> None:
    account = await desk.world.account()
    case = await desk.open(account_id=account["id"], **HIGH)
    body = {"kind": "message", "account_id": account["id"], "subject": "The customer asks again"}
    assert (await desk.service.post("/v1/activities", body)).status_code == 201
    await desk.changed(case, description="More of it")
    await desk.done(case, "pause", {"reason": "x"})
    assert clock_of(await desk.read(case), FIRST)["stopped_at"] is None
    desk.on("10-08 11:00")
    met = clock_of(await desk.done(case, "acknowledge"), FIRST)
    assert (met["state"], met["stopped_at"], met["late_minutes"]) == ("met", written(at("10-08 11:00")), 0), "at due"
    desk.on("10-20 11:00")
    assert clock_of(await desk.read(case), FIRST) == met
    assert await desk.turn() == 0


async def test_an_answer_stops_everything_and_a_reopening_begins_anew(desk: Desk) -> None:
    case = await desk.open(**HIGH)
    desk.on("10-08 10:00")
    answered = await desk.done(case, "respond", {"response": "Yes"})
    assert [clock["state"] for clock in answered["clocks"]] == ["met", "met"]
    assert answered["due_at"] is None
    await desk.done(case, "close", {"accepted": False})
    desk.on("10-12 09:00")
    again = await desk.done(case, "reopen")
    second = clock_of(again, RESOLUTION, 2)
    assert (second["minutes"], second["due_at"]) == (1440, written(at("10-14 18:00")))
    assert clock_of(again, RESOLUTION)["state"] == "met", "the verdict stays"
    desk.on("11-02 09:00")
    assert await desk.turn() == 1
    assert [(one[0], one[1]) for one in await desk.breaches()] == [(RESOLUTION, 2)]


async def test_what_is_answered_while_it_is_paused_is_met(desk: Desk) -> None:
    case = await desk.open(**HIGH)
    await desk.done(case, "pause", {"reason": "x"})
    desk.on("10-30 10:00")
    answered = await desk.done(case, "respond", {"response": "Yes"})
    assert clock_of(answered, RESOLUTION)["state"] == "met"
    assert (answered["paused_at"], clock_of(answered, FIRST)["state"]) == (None, "breached")


async def test_a_breach_is_told_once_as_of_its_moment_after_a_week_off(desk: Desk) -> None:
    account = await desk.world.account()
    case = await desk.open(account_id=account["id"], **HIGH)
    desk.on("10-08 11:00")
    assert await desk.turn() == 0, "at its moment it may still be met"
    desk.on("10-19 09:00")
    assert (await desk.turn(), await desk.turn()) == (1, 0)
    seen = "2026-10-19T01:00:00Z"
    assert await desk.breaches() == [
        (FIRST, 1, written(at("10-08 11:00")), seen),
        (RESOLUTION, 1, written(at("10-10 17:00")), seen),
    ]
    after = await desk.read(case)
    assert (after["breaches"], after["escalation_level"], after["escalated_to"]) == (2, 2, str(MANAGER))
    events = await desk.service.published(BREACHED)
    assert [(e.key, e.subject, e.sequence) for e in events] == [
        (account["id"], case["id"], 2), (account["id"], case["id"], 4),
    ]  # fmt: skip
    late = clock_of(after, FIRST)
    assert (late["state"], late["due_at"], late["late_minutes"]) == (
        "breached",
        written(at("10-08 11:00")),
        8 * 480 - 120,
    )


async def test_levels_of_escalation_at_the_breach_and_half_as_long_later(desk: Desk) -> None:
    case = await desk.open(**HIGH, owner_id=str(REP_1))
    await desk.done(case, "acknowledge")
    desk.on("10-10 17:01")
    await desk.turn()
    first = await desk.read(case)
    assert (first["escalation_level"], first["escalated_to"], first["breaches"]) == (1, str(REP_2), 1)
    desk.on("10-13 12:00")
    assert await desk.turn() == 0
    desk.on("10-13 17:01")
    assert await desk.turn() == 1
    second = await desk.read(case)
    assert (second["escalation_level"], second["escalated_to"], second["breaches"]) == (2, str(MANAGER), 1)
    desk.on("12-01 09:00")
    assert (await desk.turn(), len(await desk.breaches())) == (0, 1)


async def test_escalation_by_hand_goes_the_same_way(desk: Desk) -> None:
    case = await desk.open(owner_id=str(REP_2))
    levels = [await desk.done(case, "escalate", {"reason": "angry"}) for _ in range(2)]
    assert [(one["escalation_level"], one["escalated_to"]) for one in levels] == [(1, str(MANAGER)), (2, str(MANAGER))]
    company = UNITS[0]
    await desk.service.deliver(unit(company, [company], BOSS, 2))
    other = await desk.open(owner_id=str(REP_2))
    levels = [await desk.done(other, "escalate", {"reason": "angry"}) for _ in range(2)]
    assert [one["escalated_to"] for one in levels] == [str(MANAGER), str(BOSS)], "nobody is their own lead"
    assert (await desk.tell(case, "escalate", {"reason": "x"})).json()["code"] == "highest-level"
    nobody = await desk.done(await desk.open(), "escalate", {"reason": "x"})
    assert (nobody["escalation_level"], nobody["escalated_to"]) == (1, None)


async def test_no_case_is_escalated_to_who_has_left(desk: Desk) -> None:
    """Neither by its clocks nor by hand: the next above is asked, and without one nobody."""
    by_clocks, by_hand = await desk.open(**HIGH, owner_id=str(REP_1)), await desk.open(owner_id=str(REP_1))
    await desk.done(by_clocks, "acknowledge")
    company, north, _south, team = UNITS
    for who, path in ((REP_2, [company, north, team]), (MANAGER, [company, north])):
        gone = member(who, str(who), path, version=2)
        gone["memberships"][0]["valid_to"] = "2026-09-01"
        if who == MANAGER:
            assert (await desk.done(by_hand, "escalate", {"reason": "x"}))["escalated_to"] == str(MANAGER)
            desk.on("10-10 17:01")
            await desk.turn()
            assert (await desk.read(by_clocks))["escalated_to"] == str(MANAGER)
        await desk.service.deliver(make_event("targets.member.left.v1", gone, "organisation", sequence=2))
    other = await desk.open(owner_id=str(REP_1))
    assert (await desk.done(other, "escalate", {"reason": "x"}))["escalated_to"] is None


async def test_a_lead_who_has_moved_is_still_asked(desk: Desk) -> None:
    company, north, south, team = UNITS
    moved = member(REP_2, str(REP_2), [company, south], version=2)
    moved["memberships"][0] |= {"valid_to": "2026-09-01"}
    moved["memberships"] += [{**moved["memberships"][0], "unit_id": team, "path": [company, north, team]}]
    moved["memberships"][1] |= {"valid_from": "2026-09-01", "valid_to": None}
    await desk.service.deliver(make_event("targets.member.moved.v1", moved, "organisation", sequence=2))
    one = await desk.open(owner_id=str(REP_1))
    assert (await desk.done(one, "escalate", {"reason": "x"}))["escalated_to"] == str(REP_2)


async def test_workers_at_once_tell_each_breach_once(desk: Desk) -> None:
    for _ in range(12):
        await desk.open(**HIGH)
    desk.on("10-19 09:00")
    loops = [DueLoop(desk.service.runtime, [CASES_DUE]) for _ in range(4)]
    counts = await asyncio.gather(*(loop.turn() for loop in loops))
    assert sum(counts) == 12
    assert await desk.service.rows("SELECT * FROM due_failure") == []
    events = await desk.service.published(BREACHED)
    assert len(events) == len({(e.subject, e.payload["clock"]) for e in events}) == 24


async def test_a_kill_within_a_step_leaves_nothing_of_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    case = await desk.open(**HIGH)
    desk.on("10-19 09:00")
    before = await desk.read(case)

    async def killed(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr(cases, "keep", killed)
        with pytest.raises(ConnectionResetError):
            await DueLoop(desk.service.runtime, [CASES_DUE]).turn()
    assert (await desk.read(case), await desk.breaches()) == (before, [])
    assert await desk.turn() == 1
    assert len(await desk.breaches()) == 2


async def test_a_late_stop_beside_the_worker_is_one_breach(desk: Desk) -> None:
    cases = [await desk.open(**HIGH) for _ in range(6)]
    desk.on("10-08 12:00")
    body = {"response": "Yes"}
    answers, _ = await asyncio.gather(
        asyncio.gather(*(desk.tell(case, "respond", body) for case in cases)), desk.turn()
    )
    assert {answer.status_code for answer in answers} == {200}
    await desk.turn()
    assert [one[:3] for one in await desk.breaches()] == [(FIRST, 1, written(at("10-08 11:00")))] * 6
    for case in cases:
        after = await desk.read(case)
        assert (clock_of(after, FIRST)["late_minutes"], clock_of(after, RESOLUTION)["state"]) == (60, "met")


async def test_a_stop_after_a_week_off_tells_the_breach_itself(desk: Desk) -> None:
    case = await desk.open(**HIGH)
    desk.on("10-08 11:30")
    answered = await desk.done(case, "acknowledge")
    assert clock_of(answered, FIRST)["state"] == "breached"
    assert (answered["breaches"], answered["escalation_level"], answered["version"]) == (1, 1, 3)
    assert await desk.breaches() == [(FIRST, 1, written(at("10-08 11:00")), written(at("10-08 11:30")))]
    assert await desk.turn() == 0


async def test_another_severity_moves_the_open_clocks(desk: Desk) -> None:
    desk.on("10-08 09:00")
    case = await desk.open(severity="medium")
    desk.on("10-08 15:00")
    worse = await desk.changed(case, severity="high")
    assert (due(worse, FIRST), due(worse)) == (written(at("10-08 15:00")), written(at("10-10 18:00")))
    assert await desk.turn() == 0
    desk.on("10-08 15:01")
    assert await desk.turn() == 1
    assert await desk.breaches() == [(FIRST, 1, written(at("10-08 15:00")), written(at("10-08 15:01")))], (
        "breached then"
    )
    milder = await desk.changed(case, severity="low")
    assert clock_of(milder, FIRST)["state"] == "breached", "what ran out has run out"
    assert clock_of(milder, RESOLUTION)["minutes"] == 3600


async def test_another_calendar_moves_open_clocks_and_never_stopped_ones(desk: Desk) -> None:
    open_case, halted, done = await desk.open(**HIGH), await desk.open(**HIGH), await desk.open(**HIGH)
    desk.on("10-08 11:00")
    for case in (open_case, halted, done):
        await desk.done(case, "acknowledge")
    await desk.done(halted, "pause", {"reason": "x"})
    await desk.done(done, "respond", {"response": "Yes"})
    stopped = (await desk.read(done))["clocks"]
    await desk.service.deliver(calendar(1, d1009="off"))
    await desk.turn()
    rows = await desk.service.rows(
        "SELECT due_at FROM case_clock WHERE case_id = $1 AND clock = $2", open_case["id"], RESOLUTION
    )
    assert [row["due_at"] for row in rows] == [at("10-12 17:00")]
    assert due(await desk.read(open_case)) == written(at("10-12 17:00"))
    assert (await desk.read(done))["clocks"] == stopped
    desk.on("10-10 10:00")
    assert due(await desk.done(halted, "resume")) == written(at("10-13 16:00"))
    assert await desk.breaches() == []
    desk.on("10-10 17:30")
    assert await desk.turn() == 0, "its old moment is none"
    await desk.service.deliver(calendar(2), calendar(2), calendar(1, d1012="off"))
    assert await desk.turn() >= 1
    assert [one[:3] for one in await desk.breaches()] == [(RESOLUTION, 1, written(at("10-10 17:00")))]
    assert await desk.service.parked() == []


async def test_other_working_hours_move_open_clocks_and_never_stopped_ones(desk: Desk) -> None:
    open_case, done = await desk.open(**HIGH), await desk.open(**HIGH)
    desk.on("10-08 11:00")
    for case in (open_case, done):
        await desk.done(case, "acknowledge")
    await desk.done(done, "respond", {"response": "Yes"})
    stopped = (await desk.read(done))["clocks"]
    assert due(await desk.read(open_case)) == written(at("10-10 17:00"))
    mornings = [{"opens": "09:00", "closes": "12:00"}]
    hours = {"weekdays": {**HOURS["body"]["weekdays"], "friday": mornings}, "makeup_windows": mornings}
    path = "/v1/customer-policies"
    draft = await desk.service.post(path, {"kind": "hours", "body": hours, "reason": "Summer"})
    assert draft.status_code == 201, draft.text
    body = {"valid_from": "2026-10-09"}
    answer = await desk.service.post(f"{path}/{draft.json()['id']}/activate", body)
    assert answer.status_code == 200, answer.text
    assert await desk.turn() >= 1
    # of 24 hours 1 is of 09-30, 8 of 10-08, 3 each of Friday and of the make-up day, 8 of Monday, 1 of Tuesday
    assert due(await desk.read(open_case)) == written(at("10-13 10:00"))
    assert (await desk.read(done))["clocks"] == stopped
    assert await desk.breaches() == []


async def test_units_heard_late_and_twice_change_nothing(desk: Desk) -> None:
    company, north, _, team = UNITS
    await desk.service.deliver(unit(team, [company, north, team], MANAGER, 2))
    await hear_units(desk.service)
    raised = await desk.done(await desk.open(owner_id=str(REP_1)), "escalate", {"reason": "x"})
    assert raised["escalated_to"] == str(MANAGER)


async def test_times_are_of_the_policy_at_receipt(desk: Desk) -> None:
    before = await desk.open(severity="high")
    body = (await desk.service.get("/v1/customer-policies?state=active&kind=sla")).json()["items"][0]["body"]
    body["times"]["critical"] = {"first_response": 10, "resolution": 20}
    made = (await desk.service.post("/v1/customer-policies", {"kind": "sla", "body": body, "reason": "x"})).json()
    path = f"/v1/customer-policies/{made['id']}/activate"
    assert (await desk.service.post(path, {"valid_from": "2026-09-30"})).status_code == 200
    after = await desk.changed(before, severity="critical")
    assert (clock_of(after, RESOLUTION)["minutes"], after["sla_version"]) == (720, 1)
    fresh = await desk.open(severity="critical")
    assert (clock_of(fresh, RESOLUTION)["minutes"], fresh["sla_version"]) == (30, 2)
