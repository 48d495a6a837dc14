"""Transfers on PostgreSQL: a member's target is parted, and what both parents have in common stays."""

from __future__ import annotations

from typing import Any

from kit.ids import new_id
from tests.targets.plans.test_service import UNEQUAL, act, edit, open_plan, refused


async def quarter(world: Any) -> dict[str, str]:
    """An active quarter over two regions and their members; a1 is in both: ids by code, and the regions."""
    body = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 4_800_000}
    root = (await world.service.post("/v1/targets", body)).json()["id"]
    units = [{"unit_id": world.units[code]} for code in ("north", "south")]
    split = await world.service.post(f"/v1/targets/{root}/decompositions", {"dimension": "unit", "children": units})
    by_unit = {one["unit_id"]: one["target_id"] for one in split.json()["children"]}
    found = {"root": root, **{code: by_unit[world.units[code]] for code in ("north", "south")}}
    for code, names in (("north", ("a1", "a2")), ("south", ("b1",))):
        children = [{"member_id": world.members[name]} for name in names]
        made = await world.service.post(
            f"/v1/targets/{found[code]}/decompositions", {"dimension": "member", "children": children}
        )
        assert made.status_code == 201, made.text
        by_member = {one["member_id"]: one["target_id"] for one in made.json()["children"]}
        found |= {name: by_member[world.members[name]] for name in names}
    assert (await world.service.post(f"/v1/targets/{root}/activate")).status_code == 200
    return found


async def copies(world: Any, plan: dict[str, Any]) -> dict[str, str]:
    """Targets of a plan by what they are copies of."""
    items = (await world.service.get(f"/v1/targets?plan_id={plan['id']}")).json()["items"]
    return {one["origin_id"]: one["id"] for one in items}


async def test_what_is_left_goes_below_the_other_parent(world: Any) -> None:
    made = await quarter(world)
    move = {"unit_id": world.units["team-b"], "from": "2026-02-15"}
    assert (await world.service.post(f"/v1/members/{world.members['a1']}/move", move)).status_code == 200
    plan = await open_plan(world, made["root"])
    branch = await copies(world, plan)
    body = {"target_id": branch[made["a1"]], "to_parent_id": branch[made["south"]], "from": "2026-02-15"}
    answer = await act(world, plan, "transfers", body)
    assert answer.status_code == 200, answer.text
    stays, goes = answer.json()["stays"], answer.json()["goes"]
    assert (stays["amount"], goes["amount"]) == (650_847, 549_153), "32 and 27 days"
    assert (stays["period_end"], goes["period_start"], goes["period_end"]) == ("2026-02-14", "2026-02-15", "2026-03-31")
    assert (goes["unit_id"], goes["parent_id"]) == (world.units["south"], branch[made["south"]])
    rows = {
        one["id"]: one["amount"]
        for one in (await world.service.get(f"/v1/targets?plan_id={plan['id']}")).json()["items"]
    }
    amounts = {code: rows[branch[made[code]]] for code in made}
    assert amounts == {
        "root": 4_800_000,
        "north": 1_850_847,
        "south": 2_949_153,
        "a1": 650_847,
        "a2": 1_200_000,
        "b1": 2_400_000,
    }
    assert refused(await act(world, plan, "transfers", body)) == (422, "transfer-outside")
    assert (await act(world, plan, "promote", {"valid_from": "2026-02-15", "reason": "a1 moved"})).status_code == 200
    live = (await world.service.get(f"/v1/targets/{made['a1']}")).json()
    assert (live["amount"], live["period_end"], live["state"]) == (650_847, "2026-02-14", "active")
    (new,) = (await world.service.get(f"/v1/targets?parent_id={made['south']}&member_id={world.members['a1']}")).json()[
        "items"
    ]
    assert (new["amount"], new["state"], new["plan_id"]) == (549_153, "active", None)
    order = world.order({"a1": 1_000_000}, [70], day="2026-02-14")
    later = world.order({"a1": 1_000_000}, [30], day="2026-02-16")
    await world.service.deliver(world.confirmed(order), world.confirmed(later))
    sums = {
        target: (await world.attainment(target_id=target))["items"][0]["actual"] for target in (made["a1"], new["id"])
    }
    assert sums == {made["a1"]: 70, new["id"]: 30}, "each part by the unit of the order date"


