"""Plans of reorganisations: what goes on elsewhere, by which trees, and what stays where it is."""

from __future__ import annotations

from typing import Any

from tests.targets.plans.test_service import TODAY, UNEQUAL, act, refused
from tests.targets.reorganisations.test_service import DAY, EVE, reorganise

A1 = (650_847, 549_153)
"""1,200,000 of the quarter by 32 and 27 working days."""


async def split(world: Any, target: str, dimension: str, *keys: str, **more: Any) -> dict[str, str]:
    """Ids of the children by unit or member code, or by key."""
    codes = {"unit": world.units, "member": world.members}.get(dimension, {})
    children = [{f"{dimension}_id" if codes else "key": codes.get(key, key)} for key in keys]
    body = {"dimension": dimension, "children": children, **more}
    answer = await world.service.post(f"/v1/targets/{target}/decompositions", body)
    assert answer.status_code == 201, answer.text
    names = {value: key for key, value in codes.items()}
    return {names.get(one["key"], one["key"]): one["target_id"] for one in answer.json()["children"]}


async def root_of(world: Any, amount: int = 4_800_000) -> str:
    body = {"name": "Q1", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": amount}
    made: str = (await world.service.post("/v1/targets", body)).json()["id"]
    return made


async def activate(world: Any, root: str) -> None:
    answer = await world.service.post(f"/v1/targets/{root}/activate")
    assert answer.status_code == 200, answer.text


async def teams(world: Any) -> str:
    """A quarter by regions, teams and members."""
    root = await root_of(world)
    regions = await split(world, root, "unit", "north", "south")
    for region, team, names in (("north", "team-a", ("a1", "a2")), ("south", "team-b", ("b1",))):
        made = await split(world, regions[region], "unit", team)
        await split(world, made[team], "member", *names)
    await activate(world, root)
    return root


async def allow_over(world: Any) -> None:
    """A tenth more than the amount may be split."""
    body = {"valid_from": str(TODAY), "reason": "x", "over_assignment_max": 100_000}
    headers = world.service.headers(If_Match="*")
    answer = await world.service.request("PUT", "/v1/target-policies", body, headers=headers)
    assert answer.status_code == 200, answer.text


async def rows(world: Any, query: str) -> dict[str, tuple[int, str, str]]:
    """Amount, first and last day of targets by name."""
    items = (await world.service.get(f"/v1/targets?{query}&limit=200")).json()["items"]
    assert len({one["name"] for one in items}) == len(items)
    return {one["name"]: (one["amount"], one["period_start"], one["period_end"]) for one in items}


async def test_a_team_takes_what_is_left_of_its_targets_along(world: Any) -> None:
    root = await teams(world)
    live = await rows(world, "count=none")
    done = (await reorganise(world, with_plan=True)).json()
    (plan,) = done["plans"]
    assert (plan["root_id"], plan["transferred"], plan["kept"]) == (root, 3, [])
    assert await rows(world, "count=none") == live, "a plan changes nothing"
    found = await rows(world, f"plan_id={plan['plan_id']}")
    first, last = "2026-01-01", "2026-03-31"
    stays, goes = 2 * A1[0], 2 * A1[1]
    assert found == {
        "Q1": (4_800_000, first, last),
        "Q1 / north": (stays, first, last),
        "Q1 / north / team-a": (stays, first, EVE),
        "Q1 / north / team-a / a1": (A1[0], first, EVE),
        "Q1 / north / team-a / a2": (A1[0], first, EVE),
        "Q1 / south": (2_400_000 + goes, first, last),
        "Q1 / south / team-b": (2_400_000, first, last),
        "Q1 / south / team-b / b1": (2_400_000, first, last),
        "Q1 / south / team-a-2": (goes, DAY, last),
        "Q1 / south / team-a-2 / a1": (A1[1], DAY, last),
        "Q1 / south / team-a-2 / a2": (A1[1], DAY, last),
    }
    assert await world.service.rows(UNEQUAL) == []
    opened = {"id": plan["plan_id"]}
    promoted = await act(world, opened, "promote", {"valid_from": DAY, "reason": "team-a moved"})
    assert promoted.status_code == 200, promoted.text
    assert await rows(world, "count=none") == found
    day_before = {"valid_from": EVE, "reason": "x"}
    again = (await world.service.post("/v1/plans", {"root_id": root, "name": "x"})).json()
    assert refused(await act(world, again, "promote", day_before)) == (409, "effective-before-last")
    early, late = (world.order({"a1": 1_000_000}, [amount], day) for amount, day in ((70, EVE), (30, DAY)))
    await world.service.deliver(world.confirmed(early), world.confirmed(late))
    items = (await world.service.get(f"/v1/targets?member_id={world.members['a1']}")).json()["items"]
    sums = [(await world.attainment(target_id=one["id"]))["items"][0]["actual"] for one in items]
    assert sorted(sums) == [30, 70], "each part by the unit of the order date"


async def test_months_that_are_over_stay_and_those_to_come_go_whole(world: Any) -> None:
    root = await root_of(world, 3_600_000)
    for month, target in (await split(world, root, "month")).items():
        regions = await split(world, target, "unit", "north", "south")
        for region, team in (("north", "team-a"), ("south", "team-b")):
            await split(world, regions[region], "unit", team)
        assert month
    await activate(world, root)
    (plan,) = (await reorganise(world, with_plan=True)).json()["plans"]
    assert (plan["transferred"], plan["kept"]) == (2, [])
    found = await rows(world, f"plan_id={plan['plan_id']}")
    moved = {name.removeprefix("Q1 / "): row for name, row in found.items() if "team-a" in name}
    goes = moved["2026-02 / south / team-a-2"][0]
    assert moved == {
        "2026-01 / north / team-a": (600_000, "2026-01-01", "2026-01-31"),
        "2026-02 / north / team-a": (600_000 - goes, "2026-02-01", EVE),
        "2026-02 / south / team-a-2": (goes, DAY, "2026-02-28"),
        "2026-03 / north / team-a": (0, "2026-03-01", "2026-03-31"),
        "2026-03 / south / team-a-2": (600_000, "2026-03-01", "2026-03-31"),
    }
    assert 0 < goes < 600_000
    assert {found[f"Q1 / 2026-0{month}"][0] for month in (1, 2, 3)} == {1_200_000}
    assert await world.service.rows(UNEQUAL) == []


async def test_by_teams_alone_or_without_teams(world: Any) -> None:
    flat = await root_of(world)
    await split(world, flat, "unit", "team-a", "team-b")
    await activate(world, flat)
    direct = await root_of(world)
    regions = await split(world, direct, "unit", "north", "south")
    await split(world, regions["north"], "member", "a1", "a2")
    await split(world, regions["south"], "member", "b1")
    await activate(world, direct)
    untouched = await root_of(world)
    await split(world, untouched, "member", "a1", "b1")
    await activate(world, untouched)
    plans = {one["root_id"]: one for one in (await reorganise(world, with_plan=True)).json()["plans"]}
    assert {root: (one["transferred"], one["kept"]) for root, one in plans.items()} == {flat: (1, []), direct: (2, [])}
    by_team = await rows(world, f"plan_id={plans[flat]['plan_id']}")
    assert by_team["Q1 / team-a"][0] + by_team["Q1 / team-a-2"][0] == 2_400_000
    by_member = await rows(world, f"plan_id={plans[direct]['plan_id']}")
    assert (by_member["Q1 / north / a1"][0], by_member["Q1 / south / a1"][0]) == A1
    assert (by_member["Q1 / north"][0], by_member["Q1 / south"][0]) == (2 * A1[0], 2_400_000 + 2 * A1[1])
    assert await world.service.rows(UNEQUAL) == []


async def test_what_cannot_go_along_is_named_and_stays(world: Any) -> None:
    world.units["east"] = (
        await world.service.post(
            "/v1/units", {"code": "east", "name": "E", "kind": "region", "parent_id": world.units["company"]}
        )
    ).json()["id"]
    timed = await root_of(world)
    made = await split(world, timed, "unit", "team-a", "team-b")
    await split(world, made["team-a"], "month")
    await activate(world, timed)
    leaf = await root_of(world)
    regions = await split(world, leaf, "unit", "north", "east")
    team = await split(world, regions["north"], "unit", "team-a")
    await activate(world, leaf)
    plans = {one["root_id"]: one for one in (await reorganise(world, to="east", with_plan=True)).json()["plans"]}
    assert [(one["target_id"], one["reason"]) for one in plans[timed]["kept"]] == [
        (made["team-a"], "it is split by time")
    ]
    assert [one["target_id"] for one in plans[leaf]["kept"]] == [team["team-a"]]
    assert {one["transferred"] for one in plans.values()} == {0}


async def test_locks_balances_and_other_splits_hold(world: Any) -> None:
    """Over-assigned, with a lock and a parallel split by lines: what goes leaves the balance as it is."""
    await allow_over(world)
    await world.sell("rock", "jazz")
    root = await root_of(world)
    regions = await split(world, root, "unit", "north", "south", over_assignment=100_000)
    for region, team, names in (("north", "team-a", ("a1", "a2")), ("south", "team-b", ("b1",))):
        made = await split(world, regions[region], "unit", team, over_assignment=50_000)
        await split(world, made[team], "member", *names)
        await split(world, made[team], "product_line", "rock", "jazz")
    await activate(world, root)
    (plan,) = (await reorganise(world, with_plan=True)).json()["plans"]
    assert (plan["transferred"], plan["kept"]) == (3, [])
    assert await world.service.rows(UNEQUAL) == []
    promoted = await act(world, {"id": plan["plan_id"]}, "promote", {"valid_from": DAY, "reason": "x"})
    assert promoted.status_code == 200, promoted.text
    assert await world.service.rows(UNEQUAL) == []
