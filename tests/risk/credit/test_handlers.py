"""What orders and payments do to exposure."""

from __future__ import annotations

import itertools
from typing import Any
from uuid import UUID

from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.events_out import CreditCharged, CreditRefused, CreditReleased, CreditReserved
from tests.risk.conftest import Order, account_created, balance, open_account, payment


async def facts(service: ServiceHarness, order: Order) -> list[tuple[str, int]]:
    """(last word of the type, amount) of an order's facts, oldest first."""
    found = [event for event in await service.published() if event.subject == str(order.id)]
    assert [event.sequence for event in found] == list(range(1, len(found) + 1))
    return [(event.type.split(".")[2], event.payload["amount"]) for event in found]


async def order_row(service: ServiceHarness, order: Order) -> dict[str, Any]:
    answer = await service.get(f"/v1/order-credits/{order.id}")
    assert answer.status_code == 200
    return dict(answer.json())


async def test_reserves_under_the_limit_and_refuses_past_it(service: ServiceHarness) -> None:
    account_id = await open_account(service, 1000)
    first, second, third = Order(account_id, 600), Order(account_id, 500), Order(account_id, 400)
    await service.deliver(first.placed(), second.placed(), third.placed())
    assert await facts(service, first) == [("reserved", 600)]
    assert await facts(service, second) == [("refused", 500)]
    assert await facts(service, third) == [("reserved", 400)]
    refused = (await service.published(CreditRefused.TYPE))[0].payload
    assert (refused["shortfall"], refused["limit"], refused["exposure_before"]) == (100, 1000, 600)
    assert await balance(service, account_id) == 1000
    assert (await order_row(service, second))["state"] == "refused"
    for event in await service.published(CreditReserved.TYPE, CreditRefused.TYPE):
        assert event.key == str(account_id)
        assert event.causation_id == event.payload["source_event_id"]


async def test_an_account_without_a_profile_is_refused(service: ServiceHarness) -> None:
    order = Order(new_id(), 600)
    await service.deliver(order.placed())
    refused = (await service.published(CreditRefused.TYPE))[0].payload
    assert (refused["reason"], refused["shortfall"], refused["limit"]) == ("no_profile", 600, None)


async def test_the_life_of_an_order_sums_to_zero(service: ServiceHarness) -> None:
    account_id = await open_account(service, 1000)
    order = Order(account_id, 900)
    await service.deliver(order.placed())
    await service.deliver(payment(account_id, (order, 300)))
    await service.deliver(payment(account_id, (order, 600)), order.returned(100))
    assert await balance(service, account_id) == -100
    await service.deliver(order.returned(800), payment(account_id, (order, 900), refund=True))
    assert await balance(service, account_id) == 0
    assert (await order_row(service, order))["exposure"] == 0
    assert await facts(service, order) == [
        ("reserved", 900),
        ("released", 300),
        ("released", 600),
        ("released", 100),
        ("released", 800),
        ("charged", 900),
    ]


async def test_a_credit_balance_gives_no_headroom(service: ServiceHarness) -> None:
    account_id = await open_account(service, 500)
    first, second = Order(account_id, 100), Order(account_id, 600)
    await service.deliver(first.placed(), payment(account_id, (first, 300)), second.placed())
    assert await facts(service, second) == [("refused", 600)]
    assert (await service.get(f"/v1/credit-profiles/{account_id}")).json()["headroom"] == 500


async def test_one_payment_for_several_orders_moves_each(service: ServiceHarness) -> None:
    account_id = await open_account(service, 1000)
    first, second = Order(account_id, 300), Order(account_id, 400)
    paid = payment(account_id, (first, 300), (second, 150))
    await service.deliver(first.placed(), second.placed(), paid)
    released = await service.published(CreditReleased.TYPE)
    assert [(r.payload["source_event_id"], r.payload["source_ordinal"]) for r in released] == [
        (str(paid.id), 0),
        (str(paid.id), 1),
    ]
    assert (await order_row(service, second))["exposure"] == 250
    assert await balance(service, account_id) == 250


async def test_a_cancelled_order_frees_what_it_holds_and_keeps_what_was_paid(service: ServiceHarness) -> None:
    account_id = await open_account(service, 1000)
    order = Order(account_id, 700)
    await service.deliver(order.placed(), payment(account_id, (order, 200)), order.cancelled())
    assert await balance(service, account_id) == -200
    row = await order_row(service, order)
    assert (row["state"], row["reserved"], row["exposure"]) == ("cancelled", 0, -200)
    await service.deliver(payment(account_id, (order, 200), refund=True))
    assert await balance(service, account_id) == 0


async def test_a_refused_order_that_is_cancelled_frees_nothing(service: ServiceHarness) -> None:
    account_id = await open_account(service, 100)
    order = Order(account_id, 700)
    await service.deliver(order.placed(), order.cancelled())
    assert await facts(service, order) == [("refused", 700), ("released", 0)]
    assert (await order_row(service, order))["state"] == "cancelled"


