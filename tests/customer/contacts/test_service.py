"""Contacts over HTTP: what is kept and shown, who finds whom, duplicates, batches."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import pytest

from kit.security.data_keys import erase
from kit.testing.service import codes
from tests.customer.conftest import REP_1, World

PHONE = "021 6288 1234 转 801"
ZHANG: dict[str, Any] = {
    "name": "Zhang Wei",
    "title": "Head of purchasing",
    "roles": ["decision_maker"],
    "emails": [{"value": "Zhang.Wei@Harbour.example", "label": "work"}, {"value": "zw@home.example"}],
    "phones": [{"value": PHONE}, {"value": "138 1234 5678", "is_primary": True}],
    "birthday": "1980-02-29",
    "address": "18 Bund, Shanghai",
    "language": "zh-CN",
    "preferred_channel": "Email",
}


async def contact(world: World, account: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A new contact."""
    of = (account or await world.account())["id"]
    answer = await world.service.post("/v1/contacts", {**ZHANG, "account_id": of, **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def found(world: World, query: str) -> list[str]:
    """Names in a list of contacts."""
    answer = await world.service.get("/v1/contacts", headers=None) if not query else None
    answer = answer or await world.service.client.get(
        "/v1/contacts", params=dict([query.split("=", 1)]), headers=world.service.headers()
    )
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def test_what_is_kept_comes_back(world: World) -> None:
    made = await contact(world, external_ids={"erp": "K-1"})
    assert made["emails"] == [
        {"value": "Zhang.Wei@Harbour.example", "label": "work", "is_primary": True},
        {"value": "zw@home.example", "label": None, "is_primary": False},
    ]
    assert [(one["value"], one["extension"], one["is_primary"]) for one in made["phones"]] == [
        ("+862162881234", "801", False),
        ("+8613812345678", None, True),
    ]
    assert (made["birthday"], made["preferred_channel"], made["owner_id"]) == ("1980-02-29", "email", str(REP_1))
    assert (await world.service.get(f"/v1/contacts/{made['id']}")).json() == made
    (item,) = (await world.service.get("/v1/contacts")).json()["items"]
    assert item == made
    (item,) = (await world.service.get("/v1/contacts?fields=phones,birthday")).json()["items"]
    assert item == {"phones": made["phones"], "birthday": made["birthday"]}


async def test_events_say_nothing_of_the_person(world: World) -> None:
    made = await contact(world)
    await world.service.patch(f"/v1/contacts/{made['id']}", {"emails": [], "title": None}, 1)
    created, updated = await world.service.published("customer.contact.created.v1", "customer.contact.updated.v1")
    assert (created.key, created.subject, created.payload["roles"]) == (
        made["account_id"],
        made["id"],
        ["decision_maker"],
    )
    assert (updated.sequence, updated.payload["changed"]) == (2, ["emails", "title"])
    for event in (created, updated):
        assert not {"name", "title", "emails", "phones", "language"} & event.payload.keys()


async def test_who_may_not_read_sees_masks(world: World) -> None:
    made = await contact(world)
    for role in ("risk_officer", "channel_manager", "auditor"):
        headers = world.service.headers("someone", role)
        one = (await world.service.get(f"/v1/contacts/{made['id']}", headers=headers)).json()
        (item,) = (await world.service.get("/v1/contacts", headers=headers)).json()["items"]
        assert one == item
        assert [email["value"] for email in one["emails"]] == ["Z***@Harbour.example", "z***@home.example"]
        assert [(phone["value"], phone["extension"]) for phone in one["phones"]] == [
            ("***1234", None),
            ("***5678", None),
        ]
        assert (one["birthday"], one["address"], one["name"]) == (None, None, "Zhang Wei")
        for parameter in ("email=zw@home.example", "phone=13812345678", "birthday=1980-02-29", "address=x"):
            refused = await world.service.get(f"/v1/contacts?{parameter}", headers=headers)
            assert (refused.status_code, codes(refused.json())) == (400, [parameter.partition("=")[0]])
    assert await world.service.rows("SELECT 1 FROM audit_log WHERE action = 'read' AND actor = 'someone'") == []


async def test_an_answer_in_full_leaves_one_trace(world: World) -> None:
    account = await world.account()
    made = [await contact(world, account, emails=[{"value": f"{n}@x.example"}]) for n in range(3)]
    ids = sorted(one["id"] for one in made)
    agent = world.service.headers("agent", "service_agent")
    await world.service.get("/v1/contacts", headers=agent)
    await world.service.get(f"/v1/contacts/{ids[0]}", headers=agent)
    await world.service.get("/v1/contacts?name=nobody", headers=agent)
    await world.service.get("/v1/contacts?fields=id,name", headers=agent)
    rows = await world.service.rows(
        "SELECT resource_id, after->'ids' AS ids FROM audit_log WHERE actor = 'agent' ORDER BY id"
    )
    assert [(row["resource_id"], sorted(json.loads(row["ids"]))) for row in rows] == [
        ("", ids),
        (ids[0], [ids[0]]),
    ]


async def test_found_by_address_however_it_is_written(world: World) -> None:
    await contact(world)
    for query in (
        "email=zhang.wei@harbour.EXAMPLE",
        "email=ｚｗ@home.example",
        "phone=+86 138-1234-5678",
        "phone=13812345678",
        "phone=021-62881234",
        "q=zhang",
        "role=decision_maker",
    ):
        assert await found(world, query) == ["Zhang Wei"], query
    for query in ("email=wei@harbour.example", "phone=13812345679", "role=legal", "q=li"):
        assert await found(world, query) == [], query
    for query, code in (("email=nobody", "email-invalid"), ("phone=12", "phone-invalid")):
        answer = await world.service.get(f"/v1/contacts?{query}")
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["code"] == code
    (one,) = (await world.service.get("/v1/contacts")).json()["items"]
    await world.service.patch(f"/v1/contacts/{one['id']}", {"phones": [{"value": "13900000000"}]}, 1)
    assert await found(world, "phone=13812345678") == []
    assert await found(world, "phone=13900000000") == ["Zhang Wei"]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"emails": [{"value": "nobody"}]}, "email-invalid", "/emails/0/value"),
        ({"phones": [{"value": "13812345678"}, {"value": "12"}]}, "phone-invalid", "/phones/1/value"),
        ({"birthday": "2190-01-01"}, "invalid", "/birthday"),
        ({"roles": ["boss"]}, "invalid", "/roles/0"),
        ({"roles": ["user", "user"]}, "invalid", "/roles"),
        ({"emails": [{"value": "a@x.example", "is_primary": True}] * 2}, "invalid", "/emails"),
        ({"language": "中文"}, "invalid", "/language"),
        ({"account_id": "01989f2e-0000-7000-8000-00000000dead"}, "unknown-reference", "/account_id"),
        ({"grade": "A"}, "invalid", "/grade"),
    ],
)
async def test_bad_contacts(world: World, changes: dict[str, Any], code: str, pointer: str) -> None:
    body = {**ZHANG, "account_id": (await world.account())["id"], **changes}
    answer = await world.service.post("/v1/contacts", body)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())[:1]) == (422, code, [pointer])
    assert "1234" not in answer.text
    assert await world.service.published("customer.contact.created.v1") == []


