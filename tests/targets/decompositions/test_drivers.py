"""Drivers by time: the day profile of what was credited, and working days."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kit.testing.postgres import TestServer
from kit.testing.service import service_harness
from tests.targets.conftest import World, make_world

YEAR = {"name": "2016", "period_start": "2016-01-01", "period_end": "2016-12-31", "amount": 88_000_000}
SALES = Path(__file__).parents[1] / "day_profiles" / "pizzaplace_2015.csv"


async def sell_the_year(world: Any) -> None:
    """An order for each day of the restaurant's year."""
    with SALES.open() as file:
        rows = list(csv.DictReader(file))
    events = [world.confirmed(world.order({"a1": 1_000_000}, [int(row["cents"])], row["date"])) for row in rows]
    await world.service.deliver(*events)


async def split(world: Any, kinds: list[str], dimension: str = "month", **more: Any) -> Any:
    target = (await world.service.post("/v1/targets", {**YEAR, **more})).json()
    body = {"dimension": dimension, "drivers": [{"kind": kind} for kind in kinds]}
    return await world.service.post(f"/v1/targets/{target['id']}/decompositions", body)


@pytest.fixture
async def plain_world(postgres_server: TestServer) -> AsyncIterator[World]:
    """A company whose calendar has no holidays."""
    async with service_harness(postgres_server, "targets", calendar_country="") as harness:
        yield await make_world(harness)


async def test_the_plan_of_the_restaurant_follows_its_year(plain_world: World) -> None:
    world = plain_world
    await sell_the_year(world)
    answer = await split(world, ["seasonality"])
    assert answer.status_code == 201, answer.text
    months = {child["key"]: child for child in answer.json()["children"]}
    wanted = {"2016-01": 7_439_014, "2016-02": 7_217_210, "2016-10": 6_770_290, "2016-12": 6_997_152}
    assert {key: months[key]["amount"] for key in wanted} == wanted
    (driver,) = answer.json()["drivers"]
    assert (driver["kind"], driver["basis"], driver["profile"]["classes"][0]) == ("seasonality", "profile", 921_149)
    assert (driver["profile"]["months"][9], len(driver["profile"]["classes"])) == (913_548, 10)
    assert (await world.service.get(answer.headers["location"])).json() == answer.json()
    (event,) = await world.service.published("targets.target.decomposed.v1")
    assert sum(child["amount"] for child in event.payload["children"]) == 88_000_000
    nobody = (await split(world, ["seasonality"], member_id=world.members["b1"])).json()
    assert nobody["drivers"][0]["basis"] == "working_days", "the profile is that of the target's scope"


