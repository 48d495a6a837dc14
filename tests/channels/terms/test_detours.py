"""Ways around floors and limits that somebody might try."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.channels.conflicts.found import merged, unmerged
from tests.channels.quotes.offers import ENTRIES, account, cost, goods, heard_rate
from tests.channels.terms.orders import Order, answers, cash_off, offer, order_of


async def reasons(service: ServiceHarness) -> list[str | None]:
    return [reason for _order, reason, _detail in await answers(service)]


def enforced(buyer: str, price: int, **changes: Any) -> Order:
    return Order(buyer, None, [("CD-ROCK", 10, price, 0)], changes={"price_policy": "enforced", **changes})


async def test_a_currency_without_prices_leads_around_no_markup(service: ServiceHarness) -> None:
    """A cost of 1.00 and 10 % on it: 11.00 for ten, 80.30 in a currency at 0.137."""
    await goods(service, min_markup=100_000)
    await cost(service, "CD-ROCK", 100)
    await service.deliver(heard_rate("CNY", "0.137"))
    yuan = {"currency": "CNY", "exchange_rate": "0.137"}
    buyer = await account(service)
    for price in (802, 803):
        await service.deliver(enforced(buyer, price, **yuan).placed())
    assert sorted(await reasons(service), key=str) == [None, "below-floor"]


async def test_prices_of_others_lead_around_no_markup(service: ServiceHarness) -> None:
    mine, other = await account(service), await account(service)
    await goods(service, {**ENTRIES[0], "selector": {"account_id": mine}}, min_markup=100_000)
    await cost(service, "CD-ROCK", 100)
    for buyer in (mine, other):
        for price in (109, 110):
            await service.deliver(enforced(buyer, price).placed())
    assert sorted(await reasons(service), key=str) == [None, None, "below-floor", "below-floor"]


@pytest.mark.parametrize("limit", [{"uses_per_account": 1}, {"kind": "first_order"}])
async def test_a_limit_per_account_is_one_of_all_that_are_one(service: ServiceHarness, limit: dict[str, Any]) -> None:
    await cash_off(service, **limit)
    quotes = [await offer(service) for _ in range(3)]
    kept, merge = order_of(quotes[0]), new_id()
    await service.deliver(kept.placed(), kept.confirmed())
    accounts = [UUID(each["account_id"]) for each in quotes]
    await service.deliver(merged(accounts[0], accounts[1], merge))
    second, third = order_of(quotes[1]), order_of(quotes[2])
    await service.deliver(second.placed())
    await service.deliver(third.placed())
    assert sorted(await reasons(service), key=str) == [None, None, "uses-exhausted"]
    await service.deliver(unmerged(accounts[0], accounts[1], merge))
    second.placement = 2
    await service.deliver(second.placed())
    assert sorted(await reasons(service), key=str) == [None, None, None, "uses-exhausted"]
