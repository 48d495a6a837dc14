"""A hundred orders at once against what binds by a date, by a rule, or from now on: none gets through beside it."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

from kit.testing.service import ServiceHarness
from tests.risk.conftest import Days, Order, Payment, balance, open_account
from tests.risk.credit.test_laws import logged
from tests.risk.credit.test_overrides import override
from tests.risk.credit.test_parallel import at_once, changed, sound, states
from tests.risk.credit.test_partners import partner
from tests.risk.holds.owing import OFFICER, said, set_policy, standing
from tests.risk.profiles.test_raises import raise_limit
from tests.risk.scorecards.scored import set_terms

__all__ = ["logged"]
DAY = date(2028, 2, 28)
"""The day after it is a leap day."""


async def test_a_raise_that_ended_yesterday_lets_ten_through(logged: ServiceHarness, days: Days) -> None:
    """Nobody has ended it yet, and the limit is looked at by all of them at once."""
    days.on(DAY)
    account_id = await open_account(logged, 1_000)
    assert (await raise_limit(logged, account_id, 9_000, DAY + timedelta(1))).status_code == 200
    days.on(date(2028, 2, 29), 23)
    last = Order(account_id, 100).placed()
    await logged.deliver(last)
    days.on(date(2028, 3, 1), 0)
    placed = [Order(account_id, 100).placed() for _ in range(100)]
    await at_once(logged, placed)
    assert await states(logged) == {"refused": 91, "reserved": 10}
    await sound(logged, [last, *placed])


async def test_what_is_overdue_since_midnight_holds_all_of_them(logged: ServiceHarness, days: Days) -> None:
    """No sweep has seen it: the first that is decided places the hold, once, and all are refused."""
    days.on(DAY)
    await set_policy(logged, items_from=str(DAY))
    account_id = await open_account(logged, 10**13)
    owed = Order(account_id, 500)
    heard = [owed.placed(), owed.confirmed(str(DAY), 0)]
    await logged.deliver(*heard)
    days.on(DAY + timedelta(15), 23)
    early = Order(account_id, 10**12).placed()
    await logged.deliver(early)
    days.on(DAY + timedelta(16), 0)
    placed = [Order(account_id, 1).placed() for _ in range(100)]
    await at_once(logged, placed)
    assert await states(logged) == {"refused": 100, "reserved": 2}
    assert (await standing(logged, account_id), len(await said(logged))) == (["overdue"], 1)
    await sound(logged, [*heard, early, *placed])


async def test_officers_release_up_to_the_ceiling_and_no_more(logged: ServiceHarness) -> None:
    account_id = await open_account(logged, 0)
    await set_terms(logged, override_ceiling=100)
    orders = [Order(account_id, 100 + number % 2) for number in range(40)]
    placed = [order.placed() for order in orders]
    await logged.deliver(*placed)
    answers = await asyncio.gather(*(override(logged, order) for order in orders for _again in range(2)))
    codes = [(answer.status_code, answer.json().get("code")) for answer in answers]
    assert {each: codes.count(each) for each in set(codes)} == {
        (201, None): 20,
        (409, "order-not-refused"): 20,
        (403, "override-ceiling"): 40,
    }
    assert await balance(logged, account_id) == 20 * 100
    await sound(logged, placed)


async def test_a_hold_that_is_set_while_orders_are_placed_is_passed_by_none(logged: ServiceHarness) -> None:
    """What was reserved was said before the hold, and whatever was said after it is a refusal."""
    account_id = await open_account(logged, 10**6)
    placed = [Order(account_id, 1).placed() for _ in range(100)]

    async def hold() -> int:
        await asyncio.sleep(0.05)
        body = {"account_id": str(account_id), "reason": "Fraud"}
        return (await logged.post("/v1/credit-holds", body, headers=logged.headers(*OFFICER))).status_code

    await at_once(logged, placed, hold())
    rows = await logged.rows("SELECT type FROM outbox WHERE type LIKE 'risk.credit.%' ORDER BY id")
    words = [row["type"].split(".")[2] for row in rows if "limit" not in row["type"]]
    at = words.index("hold_placed")
    assert set(words[:at]) <= {"reserved"}
    assert set(words[at + 1 :]) <= {"refused"}
    assert len(words) == 101
    await sound(logged, placed)


async def test_many_accounts_share_what_their_partner_may_owe(logged: ServiceHarness) -> None:
    accounts = [await open_account(logged, 10**6) for _ in range(10)]
    bound = await partner(logged, 1_000)
    placed = [Order(accounts[number % 10], 100).placed(partner_id=bound) for number in range(100)]
    await at_once(logged, placed)
    assert await states(logged) == {"refused": 90, "reserved": 10}
    await sound(logged, placed)


async def test_a_deposit_that_goes_back_after_it_was_used_is_owed(logged: ServiceHarness) -> None:
    """Prepaid, without a limit: the refund is a fact, and nothing is reserved from then on, also while it comes."""
    account_id = await open_account(logged, 0)
    assert await changed(logged, account_id, deposit_share=1_000_000) == 200
    paid = Payment(account_id, 1_000)
    heard = [paid.received(), (used := Order(account_id, 1_000)).placed()]
    await logged.deliver(*heard)
    gone = paid.refunded(left=0)
    placed = [Order(account_id, 1).placed() for _ in range(20)]
    await at_once(logged, [*placed, gone])
    assert await balance(logged, account_id) == used.gross
    assert await states(logged) == {"refused": 20, "reserved": 1}
    await sound(logged, [*heard, gone, *placed])
