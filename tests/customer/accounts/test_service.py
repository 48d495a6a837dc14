"""Accounts over HTTP: one at a time and in batches."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from kit.testing.service import codes
from services.customer.accounts import repository
from tests.customer.conftest import OTHER_REP, REP_1, REP_2, World

USCC = "91110000600037341L"


async def test_create_announces_and_audits(world: World) -> None:
    account = await world.account(country="CN", tax_id=USCC, external_ids={"erp": "C-1"}, tags=["a"])
    assert account["stream_key"] == account["id"]
    assert (await world.service.get(f"/v1/accounts/{account['id']}")).json() == account
    (event,) = await world.service.published()
    assert (event.type, event.key, event.sequence) == ("customer.account.created.v1", account["id"], 1)
    assert event.payload["name"] == "Blue Harbour"
    assert "tax_id" not in event.payload
    (row,) = await world.service.rows("SELECT action, after::text FROM audit_log WHERE resource = 'account'")
    assert row["action"] == "create"
    assert USCC not in row["after"]


async def test_a_persons_name_stays_here(world: World) -> None:
    account = await world.account(kind="person", name="Zhang San")
    answer = await world.service.patch(f"/v1/accounts/{account['id']}", {"name": "Zhang Si"}, 1)
    assert answer.json()["name"] == "Zhang Si"
    events = await world.service.published()
    assert [event.payload["name"] for event in events] == [None, None]
    assert all(b"Zhang" not in event.data for event in events)


async def test_tax_and_external_ids_are_taken_once(world: World) -> None:
    first = await world.account(country="CN", tax_id=USCC, external_ids={"erp": "C-1"})
    for clash in ({"country": "CN", "tax_id": USCC}, {"external_ids": {"erp": "C-1"}}):
        body = {"kind": "organization", "name": "Other", **clash}
        answer = await world.service.post("/v1/accounts", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "duplicate-account")
        assert answer.json()["candidates"] == [first["id"]]
    await world.account(kind="person", country="CN", tax_id=USCC)
    assert len(await world.service.rows("SELECT id FROM account")) == 2


async def test_two_at_once_with_one_tax_id(world: World) -> None:
    body = {"kind": "organization", "name": "Twin", "country": "DE", "tax_id": "DE1"}
    answers = await asyncio.gather(*[world.service.post("/v1/accounts", body) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert len(await world.service.published()) == 1


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"owner_id": str(uuid4())}, "unknown-reference", "/owner_id"),
        ({"country": "CN", "tax_id": "123"}, "tax-id-invalid", "/tax_id"),
        ({"tax_id": "123"}, "tax-id-invalid", "/country"),
        ({"region": "Atlantis"}, "unknown-region", "/region"),
        ({"name": " "}, "invalid", "/name"),
        ({"name": "a\x00"}, "invalid", "/name"),
        ({"kind": "alien"}, "invalid", "/kind"),
        ({"external_ids": {"erp": ""}}, "invalid", "/external_ids/erp"),
        ({"grade": "A"}, "invalid", "/grade"),
    ],
)
async def test_bad_accounts(world: World, changes: dict[str, Any], code: str, pointer: str) -> None:
    answer = await world.service.post("/v1/accounts", {"kind": "organization", "name": "x", **changes})
    assert (answer.status_code, answer.json()["code"], codes(answer.json())[:1]) == (422, code, [pointer])


async def test_an_external_id_is_changed_unless_another_account_has_it(world: World) -> None:
    account = await world.account(external_ids={"erp": "C-1"})
    other = await world.account(external_ids={"erp": "C-2"})
    path = f"/v1/accounts/{account['id']}"
    answer = await world.service.patch(path, {"region": "CN-BJ", "external_ids": {"erp": "C-3"}}, 1)
    assert (answer.status_code, answer.json()["version"], answer.json()["external_ids"]) == (200, 2, {"erp": "C-3"})
    assert (await world.service.patch(path, {"external_ids": {"erp": "C-2"}}, 2)).json()["candidates"] == [other["id"]]
    (event,) = await world.service.published("customer.account.updated.v1")
    assert (event.payload["changed"], event.payload["external_ids"]) == (["external_ids", "region"], {"erp": "C-3"})


async def test_archived_accounts_take_no_changes_and_no_orders(world: World) -> None:
    order = await world.draft()
    path = f"/v1/accounts/{order['account_id']}"
    assert (await world.service.post(path + "/archive")).json()["is_archived"] is True
    for answer in (
        await world.service.post(path + "/archive"),
        await world.service.patch(path, {"region": "CN-BJ"}, 2),
        await world.service.post("/v1/orders", world.order_body({"id": order["account_id"]})),
        await world.service.post(f"/v1/orders/{order['id']}/place"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "account-archived")
    listed = await world.service.get("/v1/accounts?is_archived=true")
    assert len(listed.json()["items"]) == 1


async def test_an_archive_is_undone(world: World) -> None:
    order = await world.draft()
    path = f"/v1/accounts/{order['account_id']}"
    await world.service.post(path + "/archive")
    for _ in range(2):
        answer = await world.service.post(path + "/restore")
        assert (answer.status_code, answer.json()["is_archived"], answer.json()["version"]) == (200, False, 3)
    assert (await world.service.post(f"/v1/orders/{order['id']}/place")).status_code == 200
    last = (await world.service.published("customer.account.updated.v1"))[-1]
    assert (last.payload["is_archived"], last.payload["changed"]) == (False, ["is_archived"])
    audited = await world.service.rows("SELECT action FROM audit_log WHERE resource = 'account' ORDER BY id")
    assert [row["action"] for row in audited] == ["create", "archive", "restore"]


async def test_scope(world: World) -> None:
    rep = world.service.headers("rep-1", "sales_rep")
    mine = (await world.service.post("/v1/accounts", {"kind": "person", "name": "x"}, headers=rep)).json()
    assert mine["owner_id"] == str(REP_1)
    theirs = await world.account(owner_id=str(OTHER_REP))
    assert (await world.service.get(f"/v1/accounts/{theirs['id']}", headers=rep)).status_code == 404
    assert (await world.service.patch(f"/v1/accounts/{theirs['id']}", {"name": "y"}, 1, headers=rep)).status_code == 404
    listed = (await world.service.get("/v1/accounts", headers=rep)).json()["items"]
    assert [item["id"] for item in listed] == [mine["id"]]
    answer = await world.service.post(
        "/v1/accounts", {"kind": "person", "name": "x", "owner_id": str(REP_2)}, headers=rep
    )
    assert answer.status_code == 422
    nobody = world.service.headers("stranger", "sales_rep")
    assert (await world.service.get("/v1/accounts", headers=nobody)).json()["items"] == []
    early = await world.service.post("/v1/accounts", {"kind": "organization", "name": "First"}, headers=nobody)
    assert (early.status_code, early.json()["code"], early.json()["retryable"]) == (422, "unknown-reference", True)
    sellers = (await world.service.get("/v1/sellers?sort=code", headers=rep)).json()["items"]
    assert [seller["code"] for seller in sellers] == ["manager-north", "rep-1", "rep-2", "rep-3"]


def _row(number: int, **fields: Any) -> dict[str, Any]:
    return {"kind": "person", "name": f"Person {number}", "external_ids": {"shop": str(number)}, **fields}


async def _send(world: World, rows: list[dict[str, Any]]) -> dict[str, Any]:
    answer = await world.service.post("/v1/accounts/batch", {"rows": rows})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_batches_upsert_by_external_id(world: World) -> None:
    rows = [_row(number, owner_id=str(REP_1)) for number in range(30)]
    first = await _send(world, rows)
    assert first["created"] == 30
    assert (await _send(world, rows))["unchanged"] == 30
    rows[0]["region"] = "CN-BJ"
    rows[1]["external_ids"]["erp"] = "E-1"
    second = await _send(world, rows)
    assert (second["updated"], second["unchanged"]) == (2, 28)
    assert [r["id"] for r in second["results"]] == [r["id"] for r in first["results"]]
    assert [e.sequence for e in await world.service.published("customer.account.updated.v1")] == [2, 2]
    found = (await world.service.get("/v1/accounts?external_id=E-1")).json()["items"]
    assert found[0]["external_ids"] == {"erp": "E-1", "shop": "1"}


async def test_batches_at_once_make_each_account_once(world: World) -> None:
    rows = [_row(number, kind="organization", country="DE", tax_id=f"DE{number}") for number in range(30)]
    bodies = await asyncio.gather(*[_send(world, rows[start:]) for start in (0, 10, 20)])
    assert sum(body["created"] for body in bodies) == 30
    assert sum(body["problems"] for body in bodies) == 0
    assert len(await world.service.rows("SELECT id FROM account")) == 30


@pytest.mark.parametrize("before", ["find_by_external", "find_by_tax_id", "lock_accounts"])
async def test_a_batch_that_commits_between_two_looks_is_no_stranger(
    world: World, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    rows = [_row(number, kind="organization", country="DE", tax_id=f"DE{number}") for number in range(3)]
    looked = getattr(repository, before)
    others: list[dict[str, Any]] = []

    async def look(*given: Any) -> Any:
        if not others:
            others.append({})
            others.append(await _send(world, rows))
        return await looked(*given)

    monkeypatch.setattr(repository, before, look)
    body = await _send(world, rows)
    assert (others[1]["created"], body["unchanged"], body["problems"]) == (3, 3, 0)


async def test_broken_rows_get_their_own_problem(world: World) -> None:
    await _send(world, [_row(1), _row(2)])
    rows = [
        _row(3),
        _row(3, name="Again"),
        {**_row(4), "external_ids": {}},
        _row(5, owner_id=str(uuid4())),
        {**_row(6), "external_ids": {"shop": "1", "erp": "2"}},
        _row(7, external_ids={"shop": "2", "x": "1"}, kind="organization"),
        _row(8, kind="organization", country="CN", tax_id="bad"),
        _row(9, kind="organization", country="CN", tax_id=USCC),
        _row(10, kind="organization", country="CN", tax_id=USCC),
    ]
    body = await _send(world, rows)
    assert [(r["status"], (r["problem"] or {}).get("code")) for r in body["results"]] == [
        ("created", None),
        ("problem", "duplicate-account"),
        ("problem", "invalid"),
        ("problem", "unknown-reference"),
        ("updated", None),
        ("problem", "conflict"),
        ("problem", "tax-id-invalid"),
        ("created", None),
        ("problem", "duplicate-account"),
    ]


async def test_a_refusal_names_no_account_that_the_caller_may_not_see(world: World) -> None:
    await world.account(country="CN", tax_id=USCC, external_ids={"erp": "C-1"}, owner_id=str(OTHER_REP))
    rep = world.service.headers("rep-1", "sales_rep")
    for clash in ({"country": "CN", "tax_id": USCC}, {"external_ids": {"erp": "C-1"}}):
        body = {"kind": "organization", "name": "Other", **clash}
        answer = await world.service.post("/v1/accounts", body, headers=rep)
        assert (answer.status_code, answer.json()["candidates"]) == (409, [])
    row = {"kind": "organization", "name": "Other", "country": "CN", "tax_id": USCC, "external_ids": {"erp": "C-9"}}
    answer = await world.service.post("/v1/accounts/batch", {"rows": [row]}, headers=rep)
    (result,) = answer.json()["results"]
    assert (result["status"], result["problem"]["candidates"]) == ("problem", [])


async def test_a_guessed_tax_id_names_no_account_to_who_may_not_read_it(world: World) -> None:
    account = await world.account(country="CN", tax_id=USCC, external_ids={"erp": "C-1"})
    agent = world.service.headers("agent", "service_agent")
    guess = {"kind": "organization", "name": "Other", "country": "CN", "tax_id": USCC}
    answer = await world.service.post("/v1/accounts", guess, headers=agent)
    assert (answer.status_code, answer.json()["candidates"]) == (409, [])
    row = {**guess, "external_ids": {"erp": "C-9"}}
    answer = await world.service.post("/v1/accounts/batch", {"rows": [row]}, headers=agent)
    assert answer.json()["results"][0]["problem"]["candidates"] == []
    named = {"kind": "organization", "name": "Other", "external_ids": {"erp": "C-1"}}
    answer = await world.service.post("/v1/accounts", named, headers=agent)
    assert answer.json()["candidates"] == [account["id"]]


@pytest.mark.parametrize("role", ["service_agent", "channel_manager", "auditor"])
async def test_a_tax_id_is_masked_for_who_need_not_know_it(world: World, role: str) -> None:
    account = await world.account(country="CN", tax_id=USCC)
    path = f"/v1/accounts/{account['id']}"
    headers = world.service.headers("someone", role)
    masked = "**************341L"
    assert (await world.service.get(path, headers=headers)).json() == {**account, "tax_id": masked}
    listed = await world.service.get("/v1/accounts?fields=tax_id", headers=headers)
    assert listed.json()["items"] == [{"tax_id": masked}]
    asked = await world.service.get(f"/v1/accounts?tax_id={USCC}", headers=headers)
    assert (asked.status_code, codes(asked.json())) == (400, ["tax_id"])
    officer = await world.service.get(path, headers=world.service.headers("officer", "risk_officer"))
    assert officer.json() == account


async def test_a_masked_tax_id_sent_back_changes_nothing(world: World) -> None:
    account = await world.account(country="CN", tax_id=USCC)
    path, agent = f"/v1/accounts/{account['id']}", world.service.headers("agent", "service_agent")
    seen = (await world.service.get(path, headers=agent)).json()
    answer = await world.service.patch(path, {"tax_id": seen["tax_id"]}, 1, headers=agent)
    assert (answer.status_code, codes(answer.json())) == (422, ["/tax_id"])
    answer = await world.service.patch(path, {"region": "CN-BJ"}, 1, headers=agent)
    assert (answer.status_code, answer.json()["tax_id"]) == (200, seen["tax_id"])
    assert (await world.service.get(path)).json()["tax_id"] == USCC


async def test_a_company_is_no_person_where_names_sort(world: World) -> None:
    """任 is Ren2 as a family and ren4 otherwise; a person has the same name as a company."""
    for kind, name in [
        ("organization", "任我行"),
        ("person", "任我行"),
        ("person", "任意"),
        ("organization", "任四海"),
    ]:
        await world.account(kind=kind, name=name)
    found = await world.service.get("/v1/accounts?sort=name")
    assert [(item["kind"], item["name"]) for item in found.json()["items"]] == [
        ("person", "任我行"),
        ("organization", "任四海"),
        ("organization", "任我行"),
        ("person", "任意"),
    ]
    both = await world.service.get("/v1/accounts?name=任我行")
    assert len(both.json()["items"]) == 2
