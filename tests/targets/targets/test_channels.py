"""Targets of a channel, and targets split by channel."""

from __future__ import annotations

from typing import Any

import pytest

from kit.ids import new_id
from tests.targets.attainment.test_metrics import set_target
from tests.targets.conftest import World
from tests.targets.credits.test_credited_measures import CHANNEL, line, ordered

OTHER = "01989f2e-0000-7000-8000-00000000cc02"


async def sell(world: World, channel: str | None, amount: int, day: str = "2026-02-14") -> None:
    order = ordered(world, {"a1": 1_000_000}, line(1, amount, 1, None), channel_id=channel, day=day)
    await world.service.deliver(world.confirmed(order))


async def split(world: World, target_id: str, drivers: list[dict[str, Any]], *keys: str, **more: Any) -> Any:
    children = [{"key": key, **more} for key in keys]
    body = {"dimension": "channel", "children": children, "drivers": drivers}
    return await world.service.post(f"/v1/targets/{target_id}/decompositions", body)


async def test_a_target_of_a_channel_counts_what_came_by_it(world: World) -> None:
    for channel, amount in ((CHANNEL, 600), (OTHER, 300), (None, 50)):
        await sell(world, channel, amount)
    target = await set_target(world, "revenue", 1_000, channel_id=CHANNEL, unit_id=world.units["north"])
    assert target["channel_id"] == CHANNEL
    (item,) = (await world.attainment(target_id=target["id"]))["items"]
    assert (item["actual"], item["attainment"], item["lines"]) == (600, 600_000, 1)
    (item,) = (await world.attainment(target_id=target["id"], as_of="2026-02-13"))["items"]
    assert item["actual"] == 0
    (item,) = (await world.attainment(target_id=target["id"], as_of="2026-02-14"))["items"]
    assert item["actual"] == 600
    items = (await world.attainment(target_id=target["id"], group_by="member"))["items"]
    assert [one["actual"] for one in items] == [600]
    for query, found in ((f"channel_id={CHANNEL}", [target["id"]]), (f"channel_id={OTHER}", [])):
        listed = (await world.service.get(f"/v1/targets?{query}")).json()["items"]
        assert [one["id"] for one in listed] == found
    forecast = (await world.service.get(f"/v1/forecasts?target_id={target['id']}")).json()
    assert forecast["actual"] == 600
    assert (await world.service.post(f"/v1/targets/{target['id']}/close")).json()["closed_value"] == 600


async def test_a_target_is_split_by_channel(world: World) -> None:
    for channel, amount in ((CHANNEL, 600), (OTHER, 300)):
        await sell(world, channel, amount)
    target = await set_target(world, "revenue", 9_000, period_start="2027-01-01", period_end="2027-03-31")
    answer = await split(world, target["id"], [{"kind": "historical_share"}], CHANNEL, OTHER)
    assert answer.status_code == 201, answer.text
    assert {one["key"]: one["amount"] for one in answer.json()["children"]} == {CHANNEL: 6_000, OTHER: 3_000}
    rows = (await world.service.get(f"/v1/targets?parent_id={target['id']}")).json()["items"]
    assert {row["channel_id"] for row in rows} == {CHANNEL, OTHER}
    fixed = await split(world, rows[0]["id"], [{"kind": "equal"}], CHANNEL)
    assert (fixed.status_code, fixed.json()["code"]) == (409, "dimension-fixed")


async def test_children_and_what_is_unallocated_sum_to_the_target(world: World) -> None:
    for channel, amount in ((CHANNEL, 600), (OTHER, 300), (None, 50)):
        await sell(world, channel, amount)
    target = await set_target(world, "revenue", 9_000)
    assert (await split(world, target["id"], [{"kind": "equal"}], CHANNEL, OTHER)).status_code == 201
    items = (await world.attainment(target_id=target["id"], children="true"))["items"]
    assert {item["key"]: item["actual"] for item in items} == {None: 950, CHANNEL: 600, OTHER: 300, "unallocated": 50}


async def test_the_market_of_a_channel(world: World) -> None:
    for known in (CHANNEL, OTHER):
        await sell(world, known, 1)
    for channel, value in ((CHANNEL, 30_000), (OTHER, 10_000), (None, 99_000)):
        body = {
            **{"external_id": f"size-{value}", "kind": "size", "value": value, "source": "a survey"},
            **{"period_start": "2026-01-01", "period_end": "2026-03-31", "observed_on": "2026-04-02"},
        }
        answer = await world.service.post("/v1/observations", {**body, "channel_id": channel})
        assert answer.status_code == 201, answer.text
    target = await set_target(world, "revenue", 4_000, live=False)
    answer = await split(world, target["id"], [{"kind": "market_potential"}], CHANNEL, OTHER)
    assert answer.status_code == 201, answer.text
    assert {one["key"]: one["amount"] for one in answer.json()["children"]} == {CHANNEL: 3_000, OTHER: 1_000}


@pytest.mark.parametrize("key", ["shop", "{" + CHANNEL + "}", CHANNEL.replace("-", "")])
async def test_what_is_no_channel(world: World, key: str) -> None:
    target = await set_target(world, "revenue", 4_000, live=False)
    answer = await split(world, target["id"], [{"kind": "equal"}], key)
    assert (answer.status_code, answer.json()["code"]) == (422, "children-invalid")
    assert answer.json()["errors"][0]["pointer"] == "/children/0/key"


@pytest.mark.parametrize("metric", ["visit_count", "active_customers"])
async def test_visits_and_customers_have_no_channel(world: World, metric: str) -> None:
    body = {"name": "V", "metric": metric, "amount": 1, "channel_id": str(new_id()), "period_start": "2026-01-01"}
    answer = await world.service.post("/v1/targets", {**body, "period_end": "2026-03-31"})
    assert (answer.status_code, answer.json()["code"]) == (422, "dimension-not-supported")
    assert answer.json()["errors"][0]["pointer"] == "/channel_id"
    answer = await world.service.get(f"/v1/attainment?metric={metric}&group_by=channel")
    assert (answer.status_code, answer.json()["code"]) == (422, "dimension-not-supported")


async def test_a_channel_of_which_nobody_has_heard_may_come(world: World) -> None:
    body = {"name": "C", "amount": 1, "channel_id": OTHER, "period_start": "2026-01-01", "period_end": "2026-03-31"}
    answer = await world.service.post("/v1/targets", body)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["retryable"]) == (422, "unknown-reference", True)
    assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == ("/channel_id", "unknown-channel")
    target = await set_target(world, "revenue", 4_000, live=False)
    answer = await split(world, target["id"], [{"kind": "equal"}], OTHER)
    assert (answer.status_code, answer.json()["code"], answer.json()["retryable"]) == (422, "children-invalid", True)
