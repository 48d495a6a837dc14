"""What competitors ask: entered one by one and in batches, one price a day."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import ServiceHarness, codes

PATH = "/v1/competitor-prices"
PRICE = {"sku": "CD-ROCK", "competitor": "NORTHWIND", "price": 1450, "currency": "USD", "observed_on": "2026-02-14"}


async def product(service: ServiceHarness) -> None:
    await service.post("/v1/products", {"sku": "CD-ROCK", "name": "Rock", "product_line": "rock"})


async def test_a_day_has_one_price_of_a_competitor(service: ServiceHarness) -> None:
    await product(service)
    answers = await asyncio.gather(*(service.post(PATH, PRICE | {"price": 1450 + n}) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    made = next(answer.json() for answer in answers if answer.status_code == 201)
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], refused["conflicting_id"]) == ("competitor-price-observed-on-taken", made["id"])
    assert (await service.post(PATH, PRICE | {"competitor": "SOUTHWIND"})).status_code == 201


async def test_skus_and_competitors_are_the_same_in_any_case(service: ServiceHarness) -> None:
    await product(service)
    spelt = [PRICE | {"competitor": each, "sku": "cd-rock"} for each in ("Northwind", "NORTHWIND", "northwind")]
    answers = await asyncio.gather(*(service.post(PATH, each) for each in spelt))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    again = (await service.post(f"{PATH}/batch", {"rows": spelt})).json()["results"]
    assert [row["status"] for row in again] == ["unchanged"] * 3
    for query in ("sku=cd-ROCK", "competitor=northWIND", "sku[in]=x,Cd-Rock&sort=sku"):
        found = (await service.get(f"{PATH}?{query}")).json()["items"]
        assert [item["sku"] for item in found] == ["CD-ROCK"], query


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"sku": "CD-NONE"}, "unknown-reference", "/sku"),
        ({"price": -1}, "invalid", "/price"),
        ({"currency": "XXX"}, "invalid", "/currency"),
        ({"observed_on": "yesterday"}, "invalid", "/observed_on"),
        ({"competitor": ""}, "invalid", "/competitor"),
    ],
)
async def test_a_price_that_cannot_be_names_its_field(
    service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str
) -> None:
    await product(service)
    answer = await service.post(PATH, PRICE | changes)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer])


async def test_a_batch_answers_row_by_row(service: ServiceHarness) -> None:
    await product(service)
    await service.post(PATH, PRICE)
    rows = [
        PRICE,
        PRICE | {"price": 1},
        PRICE | {"observed_on": "2026-02-15"},
        PRICE | {"sku": "NONE"},
        {"sku": "CD-ROCK"},
    ]
    answer = (await service.post(f"{PATH}/batch", {"rows": rows})).json()
    assert [row["status"] for row in answer["results"]] == ["unchanged", "problem", "created", "problem", "problem"]
    found = (await service.get(f"{PATH}?competitor=NORTHWIND&observed_on[gte]=2026-02-15")).json()["items"]
    assert [item["price"] for item in found] == [1450]


async def test_batches_at_once_enter_each_price_once(service: ServiceHarness) -> None:
    await product(service)
    rows = [PRICE | {"competitor": f"C-{number}"} for number in range(30)]
    bodies = [{"rows": part} for part in (rows, rows[::-1], rows)]
    answers = [
        answer.json() for answer in await asyncio.gather(*(service.post(f"{PATH}/batch", body) for body in bodies))
    ]
    assert (sum(answer["created"] for answer in answers), sum(answer["unchanged"] for answer in answers)) == (30, 60)


async def test_sellers_enter_what_they_see(service: ServiceHarness) -> None:
    await product(service)
    for role, status in (("sales_rep", 201), ("channel_manager", 201), ("risk_officer", 403), ("auditor", 403)):
        body = PRICE | {"competitor": role.replace("_", "-")}
        assert (await service.post(PATH, body, headers=service.headers("x", role))).status_code == status, role


async def test_nothing_is_seen_before_its_day(service: ServiceHarness) -> None:
    await product(service)
    early = PRICE | {"observed_on": "2199-12-31"}
    refused = (await service.post(PATH, early)).json()
    assert (refused["errors"][0]["pointer"], refused["errors"][0]["code"]) == ("/observed_on", "in-future")
    (row,) = (await service.post(f"{PATH}/batch", {"rows": [early]})).json()["results"]
    assert row["status"] == "problem"
    assert (await service.get(PATH)).json()["items"] == []
