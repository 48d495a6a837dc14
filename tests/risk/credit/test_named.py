"""Money that names an order covers that order when it is placed again, and no other."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.events_out import CreditRefused, CreditReserved
from tests.risk.conftest import Order, Payment, balance, open_account
from tests.risk.credit.test_deposits import share
from tests.risk.redirects.test_decisions import redirect

WHOLE = 1_000_000


async def answers(service: ServiceHarness, order: Order) -> list[tuple[str, int, int, int]]:
    """(decision, shortfall, named, named elsewhere) of an order's placements."""
    sql = "SELECT * FROM credit_decision WHERE order_id = $1 ORDER BY placement"
    names = ("decision", "shortfall", "named", "named_elsewhere")
    return [(row[names[0]], row[names[1]], row[names[2]], row[names[3]]) for row in await service.rows(sql, order.id)]


async def answer(service: ServiceHarness, order: Order, **changes: Any) -> tuple[str, int, int, int]:
    """What its next placement is answered."""
    known = await answers(service, order)
    await service.deliver(order.placed(len(known) + 1, **changes))
    return (await answers(service, order))[-1]


async def prepaid(service: ServiceHarness, limit: int = 0) -> tuple[UUID, Order, Payment]:
    """An account whose order of 500 was refused, and what came for that."""
    account_id = await open_account(service, limit)
    order = Order(account_id, 500)
    paid = Payment(account_id, 500, waits_for=order)
    await service.deliver(order.placed(), paid.received())
    return account_id, order, paid


@pytest.mark.parametrize(
    ("limit", "deposit", "right"),
    [
        (0, 5_005, ("automatic", 0)),
        (0, 5_004, ("refused", 1)),
        (0, 9_000, ("automatic", 0)),
        (3_000, 2_500, ("automatic", 0)),
        (3_000, 2_005, ("automatic", 0)),
        (3_000, 2_004, ("refused", 1)),
    ],
)
async def test_a_named_deposit_counts_without_a_share(
    service: ServiceHarness, limit: int, deposit: int, right: tuple[str, int]
) -> None:
    account_id = await open_account(service, limit)
    order = Order(account_id, 5_005)
    await service.deliver(order.placed())
    assert (await answers(service, order))[-1] == ("refused", 5_005 - limit, 0, 0)
    paid = Payment(account_id, deposit, waits_for=order)
    await service.deliver(paid.received())
    assert await answer(service, order) == (*right, deposit, 0)
    (said,) = [fact for fact in await service.published() if fact.payload.get("placement") == 2]
    assert said.type == (CreditReserved.TYPE if right[0] == "automatic" else CreditRefused.TYPE)
    assert (said.payload["named"], said.payload["named_elsewhere"]) == (deposit, 0)
    (read,) = (await service.get("/v1/credit-decisions?placement=2")).json()["items"]
    assert (read["named"], read["named_elsewhere"]) == (deposit, 0)
    if right[0] == "automatic":
        part = min(deposit, 5_005)
        await service.deliver(order.confirmed(), paid.allocated((order, part), left=deposit - part))
    assert await balance(service, account_id) == (5_005 if right[0] == "automatic" else 0) - deposit


async def test_money_of_one_order_is_no_cover_of_another(service: ServiceHarness) -> None:
    account_id, order, paid = await prepaid(service)
    await share(service, account_id, WHOLE)
    other = Order(account_id, 500)
    assert await answer(service, other) == ("refused", 500, 0, 500)
    await service.deliver(Payment(account_id, 499).received())
    assert await answer(service, other) == ("refused", 1, 0, 500)
    assert await answer(service, order) == ("automatic", 0, 500, 0)
    assert await answer(service, other) == ("refused", 1, 0, 0)
    await service.deliver(Payment(account_id, 1).received())
    assert await answer(service, other) == ("automatic", 0, 0, 0)
    await service.deliver(order.confirmed(), paid.allocated((order, 500), left=0), other.confirmed())
    assert await balance(service, account_id) == 0


