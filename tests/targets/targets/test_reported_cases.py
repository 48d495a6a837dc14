"""What is reported of other systems: Sales Person and Territory Target Variance of ERPNext (4046, 40062, 40429, 41495,
32253, 51431, 995), teams of refunds in Odoo (17062, 205167), goals of Dynamics that count by who looks."""

from __future__ import annotations

from typing import Any

from tests.targets.conftest import World
from tests.targets.targets.test_odd_cases import done, made, only, parts, sold

Q1 = ("2026-01-01", "2026-03-31")


def pieces(world: World, shares: dict[str, int], quantity: int) -> dict[str, Any]:
    order: dict[str, Any] = world.order(shares, [100 * quantity], "2026-02-10")
    for line in order["lines"]:
        line["quantity"] = quantity
    return order


async def test_pieces_count_by_the_share_of_the_order(world: World) -> None:
    """5 pieces alone and half of 10 are 10, not 15."""
    target = await made(world, 10_000, *Q1, metric="units", member_id=world.members["a1"])
    orders = [pieces(world, {"a1": 1_000_000}, 5), pieces(world, {"a1": 500_000, "b1": 500_000}, 10)]
    await world.service.deliver(*(world.confirmed(order) for order in orders))
    item = await only(world, target_id=target)
    assert (item["actual"], item["reached"]) == (10_000, True)


async def test_a_group_shows_what_those_below_sold_once(world: World) -> None:
    """Also while each of them has a target of their own, and the group one of a region beside."""
    group = await made(world, 1_000, *Q1, unit_id=world.units["north"])
    children = [{"unit_id": world.units["team-a"]}]
    await parts(world, group, "unit", children=children)
    await made(world, 1_000, *Q1, unit_id=world.units["north"], region="CN-SH")
    await sold(world, 300, "2026-02-10")
    await sold(world, 200, "2026-02-11", "a2")
    assert (await only(world, target_id=group))["actual"] == 500
    company = await made(world, 1_000, *Q1)
    assert (await only(world, target_id=company))["actual"] == 500


async def test_breakdowns_have_what_is_of_no_line_region_or_type(world: World) -> None:
    """What names no product line is a group of its own, so that groups sum to all."""
    order = world.order({"a1": 1_000_000}, [300], "2026-02-10")
    order["lines"][0]["product_line"] = "rock"
    bare = world.order({"a1": 1_000_000}, [70], "2026-02-11", region=None)
    await world.service.deliver(world.confirmed(order), world.confirmed(bare))
    for group in ("product_line", "region", "customer_type", "channel"):
        items = (await world.attainment(group_by=f"{group},month"))["items"]
        assert sum(one["actual"] for one in items) == 370, group
    items = (await world.attainment(group_by="product_line"))["items"]
    assert {one["key"]: one["actual"] for one in items}[None] == 70


async def test_a_month_without_sales_misses_all_of_its_target(world: World) -> None:
    target = await made(world, 900, *Q1)
    await parts(world, target, "month")
    await sold(world, 300, "2026-02-28")
    items = (await world.attainment(target_id=target, children="true"))["items"]
    months = {one["key"]: (one["actual"], one["gap"]) for one in items if one.get("key") and "2026-" in one["key"]}
    assert months == {"2026-01": (0, 300), "2026-02": (300, 0), "2026-03": (0, 300)}


async def test_a_return_after_a_move_is_of_the_unit_that_sold(world: World) -> None:
    old = await made(world, 900, *Q1, unit_id=world.units["team-a"])
    new = await made(world, 900, *Q1, unit_id=world.units["team-b"])
    order = await sold(world, 300, "2026-02-10")
    move = {"unit_id": world.units["team-b"], "from": "2026-03-01"}
    await done(world, f"/v1/members/{world.members['a1']}/move", move)
    await world.service.deliver(world.returned(order, {1: (0, 100)}, "2026-03-15"))
    await sold(world, 40, "2026-03-15")
    assert (await only(world, target_id=old))["actual"] == 200
    assert (await only(world, target_id=new))["actual"] == 40


async def test_a_target_comes_to_the_same_whoever_looks(world: World) -> None:
    """The manager of a unit, who sees no record of others, is told as much of it as the director is."""
    target = await made(world, 900, *Q1, unit_id=world.units["north"])
    for code in ("a1", "a2", "b1"):
        await sold(world, 100, "2026-02-10", code)
    told = await only(world, target_id=target)
    path = f"/v1/attainment?target_id={target}"
    for who, role in (("director", "sales_director"), ("manager-north", "sales_manager"), ("auditor", "auditor")):
        answer = await world.service.get(path, headers=world.service.headers(who, role))
        assert answer.json()["items"] == [told], who


async def test_first_and_last_day_count_and_their_neighbours_do_not(world: World) -> None:
    target = await made(world, 900, *Q1)
    for amount, day in ((1, "2025-12-31"), (10, "2026-01-01"), (100, "2026-03-31"), (1_000, "2026-04-01")):
        await sold(world, amount, day)
    assert (await only(world, target_id=target))["actual"] == 110


async def test_more_comes_back_than_was_sold_in_the_period(world: World) -> None:
    """A period of returns is below nothing, says so, and its sellers are ranked by it."""
    children = [{"member_id": world.members[code]} for code in ("a1", "a2", "b1")]
    target = await made(world, 900, *Q1)
    await parts(world, target, "member", children=children)
    order = await sold(world, 500, "2025-12-20")
    await world.service.deliver(world.returned(order, {1: (0, 400)}, "2026-01-10"))
    for code in ("a2", "b1"):
        await sold(world, 60, "2026-02-10", code)
    item = await only(world, target_id=target)
    assert (item["actual"], item["gap"], item["reached"]) == (-280, 1_180, False)
    assert item["attainment"] < 0
    items = (await world.attainment(target_id=target, children="true"))["items"]
    ranks = {one["key"]: one.get("rank") for one in items if one.get("rank")}
    assert ranks == {world.members["a2"]: 1, world.members["b1"]: 1, world.members["a1"]: 3}, "equal ones share a rank"
