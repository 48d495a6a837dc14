"""A SKU is one code in upper and lower case, whoever names it: what is stored has the product's own spelling."""

from __future__ import annotations

from typing import Any

from kit.testing.service import ServiceHarness, codes
from tests.channels.promotions.drafts import PROMOTION, a_group

COST = {"sku": "cd-rock", "direct_base": 800, "valid_from": "2026-01-01"}
PRICE = {"sku": "Cd-Rock", "competitor": "NORTHWIND", "price": 1450, "currency": "USD", "observed_on": "2026-02-14"}
BOOK = {"code": "LIST", "name": "List prices", "currency": "USD", "valid_from": "2026-01-01"}
ENTRY = {"code": "A", "method": "fixed", "breaks": [{"min_quantity": 1, "unit_price": 500}]}


async def product(service: ServiceHarness, sku: str) -> None:
    made = await service.post("/v1/products", {"sku": sku, "name": sku, "product_line": "rock"})
    assert made.status_code == 201, made.text


async def test_costs_and_prices_of_competitors_are_of_one_product(service: ServiceHarness) -> None:
    await product(service, "CD-ROCK")
    for path, body in (("/v1/product-costs", COST), ("/v1/competitor-prices", PRICE)):
        made = await service.post(path, body)
        assert (made.status_code, made.json()["sku"]) == (201, "CD-ROCK"), made.text
        again = await service.post(path, body | {"sku": "CD-ROCK"})
        assert (again.status_code, again.json()["conflicting_id"]) == (409, made.json()["id"])
        rows = {"rows": [body | {"sku": "cd-ROCK"}, body | {"sku": "CD-rock"}]}
        results = (await service.post(f"{path}/batch", rows)).json()["results"]
        assert [row["status"] for row in results] == ["unchanged", "unchanged"], path


async def test_an_entry_of_a_price_book_names_the_product(service: ServiceHarness) -> None:
    await product(service, "CD-ROCK")
    path = (await service.post("/v1/price-books", BOOK)).headers["location"]
    for version in (1, 2):
        body = {"entries": [ENTRY | {"sku": ["cd-rock", "CD-Rock"][version - 1]}]}
        headers = service.headers(If_Match=f'"{version}"')
        answer = await service.request("PUT", f"{path}/entries", body, headers=headers)
        assert (answer.status_code, answer.json()["version"]) == (200, 2), "the same entry in another spelling"
    assert [entry["sku"] for entry in (await service.get(f"{path}/entries")).json()["items"]] == ["CD-ROCK"]


async def test_a_promotion_names_the_product(service: ServiceHarness) -> None:
    for sku in ("CD-ROCK", "CD-POP"):
        await product(service, sku)
    group = await a_group(service)
    named: dict[str, Any] = {"skus": ["cd-rock", "CD-ROCK"], "product_lines": [], "excluded": ["cd-pop"]}
    made = await service.post("/v1/promotions", PROMOTION | group | {"code": "P-1", "products": named})
    assert made.status_code == 201, made.text
    assert made.json()["products"] == {"skus": ["CD-ROCK"], "product_lines": [], "excluded": ["CD-POP"]}
    needs = [{"sku": "cd-rock", "quantity": 1}, {"sku": "CD-ROCK", "quantity": 2}]
    bundle = {"kind": "bundle", "reward": {"type": "bundle", "needs": needs, "prices": {"USD": 100}}}
    sets = await a_group(service, code="SETS", phase="set")
    refused = await service.post("/v1/promotions", PROMOTION | sets | bundle | {"code": "P-2"})
    assert (refused.status_code, codes(refused.json())) == (422, ["/reward/needs"]), refused.text
