"""Exchange rates are added once and never changed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.testing.service import codes
from services.customer.events_out.exchange_rates import ExchangeRateSet
from tests.customer.conftest import World

PATH = "/v1/exchange-rates"


async def test_one_rate_a_day(world: World) -> None:
    body = {"currency": "EUR", "rate": "1.08", "valid_from": "2026-03-01"}
    answers = await asyncio.gather(*[world.service.post(PATH, body) for _ in range(3)])
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {a.json().get("code") for a in answers if a.status_code == 409} == {"duplicate-exchange-rate"}
    listed = (await world.service.get(PATH + "?currency=EUR")).json()["items"]
    assert [(item["rate"], item["base_currency"]) for item in listed] == [("1.08", "USD")]
    (said,) = [event for event in await world.service.published(ExchangeRateSet.TYPE) if event.key == "EUR"]
    assert (said.payload["id"], said.payload["rate"], said.payload["valid_from"]) == (
        listed[0]["id"],
        "1.08",
        "2026-03-01",
    )


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"rate": "0"}, "/rate"),
        ({"rate": "1.0000000000001"}, "/rate"),
        ({"rate": "-1"}, "/rate"),
        ({"rate": 1.5}, "/rate"),
        ({"currency": "USD"}, "/currency"),
        ({"currency": "EU"}, "/currency"),
        ({"valid_from": "yesterday"}, "/valid_from"),
    ],
)
async def test_bad_rates(world: World, changes: dict[str, Any], pointer: str) -> None:
    answer = await world.service.post(PATH, {"currency": "EUR", "rate": "1.08", "valid_from": "2026-03-01", **changes})
    assert (answer.status_code, codes(answer.json())) == (422, [pointer])
