"""Credits and targets as users of other systems reported them wrong. Each test names its report."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.targets.conftest import World

Q1 = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 1000}
WHOLE = 1_000_000


async def made(world: World, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await world.service.post(f"/v1/{path}", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def actual(world: World, target: dict[str, Any]) -> int:
    (item,) = (await world.attainment(target_id=target["id"]))["items"]
    return int(item["actual"])


async def by_member(world: World) -> dict[str, int]:
    codes = {member: code for code, member in world.members.items()}
    found: Counter[str] = Counter()
    for line in await world.lines():
        found[codes[str(line["member_id"])]] += line["amount"]
    return dict(found)


async def test_a_target_of_a_group_counts_what_its_people_sell(world: World) -> None:
    """frappe/erpnext#995, #41495, SalesforceLabs/QuotaEdit#59: the target of a team shows 0."""
    await world.service.deliver(
        world.confirmed(world.order({"a1": WHOLE}, [300])), world.confirmed(world.order({"b1": WHOLE}, [50]))
    )
    wanted = {"company": 350, "north": 300, "team-a": 300, "south": 50}
    targets = {code: await made(world, "targets", {**Q1, "unit_id": world.units[code]}) for code in wanted}
    assert {code: await actual(world, one) for code, one in targets.items()} == wanted


async def test_who_has_a_share_is_credited_for_it_in_amounts_and_pieces(world: World) -> None:
    """frappe/erpnext#4046, #40062: the achieved of each person is the whole order, 15 pieces instead of 10."""
    orders = []
    for credits, pieces in (({"a1": WHOLE}, 5), ({"a1": WHOLE // 2, "b1": WHOLE // 2}, 10)):
        order = world.order(credits, [pieces * 100])
        order["lines"][0] |= {"quantity": pieces, "sku": "P"}
        orders.append(world.confirmed(order))
    await world.service.deliver(*orders)
    assert await by_member(world) == {"a1": 1000, "b1": 500}
    counted = {}
    for code in ("a1", "b1"):
        target = await made(world, "targets", {**Q1, "metric": "units", "member_id": world.members[code]})
        counted[code] = await actual(world, target)
    whole = await actual(world, await made(world, "targets", {**Q1, "metric": "units"}))
    assert counted["a1"] == 2 * counted["b1"]
    assert sum(counted.values()) == whole


async def test_what_is_credited_back_takes_commission_back_and_no_more(world: World) -> None:
    """OCA/commission#652, #607, #53, adempiere/adempiere#1628: credit notes raise what they should reduce."""
    order = world.order({"a1": 750_000, "b1": 250_000}, [9999])
    await world.service.deliver(world.confirmed(order))
    assert await by_member(world) == {"a1": 7499, "b1": 2500}, "moneyphp/money#492: 74.9925 and 24.9975"
    before = await by_member(world)
    steps = [(0, 1), (1, 3333), (3333, 9998), (9998, 9999)]
    for step in steps:
        await world.service.deliver(world.returned(order, {1: step}))
        after = await by_member(world)
        assert all(0 <= after[code] <= before[code] for code in after), (step, before, after)
        before = after
    assert before == {"a1": 0, "b1": 0}


async def test_a_cent_that_is_left_over_goes_to_somebody_and_not_always_the_same(world: World) -> None:
    """spliit-app/spliit#374: what is left over is nobody's, or the same person's each time."""
    shares = {"a1": WHOLE // 2, "b1": WHOLE // 2}
    await world.service.deliver(*(world.confirmed(world.order(shares, [101])) for _ in range(60)))
    found = await by_member(world)
    assert sum(found.values()) == 60 * 101
    assert min(found.values()) >= 60 * 50 + 10, found


async def test_periods_without_an_order_are_told_with_nothing(world: World) -> None:
    """frappe/erpnext#40429: months in which nothing was sold are missing, and their variance with them."""
    await world.service.deliver(world.confirmed(world.order({"a1": WHOLE}, [300])))
    target = await made(world, "targets", Q1)
    await made(world, f"targets/{target['id']}/decompositions", {"dimension": "month"})
    items = (await world.attainment(target_id=target["id"], children="true"))["items"]
    assert [(one["key"], one["actual"]) for one in items[1:4]] == [("2026-01", 0), ("2026-02", 300), ("2026-03", 0)]
    assert [one["gap"] for one in items[1:4] if one["actual"] == 0] == [one["amount"] for one in items[1:4:2]]


@pytest.mark.parametrize("pair", [("north", "team-a"), ("south", "team-b")])
async def test_a_part_inside_another_is_not_counted_twice(world: World, pair: tuple[str, str]) -> None:
    """SFDO-Community/declarative-lookup-rollup-summaries#953: what two children have in common is summed twice."""
    target = await made(world, "targets", Q1)
    children = [{"unit_id": world.units[code]} for code in pair]
    path = f"/v1/targets/{target['id']}/decompositions"
    answer = await world.service.post(path, {"dimension": "unit", "children": children})
    assert (answer.status_code, answer.json()["code"]) == (422, "children-invalid"), answer.text
    assert {one["code"] for one in answer.json()["errors"]} == {"overlapping"}


async def test_a_member_who_changes_teams_takes_no_history_along(world: World) -> None:
    """SalesforceLabs/QuotaEdit#44, jamessimone/apex-rollup#599: totals of the former team change, or count twice."""
    before, after = world.order({"a1": WHOLE}, [300]), world.order({"a1": WHOLE}, [70], "2026-03-10")
    await world.service.deliver(world.confirmed(before))
    moved = {"unit_id": world.units["team-b"], "from": "2026-03-01"}
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/move", moved)).status_code == 200
    await world.service.deliver(world.confirmed(after), world.returned(before, {1: (0, 100)}, "2026-03-20"))
    items = (await world.attainment(group_by="unit"))["items"]
    assert {one["key"]: one["actual"] for one in items} == {world.units["team-a"]: 200, world.units["team-b"]: 70}
