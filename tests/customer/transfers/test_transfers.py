"""Accounts of who left, and hand-overs of many at once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from kit import clock
from kit.ids import derived_id
from kit.testing.service import codes, make_event
from services.customer.transfers import repository, service
from tests.customer.conftest import OTHER_REP, REP_1, REP_2, UNITS, World, member, reserved, work_off
from tests.customer.opportunities.conftest import acted, opened

PATH = "/v1/accounts/transfers"


def as_(world: World, subject: str) -> dict[str, str]:
    return world.service.headers(subject, "sales_manager" if subject.startswith("manager") else "sales_rep")


async def leave(world: World, who: UUID, subject: str) -> None:
    """The member's only membership, in a team of the north, has ended today."""
    company, north, _, team = UNITS
    day = clock.business_date(world.service.runtime.settings.timezone).isoformat()
    ended = {"unit_id": team, "path": [company, north, team], "valid_from": "2020-01-01", "valid_to": day}
    gone = member(who, subject, [company, north, team], memberships=[ended], version=2)
    await world.service.deliver(make_event("targets.member.left.v1", gone, "organisation", sequence=2))


async def ask(world: World, *, by: str = "admin", **body: Any) -> dict[str, Any]:
    """Ask for a hand-over from REP_1 to REP_2."""
    headers = None if by == "admin" else as_(world, by)
    answer = await world.service.post(PATH, {"from": str(REP_1), "to": str(REP_2), **body}, headers=headers)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{PATH}/{found['id']}"
    return found


async def result(world: World, job: dict[str, Any]) -> dict[str, Any]:
    await work_off(world.service)
    answer = await world.service.get(f"{PATH}/{job['id']}")
    assert answer.json()["state"] == "succeeded", answer.text
    found: dict[str, Any] = answer.json()["result"]
    return found


async def owners(world: World) -> dict[str, int]:
    rows = await world.service.rows("SELECT owner_id, count(*) AS n FROM account GROUP BY owner_id")
    return {str(row["owner_id"]): row["n"] for row in rows}


# somebody left


async def test_accounts_of_who_left_are_worked_by_who_leads_their_last_unit(world: World) -> None:
    account = await world.account()
    order = await world.confirmed(account)
    await leave(world, REP_1, "rep-1")
    for subject, status in (("manager-north", 200), ("rep-2", 404), ("rep-3", 404)):
        for path in (f"/v1/accounts/{account['id']}", f"/v1/orders/{order['id']}"):
            assert (await world.service.get(path, headers=as_(world, subject))).status_code == status, (subject, path)
    pay = {"account_id": account["id"], "currency": "CNY", "amount": 9, "method": "cash"}
    pay["allocations"] = [{"order_id": order["id"], "amount": 9}]
    assert (await world.service.post("/v1/payments", pay, headers=as_(world, "manager-north"))).status_code == 201
    path = f"/v1/accounts/{account['id']}/transfer"
    answer = await world.service.post(path, {"owner_id": str(REP_2)}, headers=as_(world, "manager-north"))
    assert answer.status_code == 200
    assert (await world.service.get(f"/v1/orders/{order['id']}", headers=as_(world, "rep-2"))).status_code == 200


async def test_nobody_who_left_gets_accounts(world: World) -> None:
    account, named = await world.account(external_ids={"erp": "1"}), {"owner_id": str(REP_2)}
    await leave(world, REP_2, "rep-2")
    body = {"kind": "organization", "name": "Blue Harbour", **named}
    refused = [
        await world.service.post("/v1/accounts", body),
        await world.service.post("/v1/accounts", {**body, "owner_id": None}, headers=as_(world, "rep-2")),
        await world.service.patch(f"/v1/accounts/{account['id']}", named, 1),
        await world.service.post(f"/v1/accounts/{account['id']}/transfer", named),
    ]
    for answer in refused:
        assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, "owner-left", ["/owner_id"])
    answer = await world.service.post(PATH, {"from": str(REP_1), "to": str(REP_2)})
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, "owner-left", ["/to"])
    rows = [{**body, "external_ids": {"erp": name}} for name in ("1", "2")]
    answer = await world.service.post("/v1/accounts/batch", {"rows": rows})
    assert [one["problem"]["code"] for one in answer.json()["results"]] == ["owner-left", "owner-left"]
    assert await owners(world) == {str(REP_1): 1}


