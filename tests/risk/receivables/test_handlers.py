"""Receivables from customer's events: each move on its day, twice, out of order, and rebuilt equal."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID

import pytest

from kit.events.bus import Message
from kit.events.envelope import Event, to_headers, topic_of
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.runtime import topics_of
from kit.testing.service import ServiceHarness
from services.customer.events_out.payments import PaymentAllocated, PaymentReceived, PaymentRefunded, PaymentVoided
from services.risk.verify import verify
from tests.risk.conftest import Order, account_created, money, open_account, payment
from tests.risk.receivables.conftest import ageing, half_year

OWED = "receivables are the moves of the log"


async def rows(service: ServiceHarness) -> list[dict[str, Any]]:
    return await service.rows("SELECT * FROM receivable ORDER BY order_id")


async def moved(service: ServiceHarness) -> list[tuple[str, int, str]]:
    found = await service.rows("SELECT * FROM receivable_move ORDER BY day, source_event_id, source_ordinal")
    return [(row["kind"], row["amount"], str(row["day"])) for row in found]


async def test_a_payment_may_come_before_its_order(service: ServiceHarness) -> None:
    account_id, other = new_id(), new_id()
    order = Order(account_id, 1_000)
    await service.deliver(account_created(account_id), payment(other, (order, 400), received_on="2026-02-20"))
    (row,) = await rows(service)
    assert (row["account_id"], row["due_on"], row["open"]) == (None, None, -400)
    assert (await service.get("/v1/receivables")).json()["items"] == []
    assert await ageing(service, "2026-02-20") == (0,) * 8
    await service.deliver(order.confirmed(on="2026-02-14", terms=30))
    (item,) = (await service.get("/v1/receivables")).json()["items"]
    assert (item["account_id"], item["due_on"], item["open"]) == (str(account_id), "2026-03-16", 600)
    assert (await ageing(service, "2026-02-19"))[0] == 1_000
    assert (await ageing(service, "2026-02-20"))[0] == 600


async def test_money_on_account_is_used_refunded_and_voided_on_its_days(service: ServiceHarness) -> None:
    account_id, one, two = new_id(), new_id(), new_id()
    order = Order(account_id, 1_000)

    def of(kind: type[Any], payment_id: UUID, *parts: tuple[Order, int], left: int, **changes: Any) -> Event:
        named = {"payment_id" if kind is PaymentRefunded else "id": payment_id}
        return money(kind, account_id, *parts, unallocated_base=left, **named, **changes)

    await service.deliver(
        order.confirmed(on="2026-02-01"),
        of(PaymentReceived, one, (order, 100), left=700, received_on="2026-02-02"),
        of(PaymentReceived, two, left=50, received_on="2026-02-02"),
        of(PaymentAllocated, one, (order, 300), left=400, received_on="2026-02-02", allocated_on="2026-02-05"),
        of(PaymentRefunded, one, (order, 30), left=250, refunded_on="2026-02-07"),
        of(PaymentVoided, two, left=0, received_on="2026-02-02", voided_on="2026-02-08"),
        of(PaymentVoided, one, (order, 370), left=0, received_on="2026-02-02", voided_on="2026-02-09"),
    )
    right = {
        "2026-02-01": (1_000, 0),
        "2026-02-02": (900, 750),
        "2026-02-05": (600, 450),
        "2026-02-07": (630, 300),
        "2026-02-08": (630, 250),
        "2026-02-09": (1_000, 0),
    }
    for day, (current, unallocated) in right.items():
        found = await ageing(service, day)
        assert (found[0], found[6], found[7]) == (current, unallocated, current - unallocated), day


async def test_what_is_settled_counts_where_it_is_said(service: ServiceHarness) -> None:
    account_id = await open_account(service, 10_000)
    order, overpaid = Order(account_id, 464), Order(account_id, 464)
    await service.deliver(
        order.placed(),
        order.confirmed(),
        order.returned(155, settled_base=154, return_date="2026-03-01"),
        overpaid.placed(),
        overpaid.confirmed(),
        overpaid.returned(464, settled_base=0, return_date="2026-03-01"),
    )
    assert sorted(row["open"] for row in await rows(service)) == [310, 464]
    ledger = await service.rows("SELECT exposure FROM order_credit ORDER BY exposure")
    assert [row["exposure"] for row in ledger] == [310, 464]


async def test_what_comes_twice_counts_once_also_when_the_inbox_is_forgotten(service: ServiceHarness) -> None:
    _, events = half_year()
    await service.deliver(*events)
    before = await rows(service), await moved(service)
    await service.deliver(*events)
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(*reversed(events))
    assert (await rows(service), await moved(service)) == before


@pytest.mark.parametrize("seed", range(3))
async def test_the_order_across_events_says_nothing(service: ServiceHarness, seed: int) -> None:
    _, events = half_year()
    shuffled = list(events)
    random.Random(seed).shuffle(shuffled)
    for event in shuffled:
        await service.deliver(event)
    assert await ageing(service, "2026-06-30") == (
        150_000,
        100_000,
        45_000,
        100_000,
        70_000,
        10_000,
        12_000,
        443_000,
    )


@pytest.fixture
async def logged(service: ServiceHarness) -> AsyncIterator[ServiceHarness]:
    """The service with a log that customer's topic lives in."""
    await service.runtime.bus.start()
    await service.runtime.bus.ensure_topics([*topics_of("risk"), *topics_of("customer")])
    yield service
    await service.runtime.bus.stop()


async def log(service: ServiceHarness, events: Sequence[Event]) -> None:
    messages = [Message(key=e.key, value=e.data, headers=tuple(to_headers(e))) for e in events]
    await service.runtime.bus.publish(topic_of("customer"), messages)
    await service.deliver(*events)


async def test_the_rows_are_rebuilt_equal_and_verified(logged: ServiceHarness) -> None:
    service = logged
    await log(service, half_year()[1])
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "receivable")
    assert report.equal, report
    assert [finding.detail for finding in await findings(service) if finding.check == OWED] == [""]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE receivable_move SET amount = amount + 1 WHERE kind = 'on_account'",
        "UPDATE receivable_move SET day = day + 1 WHERE kind = 'returned'",
        "DELETE FROM receivable_move WHERE kind = 'paid'",
        "UPDATE receivable SET paid = paid + 1, open = open - 1",
        "DELETE FROM receivable",
    ],
)
async def test_a_damaged_row_is_found(logged: ServiceHarness, damage: str) -> None:
    service = logged
    await log(service, half_year()[1])
    async with service.transaction() as tx:
        await tx.execute(damage)
    assert not next(finding.ok for finding in await findings(service) if finding.check == OWED)


async def test_exposure_that_is_not_what_is_owed_is_found(logged: ServiceHarness) -> None:
    """Of orders that asked for credit: what was never placed owes more than the ledger knows."""
    service, account_id = logged, new_id()
    order = Order(account_id, 500)
    law = "exposures are what is owed, or reserved before"
    await log(service, [account_created(account_id), order.placed(), payment(account_id, (order, 100))])
    assert [f.ok for f in await findings(service) if f.check == law] == [True]
    await log(service, [order.confirmed(), order.returned(50)])
    assert [f.ok for f in await findings(service) if f.check == law] == [True]
    await log(service, [Order(account_id, 70).confirmed()])
    assert [f.ok for f in await findings(service) if f.check == law] == [False]


async def findings(service: ServiceHarness) -> Any:
    return await verify(service.runtime.db, service.runtime.bus)
