"""What a level is worth in quotes: its discount, prices and promotions of levels, while it is known to hold."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from kit.testing.service import ServiceHarness
from tests.channels.conftest import Days
from tests.channels.quotes.offers import account, body, goods, promotion, quoted
from tests.channels.tier_evaluations.ranked import LEVELS, NEXT, a_programme, evaluated, published, seller, sold

THIRD = ("2026-07-01", "2026-09-30")


def fixed(code: str, price: int, **selector: Any) -> dict[str, Any]:
    breaks = [{"min_quantity": 1, "unit_price": price}]
    return {"code": code, "sku": "CD-ROCK", "method": "fixed", "breaks": breaks, "selector": selector}


async def test_a_level_gives_its_discount_from_its_day_on(service: ServiceHarness, days: Days) -> None:
    days.on("2026-04-02")
    await goods(service, fixed("LIST", 999))
    levels = [LEVELS[0], {**LEVELS[1], "benefits": {"discount": 75_000}}]
    programme, one, buyer = await a_programme(service, levels), await seller(service), await account(service)
    await sold(service, one, 20_000_000)
    await published(service, await evaluated(service, programme), "2026-04-10")
    sent = body(buyer, ("CD-ROCK", 1), partner_id=str(one))
    before = await quoted(service, sent)
    days.on("2026-04-10")
    after, alone = await quoted(service, sent), await quoted(service, body(buyer, ("CD-ROCK", 1)))
    assert [each["lines"][0]["unit_price"] for each in (before, after, alone)] == [999, 924, 999], "9.99 less 7.5 %"
    assert after["valid_until"] == "2026-05-10"
    days.on("2026-07-02")
    await published(service, await evaluated(service, programme, NEXT), "2026-07-03")
    assert (await quoted(service, sent))["valid_until"] == "2026-08-01", "it stays: the level has no end"
    days.on("2026-10-02")
    await published(service, await evaluated(service, programme, THIRD), "2026-10-12")
    ends = await quoted(service, sent)
    assert (ends["lines"][0]["unit_price"], ends["valid_until"]) == (924, "2026-10-11"), "what is issued is kept"
    days.on("2026-10-12")
    assert (await quoted(service, sent))["lines"][0]["unit_price"] == 999


async def test_prices_and_promotions_are_for_levels(service: ServiceHarness, days: Days) -> None:
    days.on("2026-04-02")
    await goods(service, fixed("LIST", 1_000), fixed("SILVER", 800, tier="silver"))
    await promotion(service, audience={"tiers": ["silver"]})
    programme, one, buyer = await a_programme(service), await seller(service), await account(service)
    await sold(service, one, 20_000_000)
    await published(service, await evaluated(service, programme), (date(2026, 4, 2) + timedelta(1)).isoformat())
    days.on("2026-04-03")
    through = await quoted(service, body(buyer, ("CD-ROCK", 1), partner_id=str(one)))
    alone = await quoted(service, body(buyer, ("CD-ROCK", 1)))
    assert [each["lines"][0]["unit_price"] for each in (through, alone)] == [800, 1_000]
    assert [each["lines"][0]["discount"] > 0 for each in (through, alone)] == [True, False]
