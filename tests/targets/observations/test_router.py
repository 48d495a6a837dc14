"""Observations: entered once, corrected by others, seen by units."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.targets.conftest import World

SPENT: dict[str, Any] = {
    **{"kind": "spend", "period_start": "2026-01-01", "period_end": "2026-03-31", "value": 90_000},
    **{"source": "Books", "observed_on": "2026-04-02", "external_id": "ads"},
}


async def test_a_correction_names_what_it_takes_the_place_of(world: World) -> None:
    service = world.service
    first = (await service.post("/v1/observations", SPENT)).json()
    better = {**SPENT, "external_id": "ads-2", "value": 80_000, "corrects_id": first["id"]}
    second = await service.post("/v1/observations", better)
    assert (second.status_code, second.json()["is_current"]) == (201, True)
    assert (await service.get(f"/v1/observations/{first['id']}")).json()["is_current"] is False
    current = (await service.get("/v1/observations?is_current=true")).json()["items"]
    assert [item["external_id"] for item in current] == ["ads-2"]
    again = await service.post("/v1/observations", {**better, "external_id": "ads-3"})
    assert (again.status_code, again.json()["code"]) == (409, "observation-corrected")
    other = {**better, "external_id": "ads-4", "corrects_id": second.json()["id"], "region": "CN-SH"}
    unrelated = await service.post("/v1/observations", other)
    assert (unrelated.status_code, unrelated.json()["code"]) == (409, "correction-unrelated")


@pytest.mark.parametrize(
    ("change", "status", "code", "pointer"),
    [
        ({"period_end": "2025-12-31"}, 422, "observation-period-invalid", "/period_end"),
        ({"period_end": "2046-12-31"}, 422, "observation-period-invalid", "/period_end"),
        ({"observed_on": "2199-01-01"}, 422, "observation-period-invalid", "/observed_on"),
        ({"value": -1}, 422, "observation-value-invalid", "/value"),
        ({"kind": "share", "value": 1_000_001}, 422, "rate-outside", "/value"),
        ({"kind": "force"}, 422, "observation-value-invalid", "/subject"),
        ({"subject": "acme"}, 422, "observation-value-invalid", "/subject"),
        ({"region": "shanghai"}, 422, "unknown-reference", "/region"),
        ({"product_line": "polka"}, 422, "unknown-reference", "/product_line"),
        ({"unit_id": "01989f2e-0000-7000-8000-00000000ffff"}, 422, "unknown-unit", "/unit_id"),
        ({"corrects_id": "01989f2e-0000-7000-8000-00000000ffff"}, 422, "unknown-reference", "/corrects_id"),
    ],
)
async def test_what_cannot_be_observed(
    world: World, change: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    answer = await world.service.post("/v1/observations", {**SPENT, **change})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_a_batch_tells_of_each_row(world: World) -> None:
    rows = [SPENT, {**SPENT, "external_id": "b"}, {**SPENT, "value": 1}, {"nonsense": 1}]
    first = (await world.service.post("/v1/observations/batch", {"rows": rows})).json()
    assert [one["status"] for one in first["results"]] == ["created", "created", "problem", "problem"]
    assert first["results"][2]["problem"]["code"] == "row-repeated"
    again = (await world.service.post("/v1/observations/batch", {"rows": [SPENT, {**rows[1], "value": 2}]})).json()
    assert [one["status"] for one in again["results"]] == ["unchanged", "problem"]
    problem = again["results"][1]["problem"]
    assert (problem["code"], problem["errors"][0]["pointer"]) == ("observation-fixed", "/rows/1/value")


async def test_of_two_at_once_one_is_entered(world: World) -> None:
    answers = await asyncio.gather(*(world.service.post("/v1/observations", SPENT) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_what_is_of_a_unit_is_seen_there(world: World) -> None:
    service = world.service
    for code in ("north", "south"):
        body = {**SPENT, "external_id": code, "unit_id": world.units[code]}
        found = (await service.post("/v1/observations", body)).json()["id"]
    await service.post("/v1/observations", SPENT)
    manager = service.headers("manager-north", "sales_manager")
    items = (await service.get("/v1/observations", headers=manager)).json()["items"]
    assert {item["external_id"] for item in items} == {"ads", "north"}
    assert (await service.get(f"/v1/observations/{found}", headers=manager)).status_code == 404
    assert (await service.post("/v1/observations", SPENT, headers=manager)).status_code == 403
