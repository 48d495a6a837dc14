"""Activities and consents of a lead go along with its conversion, also to what is there already."""

from __future__ import annotations

import asyncio
from typing import Any

from kit.testing.service import codes
from tests.customer.conftest import REP_1, World
from tests.customer.conversions.conftest import NEW, converted, converting, read, rewritten
from tests.customer.leads.conftest import qualified

MAIL = {"purpose": "marketing", "channel": "email", "lawful_basis": "consent"}


async def said(world: World, path: str, at: str, evidence: str | None = None, ended: str | None = None) -> None:
    """A consent that was given, and withdrawn."""
    given = await world.service.post(f"{path}/consents", {**MAIL, "given_at": at, "evidence": evidence})
    assert given.status_code == 201, given.text
    if ended is not None:
        where = f"{path}/consents/{given.json()['id']}/withdraw"
        assert (await world.service.post(where, {"withdrawn_at": ended})).status_code == 201


async def allowed(world: World, contact_id: str) -> bool:
    query = "purpose=marketing&channel=email"
    answer: bool = (await read(world, f"/v1/contacts/{contact_id}/allowed?{query}"))["is_allowed"]
    return answer


async def contact(world: World) -> dict[str, Any]:
    body = {"account_id": (await world.account(name="Far Away"))["id"], "name": "Zhang Wei"}
    answer = await world.service.post("/v1/contacts", body)
    found: dict[str, Any] = answer.json()
    return found


