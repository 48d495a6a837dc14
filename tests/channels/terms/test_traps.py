"""What other systems were reported to get wrong about promotions, coupons, gifts and points, tried on ours.

Each test names the report that it follows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import orjson
import pytest

from kit.events.envelope import Event
from kit.testing.service import ServiceHarness
from services.customer import events_out as customer
from tests.channels.conflicts.found import merged
from tests.channels.conftest import Days
from tests.channels.coupons.handed import handed, with_coupon
from tests.channels.points.spent import WORTH, buckets, earned, now, paid, two_lots
from tests.channels.points.test_points import a_member
from tests.channels.quotes.offers import (
    ENTRIES,
    PATH,
    account,
    body,
    cost,
    goods,
    heard_rate,
    promotion,
    published,
    quoted,
)
from tests.channels.terms.orders import Order, answers, budget, cash_off, offer, order_of, reservations

STEPS: dict[str, Any] = {
    "kind": "spend",
    "phase": "order",
    "reward": {"type": "spend_steps", "steps": {"USD": [{"spend": 10_000, "amount": 3_000}]}},
}
"""30.00 off 100.00."""
CUP: dict[str, Any] = {
    "kind": "gift",
    "phase": "gift",
    "code": "CUP",
    "reward": {"type": "gift", "sku": "CD-JAZZ", "quantity": 1, "spends": {"USD": 30_000}},
}
TWO_AND_ONE: dict[str, Any] = {
    "kind": "nth_piece",
    "phase": "set",
    "reward": {"type": "nth_piece", "pieces": 3, "reduced": 1, "share": 1_000_000},
}


async def sold(service: ServiceHarness, order: Order) -> Order:
    """An order that is placed and confirmed."""
    await service.deliver(order.placed(), order.confirmed())
    return order


def fulfilled(order: Order) -> Event:
    return order._event(customer.OrderFulfilled, version=6)


async def refusals(service: ServiceHarness) -> list[tuple[str | None, str | None]]:
    return [(reason, detail) for _order, reason, detail in await answers(service) if reason is not None]


async def test_a_returned_line_takes_its_own_share_of_an_order_discount(service: ServiceHarness) -> None:
    """vendure 4811: the share of a cancelled line was spread over those that stayed."""
    promotion_id = await cash_off(service, **STEPS)
    quote = await offer(service, ("CD-ROCK", 1), ("CD-JAZZ", 1), ("CD-FOLK", 1))
    parts = [line["promotions"][0]["discount_base"] for line in quote["lines"]]
    assert sum(parts) == 3_000
    order = await sold(service, order_of(quote))
    left = 3_000
    for number in (2, 1, 3):
        pieces = {f"l{n}": 1 for n in (2, 1, 3)[: (2, 1, 3).index(number) + 1]}
        await service.deliver(order.returned(**pieces))
        left -= parts[number - 1]
        assert (await budget(service, promotion_id))["committed_base"] == left


@pytest.mark.parametrize("rate", ["0.009502", "0.009499"])
async def test_returned_piece_by_piece_a_budget_is_whole_again(service: ServiceHarness, rate: str) -> None:
    """spree 5656: refunds of pieces, rounded each, came to more or less than what was sold. In yen, at a rate that the
    quote did not have."""
    promotion_id = await cash_off(service)
    await goods(service)
    await service.deliver(heard_rate("JPY", "0.009502"))
    entry = {"code": "Y", "sku": "CD-ROCK", "method": "fixed", "breaks": [{"min_quantity": 1, "unit_price": 333}]}
    await published(service, entry, code="YEN", currency="JPY")
    quote = await quoted(service, body(await account(service), ("CD-ROCK", 7), ("CD-ROCK", 2), currency="JPY"))
    order = await sold(service, order_of(quote, exchange_rate=rate))
    before = (await budget(service, promotion_id))["committed_base"]
    assert before > 0
    for pieces in [(1, 0), (1, 1), (2, 1), (4, 1), (6, 1), (6, 2)]:
        await service.deliver(order.returned(l1=pieces[0], l2=pieces[1]))
        now_ = (await budget(service, promotion_id))["committed_base"]
        assert 0 < now_ <= before, pieces
        before = now_
    await service.deliver(order.returned(l1=7, l2=2))
    found = await budget(service, promotion_id)
    assert (found["committed_base"], found["committed_uses"]) == (0, 0)


async def test_a_coupon_that_went_to_another_order_meanwhile_counts_for_that_one_alone(
    service: ServiceHarness,
) -> None:
    """odoo 62767: cancel the first, use the coupon for a second, take the first up again: it was used twice."""
    (code,) = await handed(service, await with_coupon(service), 1)
    first, second = [order_of(await offer(service, coupon_codes=[code])) for _ in range(2)]
    await service.deliver(first.placed(), first.cancelled())
    await sold(service, second)
    first.placement = 2
    await service.deliver(first.placed())
    assert await refusals(service) == [("coupon-invalid", None)]


async def test_one_coupon_in_two_spellings_is_one(service: ServiceHarness) -> None:
    """A code that was entered twice took its discount twice."""
    (code,) = await handed(service, await with_coupon(service), 1)
    await goods(service)
    twice = [code.lower(), f"{code[:4]}-{code[4:]}"]
    answer = await service.post(PATH, body(await account(service), ("CD-ROCK", 3), coupon_codes=twice))
    assert (answer.status_code, answer.json()["code"]) == (422, "coupon-invalid")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/coupon_codes/1"]


async def test_what_is_refused_uses_neither_coupon_nor_points(service: ServiceHarness, days: Days) -> None:
    """odoo 220521: a code that was entered and given up counted as used. All or nothing: the budget is short."""
    of, _member = await two_lots(service, days)
    promotion_id = await with_coupon(service, budget_base=2_000)
    (code,) = await handed(service, promotion_id, 1)
    first, second = [await paid(service, of, 200, coupon_codes=[code]) for _ in range(2)]
    lowered = await service.patch(
        f"/v1/promotions/{promotion_id}",
        {"budget_base": 1_999},
        (await service.get(f"/v1/promotions/{promotion_id}")).json()["version"],
    )
    assert lowered.status_code == 200, lowered.text
    before = await buckets(service)
    await service.deliver(now(first.placed()))
    assert await refusals(service) == [("budget-exhausted", None)]
    assert await buckets(service) == before
    version = (await service.get(f"/v1/promotions/{promotion_id}")).json()["version"]
    await service.patch(f"/v1/promotions/{promotion_id}", {"budget_base": 2_000}, version)
    await service.deliver(now(second.placed()))
    states = {row["order_id"]: row["state"] for row in await reservations(service)}
    assert states == {str(first.id): "refused", str(second.id): "reserved"}


async def test_a_gift_that_comes_back_alone_gives_back_its_cost_and_nothing_else(service: ServiceHarness) -> None:
    """ERPNext 31479: the free item of a return was refunded, or the whole promotion with it."""
    await goods(service)
    await cost(service, "CD-JAZZ", 1_200)
    promotion_id = await promotion(service, **CUP)
    order = await sold(service, order_of(await offer(service, ("CD-ROCK", 3), gifts=["CUP"])))
    found = []
    for pieces in ({"l2": 1}, {"l2": 1, "l1": 1}, {"l2": 1, "l1": 3}):
        await service.deliver(order.returned(**pieces))
        one = await budget(service, promotion_id)
        found.append((one["committed_base"], one["committed_uses"], one["threshold_broken"]))
    assert found == [(0, 1, 0), (0, 1, 0), (0, 0, 0)]


async def test_a_gift_that_is_kept_without_its_cause_is_counted(service: ServiceHarness) -> None:
    """A customer who returns what the gift was for keeps the gift: nobody heard of it."""
    await goods(service)
    await cost(service, "CD-JAZZ", 1_200)
    promotion_id = await promotion(service, **CUP)
    order = await sold(service, order_of(await offer(service, ("CD-ROCK", 3), gifts=["CUP"])))
    await service.deliver(order.returned(l1=3))
    one = await budget(service, promotion_id)
    assert (one["committed_base"], one["committed_uses"], one["threshold_broken"]) == (1_200, 1, 1)


async def test_of_two_and_one_a_piece_that_comes_back_has_its_share(service: ServiceHarness) -> None:
    """medusa, spree: of buy two get one the free piece was returned at its full price."""
    promotion_id = await cash_off(service, **TWO_AND_ONE)
    quote = await offer(service, ("CD-ROCK", 3))
    assert (quote["net"], quote["discount"]) == (20_000, 10_000)
    order = await sold(service, order_of(quote))
    found = []
    for pieces in (1, 2, 3):
        await service.deliver(order.returned(l1=pieces))
        one = await budget(service, promotion_id)
        found.append((one["committed_base"], one["threshold_broken"], one["committed_uses"]))
    assert found == [(6_667, 1, 1), (3_333, 1, 1), (0, 0, 0)]


@pytest.mark.parametrize("verb", ["pause", "end"])
async def test_what_waits_on_hold_keeps_its_promotion(service: ServiceHarness, verb: str) -> None:
    """A promotion that is changed while an order waits changed the order, or its budget, behind its back."""
    promotion_id = await cash_off(service, budget_base=6_000)
    order, other = [order_of(await offer(service)) for _ in range(2)]
    await service.deliver(order.placed(), order.held("credit", "no_limit"))
    stopped = await service.post(f"/v1/promotions/{promotion_id}/{verb}", {"honour": False} if verb == "end" else None)
    assert stopped.status_code == 200, stopped.text
    await service.deliver(order.confirmed())
    one = await budget(service, promotion_id)
    assert (one["committed_base"], one["reserved_base"]) == (3_000, 0)
    await service.deliver(other.placed())
    assert await refusals(service) == ([("promotion-ended", None)] if verb == "end" else [])


async def test_a_budget_that_is_lowered_below_what_is_taken_takes_nothing_away(service: ServiceHarness) -> None:
    promotion_id = await cash_off(service, budget_base=9_000)
    order, other = [order_of(await offer(service)) for _ in range(2)]
    await service.deliver(order.placed())
    version = (await service.get(f"/v1/promotions/{promotion_id}")).json()["version"]
    lowered = await service.patch(f"/v1/promotions/{promotion_id}", {"budget_base": 1_000}, version)
    assert lowered.status_code == 200, lowered.text
    await service.deliver(other.placed(), order.confirmed())
    one = await budget(service, promotion_id)
    assert (one["committed_base"], one["left_base"]) == (3_000, -2_000)
    assert await refusals(service) == [("budget-exhausted", None)]


async def test_fewer_pieces_in_a_next_version_take_the_discount_back(service: ServiceHarness) -> None:
    """ERPNext 36616, 21186: a discount stayed when the quantity went below its threshold, or was taken twice."""
    ladder = {"type": "ladder", "rungs": [{"min_quantity": 10, "share": 50_000}, {"min_quantity": 50, "share": 80_000}]}
    await cash_off(service, kind="quantity", reward=ladder)
    made = await offer(service, ("CD-ROCK", 30), ("CD-JAZZ", 25))
    found = [made["discount"]]
    for version, pieces in enumerate([(30, 19), (9, 0), (9, 1), (30, 25)], 1):
        lines = [{"sku": "CD-ROCK", "quantity": pieces[0]}]
        lines += [{"sku": "CD-JAZZ", "quantity": pieces[1]}] if pieces[1] else []
        headers = service.headers(If_Match=f'"{version}"')
        answer = await service.request(
            "PUT", f"{PATH}/{made['id']}", {"currency": "USD", "lines": lines}, headers=headers
        )
        assert answer.status_code == 200, answer.text
        found.append(answer.json()["discount"])
    assert found == [34_000, 19_750, 0, 4_750, 34_000]


async def test_points_are_back_once_when_all_that_they_paid_comes_back(service: ServiceHarness, days: Days) -> None:
    """odoo 257854, 212922, ERPNext 32951: earned points stayed after a refund, or what was redeemed was taken again."""
    of, _member = await two_lots(service, days)
    before = await buckets(service)
    order = await paid(service, of, 200)
    await service.deliver(now(order.placed()), now(order.confirmed()), now(fulfilled(order)))
    after = await buckets(service)
    assert (after["redeemed"], after["issued"]) == (200, before["issued"] - 19), "19 of 198.00"
    for _ in range(2):
        await service.deliver(now(order.returned(l1=1)))
    assert (await buckets(service))["redeemed"] == 100
    await service.deliver(now(order.returned(l1=2)))
    assert await buckets(service) == before


async def test_points_of_an_order_that_is_given_up_are_there_again(service: ServiceHarness, days: Days) -> None:
    """odoo: a cancelled order kept the points that it had asked for."""
    of, _member = await two_lots(service, days)
    before = await buckets(service)
    order = await paid(service, of, 200)
    for placement in (1, 2):
        order.placement = placement
        await service.deliver(now(order.placed()))
        assert (await buckets(service))["reserved"] == 200
    await service.deliver(now(order.cancelled()))
    assert await buckets(service) == before


async def test_points_that_have_expired_pay_for_nobody_who_merges(service: ServiceHarness, days: Days) -> None:
    """Points that were over came alive again with a merge."""
    days.on("2025-08-01")
    one, member = await a_member(service, validity_months=7, **WORTH)
    programme = (await service.get(f"/v1/points-accounts/{member}")).json()["programme_id"]
    other = await account(service)
    joined = await service.post(f"/v1/points-programmes/{programme}/join", {"account_id": other})
    assert joined.status_code in (200, 201), joined.text
    await earned(service, days, one, 300, "2025-08-31")
    await earned(service, days, other, 500, "2025-11-30")
    await service.deliver(merged(UUID(other), UUID(one)))
    if not (await service.get("/v1/products")).json()["items"]:
        await goods(service)
    for day, most in (("2026-03-31", 800), ("2026-04-01", 500)):
        days.on(day)
        sent = body(str(other), ("CD-ROCK", 3))
        short = await service.post(PATH, {**sent, "points": most + 1})
        assert (short.status_code, short.json()["code"]) == (422, "points-short"), day
        assert (await quoted(service, {**sent, "points": most}))["points"] == most


async def test_a_price_that_is_adjusted_to_nothing_is_nothing(service: ServiceHarness) -> None:
    """vendure 2385: discounts of more than all made a price that the shop had to pay."""
    free = {"code": "FREE", "sku": "CD-ROCK", "method": "differentiated", "selector": {"region": "CN-SH"}}
    await goods(service, *ENTRIES, {**free, "adjustment": -1_000_000})
    await cash_off(service, reward={"type": "line_amount", "amounts": {"USD": 100}})
    made = await quoted(service, body(await account(service), ("CD-ROCK", 3), ("CD-JAZZ", 1)))
    found = [(line["unit_price"], line["discount"], line["net"]) for line in made["lines"]]
    assert found == [(0, 0, 0), (5_000, 100, 4_900)]


async def test_a_first_order_that_came_back_whole_was_none(service: ServiceHarness) -> None:
    """A welcome discount was lost to an order of which nothing was kept, or given again beside one that was."""
    await cash_off(service, kind="first_order")
    buyer = await account(service)
    plain = order_of(await offer(service, ("CD-JAZZ", 2), buyer=buyer))
    assert (await offer(service, buyer=buyer))["discount"] == 3_000
    await sold(service, plain)
    found = [(await offer(service, buyer=buyer))["discount"]]
    for pieces in (1, 2):
        event = plain.returned(l1=pieces)
        back = [{**event.payload["returned_lines"][0], "quantity": 1, "returned_after": pieces}]
        await service.deliver(replace(event, data=orjson.dumps({**event.payload, "returned_lines": back})))
        found.append((await offer(service, buyer=buyer))["discount"])
    assert found == [0, 0, 3_000]


async def test_without_its_coupon_a_promotion_gives_nothing(service: ServiceHarness) -> None:
    """A promotion that needs a coupon gave its discount to everybody who asked for nothing."""
    await with_coupon(service)
    assert (await offer(service))["discount"] == 0


async def test_a_line_that_is_ordered_twice_is_no_second_use(service: ServiceHarness) -> None:
    """magento 36532: a limit per customer counted lines, not orders."""
    promotion_id = await cash_off(service, uses=1, uses_per_account=1)
    order = await sold(service, order_of(await offer(service, ("CD-ROCK", 1), ("CD-ROCK", 1), ("CD-JAZZ", 1))))
    one = await budget(service, promotion_id)
    assert (one["committed_uses"], one["committed_base"], one["left_uses"]) == (1, 2_500, 0)
    await service.deliver(order.returned(l1=1, l2=1))
    assert (await budget(service, promotion_id))["committed_uses"] == 1, "something is kept"
    await service.deliver(order.returned(l1=1, l2=1, l3=1))
    assert (await budget(service, promotion_id))["left_uses"] == 1


async def test_midnight_of_the_company_decides_whether_a_quote_still_counts(
    service: ServiceHarness, days: Days
) -> None:
    """A last day was over at midnight of the server, hours before or after that of the company."""
    await goods(service)
    days.on("2026-02-12")
    made = await quoted(service, body(await account(service), ("CD-ROCK", 1), valid_days=1))
    assert date.fromisoformat(made["valid_until"]) == date(2026, 2, 13)
    order = order_of(made, order_date="2026-02-13")
    days.on("2026-02-13", 23)
    await service.deliver(now(order.placed()))
    late = order_of(await quoted(service, body(await account(service), ("CD-ROCK", 1), valid_days=1)))
    days.on("2026-02-15", 0)
    await service.deliver(now(late.placed(order_date="2026-02-14")))
    assert await refusals(service) == [("quote-expired", None)]