async def test_working_days_count_the_calendar(world: Any) -> None:
    year: dict[str, Any] = {"period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 248_000}
    found = (await split(world, ["working_days"], **year)).json()
    days = [21, 16, 22, 21, 19, 21, 23, 21, 22, 18, 21, 23]
    assert [child["driver_values"] for child in found["children"]] == [[each] for each in days]
    assert [child["amount"] for child in found["children"]] == [each * 1_000 for each in days]


async def test_without_results_seasonality_is_working_days(world: Any) -> None:
    found = (await split(world, ["seasonality", "working_days", "equal"], "quarter")).json()
    assert [driver["basis"] for driver in found["drivers"]] == ["working_days", None, None]
    for child in found["children"]:
        seasonality, working_days, equal = child["driver_values"]
        assert (seasonality, equal) == (working_days * 10**12, 1)
    target = (await world.service.get(f"/v1/targets/{found['children'][0]['target_id']}")).json()
    assert target["driver_values"] == found["children"][0]["driver_values"]


async def test_a_month_without_a_working_day_is_left_out(world: Any) -> None:
    """The first days of October 2026 are all off in China."""
    period: dict[str, Any] = {"period_start": "2026-09-28", "period_end": "2026-10-07", "amount": 7}
    found = (await split(world, ["working_days"], **period)).json()
    assert [(child["amount"], child["bound"]) for child in found["children"]] == [(7, None), (0, "excluded")]


@pytest.mark.parametrize("kind", ["seasonality", "working_days"])
async def test_they_split_by_time_only(world: Any, kind: str) -> None:
    target = (await world.service.post("/v1/targets", YEAR)).json()
    body = {
        "dimension": "member",
        "drivers": [{"kind": kind}],
        "children": [{"member_id": world.members["a1"]}],
    }
    answer = await world.service.post(f"/v1/targets/{target['id']}/decompositions", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "decomposition-invalid")
    assert kind in answer.json()["detail"]


async def sell(world: Any, *sales: tuple[str, int, str], **more: Any) -> None:
    """Orders of (member, amount, day)."""
    events = [world.confirmed(world.order({code: 1_000_000}, [amount], day, **more)) for code, amount, day in sales]
    await world.service.deliver(*events)


def named(world: Any, *codes: str, **more: Any) -> list[dict[str, Any]]:
    return [{"member_id": world.members[code], **more} for code in codes]


async def by_member(world: Any, driver: dict[str, Any], children: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Children of a split of 2026 by their members' codes."""
    year = {"period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 1_000_000, **more}
    target = (await world.service.post("/v1/targets", {**YEAR, **year})).json()
    body = {"dimension": "member", "drivers": [driver], "children": children}
    answer = await world.service.post(f"/v1/targets/{target['id']}/decompositions", body)
    assert answer.status_code == 201, answer.text
    codes = {member: code for code, member in world.members.items()}
    return {codes[child["member_id"]]: child for child in answer.json()["children"]}


async def test_history_shares_by_what_was_credited_a_year_earlier(world: Any) -> None:
    """A seller without a result, or with a negative one, takes part with the mean of the others."""
    await sell(world, ("a1", 600, "2025-05-01"), ("a2", 200, "2025-12-31"), ("a1", 9_999, "2026-01-01"))
    await sell(world, ("b1", 50, "2025-06-01"), ("a2", 70, "2024-12-31"))
    order = world.order({"b1": 1_000_000}, [90], "2024-03-01")
    await world.service.deliver(world.confirmed(order), world.returned(order, {1: (0, 60)}, "2025-03-01"))
    found = await by_member(world, {"kind": "historical_share"}, named(world, "a1", "a2", "b1"))
    assert {code: child["driver_values"] for code, child in found.items()} == {"a1": [600], "a2": [200], "b1": [None]}
    assert {code: child["amount"] for code, child in found.items()} == {"a1": 500_000, "a2": 166_667, "b1": 333_333}
    params = {"from": "2024-12-01", "to": "2025-05-31"}
    found = await by_member(world, {"kind": "historical_share", "params": params}, named(world, "a1", "a2"))
    assert {code: child["driver_values"] for code, child in found.items()} == {"a1": [600], "a2": [70]}
    (row,) = await world.service.rows("SELECT target_id FROM decomposition ORDER BY id DESC LIMIT 1")
    (kept,) = (await world.service.get(f"/v1/targets/{row['target_id']}/decompositions")).json()["items"]
    (driver,) = kept["drivers"]
    assert driver["params"] == {**params, "step": 0}


async def test_history_by_time_leaves_out_what_had_none(world: Any) -> None:
    await sell(world, ("a1", 300, "2025-01-31"), ("a1", 100, "2025-03-01"))
    quarter: dict[str, Any] = {"period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 400}
    found = (await split(world, ["historical_share"], **quarter)).json()["children"]
    assert [(child["driver_values"], child["amount"]) for child in found] == [([300], 300), ([0], 0), ([100], 100)]


async def test_growth_on_equal_quarters(world: Any) -> None:
    for day in ("2025-02-01", "2025-05-01", "2025-08-01", "2025-11-01"):
        await sell(world, ("a1", 2_500_000, day))
    year = {"name": "Y", "period_start": "2026-01-01", "period_end": "2026-12-31", "amount": 10_000_000}
    target = (await world.service.post("/v1/targets", year)).json()["id"]
    body = {"dimension": "quarter", "drivers": [{"kind": "growth_uniform", "params": {"step": 50_000}}]}
    answer = await world.service.post(f"/v1/targets/{target}/decompositions", body)
    assert [child["amount"] for child in answer.json()["children"]] == [2_320_118, 2_436_124, 2_557_931, 2_685_827]


async def test_growth_of_each_child(world: Any) -> None:
    await sell(world, ("a1", 100, "2025-05-01"), ("a2", 100, "2025-05-01"))
    children = [*named(world, "a1", growth=200_000), *named(world, "a2", growth=-200_000)]
    found = await by_member(world, {"kind": "growth_uniform", "params": {"step": 10}}, children)
    assert {code: child["amount"] for code, child in found.items()} == {"a1": 600_000, "a2": 400_000}
    assert found["a1"]["driver_values"] == [120_000]


@pytest.mark.parametrize(
    ("driver", "code"),
    [
        ({"kind": "historical_share"}, "driver-data-insufficient"),
        ({"kind": "growth_uniform"}, "driver-data-insufficient"),
        ({"kind": "historical_share", "params": {"from": "2025-01-01"}}, "decomposition-invalid"),
        ({"kind": "historical_share", "params": {"from": "2025-01-02", "to": "2025-01-01"}}, "decomposition-invalid"),
        ({"kind": "equal", "params": {"from": "2025-01-01", "to": "2025-01-01"}}, "decomposition-invalid"),
        ({"kind": "historical_share", "params": {"step": 1}}, "decomposition-invalid"),
        ({"kind": "growth_uniform", "params": {"step": 1_000_001}}, "invalid"),
        ({"kind": "equal", "params": {"surprise": 1}}, "invalid"),
    ],
)
async def test_what_no_driver_takes(world: Any, driver: dict[str, Any], code: str) -> None:
    target = (await world.service.post("/v1/targets", YEAR)).json()["id"]
    body = {"dimension": "month", "drivers": [driver]}
    answer = await world.service.post(f"/v1/targets/{target}/decompositions", body)
    assert (answer.status_code, answer.json()["code"]) == (409 if code.startswith("driver") else 422, code)
