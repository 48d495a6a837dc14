"""A figure as of a day goes by what the target amounted to on that day, whatever it was changed to later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.targets.plans.test_promoting import JULY
from tests.targets.plans.test_service import MILLION, TODAY, act, branch, edit, open_plan, year


async def raised(world: Any, root: str, amount: int, said: dict[str, Any]) -> None:
    plan = await open_plan(world, root)
    await edit(world, plan["branch_id"], amount=amount)
    done = await act(world, plan, "promote", said)
    assert done.status_code == 200, done.text


async def on(world: Any, made: dict[str, Any], day: str) -> tuple[dict[str, Any], list[int]]:
    """The root and the amounts of its months as of a day."""
    items = (await world.attainment(target_id=made["id"], children="true", as_of=day))["items"]
    months = {item["key"]: item["amount"] for item in items[1:] if "target_id" in item}
    return items[0], [months[key] for key in sorted(months)]


async def test_amounts_are_those_of_the_day(world: Any) -> None:
    made = await year(world)
    await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [12_600_000], "2026-02-14")))
    await raised(world, made["id"], 13_200_000, JULY)
    for day, amount, months in (
        ("2026-01-31", 12 * MILLION, [MILLION] * 12),
        ("2026-06-30", 12 * MILLION, [MILLION] * 12),
        ("2026-07-01", 13_200_000, [MILLION] * 6 + [1_200_000] * 6),
        ("2026-07-31", 13_200_000, [MILLION] * 6 + [1_200_000] * 6),
    ):
        root, amounts = await on(world, made, day)
        assert (root["amount"], amounts) == (amount, months), day
        assert sum(amounts) == root["amount"], "every cut is a tree that sums"
    june, july = (await on(world, made, "2026-06-30"))[0], (await on(world, made, "2026-07-31"))[0]
    assert [(one["reached"], one["gap"]) for one in (june, july)] == [(True, -600_000), (False, 600_000)]
    assert [one["expected_plan"] for one in (june, july)] == [6 * MILLION, 7_200_000]
    tree = (await world.attainment(root_id=made["id"], as_of="2026-06-30"))["items"]
    assert {item["amount"] for item in tree if "amount" in item} == {12 * MILLION, MILLION}


async def test_of_several_changes_the_newest_that_had_begun_holds(world: Any) -> None:
    made = await year(world)
    for day, amount in (("2026-03-01", 13), ("2026-05-01", 14), ("2026-05-01", 15), ("2026-08-01", 11)):
        await raised(world, made["id"], amount * MILLION, {"valid_from": day, "reason": "x"})
    found = [(await on(world, made, f"2026-{month:02}-15"))[0]["amount"] for month in range(1, 11)]
    assert found == [amount * MILLION for amount in (12, 12, 13, 13, 15, 15, 15, 11, 11, 11)]
    root, months = await on(world, made, "2026-04-15")
    assert sum(months) == root["amount"]


async def test_a_change_of_a_later_day_does_not_hold_yet(world: Any) -> None:
    first, last = TODAY - timedelta(30), TODAY + timedelta(30)
    body = {"name": "T", "period_start": str(first), "period_end": str(last), "amount": 1_000, "stretch": 1_100}
    target = (await world.service.post("/v1/targets", body)).json()["id"]
    assert (await world.service.post(f"/v1/targets/{target}/activate")).status_code == 200
    await world.service.deliver(world.confirmed(world.order({"a1": 1_000_000}, [900], str(TODAY))))
    await raised(world, target, 500, {"valid_from": str(TODAY + timedelta(1)), "reason": "x"})
    (item,) = (await world.attainment(target_id=target))["items"]
    assert (item["amount"], item["stretch"], item["reached"]) == (1_000, 1_100, False)
    forecast = (await world.service.get(f"/v1/forecasts?target_id={target}")).json()
    assert forecast["amount"] == 1_000
    await raised(world, target, 800, {"valid_from": str(TODAY + timedelta(1)), "reason": "x"})
    assert (await world.attainment(target_id=target))["items"][0]["amount"] == 1_000


@pytest.mark.parametrize("day", ["2026-06-30", "2026-07-01"])
async def test_a_forecast_goes_by_the_amount_of_its_day(world: Any, day: str) -> None:
    made = await year(world)
    await raised(world, made["id"], 13_200_000, JULY)
    answer = await world.service.get(f"/v1/forecasts?target_id={made['id']}&as_of={day}")
    assert answer.json()["amount"] == (12 * MILLION if day < "2026-07-01" else 13_200_000)


async def test_what_never_counted_amounts_to_what_it_says(world: Any) -> None:
    body = {"name": "T", "period_start": "2026-01-01", "period_end": "2026-03-31", "amount": 100}
    target = (await world.service.post("/v1/targets", body)).json()
    await world.service.patch(f"/v1/targets/{target['id']}", {"amount": 300}, 1)
    (item,) = (await world.attainment(target_id=target["id"], as_of="2026-01-15"))["items"]
    assert item["amount"] == 300
    made = await year(world)
    plan = await open_plan(world, made["id"])
    await edit(world, (await branch(world, plan))["2026-12"]["id"], amount=2 * MILLION)
    assert (await on(world, made, "2026-06-30"))[1] == [MILLION] * 12, "a plan holds nothing before it is promoted"
