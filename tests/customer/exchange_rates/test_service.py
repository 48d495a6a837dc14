"""Exchange rates are added once and never changed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kit.due.loop import DueLoop
from kit.testing.service import codes
from services.customer.events_out.exchange_rates import ExchangeRateSet
from services.customer.exchange_rates.dues import RATES_DUE
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


async def turn(world: World) -> int:
    worked = await DueLoop(world.service.runtime, [RATES_DUE]).turn()
    assert await world.service.rows("SELECT * FROM due_failure") == []
    return worked


async def test_rates_of_before_their_event_are_said_once(world: World) -> None:
    """As a release without the event writes them, and of a base currency that is no longer the company's."""
    said = len(await world.service.published(ExchangeRateSet.TYPE))
    async with world.service.transaction() as tx:
        await tx.execute(
            "INSERT INTO exchange_rate (id, currency, base_currency, rate, valid_from, created_by, created_at) VALUES "
            "(gen_random_uuid(), 'GBP', 'USD', '1.31', '2026-02-01', 'x', now()), "
            "(gen_random_uuid(), 'GBP', 'USD', '1.25', '2024-02-29', 'x', now()), "
            "(gen_random_uuid(), 'GBP', 'CHF', '1.12', '2024-02-29', 'x', now())"
        )
    await asyncio.gather(*(turn(world) for _ in range(3)))
    assert await turn(world) == 0
    found = (await world.service.published(ExchangeRateSet.TYPE))[said:]
    assert [(one.key, one.payload["valid_from"], one.payload["rate"]) for one in found] == [
        ("GBP", "2024-02-29", "1.25"),
        ("GBP", "2026-02-01", "1.31"),
    ]


async def test_a_rate_that_is_entered_now_does_not_wait(world: World) -> None:
    body = {"currency": "EUR", "rate": "1.08", "valid_from": "2026-03-01"}
    assert (await world.service.post(PATH, body)).status_code == 201
    assert await turn(world) == 0
