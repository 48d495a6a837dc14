"""Planned denominators in plans: they go where what they are of goes, and sum at every moment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from services.targets.plans.bases import settle_bases
from services.targets.plans.repository import read_tree
from services.targets.plans.rules import BasesApart
from tests.targets.plans.test_reorganising import A1, activate, split
from tests.targets.plans.test_service import act, edit, open_plan, refused
from tests.targets.reorganisations.test_service import DAY, reorganise

APART = """
SELECT d.id FROM decomposition d JOIN target t ON t.id = d.target_id
WHERE t.base IS NOT NULL AND d.retired_on IS NULL
  AND t.base IS DISTINCT FROM (SELECT sum(c.base) FROM target c WHERE c.decomposition_id = d.id OR c.cross_id = d.id)
"""


async def rate(world: Any) -> str:
    """A ratio of a quarter, 1,200,000 over 4,800,000."""
    body = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "metric": "conversion_rate"}
    made = await world.service.post("/v1/targets", {**body, "amount": 1_200_000, "base": 4_800_000})
    assert made.status_code == 201, made.text
    found: str = made.json()["id"]
    return found


async def bases(world: Any, query: str) -> dict[str, tuple[int, int]]:
    """Amount and base of targets by name."""
    items = (await world.service.get(f"/v1/targets?{query}&limit=200")).json()["items"]
    return {one["name"]: (one["amount"], one["base"]) for one in items}


async def copy_of(world: Any, plan: dict[str, Any], live: str) -> str:
    (found,) = (await world.service.get(f"/v1/targets?plan_id={plan['id']}&origin_id={live}")).json()["items"]
    identity: str = found["id"]
    return identity


async def test_a_transfer_takes_its_denominator_along(world: Any) -> None:
    root = await rate(world)
    regions = await split(world, root, "unit", "north", "south")
    north = await split(world, regions["north"], "member", "a1", "a2")
    await split(world, regions["south"], "member", "b1")
    await split(world, regions["north"], "region", "CN-BJ", "CN-SH")
    await activate(world, root)
    move = {"unit_id": world.units["team-b"], "from": DAY}
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/move", move)).status_code == 200
    plan = await open_plan(world, root)
    asked = {"target_id": north["a1"], "to_parent_id": regions["south"]}
    body = {name: await copy_of(world, plan, live) for name, live in asked.items()}
    answer = await act(world, plan, "transfers", {**body, "from": DAY})
    assert answer.status_code == 200, answer.text
    stays, goes = answer.json()["stays"], answer.json()["goes"]
    assert (stays["base"], goes["base"]) == A1
    assert (stays["amount"], goes["amount"]) == (162_712, 137_288)
    wanted = {
        "Q1": (1_200_000, 4_800_000),
        "Q1 / north": (600_000 - 137_288, 2_400_000 - A1[1]),
        "Q1 / north / CN-BJ": (231_356, 925_424),
        "Q1 / north / CN-SH": (231_356, 925_423),
        "Q1 / south": (600_000 + 137_288, 2_400_000 + A1[1]),
        "Q1 / south / b1": (600_000, 2_400_000),
        "Q1 / north / a2": (300_000, 1_200_000),
    }
    found = await bases(world, f"plan_id={plan['id']}")
    assert sum(found[f"Q1 / north / {key}"][1] for key in ("CN-BJ", "CN-SH")) == 2_400_000 - A1[1]
    assert {name: found[name][0] for name in wanted} == {name: amount for name, (amount, _) in wanted.items()}
    assert all(abs(found[name][1] - base) <= 1 for name, (_, base) in wanted.items())
    assert (await act(world, plan, "rebase", {})).status_code == 200
    assert await bases(world, f"plan_id={plan['id']}") == found
    promoted = await act(world, plan, "promote", {"valid_from": DAY, "reason": "a1 moved"})
    assert promoted.status_code == 200, promoted.text
    after = await bases(world, "count=none")
    assert after.keys() == found.keys()
    assert {name: after[name] for name in wanted} == {name: found[name] for name in wanted}
    assert await world.service.rows(APART) == []
    versions = (await world.service.get(f"/v1/targets/{regions['north']}/versions")).json()["items"]
    assert [one["base"] for one in versions] == [2_400_000, found["Q1 / north"][1]]


async def test_a_team_takes_its_denominators_along(world: Any) -> None:
    root = await rate(world)
    regions = await split(world, root, "unit", "north", "south")
    for region, team, names in (("north", "team-a", ("a1", "a2")), ("south", "team-b", ("b1",))):
        made = await split(world, regions[region], "unit", team)
        await split(world, made[team], "member", *names)
    await split(world, regions["north"], "month")
    await activate(world, root)
    (plan,) = (await reorganise(world, with_plan=True)).json()["plans"]
    assert (plan["transferred"], plan["kept"]) == (3, [])
    found = await bases(world, f"plan_id={plan['plan_id']}")
    assert found["Q1"] == (1_200_000, 4_800_000)
    assert found["Q1 / south / team-a-2"] == (2 * 137_288, 2 * A1[1])
    assert found["Q1 / north"] == (2 * 162_712, 2 * A1[0])
    promoted = await act(world, {"id": plan["plan_id"]}, "promote", {"valid_from": DAY, "reason": "team-a moved"})
    assert promoted.status_code == 200, promoted.text
    assert await world.service.rows(APART) == []
    after = await bases(world, "count=none")
    assert after["Q1 / south / team-a-2 / a1"] == (137_288, A1[1])
    assert after["Q1 / north / 2026-01"][1] == 800_000, "January is over"
    assert sum(after[f"Q1 / north / 2026-0{month}"][1] for month in (1, 2, 3)) == after["Q1 / north"][1]


async def test_no_rate_in_a_plan_passes_the_whole(world: Any) -> None:
    root = await rate(world)
    regions = await split(world, root, "unit", "north", "south")
    await activate(world, root)
    plan = await open_plan(world, root)
    north = await copy_of(world, plan, regions["north"])
    whole = await copy_of(world, plan, root)
    assert refused(await edit(world, whole, amount=4_800_001)) == (422, "rate-outside")
    assert (await edit(world, whole, amount=4_000_000)).status_code == 200
    assert refused(await edit(world, north, amount=2_400_001)) == (422, "rate-outside")
    assert refused(await edit(world, north, amount=1_599_999)) == (422, "rate-outside"), "the sibling's"
    assert (await edit(world, north, amount=2_400_000)).status_code == 200


async def test_what_is_given_stays_and_the_others_share(world: Any) -> None:
    root = await rate(world)
    regions = await split(world, root, "unit", "north", "south")
    async with world.service.transaction() as tx:
        standing = await read_tree(tx, UUID(root))
    ids = {one.id: str(one.id) for one in standing.rows}
    (top,) = (one for one, name in ids.items() if name == root)
    (north,) = (one for one, name in ids.items() if name == regions["north"])
    found = settle_bases(standing, {north: 1}, [top])
    assert {ids[one]: base for one, base in found.items()} == {
        root: 4_800_000,
        regions["north"]: 1,
        regions["south"]: 4_799_999,
    }
    with pytest.raises(BasesApart):
        settle_bases(standing, {north: 4_800_001}, [top])
