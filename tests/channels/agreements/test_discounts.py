"""Discounts of agreements in quotes: the largest that holds, where and how the partner may sell, or the level's."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.testing.service import ServiceHarness
from services.channels.agreements.rules import Discount, LineShare, best_discounts
from tests.channels.agreements.signed import PATH, a_partner, director, signed
from tests.channels.conftest import Days
from tests.channels.quotes.offers import account, body, goods, quoted
from tests.channels.tier_evaluations.ranked import LEVELS, a_programme, evaluated, published, sold

ROCK: dict[str, Any] = {"discounts": [{"product_line": "rock", "discount": 75_000}], "exclusivity": "none"}
OFFERS = st.lists(
    st.tuples(
        st.sampled_from(["rock", "jazz"]),
        st.integers(0, 3),
        st.sampled_from([None, date(2026, 6, 30), date(2026, 12, 31)]),
    ),
    max_size=4,
)


@given(found=OFFERS)
def test_neither_the_order_of_lines_nor_of_agreements_matters(found: list[Discount]) -> None:
    results = [best_discounts(order) for order in permutations(found)]
    assert all(result == results[0] for result in results)
    for line, share, _end in found:
        assert results[0][line].share >= share


def test_of_as_much_the_one_that_holds_longest() -> None:
    found: list[Discount] = [("rock", 5, date(2026, 6, 30)), ("rock", 5, None), ("rock", 4, date(2027, 1, 1))]
    assert best_discounts(found) == {"rock": LineShare(5, None)}


async def a_channel(service: ServiceHarness, kind: str) -> str:
    made = await service.post("/v1/channels", {"code": kind, "name": kind, "kind": kind, "is_direct": False})
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def prices(quote: dict[str, Any]) -> list[tuple[str, int, int]]:
    return [(line["sku"], line["list_price"], line["unit_price"]) for line in quote["lines"]]


async def test_the_largest_that_holds_and_not_both(service: ServiceHarness, days: Days) -> None:
    days.on("2026-04-02")
    await goods(service)
    who, buyer = await a_partner(service), await account(service)
    await signed(service, **who, **ROCK, mode="all")
    larger = {"discounts": [{"product_line": "ROCK", "discount": 100_000}], "exclusivity": "none"}
    ends = await signed(service, **who, **larger, mode="all", valid_to="2026-04-20")
    sent = body(buyer, ("CD-ROCK", 1), ("CD-JAZZ", 1), **who)
    both = await quoted(service, sent)
    assert prices(both) == [("CD-ROCK", 10_000, 9_000), ("CD-JAZZ", 5_000, 5_000)]
    assert both["valid_until"] == "2026-04-20", "no longer than what it was found from"
    turned = await quoted(service, body(buyer, ("CD-JAZZ", 1), ("CD-ROCK", 1), **who))
    assert sorted(prices(turned)) == sorted(prices(both))
    alone = await quoted(service, body(buyer, ("CD-ROCK", 1)))
    assert prices(alone) == [("CD-ROCK", 10_000, 10_000)]
    days.on("2026-04-21")
    later = await quoted(service, sent)
    assert (prices(later)[0], later["valid_until"]) == (("CD-ROCK", 10_000, 9_250), "2026-05-21"), ends


async def test_a_larger_level_takes_its_place(service: ServiceHarness, days: Days) -> None:
    days.on("2026-04-02")
    await goods(service)
    who, buyer = await a_partner(service), await account(service)
    await signed(service, **who, **ROCK, mode="all", valid_to="2026-04-20")
    levels = [LEVELS[0], {**LEVELS[1], "benefits": {"discount": 80_000}}]
    programme = await a_programme(service, levels)
    await sold(service, UUID(who["partner_id"]), 20_000_000)
    await published(service, await evaluated(service, programme), "2026-04-03")
    days.on("2026-04-03")
    quote = await quoted(service, body(buyer, ("CD-ROCK", 1), **who))
    assert prices(quote) == [("CD-ROCK", 10_000, 9_200)]
    assert quote["valid_until"] == "2026-05-03", "it does not hang on the agreement"


@pytest.mark.parametrize(
    ("terms", "region", "kind", "price"),
    [
        ({"territory": ["CN"]}, "CN-SH-01", "dealer", 9_250),
        ({"territory": ["CN-SH"]}, "CN-BJ", "dealer", 10_000),
        ({"territory": ["AZ-SA"]}, "AZ-SAB", "dealer", 10_000),
        ({}, None, "dealer", 10_000),
        ({"mode": "online"}, "CN-SH", "marketplace", 9_250),
        ({"mode": "online"}, "CN-SH", "dealer", 10_000),
        ({"mode": "offline"}, "CN-SH", None, 10_000),
        ({"mode": "all"}, "CN-SH", None, 9_250),
        ({"product_lines": ["rock"]}, "CN-SH", "dealer", 9_250),
        ({"valid_from": "2026-04-03"}, "CN-SH", "dealer", 10_000),
        ({"valid_to": "2026-04-01"}, "CN-SH", "dealer", 10_000),
        ({"valid_to": "2026-04-02"}, "CN-SH", "dealer", 9_250),
    ],
)
async def test_where_and_how_it_holds(
    service: ServiceHarness, days: Days, terms: dict[str, Any], region: str | None, kind: str | None, price: int
) -> None:
    days.on("2026-03-02")
    await goods(service)
    who, buyer = await a_partner(service), await account(service, region=region)
    await signed(service, **who, **ROCK, **terms)
    days.on("2026-04-02")
    way = {} if kind is None else {"channel_id": await a_channel(service, kind)}
    assert prices(await quoted(service, body(buyer, ("CD-ROCK", 1), **who, **way))) == [("CD-ROCK", 10_000, price)]


async def test_a_terminated_one_takes_nothing_off_any_more(service: ServiceHarness, days: Days) -> None:
    days.on("2026-04-02")
    await goods(service)
    who, buyer = await a_partner(service), await account(service)
    path = await signed(service, **who, **ROCK, mode="all", notice_days=0)
    assert path.startswith(PATH)
    quote = await quoted(service, body(buyer, ("CD-ROCK", 1), **who))
    ended = await service.post(
        f"{path}/terminate", {"terminated_on": "2026-04-05", "reason": "unpaid"}, headers=director(service)
    )
    assert ended.status_code == 200, ended.text
    days.on("2026-04-06")
    assert prices(await quoted(service, body(buyer, ("CD-ROCK", 1), **who)))[0][2] == 10_000
    kept = (await service.get(f"/v1/quotes/{quote['id']}")).json()
    assert (kept["state"], prices(kept)[0][2]) == ("issued", 9_250), "what is issued is kept"
