"""Adjustments over HTTP: from draft to executed with its plan, who decides, what called for it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import make_event
from services.risk.events_out.alerts import AlertRaised
from tests.targets.conftest import World
from tests.targets.plans.test_promoting import amounts
from tests.targets.plans.test_service import MILLION, edit, open_plan, year

PATH = "/v1/adjustments"
FACTS = ("proposed", "approved", "started", "updated", "executed", "measured", "dropped", "overdue")


def measures(world: World, *named: tuple[str, str]) -> list[dict[str, Any]]:
    return [{"key": key, "name": f"Do {key}", "owner_id": world.members["a1"], "due_on": day} for key, day in named]


def body(target_id: str, **more: Any) -> dict[str, Any]:
    return {"target_id": target_id, "trigger": "manual", "strategy": "resource", "reason": "Two sellers more", **more}


async def draft(world: World, target_id: str, **more: Any) -> dict[str, Any]:
    made = await world.service.post(PATH, body(target_id, **more))
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def act(world: World, made: dict[str, Any], action: str, data: Any = None, by: str = "admin", *roles: str) -> Any:
    headers = world.service.headers(by, *(roles or ("administrator",)))
    return await world.service.post(f"{PATH}/{made['id']}/{action}", data, headers=headers)


async def approved(world: World, target_id: str, **more: Any) -> dict[str, Any]:
    made = await draft(world, target_id, **more)
    assert (await act(world, made, "propose")).status_code == 200
    answer = await act(world, made, "approve", None, "second")
    assert answer.status_code == 200, answer.text
    return made


async def said(world: World) -> list[str]:
    events = await world.service.published(*(f"targets.adjustment.{name}.v1" for name in FACTS))
    return [event.type.split(".")[2] for event in events]


async def raised(world: World, root: str) -> dict[str, Any]:
    plan = await open_plan(world, root)
    await edit(world, plan["branch_id"], amount=13_200_000)
    return plan


async def test_from_draft_to_executed_with_its_plan(world: World) -> None:
    made = await year(world)
    plan = await raised(world, made["id"])
    one = await approved(
        world, made["id"], plan_id=plan["id"], measures=measures(world, ("hire", "2126-03-01")), expected_effect=400_000
    )
    early = await act(world, one, "measures/hire/complete")
    assert (early.status_code, early.json()["code"]) == (409, "adjustment-state")
    assert (await act(world, one, "start")).json()["state"] == "executing"
    refused = await act(world, one, "execute")
    assert (refused.status_code, refused.json()["code"], refused.json()["open"]) == (409, "measures-open", ["hire"])
    assert (await amounts(world, made))[-1] == MILLION
    assert (await act(world, one, "measures/hire/complete")).json()["measures"][0]["state"] == "done"
    done = await act(world, one, "execute", {"valid_from": "2026-07-01"})
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["executed_by"]) == ("executed", "admin")
    assert await amounts(world, made) == [MILLION] * 6 + [1_200_000] * 6
    promoted = (await world.service.get(f"/v1/plans/{plan['id']}")).json()
    assert (promoted["state"], promoted["reason"]) == ("promoted", "Two sellers more")
    assert await said(world) == ["proposed", "approved", "started", "updated", "executed"]
    (event,) = await world.service.published("targets.adjustment.executed.v1")
    assert (event.key, event.payload["plan_id"]) == (made["id"], plan["id"])
    assert "Two sellers" not in event.data.decode(), "no text that somebody typed"
    young = (await world.service.get(f"{PATH}/{one['id']}/effect")).json()
    assert young["insufficient_data"] == {"reason": "working-days", "have": 0, "need": 20}
    assert (young["effect"], young["sample_size"]) == (None, 0)


async def test_what_refuses_the_promotion_refuses_the_execution(world: World) -> None:
    made = await year(world)
    plan, other = await raised(world, made["id"]), await raised(world, made["id"])
    one = await approved(world, made["id"], plan_id=plan["id"])
    await world.service.post(f"/v1/plans/{other['id']}/promote", {"valid_from": "2026-07-01", "reason": "x"})
    before = await said(world)
    refused = await act(world, one, "execute")
    assert (refused.status_code, refused.json()["code"]) == (409, "plan-outdated")
    assert (await world.service.get(f"{PATH}/{one['id']}")).json()["state"] == "approved"
    assert await said(world) == before
    manager = await act(world, one, "execute", None, "director-less", "sales_manager")
    assert manager.status_code == 404, "the root is nobody's"


async def test_executed_twice_at_once_it_promotes_once(world: World) -> None:
    made = await year(world)
    plan = await raised(world, made["id"])
    one = await approved(world, made["id"], plan_id=plan["id"])
    answers = await asyncio.gather(*(act(world, one, "execute", {"valid_from": "2026-07-01"}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert len(await world.service.published("targets.plan.promoted.v1")) == 1
    assert (await said(world)).count("executed") == 1


async def test_a_plan_is_promoted_by_who_may(world: World) -> None:
    part = {"name": "North", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 100}
    target = (await world.service.post("/v1/targets", {**part, "unit_id": world.units["north"]})).json()["id"]
    await world.service.post(f"/v1/targets/{target}/activate")
    plan = await open_plan(world, target)
    await edit(world, plan["branch_id"], amount=120)
    one = await approved(world, target, plan_id=plan["id"])
    manager = ("manager-north", "sales_manager")
    refused = await act(world, one, "execute", None, *manager)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    without = await approved(world, target)
    assert (await act(world, without, "execute", None, *manager)).status_code == 200
    assert (await act(world, one, "execute", None, "director", "sales_director")).status_code == 200


async def test_a_second_person_decides_and_an_edit_voids(world: World) -> None:
    target = (await year(world))["id"]
    one = await draft(world, target, owner_id=world.members["a1"])
    await act(world, one, "propose", None, "proposer")
    for subject in ("admin", "proposer", "a1"):
        refused = await act(world, one, "approve", None, subject)
        assert (refused.status_code, refused.json()["code"]) == (409, "second-person-needed"), subject
    assert (await act(world, one, "approve", None, "second")).json()["approved_by"] == "second"
    stale = await world.service.patch(f"{PATH}/{one['id']}", {"reason": "Three"}, 2)
    assert stale.status_code == 412
    edited = await world.service.patch(
        f"{PATH}/{one['id']}", {"reason": "Three"}, 3, headers=world.service.headers("second")
    )
    assert edited.status_code == 200, edited.text
    told = {name: edited.json()[name] for name in ("state", "authored_by", "proposed_by", "approved_by")}
    assert told == {"state": "draft", "authored_by": "second", "proposed_by": None, "approved_by": None}
    await act(world, one, "propose", None, "proposer")
    assert (await act(world, one, "approve", None, "second")).status_code == 409, "who wrote it last"
    back = await act(world, one, "reject", {"reason": "Not now"})
    assert back.json()["state"] == "draft"


async def test_who_sees_the_target_sees_it(world: World) -> None:
    part = {"name": "North", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 100}
    for name in ("north", "south"):
        made = await world.service.post("/v1/targets", {**part, "unit_id": world.units[name]})
        one = await draft(world, made.json()["id"])
        manager = world.service.headers("manager-north", "sales_manager")
        status = 200 if name == "north" else 404
        for path in (f"{PATH}/{one['id']}", f"{PATH}/{one['id']}/effect"):
            assert (await world.service.get(path, headers=manager)).status_code == status, name
        assert (await act(world, one, "propose", None, "manager-north", "sales_manager")).status_code == status
    assert len((await world.service.get(PATH, headers=manager)).json()["items"]) == 1
    seller = world.service.headers("a1", "sales_rep")
    assert (await world.service.post(PATH, body(one["target_id"]), headers=seller)).status_code == 403
    hidden = await world.service.post(PATH, body(one["target_id"]), headers=manager)
    assert (hidden.status_code, hidden.json()["errors"][0]["pointer"]) == (422, "/target_id")


async def test_a_body_at_fault_names_the_field(world: World) -> None:
    made, other = await year(world), await year(world, dimension="quarter")
    target, foreign = made["id"], (await open_plan(world, other["id"]))["id"]
    due = measures(world, ("a", "2026-03-01"))
    for more, pointer in (
        ({"plan_id": str(new_id())}, "/plan_id"),
        ({"plan_id": foreign}, "/plan_id"),
        ({"trigger": "alert"}, "/alert_id"),
        ({"trigger": "alert", "alert_id": str(new_id())}, "/alert_id"),
        ({"trigger": "risk_alert", "risk_alert_id": str(new_id())}, "/risk_alert_id"),
        ({"risk_alert_id": str(new_id())}, "/risk_alert_id"),
        ({"owner_id": str(new_id())}, "/owner_id"),
        ({"measures": due * 2}, "/measures/1/key"),
        ({"measures": [{**due[0], "owner_id": target}]}, "/measures/0/owner_id"),
        ({"measures": [{**due[0], "state": "done"}]}, "/measures/0/state"),
        ({"expected_effect": 10**14}, "/expected_effect"),
        ({"strategy": "hope"}, "/strategy"),
        ({"state": "approved"}, "/state"),
    ):
        answer = await world.service.post(PATH, body(target, **more))
        assert answer.status_code == 422, (more, answer.text)
        assert answer.json()["errors"][0]["pointer"] == pointer, (more, answer.text)
        # Only what another service owns may come by waiting.
        assert answer.json().get("retryable", False) == (pointer == "/risk_alert_id" and "trigger" in more), more
    await world.service.post(f"/v1/plans/{foreign}/drop")
    dropped = await world.service.post(PATH, body(other["id"], plan_id=foreign))
    assert (dropped.status_code, dropped.json()["code"]) == (409, "plan-state")


@pytest.mark.parametrize("is_own", [True, False])
async def test_an_alert_of_risk_calls_for_it(world: World, is_own: bool) -> None:
    target, other = (await year(world))["id"], (await year(world, dimension="quarter"))["id"]
    for number, about in enumerate((target if is_own else other, None)):
        alert = {**AlertRaised.EXAMPLE, "id": str(new_id()), "target_id": about}
        await world.service.deliver(make_event(AlertRaised.TYPE, alert, alert["stream_key"], sequence=number + 1))
        named = body(target, trigger="risk_alert", risk_alert_id=alert["id"])
        answer = await world.service.post(PATH, named)
        assert answer.status_code == (201 if is_own or about is None else 422), answer.text
    found = (await world.service.get(f"{PATH}?risk_alert_id={alert['id']}&trigger=risk_alert")).json()["items"]
    assert len(found) == 1
