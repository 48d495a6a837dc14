"""Metrics that are read off a day: customers by their stages, and shares of markets by sizes that somebody observed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import make_event
from tests.targets.attainment.test_metrics import set_target
from tests.targets.conftest import World

QUARTER: dict[str, Any] = {"from": "2026-02-01", "to": "2026-03-31"}
RATE: dict[str, Any] = {"rate": 500_000}


def staged(world: World, account: str, day: str, stage: str, sequence: int = 1, by: str = "a1") -> Event:
    data = {
        **{"account_id": account, "owner_id": world.members[by], "from_stage": "new"},
        **{"to_stage": stage, "business_date": day},
    }
    return make_event("customer.lifecycle.changed.v1", data, account, subject=account, sequence=sequence)


async def customers(world: World) -> None:
    """On the eve of February: three live, one of them of b1; one is lost, one is nobody's customer yet. Later one of
    the three is lost and one comes."""
    kept, lost, other, gone, new, lead = (str(new_id()) for _ in range(6))
    await world.service.deliver(
        staged(world, kept, "2026-01-01", "active"),
        staged(world, kept, "2026-02-09", "at_risk", 2),
        staged(world, lost, "2026-01-31", "won_back"),
        staged(world, lost, "2026-02-12", "churned", 2),
        staged(world, other, "2026-01-11", "new", by="b1"),
        staged(world, gone, "2026-01-10", "churned"),
        staged(world, new, "2026-02-01", "new"),
        staged(world, lead, "2026-01-05", "prospect"),
    )


async def size(world: World, value: int, first: str, last: str, observed_on: str, **more: Any) -> dict[str, Any]:
    body = {
        **{"external_id": f"size-{new_id()}", "kind": "size", "value": value, "source": "the trade association"},
        **{"period_start": first, "period_end": last, "observed_on": observed_on, **more},
    }
    answer = await world.service.post("/v1/observations", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def only(world: World, **query: Any) -> dict[str, Any]:
    (item,) = (await world.attainment(**query))["items"]
    found: dict[str, Any] = item
    return found


async def test_customers_count_by_their_stages_at_the_end_of_a_day(world: World) -> None:
    await customers(world)
    answer = await world.attainment(metric="active_customers")
    assert (answer["amount_unit"], answer["sample_size"]) == ("thousandth", 3)
    assert answer["items"][0]["actual"] == 3_000
    for as_of, actual in {"2026-01-31": 3_000, "2026-02-01": 4_000, "2026-02-11": 4_000, "2026-02-12": 3_000}.items():
        assert (await only(world, metric="active_customers", as_of=as_of))["actual"] == actual
    assert (await only(world, metric="active_customers", unit_id=world.units["team-a"]))["actual"] == 2_000
    items = (await world.attainment(metric="active_customers", group_by="member"))["items"]
    assert {item["key"]: item["actual"] for item in items} == {
        world.members["a1"]: 2_000,
        world.members["b1"]: 1_000,
    }
    items = (await world.attainment(metric="active_customers", group_by="unit,member"))["items"]
    assert sum(item["actual"] for item in items) == 3_000


async def test_who_was_there_on_the_eve_is_retained_or_lost(world: World) -> None:
    await customers(world)
    item = await only(world, metric="retention_rate", **QUARTER)
    assert (item["actual"], item["base"], item["rate"]) == (2_000, 3_000, 666_667)
    item = await only(world, metric="retention_rate", **QUARTER, as_of="2026-02-11")
    assert (item["actual"], item["base"], item["rate"]) == (3_000, 3_000, 1_000_000)
    item = await only(world, metric="retention_rate", **QUARTER, unit_id=world.units["team-a"])
    assert (item["actual"], item["base"], item["rate"]) == (1_000, 2_000, 500_000)
    items = (await world.attainment(metric="retention_rate", group_by="member", **QUARTER))["items"]
    assert {item["key"]: (item["actual"], item["base"]) for item in items} == {
        world.members["a1"]: (1_000, 2_000),
        world.members["b1"]: (1_000, 1_000),
    }
    item = await only(world, metric="retention_rate", **{**QUARTER, "from": "2026-01-01"})
    assert (item["base"], item["rate"]) == (0, None)


async def test_a_target_of_customers(world: World) -> None:
    await customers(world)
    target = await set_target(world, "active_customers", 4_000, unit_id=world.units["company"])
    item = await only(world, target_id=target["id"])
    assert (item["actual"], item["attainment"], item["pace"], item["reached"]) == (3_000, 750_000, 750_000, False)
    assert (item["expected"], item["gap"], item["required_per_day"], item["lines"]) == (4_000, 1_000, None, 3)
    assert (await only(world, target_id=target["id"], as_of="2026-02-11"))["actual"] == 4_000
    rate = await set_target(world, "retention_rate", rate=500_000, period_start="2026-02-01")
    item = await only(world, target_id=rate["id"])
    assert (item["actual"], item["base"], item["rate"], item["planned_rate"]) == (2_000, 3_000, 666_667, 500_000)
    assert (item["attainment"], item["pace"], item["reached"], item["gap"]) == (1_333_333, 1_333_333, True, -166_667)
    for one in (target, rate):
        assert (await world.service.post(f"/v1/targets/{one['id']}/close")).status_code == 200
        closed = await only(world, target_id=one["id"])
        assert (closed["closed_value"], closed["after_close"]) == (closed["actual"], 0)


async def test_a_share_is_of_the_newest_market_that_has_ended(world: World) -> None:
    sold = (("CN-SH", 300, "2026-02-01"), ("CN-BJ", 90, "2026-02-02"), ("CN-SH", 50, "2026-02-10"))
    for region, amount, day in sold:
        await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [amount], day, region=region)))
    sh: dict[str, Any] = {"region": "CN-SH"}
    await size(world, 1_000, "2026-02-01", "2026-02-03", "2026-02-05", **sh)
    await size(world, 900, "2026-02-01", "2026-02-03", "2026-02-05", **sh, unit_id=world.units["north"])
    item = await only(world, metric="market_share", **QUARTER, **sh)
    assert (item["actual"], item["base"], item["rate"]) == (300, 1_000, 300_000)
    wrong = await size(world, 100, "2026-02-10", "2026-02-12", "2026-02-13", **sh)
    item = await only(world, metric="market_share", **QUARTER, **sh)
    assert (item["actual"], item["base"], item["rate"]) == (50, 100, 500_000)
    await size(world, 200, "2026-02-10", "2026-02-12", "2026-02-13", **sh, corrects_id=wrong["id"])
    assert (await only(world, metric="market_share", **QUARTER, **sh))["rate"] == 250_000
    assert (await only(world, metric="market_share", **QUARTER, **sh, as_of="2026-02-11"))["rate"] == 300_000
    assert (await only(world, metric="market_share", **QUARTER))["rate"] is None
    await size(world, 450, "2026-02-01", "2026-02-03", "2026-02-05", region="CN-BJ")
    items = (await world.attainment(metric="market_share", group_by="region", **QUARTER))["items"]
    assert [(item["key"], item["actual"], item["base"], item["rate"]) for item in items] == [
        ("CN-BJ", 90, 450, 200_000),
        ("CN-SH", 50, 200, 250_000),
    ]
    target = await set_target(world, "market_share", rate=500_000, base=200, **sh)
    assert (target["amount"], target["base"], target["amount_unit"]) == (100, 200, "minor_unit")
    item = await only(world, target_id=target["id"])
    assert (item["actual"], item["base"], item["rate"], item["attainment"]) == (50, 200, 250_000, 500_000)


async def test_what_is_read_off_a_day_has_no_parts_by_time(world: World) -> None:
    await customers(world)
    given: dict[str, Any] = {"active_customers": {"amount": 9_000}} | dict.fromkeys(
        ("retention_rate", "market_share"), RATE
    )
    for metric, more in given.items():
        target = await set_target(world, metric, live=False, **more)
        split = {"dimension": "month", "drivers": [{"kind": "equal"}]}
        answer = await world.service.post(f"/v1/targets/{target['id']}/decompositions", split)
        assert (answer.status_code, answer.json()["code"]) == (409, "metric-not-divisible"), metric
        for query in ("group_by=month", "compare=year", "group_by=channel"):
            days = "from=2026-01-01&to=2026-02-12"
            answer = await world.service.get(f"/v1/attainment?metric={metric}&{days}&{query}")
            assert answer.status_code in (400, 422), (metric, query)
            assert answer.json().get("errors", [{}])[0]["code"] in ("excluded", "dimension-not-supported")
        forecast = (await world.service.get(f"/v1/forecasts?target_id={target['id']}")).json()
        assert (forecast["p_hit"], forecast["insufficient_data"]["reason"]) == (None, "no-method")
        answer = await world.service.post(f"/v1/targets/{target['id']}/checks")
        assert answer.status_code == 201, answer.text
        assert "time_bound" in {one["check"] for one in answer.json()["findings"]}


@pytest.mark.parametrize("metric", ["retention_rate", "market_share"])
async def test_a_rate_of_a_slice_has_a_period(world: World, metric: str) -> None:
    answer = await world.service.get(f"/v1/attainment?metric={metric}")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "from")


async def test_a_market_is_of_no_unit(world: World) -> None:
    unit = world.units["north"]
    answer = await world.service.get(f"/v1/attainment?metric=market_share&from=2026-01-01&to=2026-02-01&unit_id={unit}")
    assert (answer.status_code, answer.json()["code"]) == (422, "dimension-not-supported")
    body = {"name": "S", "metric": "market_share", "rate": 1, "unit_id": unit, "period_start": "2026-01-01"}
    answer = await world.service.post("/v1/targets", {**body, "period_end": "2026-03-31"})
    assert (answer.status_code, answer.json()["code"]) == (422, "dimension-not-supported")


async def test_customers_are_split_by_who_had_them(world: World) -> None:
    """By the history of a year before, and what shares go by is the base of a rate."""
    await customers(world)
    period: dict[str, Any] = {"period_start": "2027-02-01", "period_end": "2027-02-12"}
    children = [{"member_id": world.members[code]} for code in ("a1", "b1")]
    split = {"dimension": "member", "children": children, "drivers": [{"kind": "historical_share"}]}
    for metric, more, expected in (
        ("active_customers", {"amount": 9_000}, [6_000, 3_000]),
        ("retention_rate", {"amount": 3_000, "base": 9_000}, [2_000, 1_000]),
    ):
        target = await set_target(world, metric, live=False, **period, **more)
        answer = await world.service.post(f"/v1/targets/{target['id']}/decompositions", split)
        assert answer.status_code == 201, answer.text
        amounts = {child["key"]: child["amount"] for child in answer.json()["children"]}
        assert [amounts[world.members[code]] for code in ("a1", "b1")] == expected
    answer = await world.service.post(
        f"/v1/targets/{target['id']}/decompositions", {**split, "drivers": [{"kind": "capacity"}]}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "driver-data-insufficient")


async def test_a_seller_sees_customers_of_their_own(world: World) -> None:
    await customers(world)
    rep = world.service.headers("b1", "sales_rep")
    assert (await only(world, metric="active_customers", headers=rep))["actual"] == 1_000


async def test_a_merged_customer_is_one(world: World) -> None:
    await customers(world)
    one, two = str(new_id()), str(new_id())
    await world.service.deliver(staged(world, one, "2026-01-02", "new"), staged(world, two, "2026-01-02", "new"))
    assert (await only(world, metric="active_customers"))["actual"] == 5_000
    async with world.service.transaction() as tx:
        await tx.execute("INSERT INTO account_root (account_id, root_id) VALUES ($1, $2)", UUID(one), UUID(two))
    assert (await only(world, metric="active_customers"))["actual"] == 4_000


async def test_customers_of_units_and_members_are_read_by_their_own_accounts(world: World) -> None:
    """What is narrowed to a member or a unit is what the whole says of them, also of accounts that went from one owner
    to another, of members who moved, and of merged accounts."""
    await customers(world)
    handed, back = str(new_id()), str(new_id())
    await world.service.deliver(
        staged(world, handed, "2026-01-03", "active", by="a2"),
        staged(world, handed, "2026-02-03", "active", 2, by="b1"),
        staged(world, back, "2026-01-03", "active", by="a1"),
        staged(world, back, "2026-02-03", "at_risk", 2, by="b1"),
        staged(world, back, "2026-02-05", "active", 3, by="a1"),
    )
    moved = {"unit_id": world.units["team-b"], "from": "2026-02-10"}
    assert (await world.service.post(f"/v1/members/{world.members['a2']}/move", moved)).status_code == 200
    for as_of in ("2026-01-31", "2026-02-04", "2026-02-09", "2026-02-11"):
        for metric in ("active_customers", "retention_rate"):
            asked = {"metric": metric, "as_of": as_of, **({} if metric == "active_customers" else QUARTER)}
            for group, ids in (("member", world.members), ("unit", world.units)):
                items = (await world.attainment(**asked, group_by=group))["items"]
                whole = {item["key"]: (item["actual"], item.get("base")) for item in items}
                for code in ("a1", "a2", "b1") if group == "member" else ("team-a", "team-b"):
                    one = await only(world, **asked, **{f"{group}_id": ids[code]})
                    empty = (0, None if metric == "active_customers" else 0)
                    assert (one["actual"], one.get("base")) == whole.get(ids[code], empty), (as_of, metric, code)
