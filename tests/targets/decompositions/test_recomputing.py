"""A draft is split again by what its drivers give today."""

from __future__ import annotations

from typing import Any

import pytest

from tests.targets.attainment.test_metrics import set_target
from tests.targets.conftest import World
from tests.targets.credits.test_credited_measures import line, ordered

NEXT = {"period_start": "2027-01-01", "period_end": "2027-12-31"}
HISTORY = [{"kind": "historical_share"}]


async def sell(world: World, code: str, amount: int) -> None:
    await world.service.deliver(world.confirmed(ordered(world, {code: 1_000_000}, line(1, amount, 1, None))))


async def split(world: World, target_id: str, drivers: Any, **locks: Any) -> dict[str, Any]:
    children = [{"member_id": world.members[code], **locks.get(code, {})} for code in ("a1", "a2", "b1")]
    body = {"dimension": "member", "children": children, "drivers": drivers}
    answer = await world.service.post(f"/v1/targets/{target_id}/decompositions", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def amounts(world: World, answer: dict[str, Any]) -> list[int]:
    by_key = {child["key"]: child["amount"] for child in answer["children"]}
    return [by_key[world.members[code]] for code in ("a1", "a2", "b1")]


async def recomputed(world: World, made: dict[str, Any]) -> Any:
    return await world.service.post(f"/v1/targets/{made['target_id']}/decompositions/{made['id']}/recompute")


async def test_a_split_follows_its_drivers_and_keeps_its_locks(world: World) -> None:
    for code, amount in (("a1", 600), ("a2", 300), ("b1", 100)):
        await sell(world, code, amount)
    target = await set_target(world, "revenue", 10_000, live=False, **NEXT)
    made = await split(world, target["id"], HISTORY, b1={"locked": 2_000, "reason": "agreed"})
    assert amounts(world, made) == [5_333, 2_667, 2_000]
    same = (await recomputed(world, made)).json()
    assert (same["version"], amounts(world, same)) == (made["version"], amounts(world, made))
    said = len(await world.service.published("targets.target.decomposed.v1"))
    await sell(world, "a2", 300)
    answer = await recomputed(world, made)
    assert answer.status_code == 200, answer.text
    after = answer.json()
    assert amounts(world, after) == [4_000, 4_000, 2_000]
    assert {child["target_id"] for child in after["children"]} == {child["target_id"] for child in made["children"]}
    (kept,) = (child for child in after["children"] if child["key"] == world.members["b1"])
    assert (kept["locked"], kept["bound"], kept["reason"]) == (2_000, "locked", "agreed")
    assert (after["children_sum"], after["version"]) == (10_000, made["version"] + 1)
    assert len(await world.service.published("targets.target.decomposed.v1")) == said + 1


async def test_a_rate_that_a_child_keeps_stays(world: World) -> None:
    target = await set_target(world, "conversion_rate", 100_000, live=False, base=400_000, **NEXT)
    given = {"a1": {"weight": 200}, "a2": {"weight": 120}, "b1": {"weight": 80, "rate": 300_000}}
    made = await split(world, target["id"], [{"kind": "custom"}], **given)
    assert amounts(world, made) == [47_500, 28_500, 24_000]
    after = await recomputed(world, made)
    assert after.status_code == 200, after.text
    assert (amounts(world, after.json()), after.json()["version"]) == ([47_500, 28_500, 24_000], made["version"])


async def test_a_target_of_a_plan_is_split_again(world: World) -> None:
    await sell(world, "a1", 600)
    await sell(world, "b1", 200)
    target = await set_target(world, "revenue", 9_000, live=False, **NEXT)
    await split(world, target["id"], HISTORY)
    assert (await world.service.post(f"/v1/targets/{target['id']}/activate")).status_code == 200
    plan = (await world.service.post("/v1/plans", {"root_id": target["id"], "name": "What if"})).json()
    listed = await world.service.get(f"/v1/targets/{plan['branch_id']}/decompositions")
    made = listed.json()["items"][0]
    await sell(world, "b1", 400)
    answer = await recomputed(world, made)
    assert answer.status_code == 200, answer.text
    assert amounts(world, answer.json()) == [3_000, 3_000, 3_000]
    live = (await world.service.get(f"/v1/targets?parent_id={target['id']}")).json()["items"]
    assert sorted(one["amount"] for one in live) == [1_500, 3_000, 4_500]


async def test_what_cannot_be_computed_again(world: World) -> None:
    for code, amount in (("a1", 600), ("a2", 300), ("b1", 100)):
        await sell(world, code, amount)
    target = await set_target(world, "revenue", 10_000, live=False, **NEXT)
    grown = await split(world, target["id"], [{"kind": "growth_uniform"}])
    answer = await recomputed(world, grown)
    assert (answer.status_code, answer.json()["code"]) == (409, "drivers-unknown")
    made = await split(world, target["id"], HISTORY)
    child = made["children"][0]["target_id"]
    body = {"dimension": "month", "drivers": [{"kind": "equal"}]}
    assert (await world.service.post(f"/v1/targets/{child}/decompositions", body)).status_code == 201
    assert (await recomputed(world, made)).status_code == 200
    for code in ("a1", "a2", "b1"):
        await sell(world, code, 1_000)
    answer = await recomputed(world, made)
    assert (answer.status_code, answer.json()["code"]) == (409, "child-decomposed")
    assert (await world.service.post(f"/v1/targets/{target['id']}/activate")).status_code == 200
    answer = await recomputed(world, made)
    assert (answer.status_code, answer.json()["code"]) == (409, "target-state")
    rep = world.service.headers("a1", "sales_rep")
    path = f"/v1/targets/{target['id']}/decompositions/{made['id']}/recompute"
    assert (await world.service.post(path, headers=rep)).status_code == 403


@pytest.mark.parametrize("dimension", ["month", "region", "unit"])
async def test_each_dimension_names_its_children_again(world: World, dimension: str) -> None:
    target = await set_target(world, "revenue", 10_000, live=False, **NEXT)
    children: Any = {
        "month": [{"key": "2027-03", "floor": 5_000}],
        "region": [{"key": "CN-SH", "cap": 10}, {"key": "CN-BJ"}],
        "unit": [{"unit_id": world.units["north"]}, {"unit_id": world.units["south"]}],
    }[dimension]
    body = {"dimension": dimension, "children": children, "drivers": [{"kind": "equal"}]}
    made = (await world.service.post(f"/v1/targets/{target['id']}/decompositions", body)).json()
    answer = await recomputed(world, made)
    assert answer.status_code == 200, answer.text
    assert answer.json() == made
