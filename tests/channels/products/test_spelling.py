"""A SKU is one code in upper and lower case, whoever names it: what is stored has the product's own spelling."""

from __future__ import annotations

import asyncio
from typing import Any

from kit.testing.service import ServiceHarness, codes
from tests.channels.agreements.signed import TERMS, a_partner
from tests.channels.conftest import programme
from tests.channels.deals.claimed import DEAL, fresh_name
from tests.channels.points.test_points import CLUB
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


async def lines(service: ServiceHarness, query: str = "") -> list[str]:
    """Product lines by sku."""
    items = (await service.get(f"/v1/products?sort=sku{query}")).json()["items"]
    return [item["product_line"] for item in items]


async def test_a_product_line_is_spelt_as_it_first_was(service: ServiceHarness) -> None:
    await product(service, "A-1")
    made = await service.post("/v1/products", {"sku": "A-2", "name": "A", "product_line": "ROCK"})
    assert (made.status_code, made.json()["product_line"]) == (201, "rock"), made.text
    jazz = await service.post("/v1/products", {"sku": "A-3", "name": "A", "product_line": "Jazz"})
    changed = await service.patch(jazz.headers["location"], {"product_line": "rOCK"}, 1)
    assert (changed.status_code, changed.json()["product_line"]) == (200, "rock")
    again = await service.patch(jazz.headers["location"], {"product_line": "Rock"}, 2)
    assert (again.status_code, again.json()["version"]) == (200, 2), "nothing changes"
    rows = [{"sku": f"B-{n}", "name": "B", "product_line": line} for n, line in enumerate(("Folk", "FOLK", "Rock"))]
    await service.post("/v1/products/batch", {"rows": rows})
    assert await lines(service) == ["rock", "rock", "rock", "Folk", "Folk", "rock"]
    assert await lines(service, "&product_line=fOLK") == ["Folk", "Folk"]
    said = await service.published("channels.product.changed.v1")
    assert {event.payload["product_line"] for event in said} == {"rock", "Jazz", "Folk"}


async def test_of_two_spellings_at_once_one_stands(service: ServiceHarness) -> None:
    bodies = [{"sku": f"A-{n}", "name": "A", "product_line": ["rock", "Rock", "ROCK"][n % 3]} for n in range(6)]
    rows = {"rows": [bodies[0] | {"sku": "A-9", "product_line": "rOck"}]}
    answers = await asyncio.gather(
        *(service.post("/v1/products", body) for body in bodies), service.post("/v1/products/batch", rows)
    )
    assert {answer.status_code for answer in answers} == {200, 201}
    assert len(set(await lines(service))) == 1


async def test_old_spellings_of_a_line_stay_and_the_oldest_counts(service: ServiceHarness) -> None:
    await product(service, "A-1")
    await product(service, "A-2")
    async with service.transaction() as tx:
        await tx.execute("UPDATE product SET product_line = 'Rock' WHERE sku = 'A-2'")
    for number, (given, stored) in enumerate((("Rock", "Rock"), ("ROCK", "rock"), ("rock", "rock")), 3):
        made = await service.post("/v1/products", {"sku": f"A-{number}", "name": "A", "product_line": given})
        assert made.json()["product_line"] == stored


async def test_whatever_names_a_line_has_its_spelling(service: ServiceHarness) -> None:
    await product(service, "CD-ROCK")
    path = (await service.post("/v1/price-books", BOOK)).headers["location"]
    body, headers = {"entries": [ENTRY | {"product_line": "Rock"}]}, service.headers(If_Match='"1"')
    assert (await service.request("PUT", f"{path}/entries", body, headers=headers)).status_code == 200
    assert [one["product_line"] for one in (await service.get(f"{path}/entries")).json()["items"]] == ["rock"]
    named: dict[str, Any] = {"skus": [], "product_lines": ["Rock", "rock"], "excluded": []}
    promotion = PROMOTION | await a_group(service) | {"code": "P-1", "products": named}
    made = await service.post("/v1/promotions", promotion)
    assert (made.status_code, made.json()["products"]["product_lines"]) == (201, ["rock"]), made.text
    seller = await a_partner(service)
    terms = {"product_lines": ["ROCK"], "discounts": [{"product_line": "Rock", "discount": 1}]}
    made = await service.post("/v1/agreements", TERMS | seller | terms)
    assert (made.status_code, made.json()["product_lines"]) == (201, ["rock"]), made.text
    assert [one["product_line"] for one in made.json()["discounts"]] == ["rock"]
    made = await service.post("/v1/deals", DEAL | fresh_name() | seller | {"product_lines": ["ROCK"]})
    assert (made.status_code, made.json()["product_lines"]) == (201, ["rock"]), made.text
    made = await service.post("/v1/rebate-programmes", programme(product_lines=["Rock", "ROCK", "other"]))
    assert (made.status_code, made.json()["product_lines"]) == (201, ["rock", "other"]), made.text
    factors = [{"skus": ["cd-rock"], "product_lines": ["ROCK"], "factor": 2}]
    made = await service.post("/v1/points-programmes", CLUB | {"factors": factors})
    assert made.status_code == 201, made.text
    assert made.json()["factors"] == [{"skus": ["CD-ROCK"], "product_lines": ["rock"], "factor": 2}]
