"""Accounts like one are refused, found, paired up and dismissed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.due.loop import DueLoop
from kit.testing.service import ServiceHarness, codes
from services.customer.identity.dues import IDENTITY_DUE
from tests.customer.conftest import OTHER_REP, REP_1, UNCHECKED, World, work_off

PATH, CHECK = "/v1/duplicate-candidates", "/v1/accounts/duplicates"
USCC = "91110000600037341L"


async def turn(service: ServiceHarness) -> int:
    """Compare what was written; nothing may fail."""
    worked = await DueLoop(service.runtime, [IDENTITY_DUE]).turn()
    assert await service.rows("SELECT * FROM due_failure") == []
    return worked


async def pairs(world: World, query: str = "", headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    answer = await world.service.get(f"{PATH}{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def rep(world: World, subject: str = "rep-1") -> dict[str, str]:
    return world.service.headers(subject, "sales_manager" if subject.startswith("manager") else "sales_rep")


def body(name: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "organization", "name": name, **fields}


# adding


async def test_who_seems_to_be_another_is_refused_and_both_are_named(world: World) -> None:
    first = await world.account(name="上海博雅科技有限公司")
    near = await world.account(name="上海博雅贸易有限公司")
    answer = await world.service.post("/v1/accounts", body("博雅科技（上海）有限责任公司"))
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate-account")
    assert answer.json()["candidates"] == [first["id"]]
    assert len(await world.service.rows("SELECT id FROM account")) == 2
    headers = world.service.headers(**UNCHECKED)
    answer = await world.service.post("/v1/accounts", body("博雅科技（上海）有限责任公司"), headers=headers)
    assert answer.status_code == 201
    await turn(world.service)
    made = answer.json()["id"]
    found = {frozenset((pair["first_id"], pair["second_id"])): pair["score"] for pair in await pairs(world)}
    assert found == {
        frozenset((first["id"], made)): 1.0,
        frozenset((first["id"], near["id"])): 0.6,
        frozenset((near["id"], made)): 0.6,
    }


async def test_the_header_lets_no_id_be_taken_twice(world: World) -> None:
    await world.account(country="CN", tax_id=USCC)
    headers = world.service.headers(**UNCHECKED)
    answer = await world.service.post("/v1/accounts", body("Other", country="CN", tax_id=USCC), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "duplicate-account")
    headers = world.service.headers(X_Skip_Duplicate_Check="perhaps")
    answer = await world.service.post("/v1/accounts", body("Other"), headers=headers)
    assert (answer.status_code, codes(answer.json())) == (422, ["X-Skip-Duplicate-Check"])


async def test_hidden_ones_are_never_named(world: World) -> None:
    hidden = await world.account(owner_id=str(OTHER_REP))
    assert (await world.service.post(CHECK, body("Blue Harbor"), headers=rep(world))).json() == {"items": []}
    answer = await world.service.post("/v1/accounts", body("Blue Harbor"), headers=rep(world))
    assert answer.status_code == 201
    await turn(world.service)
    assert await pairs(world, headers=rep(world)) == []
    assert await pairs(world, headers=rep(world, "manager-north")) == []
    (pair,) = await pairs(world)
    assert {pair["first_id"], pair["second_id"]} == {hidden["id"], answer.json()["id"]}
    path = f"{PATH}/{pair['id']}"
    assert (await world.service.get(path, headers=rep(world))).status_code == 404
    answer = await world.service.post(f"{path}/dismiss", {"reason": "x"}, headers=rep(world, "manager-north"))
    assert answer.status_code == 404
    again = await world.service.post("/v1/accounts", body("Blue Harbor"), headers=rep(world))
    assert again.status_code == 409
    assert hidden["id"] not in again.text


async def test_two_at_once_pass_and_are_paired(world: World) -> None:
    answers = await asyncio.gather(*[world.service.post("/v1/accounts", body("Twin Rivers")) for _ in range(3)])
    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert made
    assert {answer.status_code for answer in answers} <= {201, 409}
    await asyncio.gather(turn(world.service), turn(world.service))
    assert len(await pairs(world)) == len(made) * (len(made) - 1) // 2


async def test_archived_ones_are_in_nobodys_way(world: World) -> None:
    first, second = await world.account(), await world.account()
    await turn(world.service)
    assert len(await pairs(world)) == 1
    await world.service.post(f"/v1/accounts/{first['id']}/archive")
    assert await pairs(world) == []
    await turn(world.service)
    assert await world.service.rows("SELECT id FROM duplicate_candidate") == []
    assert (await world.service.get(f"/v1/accounts/{second['id']}/duplicates")).json() == {"items": []}
    await world.service.post(f"/v1/accounts/{first['id']}/restore")
    await turn(world.service)
    assert len(await pairs(world)) == 1


async def test_a_persons_name_is_no_reason(world: World) -> None:
    person = {"kind": "person", "name": "王伟", "phone": "13812345678", "address": "上海"}
    first = (await world.service.post("/v1/accounts", person)).json()
    assert (await world.service.post("/v1/accounts", {**person, "phone": "13912345678"})).status_code == 201
    assert (await world.service.post("/v1/accounts", body("王伟", phone="13812345678"))).status_code == 201
    again = await world.service.post("/v1/accounts", person)
    assert (again.status_code, again.json()["candidates"]) == (409, [first["id"]])
    await turn(world.service)
    assert await pairs(world) == []
    assert len((await world.service.post(CHECK, person)).json()["items"]) == 1
    officer = world.service.headers("officer", "risk_officer")
    assert (await world.service.post(CHECK, person, headers=officer)).status_code == 403, "who adds none checks none"


# checking


async def test_a_check_shows_every_factor_and_stores_nothing(world: World) -> None:
    account = await world.account(name="长城汽车", phone="021-61234567", website="https://cc.example/a")
    before = await world.service.rows("SELECT count(*) AS n FROM audit_log")
    answer = await world.service.post(CHECK, body("长安汽车", phone="+862161234567", website="www.cc.example"))
    assert answer.status_code == 200
    assert answer.json()["items"] == [
        {
            "account_id": account["id"],
            "name": "长城汽车",
            "owner_id": str(REP_1),
            "score": 0.9,
            "verdict": "duplicate",
            "factors": {
                "name": 0.5,
                "brand": 0.5,
                "trade": 1.0,
                "place": 1.0,
                "is_same_phone": True,
                "is_same_domain": True,
                "is_same_address": False,
                "tax_ids": "unknown",
            },
        }
    ]
    assert len(await world.service.rows("SELECT id FROM account")) == 1
    assert await world.service.rows("SELECT count(*) AS n FROM audit_log") == before


async def test_a_check_tells_no_tax_id(world: World) -> None:
    account = await world.account(country="CN", tax_id=USCC)
    agent = world.service.headers("agent", "service_agent")
    guess = body("Something else", country="CN", tax_id=USCC)
    answers = [await world.service.post(CHECK, guess, headers=who) for who in (None, agent)]
    assert [[one["account_id"] for one in answer.json()["items"]] for answer in answers] == [[account["id"]], []]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [({"name": ""}, "/name"), ({"tax_id": "1", "country": "CN"}, "/tax_id"), ({"phone": "12"}, "/phone")],
)
async def test_bad_checks(world: World, fields: dict[str, Any], pointer: str) -> None:
    answer = await world.service.post(CHECK, body("x") | fields)
    assert (answer.status_code, codes(answer.json())) == (422, [pointer])


# pairs


async def test_a_change_pairs_up_and_parts(world: World) -> None:
    first, second = await world.account(), await world.account(name="Red Sea")
    await turn(world.service)
    assert await pairs(world) == []
    changed = await world.service.patch(f"/v1/accounts/{second['id']}", {"name": "Blue Harbor Ltd"}, 1)
    answer = await world.service.post("/v1/accounts", body("Blue Harbor"))
    assert second["id"] in answer.json()["candidates"]
    await turn(world.service)
    (pair,) = await pairs(world, f"?account_id={first['id']}&state=open&score[gte]=0.85&verdict=duplicate")
    assert (pair["first_name"], pair["second_name"], pair["version"]) == ("Blue Harbour", "Blue Harbor Ltd", 1)
    assert await pairs(world, "?score[lt]=0.85") == []
    await world.service.patch(f"/v1/accounts/{second['id']}", {"name": "Red Sea"}, changed.json()["version"])
    assert await turn(world.service) == 1
    assert await pairs(world) == []


async def test_a_dismissed_pair_returns_when_a_key_changes(world: World) -> None:
    first, second = await world.account(), await world.account(name="Blue Harbor")
    await turn(world.service)
    (pair,) = await pairs(world)
    path = f"{PATH}/{pair['id']}/dismiss"
    assert (await world.service.post(path, {"reason": "x"}, headers=rep(world))).status_code == 403
    answer = await world.service.post(path, {"reason": "two brothers"}, headers=rep(world, "manager-north"))
    assert (answer.status_code, answer.json()["state"]) == (200, "dismissed")
    assert (answer.json()["dismissed_by"], answer.json()["reason"]) == ("manager-north", "two brothers")
    again = await world.service.post(path, {"reason": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "duplicate-candidate-state")
    answer = await world.service.patch(f"/v1/accounts/{first['id']}", {"address": "Quay 1", "employees": 5}, 1)
    await turn(world.service)
    await scan(world)
    assert [one["state"] for one in await pairs(world)] == ["dismissed"]
    answer = await world.service.patch(
        f"/v1/accounts/{first['id']}", {"phone": "02161234567"}, answer.json()["version"]
    )
    assert answer.status_code == 200
    await turn(world.service)
    (pair,) = await pairs(world)
    assert (pair["state"], pair["reason"], pair["dismissed_by"], pair["dismissed_at"]) == ("open", None, None, None)
    (row,) = await world.service.rows("SELECT reason FROM audit_log WHERE action = 'dismiss'")
    assert row["reason"] == "two brothers"
    assert second["id"] in (pair["first_id"], pair["second_id"])


async def test_a_dismissed_pair_that_parted_stays_dismissed(world: World) -> None:
    await world.account()
    second = await world.account(name="Blue Harbor")
    await turn(world.service)
    (pair,) = await pairs(world)
    await world.service.post(f"{PATH}/{pair['id']}/dismiss", {"reason": "x"})
    for version, name in ((1, "Red Sea"), (2, "Blue Harbor")):
        await world.service.patch(f"/v1/accounts/{second['id']}", {"name": name}, version)
        await turn(world.service)
    assert [one["state"] for one in await pairs(world)] == ["dismissed"]


async def scan(world: World) -> dict[str, Any]:
    answer = await world.service.post("/v1/duplicate-scans")
    assert answer.status_code == 202, answer.text
    await work_off(world.service)
    job = (await world.service.get(answer.headers["Location"])).json()
    assert job["state"] == "succeeded", job
    result: dict[str, Any] = job["result"]
    return result


async def test_batches_are_not_checked_but_paired(world: World) -> None:
    rows = [body(f"Blue Harbou{letter}", external_ids={"erp": letter}) for letter in "rs"]
    answer = await world.service.post("/v1/accounts/batch", {"rows": rows})
    assert [one["status"] for one in answer.json()["results"]] == ["created", "created"]
    assert await turn(world.service) == 2
    assert len(await pairs(world)) == 1
    assert await turn(world.service) == 0


async def test_a_scan_finds_what_is_there_and_is_repeated(world: World) -> None:
    for name in ("Blue Harbour", "Blue Harbor", "Red Sea", "红海贸易", "红海贸易有限公司"):
        await world.account(name=name)
    await turn(world.service)
    expected = await pairs(world)
    assert len(expected) == 2
    async with world.service.runtime.db.transaction() as tx:
        await tx.execute("DELETE FROM identity_key")
        await tx.execute("DELETE FROM duplicate_candidate")
    assert await scan(world) == {"accounts": 5, "pairs": 2, "skipped_keys": 0}
    assert await scan(world) == {"accounts": 5, "pairs": 2, "skipped_keys": 0}
    found = await pairs(world)
    assert [(one["first_id"], one["score"], one["version"]) for one in found] == [
        (one["first_id"], one["score"], 1) for one in expected
    ]
    other = await world.service.post("/v1/rule-sets", {"axis": "a", "rules": [{"label": "x", "filter": "q=x"}]})
    run = await world.service.post(f"/v1/rule-sets/{other.json()['id']}/run", {"dry_run": True})
    assert (await world.service.get(f"/v1/duplicate-scans/{run.json()['id']}")).status_code == 404


async def test_a_key_of_too_many_is_skipped_and_counted(world: World) -> None:
    rows = [
        body(f"Blue {chr(0x4E00 + n)}丙丁戊己", phone="02161234567", external_ids={"erp": str(n)}) for n in range(201)
    ]
    answer = await world.service.post("/v1/accounts/batch", {"rows": rows})
    assert answer.status_code == 200
    found = await scan(world)
    assert (found["accounts"], found["skipped_keys"]) == (201, 2)  # the phone, and the name without what differs