async def test_orders_in_one_batch_take_turns_on_what_is_named(service: ServiceHarness) -> None:
    account_id, order, _ = await prepaid(service)
    await share(service, account_id, WHOLE)
    await service.deliver(Payment(account_id, 300).received())
    one, two = Order(account_id, 300), Order(account_id, 300)
    await service.deliver(one.placed(), order.placed(2), two.placed())
    assert await answers(service, one) == [("automatic", 0, 0, 500)]
    assert (await answers(service, order))[-1] == ("automatic", 0, 500, 0)
    assert await answers(service, two) == [("refused", 300, 0, 0)]


async def test_money_in_another_currency_counts_for_nobody(service: ServiceHarness) -> None:
    """The held order was changed; changed back it is paid by what came."""
    account_id, order, paid = await prepaid(service)
    await share(service, account_id, 1)
    other = Order(account_id, 500)
    assert await answer(service, order, currency="EUR") == ("refused", 1, 0, 500)
    assert await answer(service, other) == ("refused", 1, 0, 500)
    assert await answer(service, order) == ("automatic", 0, 500, 0)
    await service.deliver(order.confirmed(), paid.allocated(left=500))
    assert await balance(service, account_id) == 0


def ended(how: str, order: Order, paid: Payment) -> list[Event]:
    """Events after which nothing waits for an order that was reserved."""
    return {
        "paid in part": [order.confirmed(), paid.allocated((order, 400), left=100)],
        "confirmed without it": [order.confirmed(), paid.allocated(left=500)],
        "cancelled": [order.cancelled()],
        "voided": [paid.voided()],
        "refunded": [paid.refunded(left=0)],
    }[how]


@pytest.mark.parametrize(
    ("how", "own"),
    [("paid in part", 0), ("confirmed without it", 0), ("cancelled", 500), ("voided", 0), ("refunded", 0)],
)
@pytest.mark.parametrize("before", [False, True])
async def test_what_no_longer_waits_is_plain_money(service: ServiceHarness, how: str, own: int, before: bool) -> None:
    """After whatever ended it, in any batches, another order has exactly what the balance has."""
    account_id, order, paid = await prepaid(service, 500)
    await share(service, account_id, WHOLE)
    events = [order.placed(2), *ended(how, order, paid)]
    for batch in [events] if before else [[event] for event in events]:
        await service.deliver(*batch)
    more = Payment(account_id, 20)
    await service.deliver(more.received())
    other = Order(account_id, 1_000)
    there = max(0, -await balance(service, account_id))
    assert there == (own + 20 if how in ("paid in part", "confirmed without it", "cancelled") else 0)
    assert await answer(service, other) == ("refused", 1_000 - there, 0, 0)


async def test_what_pays_others_leaves_the_rest_waiting(service: ServiceHarness) -> None:
    account_id, order, paid = await prepaid(service, 200)
    other = Order(account_id, 200)
    assert await answer(service, other) == ("automatic", 0, 0, 500)
    await service.deliver(other.confirmed(), paid.allocated((other, 200), left=300))
    assert await answer(service, order) == ("automatic", 0, 300, 0)
    (row,) = await service.rows("SELECT * FROM waiting_deposit")
    assert (row["amount"], row["version"], row["is_waiting"]) == (300, 2, True)


async def test_money_settles_first_what_is_owed(service: ServiceHarness) -> None:
    """Of 500 that were named 300 settle what another order owes."""
    account_id = await open_account(service, 300)
    owed, order = Order(account_id, 300), Order(account_id, 500)
    await service.deliver(owed.placed(), owed.confirmed(), Payment(account_id, 500, waits_for=order).received())
    assert await answer(service, order) == ("automatic", 0, 500, 0)
    again = Order(account_id, 1)
    assert await answer(service, again) == ("refused", 1, 0, 0)


