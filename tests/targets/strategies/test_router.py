"""How a target is to be reached is said once at a time, and rests on what was observed."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.targets.attainment.test_metrics import set_target
from tests.targets.conftest import World

FORCE = {
    **{"external_id": "f-1", "kind": "force", "subject": "rivalry", "value": 4, "source": "desk"},
    **{"period_start": "2026-01-01", "period_end": "2026-12-31", "observed_on": "2026-01-05"},
}


async def put(world: World, target: str, version: int, **body: Any) -> Any:
    headers = {**world.service.headers(), "If-Match": f'"{version}"'}
    return await world.service.request("PUT", f"/v1/targets/{target}/strategy", body, headers=headers)


async def test_it_is_set_and_changed_by_its_version(world: World) -> None:
    target = (await set_target(world, "revenue", 1_000))["id"]
    empty = (await world.service.get(f"/v1/targets/{target}/strategy")).json()
    assert (empty["version"], empty["product"], empty["observation_ids"]) == (0, None, [])
    seen = (await world.service.post("/v1/observations", FORCE)).json()["id"]
    made = await put(world, target, 0, product="New line", observation_ids=[seen, seen])
    assert made.status_code == 200, made.text
    assert (made.json()["version"], made.json()["observation_ids"], made.json()["price"]) == (1, [seen], None)
    same = await put(world, target, 1, product="New line", observation_ids=[seen])
    assert same.json()["version"] == 1
    late = await put(world, target, 0, price="List")
    assert (late.status_code, late.json()["code"]) == (412, "version-mismatch")
    after = (await put(world, target, 1, price="List")).json()
    assert (after["version"], after["product"], after["price"], after["observation_ids"]) == (2, None, "List", [])
    assert (await world.service.get(f"/v1/targets/{target}")).json()["state"] == "active", "it decides no figure"


async def test_it_rests_on_what_is_known(world: World) -> None:
    target = (await set_target(world, "revenue", 1_000))["id"]
    other = "01989f2e-0000-7000-8000-00000000ffff"
    refused = await put(world, target, 0, observation_ids=[other])
    assert (refused.status_code, refused.json()["code"]) == (422, "unknown-reference")
    assert refused.json()["errors"][0]["pointer"] == "/observation_ids/0"
    assert (await put(world, other, 0, product="x")).status_code == 404
    assert (await world.service.post(f"/v1/targets/{target}/close")).status_code == 200
    closed = await put(world, target, 0, product="x")
    assert (closed.status_code, closed.json()["code"]) == (409, "target-state")


async def test_of_two_at_once_one_stands(world: World) -> None:
    target = (await set_target(world, "revenue", 1_000))["id"]
    answers = await asyncio.gather(*(put(world, target, 0, product=str(number)) for number in range(4)))
    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]
