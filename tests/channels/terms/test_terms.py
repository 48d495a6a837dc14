"""The answer to a placement, and what becomes of what it reserved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from kit import clock
from kit.clock import business_date
from kit.testing.service import ServiceHarness
from services.channels.events_out.quotes import QuoteAccepted, QuoteIssued
from services.channels.events_out.terms import TermsCommitted, TermsGivenBack, TermsRefused, TermsReserved
from tests.channels.quotes.offers import account, body, cost, goods, in_yuan, quoted
from tests.channels.terms.orders import (
    Order,
    answers,
    budget,
    cash_off,
    offer,
    order_of,
    reservations,
)


async def test_an_order_as_quoted_reserves_what_it_takes(service: ServiceHarness) -> None:
    promotion = await cash_off(service, budget_base=10_000, uses=5)
    quote = await offer(service)
    order = order_of(quote)
    event = order.placed()
    await service.deliver(event)
    (said,) = await service.published(TermsReserved.TYPE)
    assert (said.key, said.subject, said.causation_id) == (quote["account_id"], str(order.id), str(event.id))
    assert said.payload["promotions"] == [{"promotion_id": promotion, "amount_base": 3_000}]
    assert said.payload["parts"] == [{"line_no": 1, "promotion_id": promotion, "quantity": 3, "amount_base": 3_000}]
    (row,) = await reservations(service, order_id=order.id)
    assert (row["state"], row["amount_base"], row["quote_id"]) == ("reserved", 3_000, quote["id"])
    found = await budget(service, promotion)
    assert (found["reserved_base"], found["left_base"], found["reserved_uses"], found["left_uses"]) == (
        3_000,
        7_000,
        1,
        4,
    )
    taken = (await service.get(f"/v1/quotes/{quote['id']}")).json()
    assert (taken["state"], taken["order_id"]) == ("accepted", str(order.id))
    (accepted,) = await service.published(QuoteAccepted.TYPE)
    assert accepted.payload["order_id"] == str(order.id)


async def test_what_asks_for_no_terms_is_answered_by_nobody_and_costs_nothing(service: ServiceHarness) -> None:
    order = Order(await account(service), None, [("CD-ROCK", 1, 100, 0)])
    changes: dict[str, Any] = {"checks": ["credit"], "price_policy": "free"}
    await service.deliver(order.placed(**changes))
    order.changes = {"price_policy": "free"}
    await service.deliver(order.confirmed(), order.returned(l1=1), order.held("credit", "limit_exceeded"))
    assert await answers(service) == []
    assert await reservations(service) == []


@pytest.mark.parametrize(
    ("changes", "detail", "line_no"),
    [
        ({"lines": [("CD-ROCK", 4, 10_000, 0)]}, "line", 1),
        ({"lines": [("CD-ROCK", 3, 9_999, 0)]}, "line", 1),
        ({"lines": [("CD-ROCK", 3, 10_000, 1)]}, "line", 1),
        ({"lines": [("CD-JAZZ", 3, 10_000, 0)]}, "line", 1),
        ({"lines": [("CD-ROCK", 3, 10_000, 0), ("CD-JAZZ", 1, 5_000, 0)]}, "line", 2),
        ({"currency": "CNY"}, "currency", None),
        ({"payment_terms_days": 31}, "payment-terms", None),
        ({"partner_id": "01900000-0000-7000-8000-0000000000b9"}, "partner", None),
        ({"channel_id": "01900000-0000-7000-8000-0000000000b9"}, "channel", None),
    ],
)
async def test_an_order_that_is_not_what_was_quoted_is_refused(
    service: ServiceHarness, changes: dict[str, Any], detail: str, line_no: int | None
) -> None:
    order = order_of(await offer(service, payment_terms_days=30))
    order.lines = changes.pop("lines", order.lines)
    await service.deliver(order.placed(**changes))
    (said,) = await service.published(TermsRefused.TYPE)
    assert (said.payload["reason"], said.payload["detail"], said.payload["line_no"]) == (
        "quote-changed",
        detail,
        line_no,
    )
    (row,) = await reservations(service)
    assert (row["state"], row["reason"], row["detail"]) == ("refused", "quote-changed", detail)


async def test_shorter_terms_than_quoted_are_as_quoted(service: ServiceHarness) -> None:
    await service.deliver(order_of(await offer(service, payment_terms_days=30)).placed(payment_terms_days=10))
    assert [reason for _order, reason, _detail in await answers(service)] == [None]


async def test_unknown_quotes_and_those_that_are_no_offer(service: ServiceHarness) -> None:
    quote = await offer(service)
    assert (await service.post(f"/v1/quotes/{quote['id']}/withdraw")).status_code == 200
    unknown = Order(quote["account_id"], str(order_of(quote).id), [("CD-ROCK", 3, 10_000, 0)])
    bare = Order(quote["account_id"], None, [("CD-ROCK", 3, 10_000, 0)], changes={"points": 5})
    await service.deliver(order_of(quote).placed(), unknown.placed(), bare.placed())
    assert [reason for _order, reason, _detail in await answers(service)] == ["quote-unknown"] * 3


async def test_the_second_order_of_a_quote_is_refused_until_the_first_is_cancelled(service: ServiceHarness) -> None:
    quote = await offer(service)
    first, second = order_of(quote), order_of(quote)
    await service.deliver(first.placed(), second.placed())
    assert await answers(service) == [(str(first.id), None, None), (str(second.id), "quote-changed", "quote-used")]
    await service.deliver(first.cancelled())
    assert (await service.get(f"/v1/quotes/{quote['id']}")).json()["state"] == "issued"
    assert len(await service.published(QuoteIssued.TYPE)) == 2
    second.placement = 2
    await service.deliver(second.placed())
    assert (await service.get(f"/v1/quotes/{quote['id']}")).json()["order_id"] == str(second.id)


async def _limit(service: ServiceHarness, promotion: str, amount: int) -> None:
    path = f"/v1/promotions/{promotion}"
    version = (await service.get(path)).json()["version"]
    answer = await service.patch(path, {"budget_base": amount}, version)
    assert answer.status_code == 200, answer.text


async def test_a_quote_named_in_time_stays_in_time_for_its_order_alone(service: ServiceHarness) -> None:
    promotion = await cash_off(service, budget_base=9_000)
    quote = await offer(service, valid_days=1)
    order, late = order_of(quote), order_of(quote)
    await _limit(service, promotion, 1_000)
    await service.deliver(order.placed())
    past = clock.now() + timedelta(days=40)
    order.placement, order.changes = 2, {"placed_at": past, "order_date": business_date("Asia/Shanghai", past)}
    await _limit(service, promotion, 9_000)
    await service.deliver(order.placed())
    states = [(row["placement"], row["reason"]) for row in await reservations(service, order_id=order.id)]
    assert sorted(states) == [(1, "budget-exhausted"), (2, None)]
    await service.deliver(late.placed(**order.changes))
    assert (await answers(service))[-1][2] == "quote-used"


async def test_a_quote_whose_last_day_has_passed(service: ServiceHarness) -> None:
    quote = await offer(service, valid_days=1)
    past = clock.now() + timedelta(days=2)
    by_day = order_of(quote, placed_at=past)
    by_date = order_of(quote, order_date=business_date("Asia/Shanghai", past))
    on_last = order_of(quote, placed_at=clock.now() + timedelta(days=1))
    await service.deliver(by_day.placed(), by_date.placed(), on_last.placed())
    said = {order: reason for order, reason, _detail in await answers(service)}
    assert said == {str(by_day.id): "quote-expired", str(by_date.id): "quote-expired", str(on_last.id): None}


@pytest.mark.parametrize("honour", [True, False])
async def test_an_ended_promotion_is_kept_unless_it_is_not_honoured(service: ServiceHarness, honour: bool) -> None:
    promotion = await cash_off(service)
    quote = await offer(service)
    answer = await service.post(f"/v1/promotions/{promotion}/end", {"honour": honour})
    assert answer.status_code == 200, answer.text
    await service.deliver(order_of(quote).placed())
    assert (await answers(service))[0][1] == (None if honour else "promotion-ended")


async def test_uses_of_all_and_of_each_account(service: ServiceHarness) -> None:
    await cash_off(service, uses=2, uses_per_account=1)
    first, second = await offer(service), await offer(service)
    again = await offer(service, buyer=first["account_id"])
    third = await offer(service)
    for quote in (first, again, second, third):
        await service.deliver(order_of(quote).placed())
    said = {order: reason for order, reason, _detail in await answers(service)}
    assert list(said.values()) == [None, None, "uses-exhausted", "uses-exhausted"], "reserved ones first"
    assert {row["account_id"] for row in await reservations(service, state="reserved")} == {
        first["account_id"],
        second["account_id"],
    }


async def test_of_two_first_orders_the_second_is_refused(service: ServiceHarness) -> None:
    await cash_off(service, kind="first_order")
    buyer = await account(service)
    orders = [order_of(await offer(service, buyer=buyer)) for _ in range(2)]
    await service.deliver(*(order.placed() for order in orders))
    assert [reason for _order, reason, _detail in await answers(service)] == [None, "uses-exhausted"]


async def test_the_whole_discount_or_nothing(service: ServiceHarness) -> None:
    promotion = await cash_off(service, budget_base=5_999)
    orders = [order_of(await offer(service)) for _ in range(2)]
    await service.deliver(*(order.placed() for order in orders))
    assert [reason for _order, reason, _detail in await answers(service)] == [None, "budget-exhausted"]
    assert (await budget(service, promotion))["left_base"] == 2_999


async def test_budgets_are_taken_at_the_rate_of_the_order(service: ServiceHarness) -> None:
    promotion = await cash_off(service)
    await goods(service)
    await in_yuan(service, "0.137")
    quote = await quoted(service, body(await account(service), ("CD-ROCK", 3), currency="CNY"))
    await service.deliver(order_of(quote, exchange_rate="0.15").placed())
    assert (await budget(service, promotion))["reserved_base"] == 450, "3,000 at 0.15, not 411"


async def test_under_an_enforced_policy_prices_keep_their_floor(service: ServiceHarness) -> None:
    await goods(service, min_markup=100_000)
    await cost(service, "CD-ROCK", 100)
    buyer = await account(service)
    lines = [("CD-JAZZ", 1, 1, 0), ("CD-ROCK", 10, 110, 1)]
    below = Order(buyer, None, lines, changes={"price_policy": "enforced", "placed_by": "seller"})
    at_floor = Order(buyer, None, [("CD-ROCK", 10, 110, 0)], changes={"price_policy": "enforced"})
    free = Order(buyer, None, lines, changes={"price_policy": "free"})
    await service.deliver(below.placed(), at_floor.placed(), free.placed())
    said = {order: reason for order, reason, _detail in await answers(service)}
    assert said == {str(below.id): "below-floor", str(at_floor.id): None, str(free.id): None}
    (refused,) = await service.published(TermsRefused.TYPE)
    assert refused.payload["line_no"] == 2
    grant = {"account_id": buyer, "sku": "CD-ROCK", "currency": "USD", "min_unit_net": 109, "valid_from": "2026-01-01"}
    assert (await service.post("/v1/price-approvals", grant)).status_code == 201
    below.placement = 2
    await service.deliver(below.placed())
    assert (await reservations(service, order_id=below.id))[-1]["state"] == "reserved"


async def test_confirmed_commits_cancelled_and_held_free(service: ServiceHarness) -> None:
    promotion = await cash_off(service)
    kept, cancelled, held, credit = [order_of(await offer(service)) for _ in range(4)]
    await service.deliver(*(order.placed() for order in (kept, cancelled, held, credit)))
    await service.deliver(kept.confirmed(), cancelled.cancelled(), held.held(), credit.held("credit"))
    found = await budget(service, promotion)
    assert (found["committed_base"], found["reserved_base"]) == (3_000, 3_000), "credit on hold keeps its terms"
    assert (found["committed_uses"], found["reserved_uses"]) == (1, 1)
    assert {one.payload["reason"] for one in await service.published(TermsGivenBack.TYPE)} == {"cancelled", "held"}
    states = {row["order_id"]: row["state"] for row in await reservations(service)}
    assert [states[str(one.id)] for one in (kept, cancelled, held, credit)] == [
        "committed",
        "freed",
        "freed",
        "reserved",
    ]


async def test_a_later_placement_gives_up_the_earlier_one_and_takes_anew(service: ServiceHarness) -> None:
    promotion = await cash_off(service, budget_base=3_000, uses=1)
    order = order_of(await offer(service))
    await service.deliver(order.placed())
    order.placement = 2
    await service.deliver(order.placed())
    found = await budget(service, promotion)
    assert (found["reserved_base"], found["left_uses"]) == (3_000, 0), "its own share was left for it"
    rows = await reservations(service, order_id=order.id)
    assert sorted((row["placement"], row["state"]) for row in rows) == [(1, "freed"), (2, "reserved")]
    order.placement = 3
    await service.deliver(order.placed(checks=["credit"], quote_id=None))
    assert (await budget(service, promotion))["reserved_base"] == 0
    assert (await service.get(f"/v1/quotes/{order.quote_id}")).json()["state"] == "issued"


async def test_what_is_confirmed_without_a_reservation_counts_and_is_shown(service: ServiceHarness) -> None:
    promotion = await cash_off(service, budget_base=3_000)
    order = order_of(await offer(service))
    await service.deliver(order.placed(), order.held(), order.confirmed())
    (said,) = await service.published(TermsCommitted.TYPE)
    assert said.payload["is_overdrawn"]
    assert (await budget(service, promotion))["committed_base"] == 3_000
    assert (await reservations(service))[0]["is_overdrawn"]


async def test_returns_give_back_in_proportion_and_the_use_with_the_whole(service: ServiceHarness) -> None:
    """10.00 on 3 pieces: 3.33, 3.34, 3.33."""
    reward = {"type": "spend_steps", "steps": {"USD": [{"spend": 100, "amount": 1_000}]}}
    promotion = await cash_off(service, reward=reward, kind="spend", phase="order")
    order = order_of(await offer(service))
    await service.deliver(order.placed(), order.confirmed())
    seen = []
    for pieces in (1, 2, 2, 3):
        await service.deliver(order.returned(l1=pieces))
        found = await budget(service, promotion)
        seen.append((found["committed_base"], found["committed_uses"]))
    assert seen == [(667, 1), (333, 1), (333, 1), (0, 0)]
    parts = [one.payload["parts"][0]["amount_base"] for one in await service.published(TermsGivenBack.TYPE)]
    assert parts == [333, 334, 333]
