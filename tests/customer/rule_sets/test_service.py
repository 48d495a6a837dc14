"""Accounts are classified by rules: the first match wins, each label says why, a dry run only counts."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import codes
from tests.customer.conftest import World, work_off

RULES = [
    {"label": "key", "filter": "employees[gte]=100&region=CN-SH"},
    {"label": "big", "filter": "employees[gte]=100"},
    {"label": "named", "filter": "q=harbour"},
]


async def _made(world: World, **fields: Any) -> dict[str, Any]:
    answer = await world.service.post("/v1/rule-sets", {"axis": "potential", "rules": RULES, **fields})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def _run(world: World, rule_set: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
    answer = await world.service.post(f"/v1/rule-sets/{rule_set['id']}/run", {"dry_run": dry_run})
    assert answer.status_code == 202, answer.text
    await work_off(world.service)
    job = (await world.service.get(answer.headers["Location"])).json()
    assert job["state"] == "succeeded", job
    result: dict[str, Any] = job["result"]
    return result


async def _label(world: World, account: dict[str, Any]) -> dict[str, Any] | None:
    items = (await world.service.get(f"/v1/accounts/{account['id']}/labels")).json()["items"]
    return items[0] if items else None


async def test_the_first_match_wins_and_says_why(world: World) -> None:
    both = await world.account(employees=200)
    big = await world.account(employees=200, region="CN-BJ")
    named = await world.account(name="Harbour")
    none = await world.account(name="Other")
    archived = await world.account(employees=900)
    await world.service.post(f"/v1/accounts/{archived['id']}/archive")
    rule_set = await _made(world, default="other")
    assert (rule_set["number"], rule_set["version"], rule_set["default"]) == (1, 1, "other")
    dry = await _run(world, rule_set, dry_run=True)
    assert await _label(world, both) is None
    assert await _run(world, rule_set) == dry
    assert dry == {"accounts": 4, "changed": 4, "moves": [
        {"from": None, "to": "big", "accounts": 1}, {"from": None, "to": "key", "accounts": 1},
        {"from": None, "to": "named", "accounts": 1}, {"from": None, "to": "other", "accounts": 1},
    ]}  # fmt: skip
    found = [await _label(world, account) for account in (both, big, named, none, archived)]
    assert [one and (one["label"], one["rule"], one["known"]) for one in found] == [
        ("key", 0, {"employees": 200, "region": "CN-SH"}), ("big", 1, {"employees": 200}), ("named", 2, {}),
        ("other", None, {}), None,
    ]  # fmt: skip
    assert found[0] is not None
    assert (found[0]["rule_set_id"], found[0]["number"]) == (rule_set["id"], 1)
    again = await _run(world, rule_set)
    assert (again["accounts"], again["changed"], again["moves"]) == (4, 0, [])


async def test_another_version_moves_and_takes_labels_away(world: World) -> None:
    account = await world.account(employees=200)
    await _run(world, await _made(world))
    second = await _made(world, rules=[{"label": "huge", "filter": "employees[gte]=1000"}])
    assert second["number"] == 2
    assert (await _run(world, second))["moves"] == [{"from": "key", "to": None, "accounts": 1}]
    assert await _label(world, account) is None
    listed = (await world.service.get("/v1/rule-sets?axis=potential&sort=-created_at")).json()["items"]
    assert [one["number"] for one in listed] == [2, 1]
    assert (await world.service.get(f"/v1/rule-sets/{second['id']}")).json() == second


async def test_versions_of_one_axis_at_once_have_numbers_of_their_own(world: World) -> None:
    made = await asyncio.gather(*(_made(world) for _ in range(5)), _made(world, axis="other"))
    assert sorted(one["number"] for one in made) == [1, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("rules", "code", "pointer"),
    [
        ([{"label": "a", "filter": "nothing=1"}], "rule-filter-invalid", "/rules/0/filter"),
        ([*RULES, {"label": "a", "filter": "sort=name"}], "rule-filter-invalid", "/rules/3/filter"),
        ([{"label": "a", "filter": "employees[gte]=x"}], "rule-filter-invalid", "/rules/0/filter"),
        ([{"label": "a", "filter": "q=%00"}], "rule-filter-invalid", "/rules/0/filter"),
        ([{"label": "", "filter": ""}], "invalid", "/rules/0/label"),
        ([], "invalid", "/rules"),
    ],
)
async def test_bad_rules(world: World, rules: list[dict[str, Any]], code: str, pointer: str) -> None:
    answer = await world.service.post("/v1/rule-sets", {"axis": "x", "rules": rules})
    assert (answer.status_code, answer.json()["code"], codes(answer.json())[:1]) == (422, code, [pointer]), answer.text


async def test_who_may(world: World) -> None:
    rule_set = await _made(world)
    rep = world.service.headers("rep-1", "sales_rep")
    assert (await world.service.get(f"/v1/rule-sets/{rule_set['id']}", headers=rep)).status_code == 200
    body = {"axis": "x", "rules": RULES}
    assert (await world.service.post("/v1/rule-sets", body, headers=rep)).status_code == 403
    assert (await world.service.post(f"/v1/rule-sets/{rule_set['id']}/run", {}, headers=rep)).status_code == 403
    foreign = await world.account(owner_id=None)
    assert (await world.service.get(f"/v1/accounts/{foreign['id']}/labels", headers=rep)).status_code == 404
    answer = await world.service.get(f"/v1/rule-sets/{foreign['id']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "rule-set-not-found")
