"""What is filed under a merged account reads as the other one's, wherever it is answered."""

from __future__ import annotations

from typing import Any

import pytest

from tests.customer.conftest import OTHER_REP, World, work_off
from tests.customer.merges.test_service import merge, unmerge

PATHS = ("orders", "contacts", "cases", "opportunities", "payments", "activities")


async def _made(world: World, account: dict[str, Any]) -> dict[str, list[str]]:
    """Two of everything that is filed under an account, by path."""
    bodies: dict[str, dict[str, Any]] = {
        "orders": world.order_body(),
        "contacts": {"name": "Li"},
        "cases": {"kind": "question", "subject": "Where?", "severity": "low"},
        "opportunities": {"name": "Big", "amount": 100, "currency": "CNY", "owner_id": str(OTHER_REP)},
        "payments": {"currency": "CNY", "amount": 100, "received_on": "2026-02-20", "method": "bank"},
        "activities": {"kind": "call", "owner_id": str(OTHER_REP)},
    }
    made: dict[str, list[str]] = {path: [] for path in PATHS}
    for _ in range(2):
        for path, body in bodies.items():
            answer = await world.service.post(f"/v1/{path}", body | {"account_id": account["id"]})
            assert answer.status_code == 201, answer.text
            assert answer.json()["filed_account_id"] == account["id"]
            made[path].append(answer.json()["id"])
    return made


async def _listed(world: World, path: str, query: str, **options: Any) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = await world.service.get(f"/v1/{path}?{query}{cursor}", **options)
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        if answer.json()["next_cursor"] is None:
            return items
        cursor = f"&cursor={answer.json()['next_cursor']}"


async def test_lists_and_answers_name_both_accounts(world: World) -> None:
    survivor, merged = await world.account(), await world.account(name="Other", owner_id=str(OTHER_REP))
    third = await world.account(name="Third")
    below, own = await _made(world, merged), await _made(world, survivor)
    await _made(world, third)
    first = await merge(world, survivor, merged)
    second = await merge(world, third, survivor)
    await unmerge(world, second["merge_id"])
    for path in PATHS:
        for account in (survivor, merged):
            for query in ("limit=1", "limit=3&sort=created_at", "limit=3&count=exact"):
                items = await _listed(world, path, f"account_id={account['id']}&{query}")
                assert [item["id"] for item in items] == sorted(
                    [*below[path], *own[path]], reverse="sort" not in query
                ), path
                assert {item["account_id"] for item in items} == {survivor["id"]}
                filed = {item["id"]: item["filed_account_id"] for item in items}
                assert filed == dict.fromkeys(below[path], merged["id"]) | dict.fromkeys(own[path], survivor["id"])
        assert len(await _listed(world, path, f"account_id[ne]={merged['id']}")) == 2
        assert len(await _listed(world, path, f"account_id[in]={merged['id']},{third['id']}")) == 6
        assert len(await _listed(world, path, f"filed_account_id={merged['id']}")) == 2
        one = (await world.service.get(f"/v1/{path}/{below[path][0]}")).json()
        assert (one["account_id"], one["filed_account_id"]) == (survivor["id"], merged["id"])
    await unmerge(world, first["merge_id"])
    for path in PATHS:
        items = await _listed(world, path, f"account_id={merged['id']}")
        assert {(item["account_id"], item["filed_account_id"]) for item in items} == {(merged["id"], merged["id"])}


async def test_who_sees_the_root_sees_what_is_filed_below(world: World) -> None:
    survivor, merged = await world.account(), await world.account(name="Other", owner_id=str(OTHER_REP))
    below = await _made(world, merged)
    await merge(world, survivor, merged)
    mine = world.service.headers("rep-1", "sales_rep")
    former = world.service.headers("rep-3", "sales_rep")
    for path in PATHS:
        items = await _listed(world, path, f"account_id={merged['id']}", headers=mine)
        assert {item["id"] for item in items} == set(below[path]), path
        assert (await world.service.get(f"/v1/{path}/{below[path][0]}", headers=mine)).status_code == 200
        gone = await world.service.get(f"/v1/{path}/{below[path][0]}", headers=former)
        assert gone.status_code == (404 if path in ("orders", "contacts", "payments") else 200), path
    reason = {"reason": "changed_mind"}
    answer = await world.service.post(f"/v1/orders/{below['orders'][0]}/cancel", reason, headers=mine)
    assert answer.status_code == 200, answer.text
    (row,) = await world.service.rows(f"SELECT owner_id FROM orders WHERE id = '{below['orders'][0]}'")
    assert row["owner_id"] == OTHER_REP


async def test_a_timeline_has_both(world: World) -> None:
    survivor, merged = await world.account(), await world.account(name="Other")
    await _made(world, merged)
    await _made(world, survivor)
    await merge(world, survivor, merged)
    whole = await _listed(world, f"accounts/{survivor['id']}/timeline", "limit=200")
    assert {item["filed_account_id"] for item in whole} == {survivor["id"], merged["id"]}
    assert whole == sorted(whole, key=lambda item: item["at"], reverse=True)
    for limit in (1, 3):
        assert await _listed(world, f"accounts/{merged['id']}/timeline", f"limit={limit}") == whole


