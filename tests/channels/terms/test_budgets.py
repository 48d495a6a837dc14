"""Budgets are said to be exhausted once, until something comes back; broken thresholds are counted."""

from __future__ import annotations

from typing import Any

import pytest

from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness
from services.channels.events_out.promotions import PromotionBudgetExhausted
from services.channels.events_out.terms import TermsGivenBack, TermsRefused, TermsReserved
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings
from tests.channels.terms.orders import Order, answers, budget, cash_off, offer, order_of

__all__ = ["logged"]


async def _exhausted(service: ServiceHarness) -> list[int]:
    """What was left each time that it was said."""
    return [one.payload["left_base"] for one in await service.published(PromotionBudgetExhausted.TYPE)]


async def _place(service: ServiceHarness, count: int = 1) -> list[Order]:
    orders = [order_of(await offer(service)) for _ in range(count)]
    for order in orders:
        await service.deliver(order.placed())
    return orders


async def test_a_budget_is_exhausted_once(service: ServiceHarness) -> None:
    promotion = await cash_off(service, budget_base=5_000)
    await _place(service, 3)
    assert await _exhausted(service) == [2_000]
    (said,) = await service.published(PromotionBudgetExhausted.TYPE)
    assert (said.key, said.subject, said.sequence) == (promotion, promotion, said.payload["version"])
    assert (await budget(service, promotion))["exhausted_at"] is not None
    await _place(service)
    assert await _exhausted(service) == [2_000], "until something comes back"
    assert (await service.get(f"/v1/promotions/{promotion}")).json()["version"] == said.payload["version"]


@pytest.mark.parametrize("way", ["cancelled", "held", "placed", "returned"])
async def test_what_comes_back_clears_it(service: ServiceHarness, way: str) -> None:
    promotion = await cash_off(service, budget_base=5_000)
    first, *_ = await _place(service, 2)
    if way == "returned":
        await service.deliver(first.confirmed(), first.returned(l1=1))
    elif way == "placed":
        first.placement = 2
        await service.deliver(first.placed(checks=["credit"], quote_id=None))
    else:
        await service.deliver(getattr(first, way)())
    assert (await budget(service, promotion))["exhausted_at"] is None
    await _place(service, 2)
    assert await _exhausted(service) == [2_000, 0 if way == "returned" else 2_000]


async def test_another_budget_clears_it(service: ServiceHarness) -> None:
    promotion = await cash_off(service, budget_base=5_000)
    await _place(service, 2)
    version = (await service.get(f"/v1/promotions/{promotion}")).json()["version"]
    changed = await service.patch(f"/v1/promotions/{promotion}", {"budget_base": 5_500}, version)
    assert changed.status_code == 200, changed.text
    assert (await budget(service, promotion))["exhausted_at"] is None
    await _place(service)
    assert await _exhausted(service) == [2_000, 2_500]


async def test_in_one_batch_it_is_said_again_after_something_came_back(service: ServiceHarness) -> None:
    promotion = await cash_off(service, budget_base=3_000)
    first, second, third, fourth = [order_of(await offer(service)) for _ in range(4)]
    await service.deliver(first.placed())
    first.placement = 2
    again = first.placed(checks=["credit"], quote_id=None)
    async with service.transaction() as tx:
        batch = [second.placed(), again, third.placed(), fourth.placed()]
        await service.subscriptions.lane("core").handle(service.work(tx), batch)
    assert [reason for _order, reason, _detail in await answers(service)].count("budget-exhausted") == 2, (
        "the third has its room"
    )
    assert await _exhausted(service) == [0, 0]
    versions = [one.sequence for one in await service.published(PromotionBudgetExhausted.TYPE)]
    assert versions == sorted(set(versions))
    assert (await budget(service, promotion))["exhausted_at"] is not None


LADDER: dict[str, Any] = {"reward": {"type": "ladder", "rungs": [{"min_quantity": 6, "share": 100_000}]}}
SPEND: dict[str, Any] = {
    "kind": "spend",
    "phase": "order",
    "reward": {"type": "spend_steps", "steps": {"USD": [{"spend": 30_000, "amount": 3_000}]}},
}


@pytest.mark.parametrize("terms", [{"kind": "quantity", **LADDER}, SPEND])
async def test_a_return_that_breaks_a_threshold_leaves_what_is_kept_its_discount(
    service: ServiceHarness, terms: dict[str, Any]
) -> None:
    """6 x 50.00 less 10 %, 5 back: budget 25.00, the rest is kept and counted."""
    promotion = await cash_off(service, **terms)
    order, whole = [order_of(await offer(service, ("CD-JAZZ", 6))) for _ in range(2)]
    await service.deliver(order.placed(), order.confirmed(), whole.placed(), whole.confirmed())
    assert (await budget(service, promotion))["threshold_broken"] == 0
    for pieces in (5, 5):
        await service.deliver(order.returned(l1=pieces), whole.returned(l1=6))
        found = await budget(service, promotion)
        assert (found["committed_base"], found["threshold_broken"]) == (500, 1)
    said = [one.payload for one in await service.published(TermsGivenBack.TYPE)]
    assert sorted((one["parts"][0]["amount_base"], one["thresholds_broken"]) for one in said) == [
        (2_500, [promotion]),
        (3_000, []),
    ]
    await service.deliver(order.returned(l1=6))
    assert (await budget(service, promotion))["threshold_broken"] == 0, "nothing is kept any more"


async def test_broken_thresholds_are_folded_and_verified(logged: ServiceHarness) -> None:
    service = logged
    await cash_off(service, kind="quantity", **LADDER)
    order = order_of(await offer(service, ("CD-JAZZ", 6)))
    events = [order.placed(), order.confirmed(), order.returned(l1=1)]
    await service.deliver(*events)
    await publish_all(service, events)
    assert await wrong_findings(service) == []
    assert (await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "terms")).equal
    (row,) = await service.rows("SELECT is_threshold_broken FROM terms_part")
    assert row["is_threshold_broken"]


async def test_a_quote_reserves_nothing_and_an_answer_goes_by_the_stream_of_its_order(service: ServiceHarness) -> None:
    promotion_id = await cash_off(service, uses=1, budget_base=3_000)
    first, second = await offer(service), await offer(service)
    assert [one["discount"] for one in (first, second)] == [3_000, 3_000]
    before = await budget(service, promotion_id)
    assert (before["reserved_base"], before["reserved_uses"], before["left_base"]) == (0, 0, 3_000)
    orders = [order_of(one) for one in (second, first)]
    for one in orders:
        await service.deliver(one.placed())
    assert [reason for _order, reason, _detail in await answers(service)] == [None, "uses-exhausted"]
    said = [*await service.published(TermsReserved.TYPE), *await service.published(TermsRefused.TYPE)]
    assert [one.key for one in said] == [one.account_id for one in orders]
