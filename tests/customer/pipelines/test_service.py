"""Pipelines: versions that are never changed, and what opportunities take of them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from kit import clock
from kit.testing.service import codes
from tests.customer.conftest import World
from tests.customer.opportunities.conftest import acted, opened


def stages(*names: str, probability: int = 500000) -> list[dict[str, Any]]:
    """Stages of one probability."""
    return [{"code": name, "probability": probability, "forecast_category": "commit"} for name in names]


async def made(
    world: World, pipeline: str, names: list[str], probability: int = 500000, **fields: Any
) -> dict[str, Any]:
    """The next version."""
    body = {"pipeline": pipeline, "stages": stages(*names, probability=probability), **fields}
    answer = await world.service.post("/v1/pipelines", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_default_one_is_there(world: World) -> None:
    (default,) = (await world.service.get("/v1/pipelines?pipeline=default")).json()["items"]
    assert [stage["code"] for stage in default["stages"]] == [
        "research", "need_analysis", "solution", "negotiation", "order", "after_sales",
    ]  # fmt: skip
    assert (default["number"], default["created_by"]) == (1, "system")


async def test_an_opportunity_stays_with_the_version_it_was_added_under(world: World) -> None:
    today = clock.business_date("Asia/Shanghai")
    first = await made(world, "renewals", ["asked", "sent"])
    one = await opened(world, pipeline="renewals")
    second = await made(world, "renewals", ["asked", "agreed"], probability=600000)
    later = (today + timedelta(1)).isoformat()
    await made(world, "renewals", ["tomorrow"], valid_from=later)
    await made(world, "renewals", ["once"], valid_from="2020-01-01")
    two = await opened(world, pipeline="renewals")
    assert (first["number"], second["number"]) == (1, 2)
    assert [(each["pipeline_id"], each["probability"]) for each in (one, two)] == [
        (first["id"], 500000),
        (second["id"], 600000),
    ]
    assert (await acted(world, one, "move", stage="sent"))["stage"] == "sent"
    answer = await world.service.post(f"/v1/opportunities/{two['id']}/move", {"stage": "sent"})
    assert (answer.status_code, codes(answer.json())) == (422, ["/stage"])


async def test_one_to_come_is_not_in_force(world: World) -> None:
    tomorrow = (clock.business_date("Asia/Shanghai") + timedelta(1)).isoformat()
    await made(world, "later", ["asked"], valid_from=tomorrow)
    account = await world.account()
    body = {"name": "x", "account_id": account["id"], "amount": 1, "currency": "USD", "pipeline": "later"}
    answer = await world.service.post("/v1/opportunities", body)
    assert (answer.status_code, codes(answer.json())) == (422, ["/pipeline"])


async def test_a_stage_stands_once_and_is_never_closed(world: World) -> None:
    twice = await world.service.post("/v1/pipelines", {"pipeline": "p", "stages": stages("a", "b", "a")})
    assert (twice.status_code, twice.json()["code"], codes(twice.json())) == (
        422, "stage-repeated", ["/stages/2/code"],
    )  # fmt: skip
    body = {"pipeline": "p", "stages": [{"code": "a", "probability": 1, "forecast_category": "closed"}]}
    closed = await world.service.post("/v1/pipelines", body)
    assert (closed.status_code, codes(closed.json())) == (422, ["/stages/0/forecast_category"])


async def test_versions_at_once_have_numbers_of_their_own(world: World) -> None:
    answers = await asyncio.gather(*(made(world, "p", ["a"]) for _ in range(4)))
    assert sorted(answer["number"] for answer in answers) == [1, 2, 3, 4]


async def test_who_may_add_and_who_may_read(world: World) -> None:
    body = {"pipeline": "p", "stages": stages("a")}
    for role, status in (("sales_rep", 403), ("sales_manager", 403), ("sales_director", 201)):
        answer = await world.service.post("/v1/pipelines", body, headers=world.service.headers("x", role))
        assert answer.status_code == status, role
    agent = world.service.headers("x", "service_agent")
    assert (await world.service.get("/v1/pipelines", headers=agent)).status_code == 403
    assert (await world.service.get("/v1/opportunities", headers=agent)).status_code == 403
