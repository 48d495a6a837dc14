"""The driver by market potential: observed sizes, of members and units by the regions of their territories."""

from __future__ import annotations

from typing import Any

import pytest

from services.targets.decompositions.rules import within
from tests.targets.territories.accounts import territory

YEAR = {"name": "2026", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 1_000_000}
POTENTIAL = {"drivers": [{"kind": "market_potential"}]}


def test_each_place_counts_once_and_inside_what_is_wanted() -> None:
    assert within(["CN-SH", "CN", "CN-BJ"], None) == ["CN"]
    assert within(["CN"], "CN-SH") == ["CN-SH"]
    assert within(["CN-SH", "CN-SH", "DE-BE"], "CN") == ["CN-SH"]
    assert within(["CNX"], "CN") == []
    assert within([], "CN") == []


async def size(world: Any, value: int, **more: Any) -> None:
    body = {
        **{"external_id": f"s-{value}-{len(more)}-{more.get('region')}", "kind": "size", "value": value},
        **{"period_start": "2025-01-01", "period_end": "2025-12-31", "source": "Survey", "observed_on": "2026-01-15"},
    }
    answer = await world.service.post("/v1/observations", {**body, **more})
    assert answer.status_code == 201, answer.text


async def split(world: Any, dimension: str, children: list[dict[str, Any]], **more: Any) -> Any:
    target = (await world.service.post("/v1/targets", {**YEAR, **more})).json()
    body = {"dimension": dimension, "children": children, **POTENTIAL}
    return await world.service.post(f"/v1/targets/{target['id']}/decompositions", body)


def amounts(answer: Any) -> list[int]:
    assert answer.status_code == 201, answer.text
    return [one["amount"] for one in answer.json()["children"]]


def of(world: Any, *codes: str) -> list[dict[str, Any]]:
    return [{"member_id": world.members[code]} for code in codes]


async def test_regions_share_by_the_newest_size_of_their_markets(world: Any) -> None:
    await size(world, 100, region="CN-SH", observed_on="2025-12-01")
    await size(world, 300, region="CN-SH")
    await size(world, 100, region="CN-BJ")
    children = [{"key": "CN-SH"}, {"key": "CN-BJ"}]
    assert sorted(amounts(await split(world, "region", children))) == [250_000, 750_000]
    north = await split(world, "region", children, unit_id=world.units["north"])
    assert sorted(amounts(north)) == [250_000, 750_000], "a market is there whoever works it"
    driver = north.json()["drivers"][0]
    assert driver["kind"] == "market_potential"


async def test_a_size_that_was_corrected_counts_no_more(world: Any) -> None:
    await size(world, 900, region="CN-SH", external_id="wrong")
    (wrong,) = (await world.service.get("/v1/observations?external_id=wrong")).json()["items"]
    await size(world, 100, region="CN-SH", corrects_id=wrong["id"], observed_on="2026-01-10")
    await size(world, 100, region="CN-BJ")
    assert amounts(await split(world, "region", [{"key": "CN-SH"}, {"key": "CN-BJ"}])) == [500_000, 500_000]


async def test_members_share_by_the_regions_of_their_territories(world: Any) -> None:
    for region, value in (("CN-SH", 100), ("CN-BJ", 200), ("CN-ZJ", 500)):
        await size(world, value, region=region)
    await territory(world, "one", regions=["CN-SH", "CN-BJ"])
    await territory(world, "two", regions=["CN-BJ"])
    await territory(world, "gone", regions=["CN-ZJ"], valid_from="2025-01-01", valid_to="2025-12-31")
    await territory(world, "shops", regions=["CN-ZJ"], industries=["gbt4754:F"])
    await territory(world, "b", regions=["CN-ZJ"], member_id=world.members["b1"], valid_from="2026-06-01")
    found = await split(world, "member", of(world, "a1", "b1"))
    by_key = {one["key"]: one["amount"] for one in found.json()["children"]}
    assert by_key == {world.members["a1"]: 375_000, world.members["b1"]: 625_000}, "300 and 500"
    with_a2 = await split(world, "member", of(world, "a1", "a2", "b1"))
    by_key = {one["key"]: one["amount"] for one in with_a2.json()["children"]}
    assert by_key[world.members["a2"]] == 333_333, "without a territory they take part with the mean"
    inside = await split(world, "member", of(world, "a1", "b1"), region="CN-ZJ")
    assert amounts(inside) == [500_000, 500_000], "in one region both have that region's market"


async def test_units_have_what_their_members_and_those_below_hold(world: Any) -> None:
    for region, value in (("CN-SH", 100), ("CN-BJ", 200), ("CN-ZJ", 700)):
        await size(world, value, region=region)
    await territory(world, "one", regions=["CN-SH"])
    await territory(world, "two", regions=["CN-BJ"], unit_id=world.units["team-a"])
    await territory(world, "b", regions=["CN-ZJ"], unit_id=world.units["south"])
    units = [{"unit_id": world.units[code]} for code in ("north", "south")]
    by_key = {one["key"]: one["amount"] for one in (await split(world, "unit", units)).json()["children"]}
    assert by_key == {world.units["north"]: 300_000, world.units["south"]: 700_000}
    await size(world, 700, unit_id=world.units["north"])
    by_key = {one["key"]: one["amount"] for one in (await split(world, "unit", units)).json()["children"]}
    assert by_key[world.units["north"]] == 500_000, "what was observed of the unit itself goes before"


async def test_without_any_size_it_says_so(world: Any) -> None:
    await territory(world, "one", regions=["CN-SH"])
    answer = await split(world, "member", of(world, "a1", "b1"))
    assert (answer.status_code, answer.json()["code"]) == (409, "driver-data-insufficient")
    assert answer.json()["driver"] == "market_potential"
    await size(world, 100, region="CN-SH")
    types = await split(world, "customer_type", [{"key": "new"}, {"key": "existing"}])
    assert (types.status_code, types.json()["code"]) == (409, "driver-data-insufficient"), "no market is of a type"


@pytest.mark.parametrize("dimension", ["month", "day"])
async def test_it_does_not_split_by_time(world: Any, dimension: str) -> None:
    answer = await split(world, dimension, [])
    assert (answer.status_code, answer.json()["code"]) == (422, "decomposition-invalid"), answer.text


async def test_cells_of_a_table_share_by_their_markets(world: Any) -> None:
    await size(world, 100, region="CN-SH")
    await size(world, 300, region="CN-BJ")
    target = (await world.service.post("/v1/targets", YEAR)).json()["id"]
    path = f"/v1/targets/{target}"
    sides = []
    for dimension, children in (
        ("region", [{"key": "CN-SH"}, {"key": "CN-BJ"}]),
        ("customer_type", [{"key": "new"}, {"key": "existing"}]),
    ):
        made = await world.service.post(f"{path}/decompositions", {"dimension": dimension, "children": children})
        sides.append(made.json()["id"])
    body = {"row_decomposition_id": sides[0], "column_decomposition_id": sides[1], **POTENTIAL}
    refused = await world.service.post(f"{path}/tables", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "driver-data-insufficient")
