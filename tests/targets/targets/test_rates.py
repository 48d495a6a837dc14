"""Targets of ratios: a planned numerator over a planned denominator, never averaged, never split as a percentage."""

from __future__ import annotations

from typing import Any

import pytest

from kit.events import outbox
from kit.events.handlers import Fact
from kit.ids import new_id
from kit.testing.service import make_event
from services.targets.credits.ledger import apply_credits
from services.targets.events_out import ResultCredited
from tests.targets.conftest import World

PERIOD = {"period_start": "2026-01-01", "period_end": "2026-03-31"}


async def post(world: World, **fields: Any) -> Any:
    return await world.service.post("/v1/targets", {"name": "Rate", **PERIOD, **fields})


async def make(world: World, **fields: Any) -> dict[str, Any]:
    answer = await post(world, **fields)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def result(world: World, code: str, **counts: int) -> None:
    """A result of a seller, as its fact says it."""
    day = "2026-02-13"
    member, path = world.members[code], [world.units["company"], world.units["north"], world.units["team-a"]]
    line = {**ResultCredited.EXAMPLE["lines"][0], "member_id": member, "unit_path": path, "cash": None, **counts}
    said = {
        **ResultCredited.EXAMPLE,
        **{"subject_id": str(new_id()), "order_id": None, "kind": "closed", "shares": {member: 1_000_000}},
        **{"posting_date": day, "order_date": day, "business_date": day, "lines": [line]},
        "source_event_id": str(new_id()),
    }
    fact = make_event(ResultCredited.TYPE, said, said["stream_key"], subject=said["subject_id"], sequence=1)
    async with world.service.transaction() as tx:
        await outbox.add(tx, "targets", [fact])
        await apply_credits(tx, [Fact(fact, ResultCredited.model_validate(fact.payload))])


async def test_a_rate_is_an_amount_over_a_base(world: World) -> None:
    found = await make(world, metric="conversion_rate", rate=250_000)
    assert (found["amount"], found["base"], found["rate"], found["amount_unit"]) == (
        250_000,
        1_000_000,
        250_000,
        "thousandth",
    )
    found = await make(world, metric="conversion_rate", rate=333_333, base=400_000)
    assert (found["amount"], found["base"], found["rate"]) == (133_333, 400_000, 333_332)
    found = await make(world, metric="nps", amount=-30, base=100)
    assert (found["amount"], found["rate"]) == (-30, -300_000)
    listed = (await world.service.get("/v1/targets?metric=nps")).json()["items"]
    assert [(one["rate"], one["base"]) for one in listed] == [(-300_000, 100)]
    assert (await make(world, amount=5))["rate"] is None


