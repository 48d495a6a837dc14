"""Results over HTTP: groups of two, by time, as of a day, against earlier, by plan, and ranks."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from kit.clock import business_date
from tests.targets.decompositions.test_drivers import plain_world as plain_world
from tests.targets.decompositions.test_drivers import sell_the_year

FEBRUARY = {"name": "F", "period_start": "2026-02-01", "period_end": "2026-02-28", "amount": 1_600_000}


async def sell(world: Any, *sales: tuple[str, int, str]) -> None:
    """Orders of (member, amount, day)."""
    orders = [world.order({member: 1_000_000}, [amount], day) for member, amount, day in sales]
    await world.service.deliver(*(world.confirmed(order) for order in orders))


async def target(world: Any, **more: Any) -> str:
    answer = await world.service.post("/v1/targets", {**FEBRUARY, **more})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def split(world: Any, target_id: str, **body: Any) -> list[dict[str, Any]]:
    answer = await world.service.post(f"/v1/targets/{target_id}/decompositions", body)
    assert answer.status_code == 201, answer.text
    found: list[dict[str, Any]] = answer.json()["children"]
    return found


async def test_time_in_days_weeks_quarters_and_years(world: Any) -> None:
    days = ("2022-01-01", "2022-01-02", "2025-12-29", "2026-01-01", "2026-12-31")
    await sell(world, *(("a1", 10**number, day) for number, day in enumerate(days)))
    wanted = {
        "day": dict(zip(days, (1, 10, 100, 1_000, 10_000), strict=True)),
        "week": {"2021-W52": 11, "2026-W01": 1_100, "2026-W53": 10_000},
        "month": {"2022-01": 11, "2025-12": 100, "2026-01": 1_000, "2026-12": 10_000},
        "quarter": {"2022-Q1": 11, "2025-Q4": 100, "2026-Q1": 1_000, "2026-Q4": 10_000},
        "year": {"2022": 11, "2025": 100, "2026": 11_000},
    }
    for group, sums in wanted.items():
        items = (await world.attainment(group_by=group))["items"]
        assert {item["key"]: item["actual"] for item in items} == sums, group


async def test_two_groups_in_either_spelling(world: Any) -> None:
    await sell(world, ("a1", 5, "2026-01-05"), ("a1", 7, "2026-02-05"), ("b1", 11, "2026-02-06"))
    units = world.units
    wanted = {(units["team-a"], "2026-01"): 5, (units["team-a"], "2026-02"): 7, (units["team-b"], "2026-02"): 11}
    for query in ("group_by=unit,month", "group_by=unit&group_by=month"):
        items = (await world.service.get(f"/v1/attainment?{query}")).json()["items"]
        assert {(item["key"], item["second_key"]): item["actual"] for item in items} == wanted
    by_month = (await world.attainment(group_by="month,unit"))["items"]
    assert {(item["second_key"], item["key"]): item["actual"] for item in by_month} == wanted
    whole = await target(world, unit_id=units["north"])
    (item,) = (await world.attainment(target_id=whole, group_by="member,day"))["items"]
    assert (item["key"], item["second_key"], item["actual"]) == (world.members["a1"], "2026-02-05", 7)
    assert "second_key" not in (await world.attainment(group_by="unit"))["items"][0]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("group_by=unit,unit", "group_by"),
        ("group_by=unit,month,day", "group_by"),
        ("group_by=", "group_by"),
        ("as_of=2200-01-01", "as_of"),
        ("as_of=x", "as_of"),
        ("compare=week", "compare"),
        ("compare=year", "from"),
        ("compare=year&from=2026-01-01", "to"),
        ("compare=year&from=2026-01-01&to=2026-01-31&group_by=unit,day", "compare"),
    ],
)
async def test_a_query_that_makes_no_sense(world: Any, query: str, pointer: str) -> None:
    answer = await world.service.get(f"/v1/attainment?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, pointer)


async def test_more_than_a_thousand_groups_are_refused(world: Any) -> None:
    first = date(2020, 1, 1)
    async with world.service.transaction() as tx:
        await tx.execute(
            "INSERT INTO credit_bucket SELECT $1, $2::date + n, '{}', '', '', '', 1, 1 FROM generate_series(0, 1000) n",
            world.members["a1"],
            first,
        )
        await tx.execute(
            "INSERT INTO credit_day (day, unit, amount, lines) SELECT day, 0, amount, lines FROM credit_bucket"
        )
    answer = await world.service.get("/v1/attainment?group_by=day")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "too-many")
    last = first + timedelta(days=999)
    assert len((await world.attainment(group_by="day", to=str(last)))["items"]) == 1_000


async def test_what_counts_as_of_a_day(world: Any) -> None:
    """A February of 16 working days, 10 of them until the 13th."""
    await sell(world, ("a1", 900_000, "2026-02-13"), ("a1", 700_000, "2026-02-14"))
    whole = await target(world)
    body = await world.attainment(target_id=whole, as_of="2026-02-13")
    (item,) = body["items"]
    assert (body["as_of"], item["actual"], item["expected"], item["pace"]) == (
        "2026-02-13",
        900_000,
        1_000_000,
        900_000,
    )
    assert (item["required_per_day"], item["reached"]) == (116_667, False)
    (item,) = (await world.attainment(target_id=whole))["items"]
    assert (item["actual"], item["reached"], item["attainment"]) == (1_600_000, True, 1_000_000)
    assert [i["actual"] for i in (await world.attainment(group_by="day", as_of="2026-02-13"))["items"]] == [900_000]
    assert (await world.attainment(to="2026-02-28", as_of="2026-02-13"))["items"][0]["actual"] == 900_000


async def test_a_hair_below_is_not_reached(world: Any) -> None:
    await sell(world, ("a1", 9_999_999_999, "2026-02-13"))
    (item,) = (await world.attainment(target_id=await target(world, amount=10**10)))["items"]
    assert (item["attainment"], item["reached"], item["gap"]) == (1_000_000, False, 1)


async def test_against_a_year_and_a_period_before(world: Any) -> None:
    sales = (("a1", 200, "2025-02-10"), ("a1", 50, "2025-02-28"), ("b1", 30, "2025-02-10"), ("a1", 80, "2026-01-10"))
    await sell(world, *sales, ("a1", 300, "2026-02-09"))
    whole = await target(world)
    (item,) = (await world.attainment(target_id=whole, as_of="2026-02-10", compare="year"))["items"]
    assert (item["actual"], item["compared"], item["growth"]) == (300, 230, 304_348)
    (item,) = (await world.attainment(target_id=whole, as_of="2026-02-28", compare="year"))["items"]
    assert item["compared"] == 280
    (item,) = (await world.attainment(target_id=whole, as_of="2026-02-10", compare="previous"))["items"]
    assert item["compared"] == 80, "28 days before: 4 to 13 January"
    narrowed = {"from": "2026-02-01", "to": "2026-02-28", "compare": "year"}
    items = (await world.attainment(**narrowed, group_by="member"))["items"]
    found = {item["key"]: (item["actual"], item["compared"], item["growth"]) for item in items}
    assert found == {world.members["a1"]: (300, 250, 200_000), world.members["b1"]: (0, 30, -1_000_000)}
    rep = world.service.headers("b1", "sales_rep")
    (own,) = (await world.attainment(rep, **narrowed))["items"]
    assert (own["actual"], own["compared"]) == (0, 30), "of one's own"


async def test_the_plan_by_time_expects_ended_parts_and_the_days_of_the_running_one(world: Any) -> None:
    quarter = await target(world, period_start="2026-01-01", period_end="2026-03-31", amount=4_000_000)
    months = [{"key": "2026-01", "locked": 1_200_000}, {"key": "2026-02", "locked": 1_600_000}]
    await split(world, quarter, dimension="month", children=months)
    await sell(world, ("a1", 1_100_000, "2026-01-20"))
    (item,) = (await world.attainment(target_id=quarter, as_of="2026-02-13"))["items"]
    assert (item["expected_plan"], item["pace_plan"]) == (2_200_000, 500_000)
    (item,) = (await world.attainment(target_id=quarter, as_of="2026-01-31"))["items"]
    assert item["expected_plan"] == 1_200_000
    (item,) = (await world.attainment(target_id=quarter, as_of="2025-12-31"))["items"]
    assert (item["expected_plan"], item["pace_plan"]) == (0, None)
    (item,) = (await world.attainment(target_id=await target(world)))["items"]
    assert (item["expected_plan"], item["pace_plan"]) == (None, None), "no plan by time"


async def test_the_running_part_goes_by_the_profile_of_the_split(plain_world: Any) -> None:
    """The first half of January 2016 by the weekdays of 2015; its month weighs the same throughout."""
    world = plain_world
    await sell_the_year(world)
    year = await target(world, period_start="2016-01-01", period_end="2016-12-31", amount=88_000_000)
    children = await split(world, year, dimension="month", drivers=[{"kind": "seasonality"}])
    driver = (await world.service.get(f"/v1/targets/{year}/decompositions")).json()["items"][0]["drivers"][0]
    days = [date(2016, 1, 1) + timedelta(days=number) for number in range(31)]
    weights = [driver["profile"]["classes"][day.weekday()] for day in days]
    (item,) = (await world.attainment(target_id=year, as_of="2016-01-15"))["items"]
    assert children[0]["amount"] == 7_439_014
    assert item["expected_plan"] == round(7_439_014 * sum(weights[:15]) / sum(weights))


async def test_siblings_are_ranked(world: Any) -> None:
    await sell(world, ("a1", 50, "2026-02-02"), ("a2", 25, "2026-02-02"), ("b1", 50, "2026-02-03"))
    whole = await target(world, amount=175)
    members = ("a1", "a2", "b1", "manager-north")
    amounts = {"a1": 50, "a2": 50, "b1": 100, "manager-north": -25}
    children = [{"member_id": world.members[code], "locked": amounts[code]} for code in members]
    await split(world, whole, dimension="member", children=children)
    items = (await world.attainment(target_id=whole, children="true"))["items"]
    ranked = {item["key"]: item.get("rank") for item in items}
    assert [ranked[world.members[code]] for code in members] == [1, 2, 2, None]
    assert ranked[None] is None
    alone = next(item["target_id"] for item in items if item["key"] == world.members["a2"])
    assert (await world.attainment(target_id=alone))["items"][0]["rank"] is None, "its siblings are not shown"


async def test_what_belongs_to_no_unit_is_told(world: Any) -> None:
    await sell(world, ("a1", 300, "2026-02-02"), ("a1", 100, "2025-06-01"))
    whole = await target(world, period_start="2025-01-01")
    (item,) = (await world.attainment(target_id=whole))["items"]
    assert (item["actual"], item["unassigned_share"]) == (400, 250_000)
    (item,) = (await world.attainment(target_id=await target(world, member_id=world.members["b1"])))["items"]
    assert item["unassigned_share"] is None


async def test_drafts_of_today_stand_where_they_are(world: Any) -> None:
    today = business_date("Asia/Shanghai")
    whole = await target(world, period_start=str(today), period_end=str(today + timedelta(days=9)), stretch=2_000_000)
    body = await world.attainment(target_id=whole, compare="previous")
    (item,) = body["items"]
    assert (item["stretch"], item["compared"], item["growth"]) == (2_000_000, 0, None)