async def test_a_deposit_may_come_before_its_order(service: ServiceHarness) -> None:
    account_id = await open_account(service, 0)
    order = Order(account_id, 500)
    await service.deliver(Payment(account_id, 500, waits_for=order).received(), order.placed())
    assert await answers(service, order) == [("automatic", 0, 500, 0)]


async def test_named_money_that_comes_twice_is_there_once(service: ServiceHarness) -> None:
    """Also when the inbox is forgotten, and after it was used up."""
    account_id, order, paid = await prepaid(service, 0)
    other = Order(account_id, 500)
    events = [order.placed(1), paid.received(), paid.refunded(left=450), paid.refunded(left=440), order.placed(2)]
    await service.deliver(*events, *events)
    assert (await answers(service, order))[-1] == ("refused", 60, 440, 0)
    more = Payment(account_id, 60, waits_for=order)
    events += [more.received(), order.placed(3), order.confirmed(), paid.allocated((order, 440), left=0)]
    events += [more.allocated((order, 60), left=0), other.placed()]
    await service.deliver(*events)
    assert (await answers(service, order))[-1] == ("automatic", 0, 500, 0)
    tables = ("SELECT * FROM waiting_deposit ORDER BY payment_id", "SELECT * FROM credit_decision ORDER BY id")
    before = [await service.rows(sql) for sql in tables]
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(*events, *events)
    assert [await service.rows(sql) for sql in tables] == before
    assert [(row["amount"], row["is_waiting"]) for row in before[0]] == [(0, False), (0, False)]
    assert await answers(service, other) == [("refused", 500, 0, 0)]


async def test_placements_at_once_on_one_deposit(service: ServiceHarness) -> None:
    """Each on its own connection: the order that money is named for has it, of the others one has what is free."""
    for _ in range(5):
        account_id, order, _ = await prepaid(service)
        await share(service, account_id, WHOLE)
        await service.deliver(Payment(account_id, 500).received())
        others = [Order(account_id, 500) for _ in range(4)]
        placed = [order.placed(2), *(one.placed() for one in others)]
        await asyncio.gather(*(service.deliver_alone(event) for event in placed))
        assert (await answers(service, order))[-1] == ("automatic", 0, 500, 0)
        found = [(await answers(service, one))[0][0] for one in others]
        assert sorted(found) == ["automatic", *["refused"] * 3]
        assert await balance(service, account_id) == 0


async def test_a_void_races_a_placement(service: ServiceHarness) -> None:
    """The placement has the whole deposit or nothing of it, and the balance follows."""
    for _ in range(6):
        account_id, order, paid = await prepaid(service)
        await asyncio.gather(*(service.deliver_alone(event) for event in (paid.voided(), order.placed(2))))
        said = (await answers(service, order))[-1]
        assert said in (("automatic", 0, 500, 0), ("refused", 500, 0, 0))
        assert await balance(service, account_id) == (500 if said[0] == "automatic" else 0)
        other = Order(account_id, 1)
        assert await answer(service, other) == ("refused", 1 + (500 if said[0] == "automatic" else 0), 0, 0)


async def test_accounts_that_are_one_have_their_money_together(service: ServiceHarness) -> None:
    """What was named in one of them for an order of the other covers it while they are one, and only then."""
    root, merged, merge_id = await open_account(service, 0), await open_account(service, 0), new_id()
    order, other = Order(root, 500), Order(merged, 500)
    await service.deliver(order.placed(), Payment(merged, 500, waits_for=order).received())
    assert await answer(service, order) == ("refused", 500, 0, 0)
    await service.deliver(*redirect(root, merged, merge_id))
    assert await answer(service, other) == ("refused", 500, 0, 500)
    await service.deliver(*redirect(root, merged, merge_id, ends=True))
    assert await answer(service, order) == ("refused", 500, 0, 0)
    await service.deliver(*redirect(root, merged, new_id(), at=1))
    assert await answer(service, order) == ("automatic", 0, 500, 0)
