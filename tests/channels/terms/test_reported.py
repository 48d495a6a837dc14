"""More that other systems were reported to get wrong about quotes, coupons and points; each test names the report."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from kit.due.loop import DueLoop
from kit.testing.service import ServiceHarness
from services.channels.worker import DUES
from services.customer import events_out as customer
from tests.channels.conftest import Days
from tests.channels.coupons.handed import handed, with_coupon
from tests.channels.points.spent import buckets, lots, now, paid, two_lots
from tests.channels.quotes.offers import ENTRIES, PATH, account, body, goods, quoted
from tests.channels.terms.orders import answers, budget, cash_off, offer, order_of


async def put(service: ServiceHarness, quote: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """The next version of a quote."""
    sent = {name: value for name, value in asked.items() if name != "account_id"}
    headers = service.headers(If_Match=f'"{quote["version"]}"')
    answer = await service.request("PUT", f"{PATH}/{quote['id']}", sent, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_cancelled_order_gives_back_the_use_and_the_coupon(service: ServiceHarness) -> None:
    """vendure 1466, shopware 5830, magento 19545: once per customer stayed used after the order was cancelled."""
    promotion_id = await with_coupon(service, uses_per_account=1)
    code, second = await handed(service, promotion_id, 2)
    buyer = await account(service)
    order = order_of(await offer(service, buyer=buyer, coupon_codes=[code]))
    await service.deliver(order.placed())
    other = order_of(await offer(service, buyer=await account(service), coupon_codes=[second]))
    await service.deliver(order.cancelled())
    assert (await budget(service, promotion_id))["reserved_uses"] == 0
    again = order_of(await offer(service, buyer=buyer, coupon_codes=[code]))
    assert again.lines[0][3] == 3_000, "10 % of 300.00"
    await service.deliver(again.placed(), other.placed())
    assert [reason for _order, reason, _detail in await answers(service)] == [None, None, None]


async def test_what_is_done_with_a_quote_is_not_overwritten_when_its_days_are_over(
    service: ServiceHarness, days: Days
) -> None:
    """ERPNext 25248, 20745: quotations that were lost or ordered became expired the day after their last."""
    await goods(service)
    days.on("2026-02-12")
    buyer = await account(service)
    gone, won, left = [await quoted(service, body(buyer, ("CD-ROCK", 1), valid_days=1)) for _ in range(3)]
    assert (await service.post(f"{PATH}/{gone['id']}/withdraw")).status_code == 200
    order = order_of(won)
    await service.deliver(now(order.placed()), now(order.confirmed()))
    days.on("2026-02-20")
    await DueLoop(service.runtime, DUES).turn()
    states = [(await service.get(f"{PATH}/{one['id']}")).json()["state"] for one in (gone, won, left)]
    assert states == ["withdrawn", "accepted", "expired"]


async def test_a_next_version_begins_at_the_list_price_again(service: ServiceHarness) -> None:
    """ERPNext 47800, 36616: worked again, the discount was taken off the price that held it already."""
    await goods(service)
    await cash_off(service)
    buyer = await account(service)
    made = await quoted(service, body(buyer, ("CD-ROCK", 3), ("CD-FOLK", 7)))
    for lines in ([("CD-ROCK", 9)], [("CD-FOLK", 7), ("CD-ROCK", 3)], [("CD-FOLK", 7), ("CD-ROCK", 3)]):
        made = await put(service, made, body(buyer, *lines))
    fresh = await quoted(service, body(buyer, ("CD-FOLK", 7), ("CD-ROCK", 3)))
    assert [line["net"] for line in made["lines"]] == [line["net"] for line in fresh["lines"]] == [31_469, 27_000]
    assert made["discount"] == 3_496 + 3_000, "10 % of 349.65, half-even, and of 300.00"


async def test_a_coupon_that_a_next_version_leaves_out_is_free(service: ServiceHarness) -> None:
    """saleor 16676: a voucher that was taken off a draft stayed used."""
    promotion_id = await with_coupon(service)
    (code,) = await handed(service, promotion_id, 1)
    buyer = await account(service)
    made = await offer(service, buyer=buyer, coupon_codes=[code])
    without = await put(service, made, body(buyer, ("CD-ROCK", 3)))
    assert without["discount"] == 0
    first, second = order_of(without), order_of(await offer(service, coupon_codes=[code]))
    await service.deliver(first.placed(), first.confirmed(), second.placed(), second.confirmed())
    assert [reason for _order, reason, _detail in await answers(service)] == [None, None]
    assert (await budget(service, promotion_id))["committed_uses"] == 1


async def test_points_are_earned_on_what_is_left_to_pay(service: ServiceHarness, days: Days) -> None:
    """odoo 114004: what points had paid for earned points again. One for each 10.00."""
    of, _member = await two_lots(service, days)
    await cash_off(service)
    before = await buckets(service)
    order = await paid(service, of, 500)
    await service.deliver(
        now(order.placed()), now(order.confirmed()), now(order._event(customer.OrderFulfilled, version=6))
    )
    after = await buckets(service)
    assert before["issued"] - after["issued"] == 17, "of 200.00 less 10 % less 5.00: 175.00"


async def test_points_that_were_spent_do_not_run_out_a_second_time(service: ServiceHarness, days: Days) -> None:
    """FloCafe 78: what had run out was left out of the sum, what was spent of it was not, so other points went."""
    of, _member = await two_lots(service, days)
    order = await paid(service, of, 200)
    await service.deliver(now(order.placed()), now(order.confirmed()))
    assert await lots(service) == [(100, "2026-03-31"), (500, "2026-06-30")]
    days.on("2026-04-01")
    await DueLoop(service.runtime, DUES).turn()
    assert await lots(service) == [(500, "2026-06-30")]
    found = await buckets(service)
    assert (found["available"], found["redeemed"], found["expired"]) == (500, 200, 100)


async def test_an_order_that_is_delivered_twice_earns_once(service: ServiceHarness, days: Days) -> None:
    """odoo 222372: a confirmation that was sent again counted its points again. Also long after, when nobody remembers
    the event."""
    of, _member = await two_lots(service, days)
    order = order_of(await offer(service, buyer=of))
    fulfilled = now(order._event(customer.OrderFulfilled, version=6))
    await service.deliver(now(order.placed()), now(order.confirmed()), fulfilled)
    once = await buckets(service)
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(fulfilled, now(order._event(customer.OrderFulfilled, version=7)))
    assert await buckets(service) == once


async def test_a_quote_of_a_day_has_the_prices_of_that_day(service: ServiceHarness, days: Days) -> None:
    """odoo 18303, 192361: of two prices for two times the one of the day on which it was entered was taken."""
    days.on("2026-02-12")
    first = {**ENTRIES[0], "valid_to": "2026-02-28"}
    later = {**first, "code": "MARCH", "valid_from": "2026-03-01", "valid_to": None}
    await goods(service, first, {**later, "breaks": [{"min_quantity": 1, "unit_price": 9_000}]})
    buyer, found = await account(service), []
    for day in (date(2026, 2, 28), date(2026, 3, 1)):
        days.on(str(day))
        found += [line["unit_price"] for line in (await quoted(service, body(buyer, ("CD-ROCK", 1))))["lines"]]
        back = body(buyer, ("CD-ROCK", 1), at=f"{day - timedelta(1)}T23:59:59+08:00")
        seen = await service.post(f"{PATH}/preview", back)
        found += [line["unit_price"] for line in seen.json()["lines"]]
    assert found == [10_000, 10_000, 9_000, 10_000]
