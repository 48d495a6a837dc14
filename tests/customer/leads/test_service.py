"""Leads over HTTP: what is kept and shown, who finds whom, the way of a lead, its consents."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from kit.clock import business_date
from kit.security.data_keys import erase
from kit.testing.service import codes
from tests.customer.conftest import OTHER_REP, REP_1, REP_2, World
from tests.customer.leads.conftest import ZHANG, acted, lead, told

MAIL = {"purpose": "marketing", "channel": "email", "lawful_basis": "consent"}


async def found(world: World, **query: str) -> list[str]:
    """Companies in a list of leads."""
    answer = await world.service.client.get("/v1/leads", params=query, headers=world.service.headers())
    assert answer.status_code == 200, answer.text
    return [item["company"] for item in answer.json()["items"]]


async def test_what_is_kept_comes_back(world: World) -> None:
    made = await lead(world, external_id={"source": "site", "id": "L-1"})
    assert (made["email"], made["phone"], made["name"]) == ("Zhang.Wei@Quay.example", "+8613812345678", "Quay Trading")
    assert (made["state"], made["owner_id"], made["account_id"]) == ("new", str(REP_1), None)
    assert made["created_on"] == str(business_date("Asia/Shanghai"))
    path = f"/v1/leads/{made['id']}"
    assert (await world.service.get(path)).json() == made
    assert (await world.service.get("/v1/leads")).json()["items"] == [made]
    (item,) = (await world.service.get("/v1/leads?fields=email,name")).json()["items"]
    assert item == {"email": made["email"], "name": made["name"]}
    changed = await world.service.patch(path, {"company": None, "email": None}, 1)
    assert (changed.json()["name"], changed.json()["email"]) == ("Zhang Wei", None)
    nameless = await world.service.patch(path, {"person_name": None}, 2)
    assert (nameless.status_code, nameless.json()["code"], codes(nameless.json())) == (
        422,
        "lead-nameless",
        ["/company"],
    )


async def test_facts_tell_the_way_and_nothing_of_the_person(world: World) -> None:
    made = await lead(world)
    await acted(world, made, "start")
    await acted(world, made, "disqualify", reason="no_budget")
    again = await acted(world, made, "reopen")
    assert (again["state"], again["disqualified_reason"]) == ("working", None)
    await acted(world, made, "qualify")
    facts = await told(world)
    assert [(kind, fact["state"], fact["version"]) for kind, fact in facts] == [
        ("created", "new", 1),
        ("disqualified", "disqualified", 3),
        ("reopened", "working", 4),
    ]
    assert (facts[0][1]["source"], facts[0][1]["score"], facts[1][1]["reason"]) == ("trade_fair", 100, "no_budget")
    for _, fact in facts:
        assert not {"name", "company", "person_name", "email", "phone"} & fact.keys()


async def test_who_may_not_read_sees_masks(world: World) -> None:
    made = await lead(world)
    for role in ("risk_officer", "channel_manager", "auditor"):
        headers = world.service.headers("someone", role)
        one = (await world.service.get(f"/v1/leads/{made['id']}", headers=headers)).json()
        (item,) = (await world.service.get("/v1/leads", headers=headers)).json()["items"]
        assert one == item
        assert (one["email"], one["phone"], one["person_name"]) == ("Z***@Quay.example", "***5678", "Zhang Wei")
        for parameter in ("email=zhang.wei@quay.example", "phone=13812345678"):
            refused = await world.service.get(f"/v1/leads?{parameter}", headers=headers)
            assert (refused.status_code, codes(refused.json())) == (400, [parameter.partition("=")[0]])
    agent = await world.service.get("/v1/leads", headers=world.service.headers("agent", "service_agent"))
    assert agent.status_code == 403
    assert await world.service.rows("SELECT 1 FROM audit_log WHERE action = 'read' AND actor = 'someone'") == []


async def test_an_answer_in_full_leaves_one_trace(world: World) -> None:
    ids = sorted([(await lead(world, company=f"Quay {n}"))["id"] for n in range(3)])
    seller = world.service.headers("rep-1", "sales_rep")
    await world.service.get("/v1/leads", headers=seller)
    await world.service.get(f"/v1/leads/{ids[0]}", headers=seller)
    await world.service.get("/v1/leads?source=nowhere", headers=seller)
    await world.service.get("/v1/leads?fields=id,company", headers=seller)
    rows = await world.service.rows("SELECT resource, after->'ids' AS ids FROM audit_log WHERE actor = 'rep-1'")
    assert [(row["resource"], sorted(json.loads(row["ids"]))) for row in rows] == [("lead", ids), ("lead", [ids[0]])]


async def test_nothing_of_the_person_stands_in_clear(world: World) -> None:
    made = await lead(world)
    await world.service.patch(f"/v1/leads/{made['id']}", {"phone": "13900000000"}, 1)
    rows = await world.service.rows("SELECT l::text AS row FROM lead l UNION ALL SELECT a::text FROM audit_log a")
    text = " ".join(row["row"] for row in rows).lower()
    for secret in ("zhang.wei@quay", "13812345678", "13900000000", b"zhang.wei@quay".hex(), b"13812345678".hex()):
        assert secret not in text


async def test_found_by_address_however_it_is_written(world: World) -> None:
    made = await lead(world)
    for query in (
        {"email": "zhang.wei@QUAY.example"},
        {"email": "ｚhang.wei@quay.example"},
        {"phone": "+86 138-1234-5678"},
        {"q": "zhang"},
        {"q": "ＱＵＡＹ"},
        {"has_email": "true", "source": "trade_fair"},
        {"score[gte]": "60", "state": "new"},
    ):
        assert await found(world, **query) == ["Quay Trading"], query
    for query in ({"email": "wei@quay.example"}, {"phone": "13812345679"}, {"q": "li"}, {"campaign": "x"}):
        assert await found(world, **query) == [], query
    for wrong, code in (("email=nobody", "email-invalid"), ("phone=12", "phone-invalid")):
        answer = await world.service.get(f"/v1/leads?{wrong}")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, code)
    await world.service.patch(f"/v1/leads/{made['id']}", {"phone": "13900000000"}, 1)
    assert await found(world, phone="13812345678") == []
    assert await found(world, phone="13900000000") == ["Quay Trading"]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"email": "nobody"}, "email-invalid", "/email"),
        ({"phone": "12"}, "phone-invalid", "/phone"),
        ({"company": None, "person_name": None}, "lead-nameless", "/company"),
        ({"owner_id": "01989f2e-0000-7000-8000-00000000dead"}, "unknown-reference", "/owner_id"),
        ({"source": "a b"}, "invalid", "/source"),
        ({"country": "cn"}, "invalid", "/country"),
        ({"score": 50}, "invalid", "/score"),
    ],
)
async def test_bad_leads(world: World, changes: dict[str, Any], code: str, pointer: str) -> None:
    answer = await world.service.post("/v1/leads", {**ZHANG, "owner_id": str(REP_1), **changes})
    assert (answer.status_code, answer.json()["code"], codes(answer.json())[:1]) == (422, code, [pointer])
    assert await told(world) == []


async def test_a_number_is_read_as_in_the_leads_country(world: World) -> None:
    assert (await lead(world, country="GB", phone="020 7946 0958 ext 12"))["phone"] == "+442079460958"


async def test_whose_a_lead_is(world: World) -> None:
    seller, other = world.service.headers("rep-1", "sales_rep"), world.service.headers("rep-3", "sales_rep")
    manager = world.service.headers("manager-north", "sales_manager")
    made = (await world.service.post("/v1/leads", ZHANG, headers=seller)).json()
    assert made["owner_id"] == str(REP_1)
    path = f"/v1/leads/{made['id']}"
    assert (await world.service.get(path, headers=other)).status_code == 404
    for action, body in (("start", None), ("disqualify", {"reason": "x"}), ("convert", {"create_account": {}})):
        assert (await world.service.post(f"{path}/{action}", body, headers=other)).status_code == 404
    refused = await world.service.patch(path, {"owner_id": str(OTHER_REP)}, 1, headers=manager)
    assert (refused.status_code, codes(refused.json())) == (422, ["/owner_id"])
    given = await world.service.patch(path, {"owner_id": str(REP_2)}, 1, headers=manager)
    assert (given.status_code, given.json()["owner_id"]) == (200, str(REP_2))
    assert (await world.service.get(path, headers=seller)).status_code == 404
    assert (await world.service.get("/v1/leads", headers=seller)).json()["items"] == []
    twice = {**ZHANG, "external_id": {"source": "site", "id": "L-1"}}
    first = (await world.service.post("/v1/leads", twice, headers=seller)).json()
    taken = await world.service.post("/v1/leads", twice, headers=seller)
    assert (taken.status_code, taken.json()["code"]) == (409, "lead-external-id-taken")
    assert taken.json()["conflicting_id"] == first["id"]
    hidden = await world.service.post("/v1/leads", twice, headers=other)
    assert (hidden.status_code, "conflicting_id" in hidden.json()) == (409, False)


async def test_two_at_once_move_it_once(world: World) -> None:
    made = await lead(world)
    path = f"/v1/leads/{made['id']}"
    answers = await asyncio.gather(*(world.service.post(f"{path}/start") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    both = await asyncio.gather(
        world.service.post(f"{path}/qualify"), world.service.post(f"{path}/disqualify", {"reason": "no_budget"})
    )
    # a qualified lead may still be disqualified, never the other way
    assert both[1].status_code == 200
    assert (await world.service.get(path)).json()["state"] == "disqualified"


async def test_an_erased_lead_is_worked_without_its_values(world: World) -> None:
    made = await lead(world)
    async with world.service.transaction() as tx:
        assert await erase(tx, UUID(made["id"]))
    path = f"/v1/leads/{made['id']}"
    read = (await world.service.get(path)).json()
    assert (read["email"], read["phone"], read["company"]) == (None, None, "Quay Trading")
    assert (await acted(world, made, "start"))["state"] == "working"
    refused = await world.service.patch(path, {"email": "new@quay.example"}, 2)
    assert (refused.status_code, refused.json()["code"]) == (409, "person-erased")
    assert await found(world, email="zhang.wei@quay.example") == []


async def test_consents_are_kept_until_they_go_along(world: World) -> None:
    made = await lead(world)
    path = f"/v1/leads/{made['id']}/consents"
    given = await world.service.post(path, {**MAIL, "given_at": "2026-02-14T09:30:00Z", "evidence": "Form 118"})
    assert (given.status_code, given.json()["evidence"]) == (201, "Form 118")
    early = {"withdrawn_at": "2026-02-13T00:00:00Z"}
    refused = await world.service.post(f"{path}/{given.json()['id']}/withdraw", early)
    assert (refused.status_code, refused.json()["code"]) == (422, "before-given")
    later = {"withdrawn_at": "2026-02-20T00:00:00Z"}
    ended = [await world.service.post(f"{path}/{given.json()['id']}/withdraw", later) for _ in range(2)]
    assert ended[0].json() == ended[1].json()
    again = await world.service.post(path, {**MAIL, "given_at": "2026-02-21T00:00:00Z"})
    assert (again.status_code, again.json()["code"]) == (409, "consent-withdrawn")
    auditor = world.service.headers("someone", "auditor")
    items = (await world.service.get(f"{path}?sort=at", headers=auditor)).json()["items"]
    assert [(one["is_granted"], one["evidence"]) for one in items] == [(True, None), (False, None)]
    assert (await world.service.get(f"{path}?sort=at")).json()["items"][0]["evidence"] == "Form 118"
    future = await world.service.post(path, {**MAIL, "channel": "sms", "given_at": "2199-01-01T00:00:00Z"})
    assert (future.status_code, future.json()["code"]) == (422, "in-future")
