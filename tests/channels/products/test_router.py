"""Products: one by one and in batches."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import ServiceHarness, codes

ROCK = {"sku": "CD-ROCK", "name": "Compact disc, rock", "product_line": "rock"}


async def test_a_sku_is_taken_once(service: ServiceHarness) -> None:
    answers = await asyncio.gather(*(service.post("/v1/products", ROCK) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    assert (refused["code"], codes(refused)) == ("product-sku-taken", ["/sku"])
    assert len(await service.published()) == 1


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"sku": ""}, "/sku"),
        ({"sku": "a b"}, "/sku"),
        ({"name": "\u0000"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"product_line": 5}, "/product_line"),
        ({"is_active": "perhaps"}, "/is_active"),
        ({"price": 1}, "/price"),
    ],
)
async def test_a_malformed_product_names_its_field(
    service: ServiceHarness, changes: dict[str, Any], pointer: str
) -> None:
    answer = await service.post("/v1/products", ROCK | changes)
    assert (answer.status_code, codes(answer.json())) == (422, [pointer])


async def test_a_batch_creates_updates_and_refuses_row_by_row(service: ServiceHarness) -> None:
    await service.post("/v1/products", ROCK)
    rows = [
        {"sku": "CD-JAZZ", "name": "Jazz", "product_line": "jazz"},
        ROCK | {"product_line": "classic"},
        ROCK,
        {"sku": "CD-FOLK", "name": "Folk"},
        {"sku": "CD-FOLK", "name": "Folk", "product_line": "folk", "is_active": True},
    ]
    answer = (await service.post("/v1/products/batch", {"rows": rows})).json()
    assert [row["status"] for row in answer["results"]] == ["created", "updated", "problem", "problem", "created"]
    assert answer["results"][2]["problem"]["code"] == "row-repeated"
    assert codes(answer["results"][3]["problem"]) == ["/rows/3/product_line"]
    again = (await service.post("/v1/products/batch", {"rows": rows[:2]})).json()
    assert (again["unchanged"], again["results"][0]["id"]) == (2, answer["results"][0]["id"])
    listed = (await service.get("/v1/products?sort=sku&fields=sku,product_line,version")).json()["items"]
    assert listed == [
        {"sku": "CD-FOLK", "product_line": "folk", "version": 1},
        {"sku": "CD-JAZZ", "product_line": "jazz", "version": 1},
        {"sku": "CD-ROCK", "product_line": "classic", "version": 2},
    ]
    assert len(await service.published()) == 4


async def test_two_batches_of_the_same_skus_in_opposite_order(service: ServiceHarness) -> None:
    rows = [{"sku": f"S-{n}", "name": f"n{n}", "product_line": "x"} for n in range(50)]
    answers = await asyncio.gather(
        *(service.post("/v1/products/batch", {"rows": part}) for part in (rows, rows[::-1], rows))
    )
    assert [answer.status_code for answer in answers] == [200] * 3
    assert sum(answer.json()["created"] for answer in answers) == 50
    assert sum(answer.json()["unchanged"] for answer in answers) == 100
    assert len(await service.published()) == 50


async def test_products_are_found(service: ServiceHarness) -> None:
    await service.post("/v1/products", ROCK)
    for query, count in (("sku[gte]=CD&q=disc", 1), ("sku[gte]=CE", 0), ("q=jazz", 0)):
        assert len((await service.get(f"/v1/products?{query}")).json()["items"]) == count, query