async def test_a_target_is_parted_by_the_day_profile_on_request(world: Any) -> None:
    """January brought ten times as much as any other month of the year before."""
    member, team = world.members["a1"], world.units["team-a"]
    earlier = {"unit_id": team, "from": "2025-01-01"}
    assert (await world.service.post(f"/v1/members/{member}/move", earlier)).status_code == 200
    for month in range(1, 13):
        amount = 10_000 if month == 1 else 1_000
        await world.service.deliver(
            world.confirmed(world.order({"a1": 1_000_000}, [amount], f"2025-{month:02d}-{14 + month % 5}")),
            world.confirmed(
                world.order({"a1": 1_000_000}, [1], "2025-01-01" if month == 1 else f"2025-{month:02d}-28")
            ),
        )
    made = await quarter(world)
    move = {"unit_id": world.units["team-b"], "from": "2026-02-15"}
    assert (await world.service.post(f"/v1/members/{member}/move", move)).status_code == 200
    parts = []
    for by in ("working_days", "profile"):
        plan = await open_plan(world, made["root"])
        branch = await copies(world, plan)
        body = {"target_id": branch[made["a1"]], "to_parent_id": branch[made["south"]], "from": "2026-02-15"}
        answer = await act(world, plan, "transfers", body | {"by": by})
        assert answer.status_code == 200, answer.text
        parts.append((answer.json()["stays"]["amount"], answer.json()["goes"]["amount"]))
    assert parts[0] == (650_847, 549_153)
    assert sum(parts[1]) == 1_200_000
    assert parts[1][0] > 900_000, "most of it is January's"


async def test_where_there_is_no_way_nothing_changes(world: Any) -> None:
    made = await quarter(world)
    plan = await open_plan(world, made["root"])
    branch = await copies(world, plan)
    good = {"target_id": branch[made["a1"]], "to_parent_id": branch[made["south"]], "from": "2026-02-15"}
    before = await world.service.rows("SELECT * FROM target ORDER BY id")
    for change, problem in (
        ({}, (422, "member-outside")),
        ({"from": "2026-01-01"}, (422, "transfer-outside")),
        ({"target_id": str(new_id())}, (422, "unknown-reference")),
        ({"to_parent_id": made["south"]}, (422, "unknown-reference")),
        ({"target_id": branch[made["north"]]}, (409, "transfer-apart")),
        ({"to_parent_id": branch[made["root"]]}, (409, "transfer-apart")),
        ({"to_parent_id": branch[made["north"]]}, (409, "transfer-apart")),
        ({"to_parent_id": branch[made["b1"]]}, (422, "member-outside")),
    ):
        assert refused(await act(world, plan, "transfers", good | change)) == problem, change
    assert await world.service.rows("SELECT * FROM target ORDER BY id") == before
    assert await world.service.rows(UNEQUAL) == []


async def test_a_rebased_transfer_stays(world: Any) -> None:
    made = await quarter(world)
    move = {"unit_id": world.units["team-b"], "from": "2026-02-15"}
    await world.service.post(f"/v1/members/{world.members['a1']}/move", move)
    plan, other = await open_plan(world, made["root"]), await open_plan(world, made["root"])
    branch = await copies(world, plan)
    body = {"target_id": branch[made["a1"]], "to_parent_id": branch[made["south"]], "from": "2026-02-15"}
    assert (await act(world, plan, "transfers", body)).status_code == 200
    await edit(world, (await copies(world, other))[made["a2"]], amount=1_200_000, stretch=2_000_000)
    promotion = {"valid_from": "2026-01-01", "reason": "x"}
    assert (await act(world, other, "promote", promotion)).status_code == 200
    assert refused(await act(world, plan, "promote", promotion)) == (409, "plan-outdated")
    assert (await act(world, plan, "rebase", {})).status_code == 200
    assert (await act(world, plan, "promote", promotion)).status_code == 200
    live = (await world.service.get(f"/v1/targets/{made['north']}")).json()
    assert live["amount"] == 1_850_847
    assert (await world.service.get(f"/v1/targets/{made['a2']}")).json()["stretch"] == 2_000_000
