"""Costs: entered one by one and in batches, told with their product, seen by few."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import ServiceHarness, codes
from services.channels.events_out import ProductChanged

COST = {"sku": "CD-ROCK", "direct_base": 800, "indirect_share": 100_000, "valid_from": "2026-01-01"}


async def product(service: ServiceHarness, sku: str = "CD-ROCK") -> str:
    answer = await service.post("/v1/products", {"sku": sku, "name": sku, "product_line": "rock"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def told(service: ServiceHarness) -> list[tuple[int, list[str], list[Any]]]:
    """(version, changed, costs) of each fact of products."""
    facts = await service.published(ProductChanged.TYPE)
    return [
        (
            fact.sequence,
            fact.payload["changed"],
            [(cost["valid_from"], cost["unit_cost_base"]) for cost in fact.payload["costs"]],
        )
        for fact in facts
    ]


async def test_a_cost_is_appended_and_told_with_its_product(service: ServiceHarness) -> None:
    product_id = await product(service)
    made = await service.post("/v1/product-costs", COST)
    assert made.status_code == 201, made.text
    body = made.json()
    assert {name: body[name] for name in ("product_id", "indirect_base", "unit_cost_base", "created_by")} == {
        "product_id": product_id,
        "indirect_base": 80,
        "unit_cost_base": 880,
        "created_by": "admin",
    }
    earlier = COST | {"valid_from": "2025-07-01", "direct_base": 700, "indirect_share": None}
    assert (await service.post("/v1/product-costs", earlier)).status_code == 201
    assert await told(service) == [
        (1, [], []),
        (2, ["costs"], [("2026-01-01", 880)]),
        (3, ["costs"], [("2025-07-01", 700), ("2026-01-01", 880)]),
    ]
    renamed = await service.patch(f"/v1/products/{product_id}", {"name": "Rock"}, 3)
    assert renamed.status_code == 200
    assert (await told(service))[-1] == (4, ["name"], [("2025-07-01", 700), ("2026-01-01", 880)])
    audited = await service.rows("SELECT actor, after::text FROM audit_log WHERE resource = 'product_cost' ORDER BY id")
    assert [(row["actor"] == "admin", "800" in row["after"]) for row in audited] == [(True, True), (True, False)]


async def test_a_day_has_one_cost_for_good(service: ServiceHarness) -> None:
    await product(service)
    answers = await asyncio.gather(
        *(service.post("/v1/product-costs", COST | {"direct_base": 100 + n}) for n in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    refused = next(answer for answer in answers if answer.status_code == 409).json()
    made = next(answer for answer in answers if answer.status_code == 201).json()
    assert (refused["code"], refused["conflicting_id"]) == ("product-cost-valid-from-taken", made["id"])
    assert len(await told(service)) == 2


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"sku": "CD-NONE"}, "unknown-reference", "/sku"),
        ({"indirect_base": 1}, "indirect-twice", "/indirect_share"),
        ({"direct_base": 10**13}, "amount-overflow", "/direct_base"),
        ({"direct_base": -1}, "invalid", "/direct_base"),
        ({"direct_base": 1.5}, "invalid", "/direct_base"),
        ({"indirect_share": 1_000_001}, "invalid", "/indirect_share"),
        ({"valid_from": "2026-02-30"}, "invalid", "/valid_from"),
    ],
)
async def test_a_cost_that_cannot_be_names_its_field(
    service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str
) -> None:
    await product(service)
    answer = await service.post("/v1/product-costs", COST | changes)
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer])
    assert len(await told(service)) == 1


async def test_a_batch_answers_row_by_row_and_tells_of_each_product_once(service: ServiceHarness) -> None:
    for sku in ("CD-ROCK", "CD-JAZZ"):
        await product(service, sku)
    await service.post("/v1/product-costs", COST)
    rows = [
        COST,
        COST | {"direct_base": 1},
        COST | {"valid_from": "2026-02-01"},
        COST | {"valid_from": "2026-03-01"},
        COST | {"sku": "CD-JAZZ"},
        COST | {"sku": "CD-JAZZ"},
        COST | {"sku": "CD-NONE"},
        {"sku": "CD-JAZZ"},
    ]
    answer = (await service.post("/v1/product-costs/batch", {"rows": rows})).json()
    assert [row["status"] for row in answer["results"]] == [
        "unchanged",
        "problem",
        "created",
        "created",
        "created",
        "unchanged",
        "problem",
        "problem",
    ]
    problems = [row["problem"]["code"] for row in answer["results"] if row["problem"]]
    assert problems == ["product-cost-valid-from-taken", "unknown-reference", "invalid"]
    assert [(changed, len(costs)) for _version, changed, costs in (await told(service))[3:]] == [
        (["costs"], 1),
        (["costs"], 3),
    ]
    again = (await service.post("/v1/product-costs/batch", {"rows": rows[2:5]})).json()
    assert again["unchanged"] == 3


async def test_batches_of_the_same_products_in_opposite_order(service: ServiceHarness) -> None:
    skus = [f"S-{number}" for number in range(20)]
    for sku in skus:
        await product(service, sku)
    days = [f"2026-01-{day:02d}" for day in range(1, 11)]
    batches = [[COST | {"sku": sku, "valid_from": day} for sku in skus] for day in days]
    bodies = [{"rows": rows if number % 2 else rows[::-1]} for number, rows in enumerate(batches)]
    answers = await asyncio.gather(*(service.post("/v1/product-costs/batch", body) for body in bodies))
    assert [answer.json()["created"] for answer in answers] == [20] * 10
    rows = await service.rows(
        "SELECT p.sku, p.version, p.costs::text AS told, (SELECT jsonb_agg(jsonb_build_object("
        "'valid_from', c.valid_from, 'unit_cost_base', c.unit_cost_base) ORDER BY c.valid_from)::text "
        "FROM product_cost c WHERE c.sku = p.sku) AS appended FROM product p"
    )
    assert [(row["version"], row["told"] == row["appended"]) for row in rows] == [(11, True)] * 20


async def test_costs_are_seen_by_few_and_found(service: ServiceHarness) -> None:
    await product(service)
    await service.post("/v1/product-costs", COST)
    for role, status in (
        ("sales_rep", 403),
        ("risk_officer", 403),
        ("service_agent", 403),
        ("sales_manager", 200),
        ("sales_director", 200),
        ("auditor", 200),
        ("channel_manager", 200),
    ):
        headers = service.headers("somebody", role)
        assert (await service.get("/v1/product-costs", headers=headers)).status_code == status, role
        written = await service.post("/v1/product-costs", COST, headers=headers)
        assert written.status_code == (409 if role == "channel_manager" else 403), role
    product_body = (await service.get("/v1/products?sku=CD-ROCK")).json()["items"][0]
    assert "costs" not in product_body
    found = (await service.get("/v1/product-costs?sku=cd-Rock&valid_from[lte]=2026-06-30&limit=1")).json()["items"]
    assert [item["unit_cost_base"] for item in found] == [880]
