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
