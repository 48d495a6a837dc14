"""A team moves in mid-quarter, with plans open, reports published, targets active and returns coming in: what was
credited, reported and planned before reads as it did."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.targets.plans.test_reorganising import teams
from tests.targets.plans.test_service import UNEQUAL, act, open_plan
from tests.targets.reorganisations.test_service import DAY, EVE, reorganise
from tests.targets.reports.conftest import Desk

UNTIL = {"from": "2026-01-01", "to": EVE}


async def past(desk: Desk, root: str) -> dict[str, Any]:
    """Everything that is told of the days before the reorganisation, also to the manager of that time."""
    world = desk.world
    found: dict[str, Any] = {}
    manager = world.service.headers("manager-north", "sales_manager")
    for headers, codes in ((None, tuple(world.units)), (manager, ("north", "team-a"))):
        for code in codes:
            asked = {**UNTIL, "unit_id": world.units[code]}
            for more in ({}, {"group_by": "member"}, {"group_by": "month"}, {"as_of": EVE}):
                answer = await world.attainment(headers, **asked, **more)
                found[f"{headers is None} {code} {more}"] = [
                    {key: each[key] for key in ("key", "actual") if key in each} for each in answer["items"]
                ]
    tree = (await world.service.get("/v1/targets?limit=200&count=none")).json()["items"]
    for one in tree:
        if one["root_id"] == root and one["period_start"] < DAY:
            told = await world.attainment(target_id=one["id"], as_of=EVE)
            item = told["items"][0]
            found[f"target {one['id']}"] = [
                item["amount"],
                item["actual"],
                item["attainment"],
                item["gap"],
                item["reached"],
            ]
    for report in await desk.reports():
        body = await world.service.get(f"/v1/reports/{report['id']}")
        download = await world.service.get(f"/v1/reports/{report['id']}/download?format=csv")
        found[f"report {report['id']}"] = [body.content, download.content]
    seen = await desk.reports(headers=manager)
    found["reports of the manager"] = sorted(one["id"] for one in seen)
    return found


async def test_what_was_before_reads_as_it_did(desk: Desk) -> None:
    world = desk.world
    root = await teams(world)
    await desk.schedule("north")
    await desk.schedule("company")
    shares, amounts = {"a1": 600_000, "b1": 400_000}, [90_000, 30_001]
    january, february = (world.order(shares, amounts, day) for day in ("2026-01-20", "2026-02-10"))
    await world.service.deliver(world.confirmed(january), world.confirmed(february))
    await world.service.deliver(world.returned(february, {1: (0, 9_000)}, "2026-02-12"))
    await desk.turn(date(2026, 2, 15))
    assert [one["period_end"] for one in await desk.reports()] == ["2026-02-13"] * 2 + ["2026-02-14"] * 2
    open_one = await open_plan(world, root, "Raised")
    raised = await world.service.patch(f"/v1/targets/{open_one['branch_id']}", {"amount": 5_000_000}, 1)
    assert raised.status_code == 200, raised.text
    before = await past(desk, root)

    done = await reorganise(world, with_plan=True)
    assert done.status_code == 200, done.text
    assert await past(desk, root) == before, "reorganised"

    late = world.order({"a1": 1_000_000}, [5_000], "2026-02-16")
    await world.service.deliver(
        world.returned(january, {1: (0, 10_000)}, "2026-02-16"),
        world.confirmed(late),
        world.returned(february, {2: (0, 30_001)}, "2026-02-17"),
        world.returned(late, {1: (0, 1_000)}, "2026-02-17"),
    )
    await desk.turn(date(2026, 2, 18))
    known = {name: told for name, told in (await past(desk, root)).items() if name in before}
    reports = ("reports of the manager",)
    assert {n: t for n, t in known.items() if n not in reports} == {n: t for n, t in before.items() if n not in reports}
    assert set(before[reports[0]]) <= set(known[reports[0]])

    (plan,) = done.json()["plans"]
    promoted = await act(world, {"id": plan["plan_id"]}, "promote", {"valid_from": "2026-02-18", "reason": "moved"})
    assert promoted.status_code == 200, promoted.text
    after = await past(desk, root)
    assert {name: after[name] for name in known} == known, "promoted"
    (new,) = done.json()["successors"]
    since = await world.attainment(unit_id=new["id"])
    assert sum(each["actual"] for each in since["items"]) == 4_000
    rebased = await act(world, open_one, "rebase", {})
    assert rebased.status_code == 200, rebased.text
    assert await world.service.rows(UNEQUAL) == []
