"""Action plans over HTTP and by date: their life, who sees them, what is late."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from kit.due.loop import DueLoop
from services.targets.action_plans.dues import ACTION_PLANS_DUE
from tests.targets.alerts.conftest import Days
from tests.targets.conftest import World

PATH = "/v1/action-plans"
FACTS = ("activated", "updated", "overdue", "completed", "dropped")


async def target(world: World, **more: Any) -> str:
    body = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100, **more}
    made = await world.service.post("/v1/targets", body)
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found


def steps(world: World, *named: tuple[str, str, int]) -> list[dict[str, Any]]:
    owner = world.members["a1"]
    return [
        {"key": key, "name": f"Do {key}", "owner_id": owner, "due_on": day, "weight": weight}
        for key, day, weight in named
    ]


async def plan(world: World, **more: Any) -> dict[str, Any]:
    unit = {"unit_id": world.units["team-a"]}
    body = {"target_id": more.pop("target_id", None) or await target(world, **unit), "name": "Win back"}
    body |= {"owner_id": world.members["manager-north"], **more}
    made = await world.service.post(PATH, body)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def act(world: World, made: dict[str, Any], action: str, body: Any = None, by: str = "admin", *roles: str) -> Any:
    headers = world.service.headers(by, *(roles or ("administrator",)))
    return await world.service.post(f"{PATH}/{made['id']}/{action}", body, headers=headers)


async def said(world: World) -> list[str]:
    events = await world.service.published(*(f"targets.action_plan.{name}.v1" for name in FACTS))
    return [event.type.split(".")[2] for event in events]


async def test_a_plan_from_draft_to_done(world: World) -> None:
    three = steps(world, ("list", "2126-03-01", 1), ("visit", "2126-03-10", 2), ("sign", "2126-03-31", 0))
    made = await plan(
        world,
        steps=three,
        resources=[{"kind": "money", "name": "Travel", "amount": 50_000}],
        risks=[{"name": "Signed elsewhere", "probability": 200_000}],
    )
    assert (made["state"], made["progress"], made["overdue"]) == ("draft", 0, 0)
    assert made["resources"] == [{"kind": "money", "name": "Travel", "amount": 50_000}]
    assert made["risks"] == [{"name": "Signed elsewhere", "probability": 200_000, "impact": None, "response": ""}]
    early = await act(world, made, "steps/list/complete")
    assert (early.status_code, early.json()["code"]) == (409, "action-plan-state")
    await act(world, made, "activate")
    done = await act(world, made, "steps/visit/complete")
    assert (done.status_code, done.json()["progress"]) == (200, 666_667)
    again = await act(world, made, "steps/visit/complete")
    assert (again.status_code, again.json()["code"]) == (409, "action-step-state")
    none = await act(world, made, "steps/nothing/complete")
    assert (none.status_code, none.json()["code"]) == (404, "action-step-not-found")
    refused = await act(world, made, "complete")
    assert (refused.status_code, refused.json()["code"], refused.json()["open"]) == (
        *(409, "steps-open"),
        ["list", "sign"],
    )
    await act(world, made, "steps/list/drop")
    await act(world, made, "steps/sign/complete")
    over = (await act(world, made, "complete")).json()
    assert (over["state"], over["progress"]) == ("done", 1_000_000)
    changed = await world.service.patch(f"{PATH}/{made['id']}", {"name": "Other"}, over["version"])
    assert (changed.status_code, changed.json()["code"]) == (409, "action-plan-state")
    assert await said(world) == ["activated", "updated", "updated", "updated", "completed"]
    (event,) = await world.service.published("targets.action_plan.completed.v1")
    assert event.key == made["root_id"]
    assert "Win back" not in event.data.decode(), "no text that somebody typed"


async def test_what_changes_in_a_plan_that_is_worked_on(world: World) -> None:
    made = await plan(world, steps=steps(world, ("a", "2126-03-01", 1), ("b", "2126-03-02", 1)))
    await act(world, made, "activate")
    await act(world, made, "steps/a/complete")
    given = {"steps": steps(world, ("b", "2126-03-02", 3), ("a", "2126-03-01", 1))}
    answer = await world.service.patch(f"{PATH}/{made['id']}", given, 3)
    assert answer.status_code == 200, answer.text
    assert [(one["key"], one["state"]) for one in answer.json()["steps"]] == [("b", "open"), ("a", "done")]
    assert answer.json()["progress"] == 250_000
    assert await said(world) == ["activated", "updated", "updated"]
    assert (await world.service.patch(f"{PATH}/{made['id']}", given, 4)).json()["version"] == 4, "nothing differs"


async def test_a_body_at_fault_names_the_field(world: World) -> None:
    here, owner = await target(world), world.members["a1"]
    other = {"key": "a", "name": "A", "owner_id": here, "due_on": "2026-03-01"}
    good = {"target_id": here, "name": "P", "owner_id": owner}
    plans = await world.service.post("/v1/targets", {**_year(), "name": "Y"})
    await world.service.post(f"/v1/targets/{plans.json()['id']}/activate")
    branch = await world.service.post("/v1/plans", {"root_id": plans.json()["id"], "name": "B"})
    for body, pointer in (
        ({**good, "target_id": owner}, "/target_id"),
        ({**good, "target_id": branch.json()["branch_id"]}, "/target_id"),
        ({**good, "owner_id": here}, "/owner_id"),
        ({**good, "steps": [other]}, "/steps/0/owner_id"),
        ({**good, "steps": [{**other, "owner_id": owner}] * 2}, "/steps/1/key"),
        ({**good, "steps": [{**other, "key": "a/b"}]}, "/steps/0/key"),
        ({**good, "steps": [{**other, "weight": -1}]}, "/steps/0/weight"),
        ({**good, "resources": [{"kind": "time", "name": "T", "amount": 1}]}, "/resources/0/kind"),
        ({**good, "risks": [{"name": "R", "probability": 1_000_001}]}, "/risks/0/probability"),
        ({**good, "progress": 1}, "/progress"),
    ):
        answer = await world.service.post(PATH, body)
        assert answer.status_code == 422, (body, answer.text)
        assert answer.json()["errors"][0]["pointer"] == pointer, (body, answer.text)
    await world.service.post(f"/v1/targets/{here}/close")
    closed = await world.service.post(PATH, good)
    assert (closed.status_code, closed.json()["code"]) == (409, "target-state")


def _year() -> dict[str, Any]:
    return {"period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 100}


async def test_who_leads_the_unit_writes_and_who_is_below_reads(world: World) -> None:
    mine = await plan(world, target_id=await target(world, member_id=world.members["a1"]))
    other = await plan(world, target_id=await target(world, unit_id=world.units["south"]))
    manager = world.service.headers("manager-north", "sales_manager")
    seller = world.service.headers("a1", "sales_rep")
    for headers in (manager, seller):
        found = (await world.service.get(PATH, headers=headers)).json()["items"]
        assert [one["id"] for one in found] == [mine["id"]]
        assert (await world.service.get(f"{PATH}/{other['id']}", headers=headers)).status_code == 404
    assert (await act(world, other, "activate", None, "manager-north", "sales_manager")).status_code == 404
    assert (await act(world, mine, "activate", None, "manager-north", "sales_manager")).status_code == 200
    assert (await act(world, mine, "drop", {"reason": "x"}, "a1", "sales_rep")).status_code == 403
    assert (await act(world, mine, "drop", {"reason": "x"}, "audit", "auditor")).status_code == 403


async def test_what_is_found(world: World) -> None:
    made = await plan(world, steps=steps(world, ("a", "2126-03-01", 1)))
    await plan(world, target_id=await target(world, unit_id=world.units["south"]), name="Other")
    for query in (
        f"step_owner_id={world.members['a1']}",
        f"below_unit_id={world.units['north']}",
        f"target_id={made['target_id']}",
        "q=win",
    ):
        found = (await world.service.get(f"{PATH}?{query}")).json()["items"]
        assert [one["id"] for one in found] == [made["id"]], query


async def worked(world: World, loops: int = 1) -> None:
    await asyncio.gather(*(DueLoop(world.service.runtime, [ACTION_PLANS_DUE]).turn() for _ in range(loops)))
    assert await world.service.rows("SELECT name, error FROM due_failure") == []


async def late(world: World) -> list[tuple[list[str], str]]:
    events = await world.service.published("targets.action_plan.overdue.v1")
    return [(event.payload["overdue_keys"], event.payload["business_date"]) for event in events]


async def test_what_is_late_is_said_once_on_its_day_also_after_a_week_off(world: World, days: Days) -> None:
    days.on(date(2026, 3, 2), 9)
    named = (("a", "2026-03-03", 1), ("b", "2026-03-03", 1), ("c", "2026-03-06", 1), ("d", "2026-03-20", 1))
    made = await plan(world, steps=steps(world, *named))
    await worked(world)
    assert await late(world) == [], "a draft is nobody's business"
    await act(world, made, "activate")
    await act(world, made, "steps/b/complete")
    days.on(date(2026, 3, 3), 23)
    await worked(world)
    assert await late(world) == [], "its day is not over"
    days.on(date(2026, 3, 11), 9)
    await worked(world, 2)
    await worked(world)
    assert await late(world) == [(["a"], "2026-03-04"), (["c"], "2026-03-07")]
    shown = (await world.service.get(f"{PATH}/{made['id']}")).json()
    assert shown["overdue"] == 2
    assert [one["overdue_on"] for one in shown["steps"]] == ["2026-03-04", None, "2026-03-07", None]
    await act(world, made, "steps/a/complete")
    back = (await act(world, made, "steps/a/reopen")).json()
    await worked(world)
    assert (back["overdue"], len(await late(world))) == (2, 2), "that it was late is not said again"
    moved = steps(world, ("a", "2026-03-10", 1), ("d", "2026-03-20", 1))
    await world.service.patch(f"{PATH}/{made['id']}", {"steps": moved}, back["version"])
    await worked(world)
    assert (await late(world))[2:] == [(["a"], "2026-03-11")], "a day that has passed is late at once"
    await act(world, made, "drop", {"reason": "Reached without it"})
    days.on(date(2026, 4, 1), 9)
    await worked(world)
    assert len(await late(world)) == 3


async def test_two_steps_done_at_once_are_both_done(world: World) -> None:
    made = await plan(world, steps=steps(world, *((f"s{number}", "2126-03-01", 1) for number in range(4))))
    await act(world, made, "activate")
    answers = await asyncio.gather(
        *(act(world, made, f"steps/s{number}/complete") for number in range(4)), act(world, made, "steps/s0/complete")
    )
    assert sorted(one.status_code for one in answers) == [200, 200, 200, 200, 409]
    assert (await world.service.get(f"{PATH}/{made['id']}")).json()["progress"] == 1_000_000