async def planned(world: World, one: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await world.service.post("/v1/activities", {"kind": "call", "lead_id": one["id"], **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_activities_become_those_of_the_account(world: World) -> None:
    one = await qualified(world)
    first, second = await planned(world, one), await planned(world, one)
    assert (first["owner_id"], first["account_id"], first["lead_id"]) == (str(REP_1), None, one["id"])
    done = await world.service.post(f"/v1/activities/{first['id']}/complete", {"outcome": "interested"})
    assert done.status_code == 200, done.text
    became = await converted(world, one, NEW)
    assert became["activities"] == 2
    items = (await read(world, f"/v1/activities?account_id={became['account_id']}"))["items"]
    assert {item["id"] for item in items} == {first["id"], second["id"]}
    assert {(item["contact_id"], item["lead_id"]) for item in items} == {(became["contact_id"], one["id"])}
    await world.service.post(f"/v1/activities/{second['id']}/complete", {"outcome": "ordered"})
    facts = await world.service.published("customer.activity.completed.v1")
    assert [(fact.subject, fact.key, fact.payload["account_id"]) for fact in facts] == [
        (first["id"], first["id"], None),
        (second["id"], became["account_id"], became["account_id"]),
    ]


async def test_who_sees_the_lead_sees_what_is_done_with_it(world: World) -> None:
    one = await qualified(world)
    other = world.service.headers("rep-3", "sales_rep")
    seller = world.service.headers("rep-1", "sales_rep")
    mine = await planned(world, one, owner_id=None)
    await rewritten(world, "UPDATE activity SET owner_id = NULL")
    for headers, status, items in ((seller, 200, 1), (other, 404, 0)):
        assert (await world.service.get(f"/v1/activities/{mine['id']}", headers=headers)).status_code == status
        assert len((await world.service.get("/v1/activities", headers=headers)).json()["items"]) == items
    refused = await world.service.post("/v1/activities", {"kind": "call", "lead_id": one["id"]}, headers=other)
    assert (refused.status_code, codes(refused.json())) == (422, ["/lead_id"])
    account = await world.account()
    both = {"kind": "call", "lead_id": one["id"], "account_id": account["id"]}
    assert (await world.service.post("/v1/activities", both)).status_code == 422


async def test_what_follows_while_it_is_converted_is_not_left_behind(world: World) -> None:
    for number in range(4):
        one = await qualified(world, company=f"Pier {number * 1111}", email=f"{number}@pier.example")
        first = await planned(world, one)
        step = {"outcome": "asked", "next_step": {"text": "Call again", "due_on": "2026-03-01"}}
        path = f"/v1/activities/{first['id']}/complete"
        calls = (
            world.service.post(path, step),
            converting(world, one, {"create_account": {"name": f"{number}{number}{number} Apart {number}"}}),
            world.service.post("/v1/activities", {"kind": "visit", "lead_id": one["id"]}),
        )
        completed, became, another = await asyncio.gather(*calls)
        assert (completed.status_code, became.status_code) == (200, 200), (completed.text, became.text)
        assert another.status_code in (201, 409)
        rows = await world.service.rows("SELECT account_id::text AS a FROM activity WHERE lead_id = $1", one["id"])
        assert {row["a"] for row in rows} == {became.json()["account_id"]}
        assert len(rows) == 2 + (another.status_code == 201)


async def test_consents_go_along_to_a_new_contact(world: World) -> None:
    one = await qualified(world)
    await said(world, f"/v1/leads/{one['id']}", "2026-02-14T09:30:00Z", "Form 118", "2026-02-20T00:00:00Z")
    await said(world, f"/v1/leads/{one['id']}", "2026-02-22T00:00:00Z", "Form 200")
    refused = await converting(world, one, {"create_account": {}})
    assert (refused.status_code, refused.json()["code"]) == (422, "lead-contact-needed")
    became = await converted(world, one, NEW)
    assert (became["consents"], became["consents_left"]) == (3, 0)
    path = f"/v1/contacts/{became['contact_id']}"
    items = (await read(world, f"{path}/consents?sort=at"))["items"]
    assert [(item["is_granted"], item["at"], item["evidence"]) for item in items] == [
        (True, "2026-02-14T09:30:00Z", "Form 118"),
        (False, "2026-02-20T00:00:00Z", None),
        (True, "2026-02-22T00:00:00Z", "Form 200"),
    ]
    assert items[1]["withdraws"] == items[0]["id"]
    assert (await read(world, path))["channels"] == [{"channel": "email", "purpose": "marketing"}]
    assert await allowed(world, became["contact_id"])
    facts = await world.service.published("customer.contact.consent_changed.v1")
    assert [fact.payload["is_granted"] for fact in facts] == [True, False, True]
    ended = f"/v1/leads/{one['id']}/consents"
    lead_consent = (await read(world, f"{ended}?sort=-at"))["items"][0]
    late = await world.service.post(f"{ended}/{lead_consent['id']}/withdraw", {})
    assert (late.json()["code"], late.json()["contact_id"]) == ("lead-converted", became["contact_id"])


async def test_what_a_contact_withdrew_is_not_revived(world: World) -> None:
    known = await contact(world)
    path = f"/v1/contacts/{known['id']}"
    await said(world, path, "2026-02-01T00:00:00Z", None, "2026-02-10T00:00:00Z")
    for number, (at, evidence, stands) in enumerate(
        (
            ("2026-02-20T00:00:00Z", None, False),
            ("2026-02-05T00:00:00Z", "Form 1", False),
            ("2026-02-21T00:00:00Z", "Form 2", True),
        )
    ):
        one = await qualified(world, email=f"{number}@quay.example")
        await said(world, f"/v1/leads/{one['id']}", at, evidence)
        became = await converted(world, one, {"contact_id": known["id"]})
        assert (became["consents"], became["consents_left"]) == (int(stands), int(not stands)), at
        assert await allowed(world, known["id"]) == stands, at


async def test_what_a_lead_withdrew_the_contact_withdrew(world: World) -> None:
    known = await contact(world)
    path = f"/v1/contacts/{known['id']}"
    await said(world, path, "2026-02-01T00:00:00Z", None, "2026-02-02T00:00:00Z")
    await said(world, path, "2026-02-10T00:00:00Z", "Form 1")
    assert await allowed(world, known["id"])
    one = await qualified(world)
    # given without evidence: alone it would be left, but what was withdrawn of it counts
    await said(world, f"/v1/leads/{one['id']}", "2026-02-12T00:00:00Z", None, "2026-02-15T00:00:00Z")
    became = await converted(world, one, {"contact_id": known["id"]})
    assert (became["consents"], became["consents_left"]) == (2, 0)
    assert not await allowed(world, known["id"])