@pytest.mark.parametrize("kind", ["grading-runs", "rfm-runs"])
async def test_runs_count_a_merged_account_for_its_root(world: World, kind: str) -> None:
    accounts = [await world.account(name=f"Firm {number}") for number in range(6)]
    for number, account in enumerate(accounts):
        for _ in range(number + 1):
            await world.confirmed(account)
    await merge(world, accounts[1], accounts[0])
    made = (await world.service.post(f"/v1/{kind}", {"days": 3650} if kind == "rfm-runs" else {})).json()
    await work_off(world.service)
    items = (await world.service.get(f"/v1/{kind}/{made['id']}/results?limit=50")).json()["items"]
    net = {item["account_id"]: item.get("revenue_base", item.get("monetary_base")) for item in items}
    assert net.keys() == {account["id"] for account in accounts[1:]}
    assert net[accounts[1]["id"]] == net[accounts[2]["id"]]


async def test_what_is_one_account_has_one_anothers_contacts_and_orders(world: World) -> None:
    """Who is shown a contact in the list of an account may name it, wherever it is filed."""
    survivor, merged, other = [await world.account() for _ in range(3)]
    of = {account["id"]: {"account_id": account["id"]} for account in (survivor, merged, other)}
    contact = await _post(world, "contacts", {**of[merged["id"]], "name": "Li"})
    deal = await _post(world, "opportunities", {**of[merged["id"]], "name": "Big", "amount": 100, "currency": "CNY"})
    case = await _post(world, "cases", {**of[merged["id"]], "kind": "question", "subject": "s", "severity": "low"})
    order = await world.confirmed(merged)
    named: tuple[tuple[str, dict[str, Any]], ...] = (
        ("orders", {**world.order_body(), "contact_id": contact}),
        ("opportunities", {"name": "Big", "amount": 100, "currency": "CNY", "contact_id": contact}),
        ("activities", {"kind": "call", "contact_id": contact, "opportunity_id": deal}),
        ("cases", {"kind": "question", "subject": "s", "severity": "low", "contact_id": contact}),
        ("cases", {"kind": "question", "subject": "s", "severity": "low", "order_id": order["id"]}),
        ("cases", {"kind": "question", "subject": "s", "severity": "low", "recurrence_of": case}),
    )
    for account, status in ((survivor, 422), (other, 422)):
        for path, body in named:
            answer = await world.service.post(f"/v1/{path}", {**body, **of[account["id"]]})
            assert answer.status_code == status, (path, answer.text)
    await merge(world, survivor, merged)
    for account, status in ((survivor, 201), (other, 422)):
        for path, body in named:
            answer = await world.service.post(f"/v1/{path}", {**body, **of[account["id"]]})
            assert answer.status_code == status, (path, answer.text)
    won = await _post(world, "opportunities", {**of[survivor["id"]], "name": "Big", "amount": 100, "currency": "CNY"})
    answer = await world.service.post(f"/v1/opportunities/{won}/win", {"order_id": order["id"]})
    assert answer.status_code == 200, answer.text


async def test_one_address_is_one_contact_of_what_is_one_account(world: World) -> None:
    survivor, merged = await world.account(), await world.account()
    body = {"name": "Li", "emails": [{"value": "Li@Harbour.example"}]}
    await _post(world, "contacts", {**body, "account_id": merged["id"]})
    found = await merge(world, survivor, merged)
    again = {**body, "emails": [{"value": "li@harbour.EXAMPLE"}], "account_id": survivor["id"]}
    answer = await world.service.post("/v1/contacts", again)
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate-contact"), answer.text
    rows = [{**again, "external_ids": {"crm": "1"}}]
    result = (await world.service.post("/v1/contacts/batch", {"rows": rows})).json()["results"][0]
    assert result["problem"]["code"] == "duplicate-contact", result
    plus = {**again, "emails": [{"value": "li+news@harbour.example"}]}
    assert (await world.service.post("/v1/contacts", plus)).status_code == 201, "another mailbox, as far as we know"
    await unmerge(world, found["merge_id"])
    assert (await world.service.post("/v1/contacts", again)).status_code == 201


async def test_a_funnel_of_an_account_has_what_was_merged_into_it(world: World) -> None:
    survivor, merged = await world.account(), await world.account(owner_id=str(OTHER_REP))
    for account in (survivor, merged):
        body = {
            "account_id": account["id"],
            "name": "Big",
            "amount": 100,
            "currency": "CNY",
            "owner_id": str(OTHER_REP),
        }
        await _post(world, "opportunities", body)
    today = (await world.service.get("/v1/opportunities")).json()["items"][0]["opened_on"]
    await merge(world, survivor, merged)
    rep = world.service.headers("rep-1", "sales_rep")
    for query, headers, count in (
        ("", rep, 2),
        (f"&account_id={survivor['id']}", None, 2),
        (f"&account_id={merged['id']}", rep, 2),
    ):
        path = f"/v1/funnel?pipeline=default&from={today}&to={today}{query}"
        assert (await world.service.get(path, headers=headers)).json()["sample_size"] == count, query


async def _post(world: World, path: str, body: dict[str, Any]) -> str:
    answer = await world.service.post(f"/v1/{path}", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
