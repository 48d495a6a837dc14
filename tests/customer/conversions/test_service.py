"""A lead becomes an account over HTTP: all of it or nothing, once, and what is there already is chosen."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import codes, make_event
from tests.customer.conftest import OTHER_REP, REP_1, REP_2, UNCHECKED, UNITS, World, member
from tests.customer.conversions.conftest import NEW, converted, converting, counts, read, rewritten
from tests.customer.leads.conftest import acted, lead, qualified, told


async def contact_of(world: World, account: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"account_id": account["id"], "name": "Zhang Wei", **fields}
    answer = await world.service.post("/v1/contacts", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_it_becomes_a_new_account_a_contact_and_an_opportunity(world: World) -> None:
    one = await qualified(world, country="CN")
    done = await converted(world, one, NEW)
    account = await read(world, f"/v1/accounts/{done['account_id']}")
    assert (account["kind"], account["name"], account["country"]) == ("organization", "Quay Trading", "CN")
    assert (account["region"], account["owner_id"], account["phone"]) == ("CN-SH", str(REP_1), None)
    contact = await read(world, f"/v1/contacts/{done['contact_id']}")
    assert (contact["name"], contact["title"], contact["account_id"]) == (
        "Zhang Wei",
        "Head of purchasing",
        account["id"],
    )
    assert contact["emails"] == [{"value": "Zhang.Wei@Quay.example", "label": None, "is_primary": True}]
    assert [phone["value"] for phone in contact["phones"]] == ["+8613812345678"]
    opportunity = await read(world, f"/v1/opportunities/{done['opportunity_id']}")
    assert (opportunity["contact_id"], opportunity["owner_id"]) == (contact["id"], str(REP_1))
    assert (done["is_account_created"], done["is_contact_created"], done["is_opportunity_created"]) == (True,) * 3
    after = await read(world, f"/v1/leads/{one['id']}")
    assert after["state"] == "converted"
    ids = ("account_id", "contact_id", "opportunity_id")
    assert [after[name] for name in ids] == [done[name] for name in ids]
    kind, fact = (await told(world))[-1]
    assert (kind, fact["state"], fact["version"], fact["days_to_convert"]) == ("converted", "converted", 4, 0)
    assert [fact[name] for name in ids] == [done[name] for name in ids]
    assert {"state", "account_id", "contact_id"} <= set(fact["changed"])


async def test_days_to_convert_are_business_dates_apart(world: World) -> None:
    one = await qualified(world)
    await rewritten(world, "UPDATE lead SET created_on = created_on - 12")
    done = await converted(world, one, {"create_account": {}})
    after = await read(world, f"/v1/leads/{one['id']}")
    assert (done["days_to_convert"], after["days_to_convert"], (await told(world))[-1][1]["days_to_convert"]) == (
        (12,) * 3
    )
    assert (done["contact_id"], done["opportunity_id"]) == (None, None)


async def test_a_second_time_names_what_it_became(world: World) -> None:
    one = await qualified(world)
    done = await converted(world, one, NEW)
    before = await counts(world)
    for body in (NEW, {"create_account": {}, "dry_run": True}, {"account_id": done["account_id"]}):
        again = await converting(world, one, body)
        assert (again.status_code, again.json()["code"]) == (409, "lead-converted")
        for name in ("account_id", "contact_id", "opportunity_id"):
            assert again.json()[name] == done[name]
    path = f"/v1/leads/{one['id']}"
    given = {"purpose": "news", "channel": "email", "lawful_basis": "consent", "given_at": "2026-02-14T09:30:00Z"}
    late = [
        await world.service.patch(path, {"campaign": "other"}, 4),
        await world.service.post(f"{path}/consents", given),
        await world.service.post("/v1/activities", {"kind": "call", "lead_id": one["id"]}),
    ]
    assert [answer.json()["code"] for answer in late] == ["lead-converted"] * 3
    assert await counts(world) == before


async def test_of_several_at_once_one_wins(world: World) -> None:
    one = await qualified(world)
    account = await world.account(name="Far Away")
    bodies = [NEW, NEW, {"account_id": account["id"], "create_contact": {}}, {"account_id": account["id"]}]
    answers = await asyncio.gather(*(converting(world, one, body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert {answer.json()["account_id"] for answer in answers if answer.status_code == 409} == {won["account_id"]}
    assert len([kind for kind, _ in await told(world) if kind == "converted"]) == 1
    assert len(await world.service.rows("SELECT 1 FROM account")) == 1 + won["is_account_created"]
    assert len(await world.service.rows("SELECT 1 FROM contact")) == int(won["is_contact_created"])


async def test_two_leads_of_one_person_at_once_make_one_contact(world: World) -> None:
    leads = [await qualified(world, company=name) for name in ("Ahoy", "Bravo", "Cobalt")]
    answers = await asyncio.gather(*(converting(world, one, NEW) for one in leads))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    (won,) = [answer.json() for answer in answers if answer.status_code == 200]
    for answer in answers:
        if answer.status_code == 409:
            exact = {"account_id": won["account_id"], "contact_id": won["contact_id"]}
            assert (answer.json()["code"], answer.json()["candidates"]) == ("lead-duplicate", [exact])
    assert len(await world.service.rows("SELECT 1 FROM account")) == 1


async def test_a_key_converts_once(world: World) -> None:
    one = await qualified(world)
    headers = world.service.headers(Idempotency_Key="k")
    first, again = [await converted(world, one, NEW, headers=headers) for _ in range(2)]
    assert first == again


async def test_only_what_is_qualified(world: World) -> None:
    one = await lead(world)
    for action, body in (("start", {}), ("disqualify", {"reason": "no_budget"})):
        answer = await converting(world, one, NEW)
        assert (answer.status_code, answer.json()["code"]) == (409, "lead-state")
        assert answer.json()["allowed_states"] == ["qualified"]
        await acted(world, one, action, **body)
    assert (await converting(world, one, NEW)).json()["code"] == "lead-state"


async def test_what_is_there_already_is_to_be_chosen_and_nothing_is_made(world: World) -> None:
    one = await qualified(world)
    account = await world.account(name="Quay Trading Co., Ltd.", tax_id="91110000600037341L", country="CN")
    contact = await contact_of(world, account, emails=[{"value": "zhang.wei@quay.EXAMPLE"}])
    before, whole = await counts(world), await read(world, f"/v1/leads/{one['id']}")
    like = {"account_id": account["id"], "contact_id": None}
    exact = {"account_id": account["id"], "contact_id": contact["id"]}
    same_id = {"create_account": {"name": "Other", "tax_id": "91110000600037341L", "country": "CN"}}
    for body, expected in (
        (NEW, [like, exact]),
        ({"create_account": {}}, [like]),
        ({"create_account": {"name": "Entirely Else"}, "create_contact": {}}, [exact]),
        ({"account_id": account["id"], "create_contact": {}}, [exact]),
        (same_id, [like]),
    ):
        for dry_run in (False, True):
            answer = await converting(world, one, {**body, "dry_run": dry_run})
            assert (answer.status_code, answer.json()["code"]) == (409, "lead-duplicate"), (body, answer.text)
            assert answer.json()["candidates"] == expected, body
    skipped = await converting(world, one, same_id, headers=world.service.headers(**UNCHECKED))
    assert skipped.json()["code"] == "lead-duplicate"
    assert await counts(world) == before
    assert await read(world, f"/v1/leads/{one['id']}") == whole
    done = await converted(world, one, {"account_id": account["id"], "contact_id": contact["id"]})
    assert (done["account_id"], done["contact_id"]) == (account["id"], contact["id"])


async def test_the_check_can_be_skipped(world: World) -> None:
    one = await qualified(world)
    account = await world.account(name="Quay Trading Co., Ltd.")
    await contact_of(world, account, emails=[{"value": "zhang.wei@quay.example"}])
    done = await converted(world, one, NEW, headers=world.service.headers(**UNCHECKED))
    assert done["account_id"] != account["id"]


async def test_candidates_are_those_that_the_caller_sees(world: World) -> None:
    hidden = await world.account(name="Quay Trading Co., Ltd.", owner_id=str(OTHER_REP))
    await contact_of(world, hidden, emails=[{"value": "zhang.wei@quay.example"}])
    one = await qualified(world)
    seller = world.service.headers("rep-1", "sales_rep")
    for body in ({"account_id": hidden["id"]}, {"contact_id": hidden["id"]}):
        answer = await converting(world, one, body, headers=seller)
        assert (answer.status_code, codes(answer.json())) == (422, [f"/{next(iter(body))}"])
    done = await converted(world, one, NEW, headers=seller)
    assert done["account_id"] != hidden["id"]


async def test_a_dry_run_says_all_and_does_nothing(world: World) -> None:
    one = await qualified(world)
    activity = {"kind": "call", "lead_id": one["id"]}
    assert (await world.service.post("/v1/activities", activity)).status_code == 201
    before, whole = await counts(world), await read(world, f"/v1/leads/{one['id']}")
    said = await converted(world, one, {**NEW, "dry_run": True})
    assert await counts(world) == before
    assert await read(world, f"/v1/leads/{one['id']}") == whole
    done = await converted(world, one, NEW)
    ids = ("account_id", "contact_id", "opportunity_id")
    assert said == {**done, "dry_run": True, **dict.fromkeys(ids)}
    assert done["activities"] == 1


async def test_a_person_becomes_an_account_of_a_person(world: World) -> None:
    one = await qualified(world, company=None)
    done = await converted(world, one, {"create_account": {}})
    account = await read(world, f"/v1/accounts/{done['account_id']}")
    assert (account["kind"], account["name"], account["phone"]) == ("person", "Zhang Wei", "+8613812345678")


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({}, "invalid", ""),
        ({"create_account": {}, "account_id": "01989f2e-0000-7000-8000-00000000dead"}, "invalid", ""),
        ({"create_account": {}, "contact_id": "01989f2e-0000-7000-8000-00000000dead"}, "invalid", ""),
        ({"create_account": {"name": ""}}, "invalid", "/create_account/name"),
        ({"create_account": {"tax_id": "X1", "country": "CN"}}, "tax-id-invalid", "/create_account/tax_id"),
        ({"create_account": {}, "create_contact": {"phones": [{"value": "12"}]}}, "phone-invalid", "/create_contact"),
        ({"create_account": {}, "opportunity": {**NEW["opportunity"], "stage": "x"}}, "unknown-reference", "/opp"),
        ({"account_id": "01989f2e-0000-7000-8000-00000000dead"}, "unknown-reference", "/account_id"),
        ({"contact_id": "01989f2e-0000-7000-8000-00000000dead"}, "unknown-reference", "/contact_id"),
    ],
)
async def test_bad_conversions_make_nothing(world: World, body: dict[str, Any], code: str, pointer: str) -> None:
    one = await qualified(world)
    before = await counts(world)
    answer = await converting(world, one, body)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
    assert codes(answer.json())[0].startswith(pointer)
    assert await counts(world) == before


async def test_archived_ones_take_no_lead(world: World) -> None:
    one = await qualified(world)
    account = await world.account(name="Far Away")
    contact = await contact_of(world, account)
    await world.service.post(f"/v1/contacts/{contact['id']}/archive")
    answer = await converting(world, one, {"contact_id": contact["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "contact-archived")
    await world.service.post(f"/v1/accounts/{account['id']}/archive")
    answer = await converting(world, one, {"account_id": account["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "account-archived")


async def test_an_owner_who_left_is_not_given_what_is_made(world: World) -> None:
    one = await qualified(world, owner_id=str(REP_2))
    left = member(REP_2, "rep-2", UNITS[:2], version=2)
    left["memberships"][0]["valid_to"] = "2021-01-01"
    await world.service.deliver(make_event("targets.member.left.v1", left, "organisation"))
    done = await converted(world, one, NEW)
    assert (await read(world, f"/v1/accounts/{done['account_id']}"))["owner_id"] is None
    assert (await read(world, f"/v1/leads/{one['id']}"))["owner_id"] == str(REP_2)


async def test_after_a_merge_it_reads_as_the_survivor(world: World) -> None:
    one, other = await qualified(world), await qualified(world, company="Second", email="li@second.example")
    survivor, merged = await world.account(name="Survivor"), await world.account(name="Merged")
    contact = await contact_of(world, merged)
    done = await converted(world, one, {"account_id": merged["id"]})
    assert done["account_id"] == merged["id"]
    merge = await world.service.post(f"/v1/accounts/{survivor['id']}/merge", {"merged_id": merged["id"]})
    assert merge.status_code == 201, merge.text
    after = await read(world, f"/v1/leads/{one['id']}")
    assert (after["account_id"], after["filed_account_id"]) == (survivor["id"], merged["id"])
    assert (await converting(world, one, NEW)).json()["account_id"] == survivor["id"]
    (item,) = (await read(world, f"/v1/leads?account_id={survivor['id']}"))["items"]
    assert item == after
    # a contact is filed under the merged one, and answered as the survivor's
    done = await converted(world, other, {"account_id": survivor["id"], "contact_id": contact["id"]})
    assert (done["account_id"], done["contact_id"]) == (survivor["id"], contact["id"])
    filed = await read(world, f"/v1/leads/{other['id']}")
    assert (filed["account_id"], filed["filed_account_id"]) == (survivor["id"], merged["id"])
    unmerge = await world.service.post(f"/v1/merges/{merge.json()['merge_id']}/unmerge", {})
    assert unmerge.status_code == 200, unmerge.text
    assert (await read(world, f"/v1/leads/{one['id']}"))["account_id"] == merged["id"]