@pytest.mark.parametrize(
    ("fields", "code", "pointer"),
    [
        ({"metric": "csat", "rate": -1}, "rate-outside", "/rate"),
        ({"metric": "csat", "amount": 11, "base": 10}, "rate-outside", "/amount"),
        ({"metric": "nps", "amount": -11, "base": 10}, "rate-outside", "/amount"),
        ({"metric": "csat"}, "amount-invalid", "/rate"),
        ({"metric": "csat", "amount": 5}, "amount-invalid", "/base"),
        ({"metric": "csat", "amount": 5, "rate": 5}, "amount-invalid", "/rate"),
        ({"metric": "revenue"}, "amount-invalid", "/amount"),
        ({"metric": "revenue", "amount": 5, "base": 5}, "amount-invalid", "/base"),
        ({"metric": "revenue", "amount": 5, "rate": 5}, "amount-invalid", "/rate"),
    ],
)
async def test_what_is_no_rate(world: World, fields: dict[str, Any], code: str, pointer: str) -> None:
    answer = await post(world, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


async def test_the_base_goes_by_the_drivers_and_the_amount_by_the_base(world: World) -> None:
    target = await make(world, metric="conversion_rate", amount=100_000, base=400_000)
    weights = {"a1": 200, "a2": 120, "b1": 80}
    for rate, expected in ((300_000, [47_500, 28_500, 24_000]), (None, [50_000, 30_000, 20_000])):
        children = [{"member_id": world.members[code], "weight": weight} for code, weight in weights.items()]
        if rate is not None:
            children[2]["rate"] = rate
        split = {"dimension": "member", "children": children, "drivers": [{"kind": "custom"}]}
        answer = await world.service.post(f"/v1/targets/{target['id']}/decompositions", split)
        assert answer.status_code == 201, answer.text
        amounts = {child["key"]: child["amount"] for child in answer.json()["children"]}
        assert [amounts[world.members[code]] for code in weights] == expected
        rows = (await world.service.get(f"/v1/targets?decomposition_id={answer.json()['id']}")).json()["items"]
        bases = {row["member_id"]: row["base"] for row in rows}
        assert [bases[world.members[code]] for code in weights] == [200_000, 120_000, 80_000]
        assert sum(row["amount"] for row in rows) == 100_000


async def test_only_a_child_of_a_ratio_keeps_a_rate(world: World) -> None:
    target = await make(world, amount=100)
    children = [{"member_id": world.members["a1"], "rate": 1}]
    split = {"dimension": "member", "children": children, "drivers": [{"kind": "equal"}]}
    answer = await world.service.post(f"/v1/targets/{target['id']}/decompositions", split)
    assert answer.status_code == 422


async def test_a_rate_is_measured_against_the_planned_one(world: World) -> None:
    target = await make(world, metric="conversion_rate", rate=500_000)
    assert (await world.service.post(f"/v1/targets/{target['id']}/activate")).status_code == 200
    (item,) = (await world.attainment(target_id=target["id"]))["items"]
    assert (item["actual"], item["base"], item["rate"], item["attainment"], item["reached"]) == (0, 0, None, None, None)
    for won in (True, True, False, True, False):
        await result(world, "a1", **({"won": 1_000} if won else {"lost": 1_000}))
    (item,) = (await world.attainment(target_id=target["id"]))["items"]
    assert (item["actual"], item["base"], item["rate"]) == (3_000, 5_000, 600_000)
    assert (item["planned_rate"], item["attainment"], item["pace"]) == (500_000, 1_200_000, 1_200_000)
    assert (item["reached"], item["gap"], item["required_per_day"], item["lines"]) == (True, -100_000, None, 5)
    (item,) = (await world.attainment(metric="conversion_rate", unit_id=world.units["team-a"]))["items"]
    assert (item["actual"], item["base"], item["rate"]) == (3_000, 5_000, 600_000)
    answer = await world.service.get(f"/v1/attainment?target_id={target['id']}&compare=year")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "excluded")
    forecast = (await world.service.get(f"/v1/forecasts?target_id={target['id']}")).json()
    assert (forecast["p_hit"], forecast["insufficient_data"]["reason"]) == (None, "no-method")


async def test_satisfaction_and_recommendation_have_their_own_answers(world: World) -> None:
    await result(world, "a1", answers=1_000, csat_top=1_000)
    await result(world, "a1", answers=1_000)
    for more in ({"promoters": 1_000}, {"detractors": 1_000}, {"detractors": 1_000}, {}):
        await result(world, "a1", answers=1_000, nps_answers=1_000, **more)
    for metric, figures in {"csat": (1_000, 2_000, 500_000), "nps": (-1_000, 4_000, -250_000)}.items():
        (item,) = (await world.attainment(metric=metric))["items"]
        assert (item["actual"], item["base"], item["rate"]) == figures


async def test_a_table_splits_sums_only(world: World) -> None:
    target = await make(world, metric="csat", rate=800_000)
    ids = []
    for dimension, children in (("month", []), ("member", [{"member_id": world.members["a1"]}])):
        split = {"dimension": dimension, "children": children, "drivers": [{"kind": "equal"}]}
        answer = await world.service.post(f"/v1/targets/{target['id']}/decompositions", split)
        assert answer.status_code == 201, answer.text
        ids.append(answer.json()["id"])
    body = {"row_decomposition_id": ids[0], "column_decomposition_id": ids[1], "drivers": [{"kind": "equal"}]}
    answer = await world.service.post(f"/v1/targets/{target['id']}/tables", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "metric-not-divisible")
