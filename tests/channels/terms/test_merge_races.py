"""Accounts that merge while their orders are decided on: what a customer may have once it has once."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from kit.db.redirects import fold_redirects
from kit.testing.service import ServiceHarness
from services.channels.promotions import service as promotions
from tests.channels.conflicts.found import merged
from tests.channels.gates import WAITS, Gate, at_once, standing
from tests.channels.quotes.offers import account
from tests.channels.terms.orders import Order, answers, budget, cash_off, offer, order_of

LIMITS: list[dict[str, Any]] = [{"uses_per_account": 1}, {"kind": "first_order"}]


async def two_orders(service: ServiceHarness, limit: dict[str, Any]) -> tuple[str, list[Order]]:
    """A promotion that each account may use once, and an order of each of two accounts, not placed."""
    promotion = await cash_off(service, **limit)
    return promotion, [order_of(await offer(service, buyer=await account(service))) for _ in range(2)]


async def refused(service: ServiceHarness) -> list[str]:
    return [reason for _order, reason, _detail in await answers(service) if reason is not None]


@pytest.mark.parametrize("limit", LIMITS)
async def test_a_merge_while_the_first_is_decided(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch, limit: dict[str, Any]
) -> None:
    """The second waits for the first, and looks who is one with it when its turn has come."""
    promotion, (first, second) = await two_orders(service, limit)
    gate = Gate()
    monkeypatch.setattr(promotions, "save_budgets", gate.after(promotions.save_budgets))
    async with standing(service.deliver_alone(first.placed()), gate):
        late = asyncio.ensure_future(service.deliver_alone(second.placed()))
        await asyncio.wait([late], timeout=WAITS)
        await service.deliver_alone(merged(UUID(first.account_id), UUID(second.account_id)))
    await late
    assert await refused(service) == ["uses-exhausted"]
    assert (await budget(service, promotion))["reserved_uses"] == 1


@pytest.mark.parametrize("limit", LIMITS)
async def test_orders_while_the_merge_is_not_committed(
    service: ServiceHarness, monkeypatch: pytest.MonkeyPatch, limit: dict[str, Any]
) -> None:
    """Both were of two customers when they were decided; the next one is of one."""
    promotion, (first, second) = await two_orders(service, limit)
    third = order_of(await offer(service, buyer=first.account_id))
    gate = Gate()
    monkeypatch.setattr("services.channels.redirects.handlers.fold_redirects", gate.after(fold_redirects))

    async def both() -> None:
        for order in (first, second):
            await service.deliver_alone(order.placed())

    await at_once(service.deliver_alone(merged(UUID(first.account_id), UUID(second.account_id))), gate, both())
    assert await refused(service) == []
    await service.deliver_alone(third.placed())
    assert await refused(service) == ["uses-exhausted"]
    assert (await budget(service, promotion))["reserved_uses"] == 2
