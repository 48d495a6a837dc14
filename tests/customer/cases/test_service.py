"""Cases over HTTP: the way of a complaint, references, scope, numbers, what is told."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.testing.service import codes, make_event
from tests.customer.cases.conftest import SECOND, Desk
from tests.customer.conftest import MANAGER, REP_1, REP_2, member

SECRETS = ("Anna was rude", "Say sorry", "We are sorry", "Very bad box")


async def refused(desk: Desk, case: dict[str, Any], verb: str, body: Any = None, **options: Any) -> tuple[int, str]:
    answer = await desk.tell(case, verb, body, **options)
    return answer.status_code, answer.json()["code"]


async def test_a_complaint_passes_every_state_and_what_else_comes_may_be_answered_at_once(desk: Desk) -> None:
    complaint = await desk.open(kind="complaint")
    assess = {"severity": "low", "complexity": "high", "impact": "low", "immediate_action": False}
    for verb, body in (("acknowledge", None), ("assess", assess), ("investigate", None)):
        assert await refused(desk, complaint, "respond", {"response": "Yes"}) == (409, "case-state")
        await desk.done(complaint, verb, body)
    await desk.done(complaint, "respond", {"response": "Yes"})
    for kind in ("question", "incident", "feedback"):
        case = await desk.open(kind=kind)
        assert (await desk.done(case, "respond", {"response": "Yes"}))["state"] == "responded"


async def test_a_complaint_is_closed_with_its_root_cause(desk: Desk) -> None:
    case = await desk.investigating()
    await desk.done(case, "respond", {"response": "Yes"})
    answer = await desk.tell(case, "close", {"accepted": True})
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (
        422, "root-cause-required", ["/root_cause"],
    )  # fmt: skip
    await desk.changed(case, root_cause="transport", remedy={"kind": "voucher", "cost_base": 137})
    desk.on("10-12 09:00")
    closed = await desk.done(case, "close", {"accepted": True})
    assert (closed["state"], closed["is_accepted"], closed["closed_on"]) == ("closed", True, "2026-10-12")
    (told,) = await desk.service.published("customer.case.closed.v1")
    assert {name: told.payload[name] for name in ("root_cause", "remedy", "days_open", "is_accepted", "changed")} == {
        "root_cause": "transport",
        "remedy": {"kind": "voucher", "cost_base": 137},
        "days_open": 12,
        "is_accepted": True,
        "changed": ["state"],
    }
    refused_change = await desk.service.patch(f"/v1/cases/{case['id']}", {"sku": "CD-ROCK"}, closed["version"])
    assert (refused_change.status_code, refused_change.json()["code"]) == (409, "case-state")
    for verb, body in (("assign", {"owner_id": str(REP_1)}), ("escalate", {"reason": "x"}), ("pause", {"reason": "x"})):
        assert await refused(desk, case, verb, body) == (409, "case-state")
    again = await desk.done(case, "reopen")
    assert (again["closed_on"], again["is_accepted"], again["root_cause"]) == (None, None, "transport")


async def test_each_step_is_told_and_no_word_of_anybody(desk: Desk) -> None:
    account = await desk.world.account()
    said, sorry, answer, subject = SECRETS
    case = await desk.investigating(
        account_id=account["id"], subject=subject, description=said, remedy_sought=sorry, sku="CD-ROCK"
    )
    await desk.changed(case, response=answer)
    await desk.done(case, "respond", {})
    await desk.done(case, "close", {"accepted": False, "root_cause": "service"})
    events = [event for event in await desk.service.published() if ".case." in event.type]
    assert [(e.type.split(".")[2], e.payload["state"], e.payload.get("previous_state")) for e in events] == [
        ("opened", "received", None),
        ("state_changed", "acknowledged", "received"),
        ("state_changed", "assessed", "acknowledged"),
        ("state_changed", "investigating", "assessed"),
        ("state_changed", "responded", "investigating"),
        ("closed", "closed", None),
    ]
    assert {event.key for event in events} == {account["id"]}
    versions = [event.sequence for event in events]
    assert versions == sorted(set(versions))
    for event in events:
        assert not any(secret.encode() in event.data for secret in SECRETS)


async def test_without_an_account_its_own_id_is_the_key(desk: Desk) -> None:
    case = await desk.open()
    (event,) = await desk.service.published("customer.case.opened.v1")
    assert (event.key, event.payload["account_id"]) == (case["id"], None)


async def test_numbers_of_a_year_are_in_sequence_without_gaps(desk: Desk) -> None:
    bad = {"kind": "question", "subject": "s", "severity": "low", "account_id": str(new_id())}
    assert (await desk.service.post("/v1/cases", bad)).status_code == 422
    cases = await asyncio.gather(*(desk.open() for _ in range(6)))
    assert sorted(case["number"] for case in cases) == [f"CS-2026-{n:06d}" for n in range(1, 7)]
    desk.days.moment = desk.days.moment.replace(year=2027)
    assert (await desk.open())["number"] == "CS-2027-000001"


async def test_references_are_of_the_account_and_in_scope(desk: Desk) -> None:
    world = desk.world
    account, other = await world.account(), await world.account(name="Elsewhere")
    contact = (await desk.service.post("/v1/contacts", {"account_id": other["id"], "name": "Zhang Wei"})).json()["id"]
    order, former = await world.draft(other), await desk.open(account_id=other["id"])
    ids = {"contact_id": contact, "order_id": order["id"], "recurrence_of": former["id"]}
    for field, value in ids.items():
        for account_id in (account["id"], other["id"]):
            body = {"kind": "question", "subject": "s", "severity": "low", "account_id": account_id, field: value}
            answer = await desk.service.post("/v1/cases", body)
            expected = (201, []) if account_id == other["id"] else (422, [f"/{field}"])
            assert (answer.status_code, codes(answer.json()) if expected[1] else []) == expected
    of_order = await desk.open(order_id=order["id"])
    assert of_order["account_id"] == other["id"], "an order has an account"
    again = await desk.service.patch(f"/v1/cases/{former['id']}", {"recurrence_of": former["id"]}, 1)
    assert codes(again.json()) == ["/recurrence_of"], "nothing comes again by itself"
    stranger = desk.service.headers("rep-3", "sales_rep")
    body = {"kind": "question", "subject": "s", "severity": "low"}
    for field, value in (("account_id", account["id"]), ("order_id", order["id"]), ("owner_id", str(REP_1))):
        answer = await desk.service.post("/v1/cases", {**body, field: value}, headers=stranger)
        assert (answer.status_code, codes(answer.json())) == (422, [f"/{field}"])


async def test_seen_by_its_owners_and_by_who_has_the_account(desk: Desk) -> None:
    account = await desk.world.account()
    case = await desk.open(account_id=account["id"], owner_id=str(REP_2), second_owner_id=str(SECOND))
    foreign = await desk.open(owner_id=str(REP_2))
    mine = {
        "rep-1": [case], "rep-2": [case, foreign], "rep-3": [case], "manager-north": [case, foreign], "nobody": [],
    }  # fmt: skip
    for subject, cases in mine.items():
        role = "sales_manager" if subject.startswith("manager") else "sales_rep"
        headers = desk.service.headers(subject, role)
        listed = (await desk.service.get("/v1/cases?sort=number", headers=headers)).json()["items"]
        assert [one["id"] for one in listed] == [one["id"] for one in cases], subject
        for one in (case, foreign):
            answer = await desk.service.get(f"/v1/cases/{one['id']}", headers=headers)
            assert answer.status_code == (200 if one in cases else 404), subject
    stranger = desk.service.headers("nobody", "sales_rep")
    for verb, body in (("acknowledge", None), ("respond", {"response": "x"}), ("escalate", {"reason": "x"})):
        assert await refused(desk, case, verb, body, headers=stranger) == (404, "case-not-found")


async def test_lists_show_what_is_due_first_and_no_long_text(desk: Desk) -> None:
    slow, fast, done = await desk.open(), await desk.open(severity="critical"), await desk.open(severity="high")
    await desk.done(done, "respond", {"response": "secret"})
    answer = (await desk.service.get("/v1/cases?sort=due_at&fields=id,due_at")).json()["items"]
    assert [one["id"] for one in answer] == [fast["id"], slow["id"], done["id"]]
    assert [one["due_at"] for one in answer] == [fast["due_at"], slow["due_at"], None]
    (item,) = (await desk.service.get("/v1/cases?state=responded&severity=high")).json()["items"]
    assert not {"response", "description", "clocks", "stream_key"} & item.keys()
    desk.on("10-12 09:00")
    await desk.turn()
    late = (await desk.service.get("/v1/cases?breaches[gt]=0&sort=number")).json()["items"]
    assert [one["id"] for one in late] == [slow["id"], fast["id"]]


async def test_an_owner_who_left_blocks_no_edit(desk: Desk) -> None:
    case = await desk.open(owner_id=str(REP_2))
    gone = member(REP_2, "rep-2", [UUID(int=1)], version=2)
    gone["memberships"][0]["valid_to"] = "2026-09-01"
    await desk.service.deliver(make_event("targets.member.left.v1", gone, "organisation"))
    await desk.changed(case, sku="CD-ROCK")
    await desk.done(case, "assign", {"owner_id": str(REP_2), "second_owner_id": str(MANAGER)})
    other = await desk.open()
    for body in ({"owner_id": str(REP_2)}, {"owner_id": str(REP_1), "second_owner_id": str(REP_2)}):
        answer = await desk.tell(other, "assign", body)
        pointer = "/second_owner_id" if "second_owner_id" in body else "/owner_id"
        assert (answer.status_code, codes(answer.json())) == (422, [pointer])


async def test_a_kind_changes_until_it_is_assessed(desk: Desk) -> None:
    case = await desk.open()
    assert (await desk.changed(case, kind="complaint"))["kind"] == "complaint"
    assert await refused(desk, case, "respond", {"response": "Yes"}) == (409, "case-state")
    answered = await desk.done(await desk.open(), "respond", {"response": "Yes"})
    for body in ({"kind": "complaint"}, {"response": "No"}):
        answer = await desk.service.patch(f"/v1/cases/{answered['id']}", body, answered["version"])
        assert (answer.status_code, answer.json()["code"]) == (409, "case-state")


@pytest.mark.parametrize("body", [{}, {"response": ""}, {"response": None}])
async def test_nothing_is_no_answer(desk: Desk, body: dict[str, Any]) -> None:
    answer = await desk.tell(await desk.open(), "respond", body)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, "response-missing", ["/response"])


async def test_verbs_at_once_move_a_case_once(desk: Desk) -> None:
    case = await desk.open()
    answers = await asyncio.gather(*(desk.tell(case, "respond", {"response": "Yes"}) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    answers = await asyncio.gather(*(desk.tell(case, "reopen") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    assert [clock["attempt"] for clock in (await desk.read(case))["clocks"]].count(2) == 1
