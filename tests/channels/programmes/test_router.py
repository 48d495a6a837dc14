"""Rebate programmes: drafted, checked, published."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness, codes
from services.channels.events_out import RebateProgrammePublished
from tests.channels.conftest import TIERS, partner, programme

SHOWN = [{**tier, "amount": None} for tier in TIERS]


async def test_a_draft_is_replaced_then_published_for_good(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    made = await service.post("/v1/rebate-programmes", programme(partner_ids=[str(partner_id)], product_lines=["rock"]))
    path = made.headers["location"]
    assert (made.status_code, made.json()["state"], made.json()["tiers"]) == (201, "draft", SHOWN)
    assert (await service.get(path)).json() == made.json()
    body = programme(name="Volume 2", kind="retroactive")
    assert (await service.request("PUT", path, body)).status_code == 428
    headers = service.headers(If_Match='"1"')
    replaced = await service.request("PUT", path, body, headers=headers)
    assert (replaced.json()["kind"], replaced.json()["partner_ids"], replaced.json()["version"]) == (
        "retroactive",
        [],
        2,
    )
    assert (await service.request("PUT", path, body, headers=headers)).status_code == 412
    answers = await asyncio.gather(*(service.post(f"{path}/publish") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    assert (await service.get(path)).json()["state"] == "published"
    assert (await service.request("PUT", path, body, headers=service.headers(If_Match='"3"'))).status_code == 409
    (fact,) = await service.published(RebateProgrammePublished.TYPE)
    assert (fact.payload["version"], fact.payload["kind"], fact.payload["tiers"]) == (3, "retroactive", SHOWN)


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"tiers": []}, "invalid", "/tiers"),
        ({"tiers": [{"start": 5, "rate": 1}]}, "tier-plan-invalid", "/tiers/0/start"),
        ({"tiers": [TIERS[0], TIERS[2], TIERS[1]]}, "tier-plan-invalid", "/tiers/2/start"),
        ({"tiers": [TIERS[0], TIERS[0]]}, "tier-plan-invalid", "/tiers/1/start"),
        ({"tiers": [{"start": 0, "rate": 1_000_001}]}, "invalid", "/tiers/0/rate"),
        ({"tiers": [{"start": 0, "rate": 0.5}]}, "invalid", "/tiers/0/rate"),
        ({"tiers": [{"start": 10**40, "rate": 1}]}, "invalid", "/tiers/0/start"),
        ({"valid_to": "2025-12-31"}, "validity-invalid", "/valid_to"),
        ({"valid_from": "0001-01-01"}, "invalid", "/valid_from"),
        ({"period": "week"}, "invalid", "/period"),
        ({"kind": "stepped"}, "invalid", "/kind"),
        ({"product_lines": ["a", "a"]}, "invalid", "/product_lines"),
        ({"partner_ids": [str(new_id())]}, "unknown-reference", "/partner_ids/0"),
        ({"name": "\u0000"}, "invalid", "/name"),
    ],
)
async def test_a_malformed_programme_names_its_field(
    service: ServiceHarness, changes: dict[str, Any], code: str, pointer: str
) -> None:
    answer = await service.post("/v1/rebate-programmes", programme(**changes))
    assert (answer.status_code, answer.json()["code"], codes(answer.json())) == (422, code, [pointer])
    assert await service.rows("SELECT 1 FROM rebate_programme") == []


async def test_programmes_are_found(service: ServiceHarness) -> None:
    partner_id = await partner(service)
    await service.post("/v1/rebate-programmes", programme(partner_ids=[str(partner_id)]))
    await service.post("/v1/rebate-programmes", programme(name="Other"))
    found = (await service.get(f"/v1/rebate-programmes?partner_id={partner_id}&state=draft")).json()["items"]
    assert [(item["name"], item["tiers"], item["partner_ids"]) for item in found] == [
        ("Volume", SHOWN, [str(partner_id)])
    ]
    rep = service.headers("rep-01", "sales_rep")
    assert (await service.get("/v1/rebate-entries", headers=rep)).status_code == 403
