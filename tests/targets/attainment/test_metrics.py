"""Attainment, splits and targets of metrics beside revenue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.targets.conftest import World
from tests.targets.credits.test_credited_measures import CHANNEL, back, line, ordered

JANUARY = {"period_start": "2026-01-01", "period_end": "2026-03-31"}
MARGINS = ((100_000, 40_000), (200_000, 50_000), (40_000, 15_000), (50_000, None))
"""Net amounts, and margins where the cost is known."""


async def set_target(
    world: World, metric: str, amount: int | None = None, *, live: bool = True, **more: Any
) -> dict[str, Any]:
    body = {"name": metric, "metric": metric, "amount": amount, **JANUARY, **more}
    answer = await world.service.post("/v1/targets", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    if live:
        assert (await world.service.post(f"/v1/targets/{found['id']}/activate")).status_code == 200
    return found


async def sell(world: World, margins: Sequence[tuple[int, int | None]]) -> None:
    lines = [line(number, net, 1, margin) for number, (net, margin) in enumerate(margins, 1)]
    await world.service.deliver(world.confirmed(ordered(world, {"a1": 600_000, "b1": 400_000}, *lines)))


async def test_each_metric_sums_its_own_measure(world: World) -> None:
    order = ordered(world, {"a1": 600_000, "b1": 400_000}, line(1, 600, 3, 200), line(2, 400, 2, 100))
    await world.service.deliver(world.confirmed(order), back(world, order, {1: (0, 1)}))
    expected = {"revenue": 800, "gross_margin": 233, "units": 4_000, "new_customers": 1_000, "new_product_revenue": 0}
    for metric, actual in {**expected, "visit_count": 0, "collected_cash": 0}.items():
        answer = await world.attainment(metric=metric)
        assert (answer["metric"], answer["items"][0]["actual"]) == (metric, actual)
        unit = "thousandth" if metric in {"units", "new_customers", "visit_count"} else "minor_unit"
        assert answer["amount_unit"] == unit
        by_unit = {
            item["key"]: item["actual"] for item in (await world.attainment(metric=metric, group_by="unit"))["items"]
        }
        assert sum(by_unit.values()) == actual
    months = (await world.attainment(metric="units", group_by="month"))["items"]
    assert [(item["key"], item["actual"]) for item in months] == [("2026-02", 5_000), ("2026-03", -1_000)]
    days = (await world.attainment(metric="units", group_by="day", member_id=world.members["a1"]))["items"]
    assert [(item["key"], item["actual"]) for item in days] == [("2026-02-14", 3_000), ("2026-03-01", -600)]


async def test_results_by_channel(world: World) -> None:
    with_it = ordered(world, {"a1": 1_000_000}, line(1, 600, 3, None))
    without = ordered(world, {"a1": 1_000_000}, line(1, 50, 1, None), channel_id=None)
    await world.service.deliver(world.confirmed(with_it), world.confirmed(without))
    spans: list[dict[str, Any]] = [
        {},
        {"from": "2026-02-01", "to": "2026-02-28"},
        {"from": "2026-02-03", "to": "2026-03-05"},
    ]
    for more in spans:
        items = (await world.attainment(group_by="channel", **more))["items"]
        assert {item["key"]: item["actual"] for item in items} == {CHANNEL: 600, None: 50}
        (item,) = (await world.attainment(channel_id=CHANNEL, metric="units", **more))["items"]
        assert item["actual"] == 3_000
    items = (await world.attainment(group_by="channel,member"))["items"]
    assert [(item["key"], item["second_key"]) for item in items] == [
        (CHANNEL, world.members["a1"]),
        (None, world.members["a1"]),
    ]


@pytest.mark.parametrize("metric", ["gross_margin", "units", "new_customers", "new_product_revenue"])
async def test_a_target_counts_its_metric(world: World, metric: str) -> None:
    await sell(world, [(600, 200), (400, 100)])
    target = await set_target(world, metric, 1_000, unit_id=world.units["north"])
    (item,) = (await world.attainment(target_id=target["id"]))["items"]
    (slice_item,) = (await world.attainment(metric=metric, unit_id=world.units["north"]))["items"]
    assert item["actual"] == slice_item["actual"]
    assert (await world.attainment(target_id=target["id"]))["metric"] == metric
    assert (await world.service.post(f"/v1/targets/{target['id']}/close")).status_code == 200
    (closed,) = (await world.attainment(target_id=target["id"]))["items"]
    assert closed["closed_value"] == item["actual"]
    shown = (await world.service.get(f"/v1/targets/{target['id']}")).json()
    assert shown["amount_unit"] == ("thousandth" if metric in {"units", "new_customers"} else "minor_unit")
    listed = (await world.service.get(f"/v1/targets?amount_unit={shown['amount_unit']}")).json()["items"]
    assert [one["id"] for one in listed] == [target["id"]]


async def test_a_margin_tells_of_how_much_the_cost_is_known(world: World) -> None:
    await sell(world, MARGINS)
    (item,) = (await world.attainment(metric="gross_margin"))["items"]
    assert (item["actual"], item["coverage"]) == (105_000, 871_795)
    assert item["insufficient_data"] == {"reason": "coverage", "have": 871_795, "need": 950_000}
    target = await set_target(world, "gross_margin", 210_000)
    (item,) = (await world.attainment(target_id=target["id"]))["items"]
    assert (item["actual"], item["attainment"], item["pace"], item["reached"]) == (105_000, None, None, None)
    assert item["insufficient_data"]["have"] == 871_795
    await sell(world, [(1_000_000, 105_000)])
    (item,) = (await world.attainment(target_id=target["id"]))["items"]
    assert (item["actual"], item["attainment"], item["reached"]) == (210_000, 1_000_000, True)
    assert (item["coverage"], item["insufficient_data"]) == (964_029, None)


async def test_margins_are_for_who_may_know_costs(world: World) -> None:
    await sell(world, [(600, 200)])
    target = await set_target(world, "gross_margin", 1_000, member_id=world.members["a1"])
    rep = world.service.headers("a1", "sales_rep")
    for query in ({"metric": "gross_margin"}, {"target_id": target["id"]}):
        (item,) = (await world.attainment(headers=rep, **query))["items"]
        assert item["actual"] is None
        assert item["lines"] == 1
        assert not {name for name in ("coverage", "attainment", "gap", "pace") if item.get(name) is not None}
    (item,) = (await world.attainment(headers=rep, metric="units"))["items"]
    assert item["actual"] == 600
    answer = await world.service.get(f"/v1/forecasts?target_id={target['id']}", headers=rep)
    assert answer.status_code == 403
    (row,) = (await world.service.get("/v1/credit-lines", headers=rep)).json()["items"]
    assert (row["margin"], row["costed_net"], row["units"]) == (None, None, 600)
    rows = (await world.service.get("/v1/credit-lines")).json()["items"]
    assert sorted(row["margin"] for row in rows) == [80, 120]


async def test_a_dimension_that_a_metric_has_not_is_no_scope(world: World) -> None:
    await world.sell("rock")
    body = {"name": "T", "metric": "visit_count", "amount": 1_000, **JANUARY, "product_line": "rock"}
    answer = await world.service.post("/v1/targets", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "dimension-not-supported")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/product_line"]
    target = await set_target(world, "visit_count", 1_000, live=False)
    split = {"dimension": "product_line", "children": [{"key": "rock"}], "drivers": [{"kind": "equal"}]}
    answer = await world.service.post(f"/v1/targets/{target['id']}/decompositions", split)
    assert (answer.status_code, answer.json()["code"]) == (422, "dimension-not-supported")
    for query in ("product_line=rock", "group_by=product_line"):
        answer = await world.service.get(f"/v1/attainment?metric=visit_count&{query}")
        assert (answer.status_code, answer.json()["code"]) == (422, "dimension-not-supported")


async def test_a_thousand_over_three_sellers(world: World) -> None:
    target = await set_target(world, "new_customers", 1_000, live=False)
    children = [{"member_id": world.members[code]} for code in ("a1", "a2", "b1")]
    split = {"dimension": "member", "children": children, "drivers": [{"kind": "equal"}]}
    answer = await world.service.post(f"/v1/targets/{target['id']}/decompositions", split)
    assert answer.status_code == 201, answer.text
    assert sorted(child["amount"] for child in answer.json()["children"]) == [333, 333, 334]


async def test_a_split_goes_by_the_history_of_its_metric(world: World) -> None:
    lines = [line(1, 900, 1, None)], [line(1, 100, 3, None)]
    for code, own in zip(("a1", "b1"), lines, strict=True):
        await world.service.deliver(world.confirmed(ordered(world, {code: 1_000_000}, *own, day="2026-02-14")))
    period = {"period_start": "2027-01-01", "period_end": "2027-03-31"}
    children = [{"member_id": world.members[code]} for code in ("a1", "b1")]
    for metric, params, expected in (
        ("units", None, [250_000, 750_000]),
        ("revenue", None, [900_000, 100_000]),
        ("units", {"metric": "revenue"}, [900_000, 100_000]),
    ):
        target = await set_target(world, metric, 1_000_000, live=False, **period)
        driver = {"kind": "historical_share", **({"params": params} if params else {})}
        split = {"dimension": "member", "children": children, "drivers": [driver]}
        answer = await world.service.post(f"/v1/targets/{target['id']}/decompositions", split)
        assert answer.status_code == 201, answer.text
        amounts = {child["key"]: child["amount"] for child in answer.json()["children"]}
        assert [amounts[world.members[code]] for code in ("a1", "b1")] == expected


async def test_checks_of_a_margin(world: World) -> None:
    target = await set_target(world, "gross_margin", 5_000, live=False)
    await set_target(world, "revenue", 4_000)
    run = (await world.service.post(f"/v1/targets/{target['id']}/checks")).json()
    found = {one["check"]: one for one in run["findings"]}
    assert (found["consistent"]["verdict"], found["consistent"]["fix"]) == ("fail", "lower_amount")
