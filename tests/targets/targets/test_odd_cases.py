"""What users of other tools complain of: odd calendars, odd amounts, and what is done twice or too late."""

from __future__ import annotations

from typing import Any

import pytest

from tests.targets.conftest import World
from tests.targets.plans.test_reorganising import allow_over


async def made(world: World, amount: int, first: str, last: str, *, live: bool = True, **more: Any) -> str:
    body = {"name": "T", "amount": amount, "period_start": first, "period_end": last, **more}
    answer = await world.service.post("/v1/targets", body)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    if live:
        await done(world, f"/v1/targets/{found}/activate")
    return found


async def done(world: World, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await world.service.post(path, body)
    assert answer.status_code == status, (path, answer.text)
    return answer.json()


async def parts(world: World, target: str, dimension: str, **more: Any) -> dict[str, int]:
    split = await done(world, f"/v1/targets/{target}/decompositions", {"dimension": dimension, **more}, 201)
    return {one["key"]: one["amount"] for one in split["children"]}


async def sold(world: World, amount: int, day: str, code: str = "a1") -> dict[str, Any]:
    order = world.order({code: 1_000_000}, [amount], day)
    await world.service.deliver(world.confirmed(order))
    return order


async def only(world: World, **query: Any) -> dict[str, Any]:
    (item,) = (await world.attainment(**query))["items"]
    found: dict[str, Any] = item
    return found


async def test_a_fiscal_year_begins_in_april(world: World) -> None:
    year = await made(world, 1_200_001, "2026-04-01", "2027-03-31", live=False)
    for dimension, keys in (
        ("quarter", ["2026-Q2", "2026-Q3", "2026-Q4", "2027-Q1"]),
        ("half_year", ["2026-H1", "2026-H2", "2027-H1"]),
        ("year", ["2026", "2027"]),
    ):
        found = await parts(world, year, dimension)
        assert (sorted(found), sum(found.values())) == (keys, 1_200_001)


async def test_a_calendar_of_four_four_five_weeks(world: World) -> None:
    """A quarter of 4-4-5 weeks from a Monday on: its periods are targets of their own days, and weeks sum to each."""
    for first, last, weeks in (("01-05", "02-01", 4), ("02-02", "03-01", 4), ("03-02", "04-05", 5)):
        period = await made(world, 1_000_003, f"2026-{first}", f"2026-{last}", live=False)
        found = await parts(world, period, "week")
        assert (len(found), sum(found.values())) == (weeks, 1_000_003)


async def test_week_53_and_the_turn_of_the_year(world: World) -> None:
    """2026 has 53 ISO weeks; the days of January that are in it are no week of 2027."""
    turn = await made(world, 1_000, "2026-12-21", "2027-01-10")
    found = await parts(world, turn, "week", drivers=[{"kind": "working_days"}])
    assert (sorted(found), sum(found.values())) == (["2026-W52", "2026-W53", "2027-W01"], 1_000)
    for day, amount in (("2026-12-31", 5), ("2027-01-03", 7), ("2027-01-04", 11)):
        await sold(world, amount, day)
    for groups in ("week", "week,unit", "week,product_line", "week,member"):
        items = (await world.attainment(group_by=groups))["items"]
        assert [(one["key"], one["actual"]) for one in items] == [("2026-W53", 12), ("2027-W01", 11)]
    years = (await world.attainment(group_by="year,week"))["items"]
    assert [(one["key"], one["second_key"]) for one in years] == [
        ("2026", "2026-W53"),
        ("2027", "2026-W53"),
        ("2027", "2027-W01"),
    ]


async def test_a_leap_day_and_the_year_before_it(world: World) -> None:
    day = await made(world, 29, "2024-02-29", "2024-02-29")
    await sold(world, 29, "2024-02-29")
    await sold(world, 10, "2023-02-28")
    await sold(world, 3, "2023-03-01")
    item = await only(world, target_id=day, compare="year")
    assert (item["actual"], item["reached"], item["compared"]) == (29, True, 10)
    month = await only(world, **{"from": "2024-02-01", "to": "2024-02-29", "compare": "year"})
    assert (month["actual"], month["compared"]) == (29, 10), "an end on a month's last day stays one"


@pytest.mark.parametrize("amount", [0, -1_000_001])
async def test_targets_of_nothing_and_of_less(world: World, amount: int) -> None:
    target = await made(world, amount, "2026-01-01", "2026-03-31", live=False)
    found = await parts(world, target, "month")
    assert sum(found.values()) == amount
    children = [{"member_id": world.members[code]} for code in ("a1", "a2", "b1")]
    assert sum((await parts(world, target, "member", children=children)).values()) == amount
    await done(world, f"/v1/targets/{target}/activate")
    item = await only(world, target_id=target)
    assert (item["actual"], item["reached"]) == (0, True)
    assert item["attainment"] is None or amount
    for child in (await world.attainment(target_id=target, children="true"))["items"]:
        assert child.get("rank") is None, "nobody is ahead of nothing"
    forecast = await world.service.get(f"/v1/forecasts?target_id={target}")
    assert forecast.status_code == 200, forecast.text
    plan = await done(world, "/v1/plans", {"root_id": target, "name": "More"}, 201)
    branch = (await world.service.get(f"/v1/targets/{plan['branch_id']}")).json()
    raised = await world.service.patch(f"/v1/targets/{branch['id']}", {"amount": 100}, branch["version"])
    assert raised.status_code == 200, raised.text
    body = {"valid_from": "2026-01-01", "reason": "more"}
    await done(world, f"/v1/plans/{plan['id']}/promote", body)
    again = await world.service.post(f"/v1/plans/{plan['id']}/promote", body)
    assert (again.status_code, again.json()["code"]) == (409, "plan-promoted")
    totals = await world.service.rows("SELECT amount, children_sum FROM decomposition WHERE target_id = $1", target)
    assert {tuple(row.values()) for row in totals} == {(100, 100)}


async def test_a_member_is_in_two_units_in_one_period(world: World) -> None:
    """Each unit has what was sold while they were in it, and their own target has both."""
    own = await made(world, 100, "2026-01-01", "2026-03-31", member_id=world.members["a1"])
    move = {"unit_id": world.units["team-b"], "from": "2026-02-15"}
    await done(world, f"/v1/members/{world.members['a1']}/move", move)
    units = {
        code: await made(world, 100, "2026-01-01", "2026-03-31", unit_id=world.units[code])
        for code in ("team-a", "team-b", "north", "south", "company")
    }
    both = await made(
        world, 100, "2026-01-01", "2026-03-31", unit_id=world.units["team-b"], member_id=world.members["a1"]
    )
    await sold(world, 40, "2026-02-14")
    await sold(world, 60, "2026-02-15")
    found = {code: (await only(world, target_id=one))["actual"] for code, one in units.items()}
    assert found == {"team-a": 40, "team-b": 60, "north": 40, "south": 60, "company": 100}
    assert (await only(world, target_id=own))["actual"] == 100
    assert (await only(world, target_id=both))["actual"] == 60


async def test_a_return_in_a_later_period_leaves_the_first_as_it_was(world: World) -> None:
    march, april = [
        await made(world, 100, first, last)
        for first, last in (("2026-03-01", "2026-03-31"), ("2026-04-01", "2026-04-30"))
    ]
    order = await sold(world, 100, "2026-03-31")
    await done(world, f"/v1/targets/{march}/close")
    await world.service.deliver(world.returned(order, {1: (0, 30)}, "2026-04-01"))
    assert ((await only(world, target_id=march))["actual"], (await only(world, target_id=april))["actual"]) == (
        100,
        -30,
    )
    quarters = (await world.attainment(group_by="month"))["items"]
    assert [(one["key"], one["actual"]) for one in quarters] == [("2026-03", 100), ("2026-04", -30)]
    late = await only(world, target_id=april)
    assert (late["attainment"], late["gap"]) == (-300_000, 130)


async def test_locks_floors_and_caps_that_leave_no_room(world: World) -> None:
    target = await made(world, 1_000, "2026-01-01", "2026-03-31", live=False)
    path = f"/v1/targets/{target}/decompositions"
    for children in (
        [{"key": "2026-01", "locked": 700}, {"key": "2026-02", "floor": 250}, {"key": "2026-03", "floor": 200}],
        [{"key": f"2026-0{month}", "cap": 300} for month in (1, 2, 3)],
        [{"key": "2026-01", "floor": 10, "cap": 5}],
        [{"key": "2026-01", "locked": 5, "cap": 4}],
    ):
        answer = await world.service.post(path, {"dimension": "month", "children": children})
        assert answer.status_code in (409, 422), answer.text
        assert answer.json()["code"] in ("decomposition-infeasible", "children-invalid", "validation-failed")
    assert (await world.service.get(path)).json()["items"] == []


async def test_more_than_the_target_is_promised_and_then_it_is_raised(world: World) -> None:
    """What is promised beyond it follows: what holds the difference is nobody's, and everything sums."""
    await allow_over(world)
    target = await made(world, 1_000, "2026-01-01", "2026-03-31", live=False)
    found = await parts(world, target, "month", over_assignment=100_000)
    assert sorted(found.values()) == [-100, 366, 367, 367]
    await done(world, f"/v1/targets/{target}/activate")
    plan = await done(world, "/v1/plans", {"root_id": target, "name": "More"}, 201)
    branch = (await world.service.get(f"/v1/targets/{plan['branch_id']}")).json()
    raised = await world.service.patch(f"/v1/targets/{branch['id']}", {"amount": 2_000}, branch["version"])
    assert raised.status_code == 200, raised.text
    await done(world, f"/v1/plans/{plan['id']}/promote", {"valid_from": "2026-01-01", "reason": "more"})
    live = (await world.service.get(f"/v1/targets?parent_id={target}")).json()["items"]
    assert sorted(one["amount"] for one in live) == [-200, 732, 734, 734]


async def test_a_what_if_of_a_tree_whose_parts_were_retired(world: World) -> None:
    target = await made(world, 1_000, "2026-01-01", "2026-03-31", live=False)
    split = await done(world, f"/v1/targets/{target}/decompositions", {"dimension": "month"}, 201)
    await done(world, f"/v1/targets/{target}/activate")
    await done(world, f"/v1/targets/{target}/decompositions/{split['id']}/retire")
    plan = await done(world, "/v1/plans", {"root_id": target, "name": "Alone"}, 201)
    branch = (await world.service.get(f"/v1/targets/{plan['branch_id']}")).json()
    raised = await world.service.patch(f"/v1/targets/{branch['id']}", {"amount": 5}, branch["version"])
    assert raised.status_code == 200, raised.text
    copies = (await world.service.get(f"/v1/targets/{branch['id']}/decompositions")).json()["items"]
    for copy in copies:
        for action in ("recompute", "mark-crediting"):
            answer = await world.service.post(f"/v1/targets/{branch['id']}/decompositions/{copy['id']}/{action}")
            assert answer.status_code == 409, (action, answer.text)
    await parts(world, branch["id"], "month")
    await done(world, f"/v1/plans/{plan['id']}/rebase", {})
    assert (await world.service.get(f"/v1/plans/{plan['id']}/diff")).status_code == 200
    await done(world, f"/v1/plans/{plan['id']}/promote", {"valid_from": "2026-01-01", "reason": "less"})
    assert (await only(world, target_id=target))["amount"] == 5
    await done(world, f"/v1/targets/{target}/close")


async def test_make_up_days_count_in_the_pace(world: World) -> None:
    """A Saturday that is worked moves the expectation; one that is taken back does not."""
    target = await made(world, 2_100, "2026-03-01", "2026-03-31")
    await sold(world, 100, "2026-03-02")
    before = await only(world, target_id=target, as_of="2026-03-07")
    headers = world.service.headers(If_Match="*")
    body = {"kind": "working", "reason": "stock taking"}
    worked = await world.service.request("PUT", "/v1/calendar-days/2026-03-07", body, headers=headers)
    assert worked.status_code == 200, worked.text
    after = await only(world, target_id=target, as_of="2026-03-07")
    assert after["expected"] > before["expected"]
    assert after["pace"] < before["pace"]


@pytest.mark.parametrize(
    "query", ["from=1900-01-01&to=2200-12-31", "from=0001-01-01", "to=9999-12-31", "to=1900-01-01"]
)
@pytest.mark.parametrize("groups", ["", "day,week", "week,member", "unit,month", "member,year", "region,channel"])
async def test_any_days_are_a_question(world: World, query: str, groups: str) -> None:
    await sold(world, 7, "2026-02-14")
    more = f"&group_by={groups}" if groups else ""
    answer = await world.service.get(f"/v1/attainment?{query}{more}")
    assert answer.status_code in (200, 400, 422), answer.text
    if answer.status_code == 200 and "to=1900" not in query:
        assert sum(item["actual"] for item in answer.json()["items"]) == 7


async def test_no_part_of_a_ratio_passes_the_whole(world: World) -> None:
    """Neither by more than is promised, nor by a lock, nor by a commit."""
    await allow_over(world)
    ratio: dict[str, Any] = {"metric": "csat", "base": 1_000, "live": False}
    whole = await made(world, 1_000, "2026-01-01", "2026-03-31", **ratio)
    path = f"/v1/targets/{whole}/decompositions"
    half = await made(world, 500, "2026-01-01", "2026-03-31", **ratio)
    locked = {"dimension": "month", "children": [{"key": "2026-01", "locked": 400}]}
    for target, body in ((whole, {"dimension": "month", "over_assignment": 100_000}), (half, locked)):
        answer = await world.service.post(f"/v1/targets/{target}/decompositions", body)
        assert (answer.status_code, answer.json()["code"]) == (422, "rate-outside"), answer.text
    assert (await world.service.get(path)).json()["items"] == []
    children = [{"member_id": world.members[code]} for code in ("a1", "a2")]
    split = await done(world, f"/v1/targets/{half}/decompositions", {"dimension": "member", "children": children}, 201)
    child = split["children"][0]["target_id"]
    await done(world, f"/v1/targets/{child}/commits", {"amount": 501}, 201)
    reconcile = f"/v1/targets/{half}/decompositions/{split['id']}/reconcile"
    for mode in ("redistribute", "roll_up"):
        answer = await world.service.post(reconcile, {"mode": mode})
        assert (answer.status_code, answer.json()["code"]) in ((422, "rate-outside"), (409, "over-assignment")), mode
    await done(world, f"/v1/targets/{child}/commits", {"amount": 400}, 201)
    await done(world, reconcile, {"mode": "redistribute"})