async def test_a_later_placement_frees_the_earlier_one_first(service: ServiceHarness) -> None:
    account_id = await open_account(service, 1000)
    order = Order(account_id, 900)
    await service.deliver(order.placed())
    order.gross = 950
    await service.deliver(order.placed(2))
    assert await facts(service, order) == [("reserved", 900), ("released", 900), ("reserved", 950)]
    said = await service.published(CreditReserved.TYPE, CreditReleased.TYPE)
    assert [event.payload["placement"] for event in said] == [1, 1, 2]
    assert await balance(service, account_id) == 950


async def test_duplicates_and_earlier_placements_change_nothing(service: ServiceHarness) -> None:
    account_id = await open_account(service, 1000)
    order = Order(account_id, 400)
    first, second = order.placed(), order.placed(2)
    paid, back = payment(account_id, (order, 100)), order.returned(50)
    await service.deliver(second, second, first)
    await service.deliver(paid, back)
    # the inbox is purged some day; the ledger still knows what it has worked
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(second, paid, back, first)
    assert await facts(service, order) == [("reserved", 400), ("released", 100), ("released", 50)]
    assert await balance(service, account_id) == 250
    assert await service.parked() == []


async def test_nothing_stays_of_an_account_that_was_only_locked(service: ServiceHarness) -> None:
    account_id = new_id()
    await service.deliver(account_created(account_id), payment(account_id))
    assert await service.rows("SELECT * FROM exposure_account") == []


async def test_accounts_may_arrive_in_any_order(service: ServiceHarness) -> None:
    """Two accounts' stories woven in every way give the same two balances."""
    for weave in set(itertools.permutations((0, 0, 0, 1, 1, 1))):
        accounts = [await open_account(service, 1000) for _ in range(2)]
        orders = [Order(account_id, 400 + 100 * n) for n, account_id in enumerate(accounts)]
        stories = [
            iter([order.placed(), payment(order.account_id, (order, 100)), order.returned(50)]) for order in orders
        ]
        await service.deliver(*(next(stories[n]) for n in weave))
        assert [await balance(service, account_id) for account_id in accounts] == [250, 350]


async def test_money_for_an_order_nobody_placed_is_kept_on_the_account(service: ServiceHarness) -> None:
    account_id = await open_account(service, 1000)
    order = Order(account_id, 400)
    await service.deliver(payment(account_id, (order, 150)))
    assert (await order_row(service, order))["state"] == "none"
    await service.deliver(order.placed())
    row = await order_row(service, order)
    assert (row["state"], row["exposure"], row["reserved"]) == ("reserved", 250, 400)


async def test_entries_name_their_source_once(service: ServiceHarness) -> None:
    account_id = await open_account(service, 1000)
    order = Order(account_id, 400)
    await service.deliver(order.placed(), payment(account_id, (order, 100)), order.returned(300))
    answer = (await service.get(f"/v1/exposure-entries?order_id={order.id}&sort=recorded_at")).json()["items"]
    assert [(entry["kind"], entry["amount"]) for entry in answer] == [
        ("reserved", 400),
        ("paid", -100),
        ("returned", -300),
    ]
    published = {event.id for event in await service.published(CreditReserved.TYPE, CreditReleased.TYPE)}
    assert {UUID(entry["fact_event_id"]) for entry in answer} == published
    assert await service.published(CreditCharged.TYPE) == []


async def test_an_order_that_is_raised_while_it_stands_refused_is_asked_for_whole(service: ServiceHarness) -> None:
    """What its placement before held is freed first, and what was overpaid gives it no room."""
    account_id = await open_account(service, 1000)
    other, order = Order(account_id, 300), Order(account_id, 1100)
    await service.deliver(other.placed(), order.placed())
    assert await facts(service, order) == [("refused", 1100)]
    order.gross = 900
    await service.deliver(order.placed(2))
    assert [row["shortfall"] for row in await refusals(service, order)] == [400, 200]
    order.gross = 700
    await service.deliver(order.placed(3))
    assert await balance(service, account_id) == 1000
    order.gross = 701
    await service.deliver(order.placed(4))
    assert [row["shortfall"] for row in await refusals(service, order)] == [400, 200, 1]
    assert await balance(service, account_id) == 300, "the placement before is freed, refused or not"
    await service.deliver(other.confirmed(), payment(account_id, (other, 300)), payment(account_id, (other, 500)))
    assert await balance(service, account_id) == -500
    order.gross = 1001
    await service.deliver(order.placed(5))
    assert [row["shortfall"] for row in await refusals(service, order)] == [400, 200, 1, 1]


async def refusals(service: ServiceHarness, order: Order) -> list[dict[str, Any]]:
    """What was short at each refused placement of an order, oldest first."""
    sql = "SELECT shortfall FROM credit_decision WHERE order_id = $1 AND decision = 'refused' ORDER BY placement"
    return [dict(row) for row in await service.rows(sql, order.id)]