async def test_what_who_left_has_is_changed_and_sent_again(world: World) -> None:
    row = {"kind": "organization", "name": "Blue", "external_ids": {"erp": "1"}, "owner_id": str(REP_1)}
    answer = await world.service.post("/v1/accounts/batch", {"rows": [row]})
    account = answer.json()["results"][0]["id"]
    await leave(world, REP_1, "rep-1")
    for name, status in (("Blue", "unchanged"), ("Red", "updated")):
        answer = await world.service.post("/v1/accounts/batch", {"rows": [{**row, "name": name}]})
        assert [one["status"] for one in answer.json()["results"]] == [status], answer.text
    assert (await world.service.patch(f"/v1/accounts/{account}", {"region": "CN-BJ"}, 2)).status_code == 200


# many at once


async def test_many_accounts_are_handed_over(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    accounts = [await world.account(tags=["vip"] if n % 2 else []) for n in range(5)]
    orders = [await world.confirmed(account) for account in accounts[:3]]
    theirs = await world.account(owner_id=str(OTHER_REP))
    await world.service.post(f"/v1/accounts/{accounts[4]['id']}/archive")
    assert await result(world, await ask(world, dry_run=True)) == {"accounts": 5, "orders": 3, "opportunities": 0}
    assert await owners(world) == {str(REP_1): 5, str(OTHER_REP): 1}, "counted only"
    assert await result(world, await ask(world, filter="tag=vip")) == {"accounts": 2, "orders": 1, "opportunities": 0}
    assert await owners(world) == {str(REP_1): 3, str(REP_2): 2, str(OTHER_REP): 1}
    job = await ask(world, by="manager-north")
    assert await result(world, job) == {"accounts": 3, "orders": 2, "opportunities": 0}
    assert await owners(world) == {str(REP_2): 5, str(OTHER_REP): 1}
    rows = await world.service.rows("SELECT DISTINCT owner_id FROM orders")
    assert [row["owner_id"] for row in rows] == [REP_2]
    assert (await world.order(orders[0]["id"]))["credits"] == orders[0]["credits"]
    events = [one for one in await world.service.published("customer.account.updated.v1") if one.sequence == 2]
    assert {event.subject for event in events} >= {account["id"] for account in accounts[:4]} - {theirs["id"]}
    audited = await world.service.rows("SELECT actor, roles FROM audit_log WHERE action = 'transfer' ORDER BY id")
    assert [row["actor"] for row in audited] == ["admin"] * 2 + ["manager-north"] * 3


async def test_what_is_open_goes_along(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opportunities that the seller has open at the accounts; what is closed, and what others have there, stays."""
    monkeypatch.setattr(service, "BATCH", 1)
    accounts = [await world.account() for _ in range(3)]
    mine = [await opened(world, account, owner_id=str(REP_1)) for account in accounts]
    lost = await opened(world, accounts[0], owner_id=str(REP_1))
    await acted(world, lost, "lose", lost_reason="price")
    theirs = await opened(world, accounts[0], owner_id=str(OTHER_REP))
    elsewhere = await opened(world, await world.account(owner_id=str(OTHER_REP)), owner_id=str(REP_1))
    counted = {"accounts": 3, "orders": 0, "opportunities": 3}
    assert await result(world, await ask(world, dry_run=True)) == counted
    await leave(world, REP_1, "rep-1")
    assert await result(world, await ask(world, by="manager-north")) == counted
    for one, owner in (*((each, REP_2) for each in mine), (lost, REP_1), (theirs, OTHER_REP), (elsewhere, REP_1)):
        assert (await world.service.get(f"/v1/opportunities/{one['id']}")).json()["owner_id"] == str(owner)
    events = await world.service.published("customer.opportunity.updated.v1")
    assert {(one.subject, one.payload["owner_id"], *one.payload["changed"]) for one in events} == {
        (one["id"], str(REP_2), "owner_id") for one in mine
    }
    assert await result(world, await ask(world)) == {**dict.fromkeys(counted, 0)}, "again nothing is left"


async def test_a_hand_over_that_was_cut_off_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    accounts = [await world.account() for _ in range(7)]
    calls, count = 0, repository.count_orders

    async def fails_once(*args: Any) -> int:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("the worker ends here")
        return await count(*args)

    monkeypatch.setattr(repository, "count_orders", fails_once)
    assert await result(world, await ask(world)) == {"accounts": 7, "orders": 0, "opportunities": 0}
    events = await world.service.published("customer.account.updated.v1")
    assert sorted(event.subject for event in events) == sorted(account["id"] for account in accounts)
    assert {account["version"] for account in (await world.service.get("/v1/accounts")).json()["items"]} == {2}


async def test_two_hand_overs_and_orders_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BATCH", 1)
    accounts = [await world.account() for _ in range(4)]
    drafts = [await world.draft(account) for account in accounts]
    await ask(world)
    await ask(world, to=str(OTHER_REP))
    await asyncio.gather(
        work_off(world.service),
        work_off(world.service),
        *(world.service.post(f"/v1/orders/{draft['id']}/place") for draft in drafts),
        *(world.service.post("/v1/orders", world.order_body(account)) for account in accounts),
        world.service.deliver(*(reserved(draft | {"placement": 1}) for draft in drafts)),
    )
    rows = await world.service.rows(
        "SELECT o.id FROM orders o JOIN account a ON a.id = o.account_id WHERE o.owner_id IS DISTINCT FROM a.owner_id"
    )
    assert rows == []
    assert str(REP_1) not in await owners(world)
    events = await world.service.published("customer.account.updated.v1")
    assert len({event.subject for event in events}) == len(events) == 4, "each is handed over by one of them"


async def test_who_leaves_meanwhile_gets_no_more(world: World) -> None:
    await world.account()
    job = await ask(world)
    await leave(world, REP_2, "rep-2")
    (row,) = await work_off(world.service)
    assert (row["state"], row["error"].split(":")[0]) == ("failed", "owner-left")
    assert await owners(world) == {str(REP_1): 1}
    assert (await world.service.get(f"{PATH}/{job['id']}")).json()["state"] == "failed"


@pytest.mark.parametrize(
    ("by", "changes", "status", "code", "pointers"),
    [
        ("rep-1", {}, 403, "forbidden", []),
        ("manager-north", {"to": str(OTHER_REP)}, 422, "unknown-reference", ["/to"]),
        ("manager-north", {"from": str(OTHER_REP)}, 422, "unknown-reference", ["/from"]),
        ("admin", {"from": str(uuid4())}, 422, "unknown-reference", ["/from"]),
        ("admin", {"to": str(derived_id("member", 99))}, 422, "unknown-reference", ["/to"]),
        ("admin", {"to": str(REP_1)}, 422, "invalid", ["/to"]),
        ("admin", {"filter": "surprise=1"}, 422, "invalid", ["/filter"]),
        ("admin", {"filter": "sort=name"}, 422, "invalid", ["/filter"]),
        ("admin", {"filter": "%"}, 422, "invalid", ["/filter"]),
        ("admin", {"surprise": 1}, 422, "invalid", ["/surprise"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_bad_hand_overs(
    world: World, by: str, changes: dict[str, Any], status: int, code: str, pointers: list[str]
) -> None:
    headers = None if by == "admin" else as_(world, by)
    body = {"from": str(REP_1), "to": str(REP_2), **changes}
    answer = await world.service.post(PATH, body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert codes(answer.json()) == pointers
    assert await world.service.rows("SELECT id FROM job") == []


async def test_a_hand_over_is_seen_by_who_asked_and_by_who_sees_everything(world: World) -> None:
    job = await ask(world, by="manager-north")
    other = as_(world, "manager-south")
    for headers, status in ((as_(world, "manager-north"), 200), (None, 200), (other, 404)):
        assert (await world.service.get(f"{PATH}/{job['id']}", headers=headers)).status_code == status
    assert orjson.loads((await work_off(world.service))[0]["result"]) == {
        "accounts": 0,
        "orders": 0,
        "opportunities": 0,
    }
