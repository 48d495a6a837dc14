"""Costs of channels: one amount a channel, month and kind."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import ServiceHarness, codes

PATH = "/v1/channel-costs"
COST = {"month": "2026-02-01", "kind": "marketing", "amount_base": 1_250_000}


async def a_channel(service: ServiceHarness, code: str = "shop-cn") -> str:
    body = {"code": code, "name": "Web shop China", "kind": "own_site", "is_direct": True, "regions": ["CN"]}
    made: str = (await service.post("/v1/channels", body)).json()["id"]
    return made


async def test_a_kind_has_one_amount_a_month(service: ServiceHarness) -> None:
    body = COST | {"channel_id": await a_channel(service)}
    answers = await asyncio.gather(*(service.post(PATH, body | {"amount_base": 100 + n}) for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]
    (made,) = (answer.json() for answer in answers if answer.status_code == 201)
    refused = [answer.json() for answer in answers if answer.status_code == 409]
    assert {(one["code"], one["conflicting_id"]) for one in refused} == {("channel-cost-month-taken", made["id"])}
    others = (
        {"month": "2026-03-01"},
        {"kind": "rent"},
        {"channel_id": await a_channel(service, "shop-us")},
    )
    for other in others:
        assert (await service.post(PATH, body | other)).status_code == 201
    listed = (await service.get(f"{PATH}?channel_id={body['channel_id']}&month=2026-02-01&sort=-month")).json()["items"]
    assert {(one["kind"], one["id"] == made["id"]) for one in listed} == {("marketing", True), ("rent", False)}


async def test_an_amount_is_corrected_once_a_version(service: ServiceHarness) -> None:
    made = (await service.post(PATH, COST | {"channel_id": await a_channel(service)})).json()
    url = f"{PATH}/{made['id']}"
    answers = await asyncio.gather(*(service.patch(url, {"amount_base": n}, version=1) for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    after = (await service.get(url)).json()
    assert (after["version"], after["amount_base"] < 4, after["kind"]) == (2, True, "marketing")


async def test_an_archived_channel_still_gets_its_bills(service: ServiceHarness) -> None:
    channel = await a_channel(service)
    assert (await service.post(f"/v1/channels/{channel}/archive")).status_code == 200
    assert (await service.post(PATH, COST | {"channel_id": channel})).status_code == 201


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"month": "2026-02-14"}, "/month"),
        ({"month": "2026-02"}, "/month"),
        ({"kind": "bribes"}, "/kind"),
        ({"amount_base": -1}, "/amount_base"),
        ({"amount_base": 10**13 + 1}, "/amount_base"),
        ({"channel_id": "01989f2e-0000-7000-8000-0000000000ff"}, "/channel_id"),
        ({"currency": "USD"}, "/currency"),
    ],
)
async def test_a_malformed_cost_names_its_field(service: ServiceHarness, changes: dict[str, Any], pointer: str) -> None:
    answer = await service.post(PATH, COST | {"channel_id": await a_channel(service)} | changes)
    assert (answer.status_code, codes(answer.json())) == (422, [pointer])


@pytest.mark.parametrize("changes", [{"amount_base": None}, {"month": "2026-03-01"}, {"kind": "rent"}])
async def test_only_the_amount_changes(service: ServiceHarness, changes: dict[str, Any]) -> None:
    made = (await service.post(PATH, COST | {"channel_id": await a_channel(service)})).json()
    answer = await service.patch(f"{PATH}/{made['id']}", changes, version=1)
    assert (answer.status_code, codes(answer.json())) == (422, [f"/{next(iter(changes))}"])
