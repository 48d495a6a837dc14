"""Activities over HTTP: scope, references, completion with its next step, what stays final."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from kit import clock
from kit.errors import Invalid, StateConflict
from kit.testing.service import codes
from services.customer.activities.enums import ActivityState
from services.customer.activities.rules import check_open, check_times
from tests.customer.conftest import REP_2, World

NEXT = {"text": "Send the offer", "due_on": "2026-03-20"}


async def activity(world: World, **fields: Any) -> dict[str, Any]:
    """A planned visit."""
    answer = await world.service.post("/v1/activities", {"kind": "visit", **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def listed(world: World, query: str, **options: Any) -> list[str]:
    answer = await world.service.get(f"/v1/activities?{query}", **options)
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["items"]]


def test_times_and_states() -> None:
    now = clock.now()
    check_times(now, now, now)
    for started_at, ended_at in ((None, now + timedelta(microseconds=1)), (now, now - timedelta(microseconds=1))):
        with pytest.raises(Invalid):
            check_times(started_at, ended_at, now)
    check_open(ActivityState.COMPLETED, ["notes"])
    for state, changed in ((ActivityState.COMPLETED, ["notes", "due_on"]), (ActivityState.CANCELLED, ["notes"])):
        with pytest.raises(StateConflict):
            check_open(state, changed)


async def test_completion_is_told_on_the_business_date_of_its_end_and_plans_what_follows(world: World) -> None:
    account = await world.account()
    made = await activity(world, account_id=account["id"], subject="Show it", notes={"listen": "secret"})
    path = f"/v1/activities/{made['id']}"
    # 16:30 UTC is the next day in Shanghai
    body = {"outcome": "interested", "ended_at": "2026-02-13T16:30:00Z", "next_step": NEXT}
    done = (await world.service.post(f"{path}/complete", body)).json()
    assert (done["state"], done["outcome"]) == ("completed", "interested")
    (told,) = await world.service.published("customer.activity.completed.v1")
    assert (told.key, told.subject, told.payload["business_date"]) == (account["id"], made["id"], "2026-02-14")
    assert not {"subject", "notes", "contact_id"} & told.payload.keys()
    (task,) = (await world.service.get("/v1/activities?kind=task")).json()["items"]
    assert (task["subject"], task["due_on"], task["follows"], task["state"], task["owner_id"]) == (
        "Send the offer", "2026-03-20", made["id"], "planned", done["owner_id"],
    )  # fmt: skip


async def test_completed_is_final_but_for_notes(world: World) -> None:
    made = await activity(world)
    path = f"/v1/activities/{made['id']}"
    await world.service.post(f"{path}/complete", {"outcome": "done"})
    noted = await world.service.patch(path, {"notes": {"feedback": "good"}}, 2)
    assert (noted.status_code, noted.json()["notes"]["feedback"]) == (200, "good")
    refused = await world.service.patch(path, {"due_on": "2026-03-01"}, 3)
    assert (refused.status_code, refused.json()["code"]) == (409, "activity-state")
    assert len(await world.service.published("customer.activity.completed.v1")) == 1


async def test_two_completions_at_once_make_one_next_step(world: World) -> None:
    path = f"/v1/activities/{(await activity(world))['id']}/complete"
    answers = await asyncio.gather(*(world.service.post(path, {"outcome": "ok", "next_step": NEXT}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert len(await listed(world, "kind=task")) == 1


async def test_a_refused_end_leaves_it_planned(world: World) -> None:
    made = await activity(world)
    path = f"/v1/activities/{made['id']}"
    later = (clock.now() + timedelta(hours=1)).isoformat()
    refused = await world.service.post(f"{path}/complete", {"outcome": "ok", "ended_at": later, "next_step": NEXT})
    assert (refused.status_code, codes(refused.json())) == (422, ["/ended_at"])
    assert (await world.service.get(path)).json() == made


async def test_references_are_of_the_account_and_in_scope(world: World) -> None:
    account, other = await world.account(), await world.account(name="Elsewhere")
    body = {"account_id": other["id"], "name": "Zhang Wei"}
    contact = (await world.service.post("/v1/contacts", body)).json()["id"]
    for fields in ({"contact_id": contact}, {"contact_id": contact, "account_id": account["id"]}):
        answer = await world.service.post("/v1/activities", {"kind": "call", **fields})
        assert (answer.status_code, codes(answer.json())) == (422, ["/contact_id"])
    await activity(world, contact_id=contact, account_id=other["id"])
    stranger = world.service.headers("rep-3", "sales_rep")
    answer = await world.service.post("/v1/activities", {"kind": "call", "account_id": account["id"]}, headers=stranger)
    assert (answer.status_code, codes(answer.json())) == (422, ["/account_id"])


async def test_seen_by_its_owner_and_by_who_has_the_account(world: World) -> None:
    account = await world.account()
    made = await activity(world, account_id=account["id"], owner_id=str(REP_2))
    for subject, sees in (("rep-1", True), ("rep-2", True), ("rep-3", False)):
        headers = world.service.headers(subject, "sales_rep")
        one = await world.service.get(f"/v1/activities/{made['id']}", headers=headers)
        assert one.status_code == (200 if sees else 404), subject
        assert (await listed(world, "", headers=headers) == [made["id"]]) is sees, subject


async def test_due_today_is_not_overdue(world: World) -> None:
    today = clock.business_date("Asia/Shanghai")
    late = await activity(world, due_on=(today - timedelta(days=1)).isoformat())
    due = await activity(world, due_on=today.isoformat())
    assert (late["overdue"], due["overdue"]) == (True, False)
    assert await listed(world, "overdue=true") == [late["id"]]
    assert await listed(world, f"due_on={today}&state=planned&kind=visit") == [due["id"]]
    await world.service.post(f"/v1/activities/{late['id']}/cancel")
    assert await listed(world, "overdue=true") == []


async def test_an_opportunity_is_one_of_the_account_and_goes_along(world: World) -> None:
    account, other = await world.account(), await world.account(name="Elsewhere")
    deal = {"name": "x", "account_id": account["id"], "amount": 1, "currency": "USD"}
    opportunity = (await world.service.post("/v1/opportunities", deal)).json()["id"]
    for fields in ({}, {"account_id": other["id"]}):
        answer = await world.service.post("/v1/activities", {"kind": "call", "opportunity_id": opportunity, **fields})
        assert (answer.status_code, codes(answer.json())) == (422, ["/opportunity_id"])
    foreign = await activity(world, account_id=other["id"])
    answer = await world.service.patch(f"/v1/activities/{foreign['id']}", {"opportunity_id": opportunity}, 1)
    assert (answer.status_code, codes(answer.json())) == (422, ["/opportunity_id"])
    made = await activity(world, account_id=account["id"])
    linked = await world.service.patch(f"/v1/activities/{made['id']}", {"opportunity_id": opportunity}, 1)
    assert linked.json()["opportunity_id"] == opportunity
    await world.service.post(f"/v1/activities/{made['id']}/complete", {"outcome": "ok", "next_step": NEXT})
    (told,) = await world.service.published("customer.activity.completed.v1")
    assert told.payload["opportunity_id"] == opportunity
    found = (await world.service.get(f"/v1/activities?opportunity_id={opportunity}&kind=task")).json()["items"]
    assert [one["follows"] for one in found] == [made["id"]]


async def test_of_a_case_with_who_takes_part_and_where(world: World) -> None:
    account, other = await world.account(), await world.account()
    made = {}
    for one in (account, other):
        for path, of in (
            ("cases", {"kind": "question", "severity": "low", "subject": "s"}),
            ("contacts", {"name": "Li"}),
        ):
            answer = await world.service.post(f"/v1/{path}", {**of, "account_id": one["id"]})
            made[path, one["id"]] = answer.json()["id"]
    case, contact = made["cases", account["id"]], made["contacts", account["id"]]
    body: dict[str, Any] = {
        "kind": "visit",
        "account_id": account["id"],
        "case_id": case,
        "participants": [contact],
        "due_on": "2026-02-14",
    }
    body["position"] = {"lat": 31.2304, "lon": 121.4737, "accuracy_m": 15}
    answer = await world.service.post("/v1/activities", body)
    assert answer.status_code == 201, answer.text
    activity = answer.json()
    assert {name: activity[name] for name in body} == body
    for query in (f"case_id={case}", "sort=due_on", "sort=-due_on"):
        items = (await world.service.get(f"/v1/activities?{query}")).json()["items"]
        assert [one["id"] for one in items] == [activity["id"]], query
    theirs = made["contacts", other["id"]]
    for changes, pointer in (
        ({"case_id": made["cases", other["id"]]}, "/case_id"),
        ({"participants": [contact, theirs]}, "/participants/1"),
        ({"position": {"lat": 91, "lon": 0}}, "/position/lat"),
    ):
        refused = await world.service.post("/v1/activities", {**body, **changes})
        changed = await world.service.patch(f"/v1/activities/{activity['id']}", changes, 1)
        for answer in (refused, changed):
            assert (answer.status_code, codes(answer.json())) == (422, [pointer]), answer.text
    step = {"outcome": "met", "next_step": {"text": "Call again", "due_on": "2026-02-20"}}
    assert (await world.service.post(f"/v1/activities/{activity['id']}/complete", step)).status_code == 200
    (event,) = await world.service.published("customer.activity.completed.v1")
    assert (event.payload["case_id"], "position" in event.payload) == (case, False)
    assert [one["case_id"] for one in (await world.service.get("/v1/activities?state=planned")).json()["items"]] == [
        case
    ]