async def test_phones_are_read_as_in_the_accounts_country(world: World) -> None:
    made = await contact(world, await world.account(country="GB"), phones=[{"value": "020 7946 0958 ext 12"}])
    assert [(one["value"], one["extension"]) for one in made["phones"]] == [("+442079460958", "12")]


async def test_one_address_is_one_contact_of_an_account(world: World) -> None:
    account = await world.account()
    made = await contact(world, account)
    body = {**ZHANG, "account_id": account["id"], "emails": [{"value": "ZW@home.EXAMPLE"}]}
    answer = await world.service.post("/v1/contacts", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate-contact")
    assert answer.json()["candidates"] == [made["id"]]
    other = await contact(world, account, emails=[])
    refused = await world.service.patch(f"/v1/contacts/{other['id']}", {"emails": body["emails"]}, 1)
    assert refused.json()["code"] == "duplicate-contact"
    skip = world.service.headers(X_Skip_Duplicate_Check="true")
    assert (await world.service.post("/v1/contacts", body, headers=skip)).status_code == 201
    await contact(world)  # of another account
    await world.service.post(f"/v1/contacts/{made['id']}/archive")
    assert (await world.service.patch(f"/v1/contacts/{made['id']}", {"name": "x"}, 2)).status_code == 409


async def test_two_at_once_with_one_address(world: World) -> None:
    body = {**ZHANG, "account_id": (await world.account())["id"]}
    answers = await asyncio.gather(*[world.service.post("/v1/contacts", body) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(await world.service.rows("SELECT 1 FROM data_key")) == 1


async def test_an_erased_person_is_read_without_values_and_takes_no_more(world: World) -> None:
    made = await contact(world)
    async with world.service.transaction() as tx:
        assert await erase(tx, UUID(made["id"]))
    path = f"/v1/contacts/{made['id']}"
    assert (await world.service.get(path)).status_code == 200
    for change in ({"emails": [{"value": "new@home.example"}]}, {"birthday": "1980-03-01"}):
        answer = await world.service.patch(path, change, made["version"])
        assert (answer.status_code, answer.json()["code"]) == (409, "person-erased"), answer.text
    batch = await world.service.post("/v1/contacts/batch", {"rows": [{**ZHANG, "account_id": made["account_id"]}]})
    assert batch.status_code == 200, batch.text


async def test_archived_contacts_free_their_address_and_change_no_more(world: World) -> None:
    account = await world.account()
    made = await contact(world, account)
    answer = await world.service.post(f"/v1/contacts/{made['id']}/archive")
    assert (answer.status_code, answer.json()["is_archived"]) == (200, True)
    again = await world.service.post(f"/v1/contacts/{made['id']}/archive")
    assert (again.status_code, again.json()["code"]) == (409, "contact-archived")
    await contact(world, account)
    assert (await world.service.published())[-2].payload["changed"] == ["is_archived"]


async def test_an_archive_is_undone_unless_the_address_is_somebody_elses_by_now(world: World) -> None:
    account = await world.account()
    made = await contact(world, account)
    path = f"/v1/contacts/{made['id']}"
    assert (await world.service.post(f"{path}/restore")).json()["version"] == made["version"], "nothing to undo"
    await world.service.post(f"{path}/archive")
    back = (await world.service.post(f"{path}/restore")).json()
    assert (back["is_archived"], back["emails"], back["version"]) == (False, made["emails"], 3)
    await world.service.post(f"{path}/archive")
    other = await contact(world, account)
    taken = await world.service.post(f"{path}/restore")
    assert (taken.status_code, taken.json()["code"]) == (409, "duplicate-contact")
    assert taken.json()["candidates"] == [other["id"]]
    stranger = world.service.headers("rep-3", "sales_rep")
    assert (await world.service.post(f"{path}/restore", headers=stranger)).status_code == 404
    await world.service.post(f"/v1/accounts/{account['id']}/archive")
    closed = await world.service.post(f"{path}/restore")
    assert (closed.status_code, closed.json()["code"]) == (409, "account-archived")
    assert [event.payload["is_archived"] for event in await world.service.published("customer.contact.updated.v1")] == [
        *(True, False, True)
    ]


async def test_of_two_restored_at_once_with_one_address_one_is_open(world: World) -> None:
    account, paths = await world.account(), []
    for _ in range(2):
        made = await contact(world, account)
        paths.append(f"/v1/contacts/{made['id']}")
        await world.service.post(f"{paths[-1]}/archive")
    answers = await asyncio.gather(*[world.service.post(f"{path}/restore") for path in paths])
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_accounts_of_others_have_no_contacts(world: World) -> None:
    made = await contact(world)
    stranger = world.service.headers("rep-3", "sales_rep")
    body = {**ZHANG, "account_id": made["account_id"], "emails": []}
    answer = await world.service.post("/v1/contacts", body, headers=stranger)
    assert (answer.status_code, codes(answer.json())) == (422, ["/account_id"])
    (result,) = (
        await world.service.post(
            "/v1/contacts/batch", {"rows": [{**body, "external_ids": {"erp": "K-9"}}]}, headers=stranger
        )
    ).json()["results"]
    assert result["problem"]["code"] == "unknown-reference"
    own = await world.service.get(f"/v1/contacts/{made['id']}", headers=world.service.headers("rep-1", "sales_rep"))
    assert own.json() == made


# batches


def row(number: int, **fields: Any) -> dict[str, Any]:
    return {"name": f"N {number}", "external_ids": {"erp": f"K-{number}"}, **fields}


async def send(world: World, rows: list[dict[str, Any]], **headers: str) -> dict[str, Any]:
    answer = await world.service.post("/v1/contacts/batch", {"rows": rows}, headers=world.service.headers(**headers))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_batches_upsert_by_external_id(world: World) -> None:
    account = await world.account(external_ids={"erp": "C-1"})
    ref = {"account_ref": {"source": "erp", "id": "C-1"}}
    rows = [row(n, **ref, emails=[{"value": f"{n}@x.example"}], phones=[{"value": PHONE}]) for n in range(3)]
    assert (await send(world, rows))["created"] == 3
    assert (await send(world, rows))["unchanged"] == 3
    changed = [row(0, account_id=account["id"], title="Buyer"), *rows[1:]]
    answer = await send(world, changed)
    assert (answer["updated"], answer["unchanged"]) == (1, 2)
    one = (await world.service.get(f"/v1/contacts/{answer['results'][0]['id']}")).json()
    assert (one["title"], one["version"], [email["value"] for email in one["emails"]]) == ("Buyer", 2, ["0@x.example"])
    assert await found(world, "email=0@x.example") == ["N 0"]


async def test_broken_rows_get_their_own_problem(world: World) -> None:
    account, other = await world.account(), await world.account()
    of = {"account_id": account["id"]}
    await send(world, [row(9, **of, emails=[{"value": "nine@x.example"}])])
    answer = await send(
        world,
        [
            row(0, **of, emails=[{"value": "a@x.example"}]),
            row(1, **of, emails=[{"value": "A@x.example"}]),
            row(2, **of, emails=[{"value": "nine@X.example"}]),
            row(3, **of, phones=[{"value": "1"}]),
            row(4, **of, emails=[{"value": "none"}]),
            row(5),
            row(9, account_id=other["id"]),
            row(0, **of),
            {"nonsense": 1},
            row(6, **of, emails=[{"value": "six@x.example"}]),
        ],
    )
    problems = [result["problem"] and result["problem"]["code"] for result in answer["results"]]
    assert problems == [
        None,
        "duplicate-contact",
        "duplicate-contact",
        "phone-invalid",
        "email-invalid",
        "invalid",
        "conflict",
        "duplicate-contact",
        "invalid",
        None,
    ]
    assert answer["results"][3]["problem"]["errors"][0]["pointer"] == "/rows/3/phones/0/value"
    skipped = await send(world, [row(1, **of, emails=[{"value": "A@x.example"}])], X_Skip_Duplicate_Check="true")
    assert skipped["created"] == 1


async def test_batches_at_once_make_each_contact_once(world: World) -> None:
    account = await world.account()
    rows = [row(n, account_id=account["id"], emails=[{"value": f"{n}@x.example"}]) for n in range(30)]
    answers = await asyncio.gather(send(world, rows), send(world, rows[::-1]), send(world, rows[10:]))
    assert sum(answer["created"] for answer in answers) == 30
    assert sum(answer["problems"] for answer in answers) == 0
    assert len(await world.service.published("customer.contact.created.v1")) == 30
