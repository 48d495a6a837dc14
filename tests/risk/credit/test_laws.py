"""Laws of the ledger under concurrency, and the ledger rebuilt from its facts."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

import pytest

from kit.events.bus import Message
from kit.events.envelope import Event, to_headers, topic_of
from kit.events.rebuild import rebuild
from kit.events.relay import Relay
from kit.runtime import topics_of
from kit.testing.service import ServiceHarness
from services.risk.verify import verify
from tests.risk.conftest import Order, balance, open_account, payment


@pytest.fixture
async def logged(service: ServiceHarness) -> AsyncIterator[ServiceHarness]:
    """The service with a log that both topics live in."""
    await service.runtime.bus.start()
    await service.runtime.bus.ensure_topics([*topics_of("risk"), *topics_of("customer")])
    yield service
    await service.runtime.bus.stop()


async def publish_all(service: ServiceHarness, heard: Sequence[Event]) -> None:
    """Send the outbox to the log, and put what customer said there too."""
    messages = [Message(key=e.key, value=e.data, headers=tuple(to_headers(e))) for e in heard]
    await service.runtime.bus.publish(topic_of("customer"), messages)
    connection = await service.runtime.db.connect()
    try:
        while await Relay(service.runtime.db, service.runtime.bus).drain_once(connection):
            continue
    finally:
        await connection.close()


async def test_no_automatic_reservation_passes_the_limit(logged: ServiceHarness) -> None:
    """Placed events, overrides and limit changes of one account at once, each on its own connection."""
    service = logged
    account_id = await open_account(service, 1000)
    dice = random.Random(7)
    early = [Order(account_id, 2000 + n) for n in range(4)]
    heard = [order.placed() for order in early]
    await service.deliver(*heard)
    orders = [Order(account_id, dice.randint(1, 300)) for _ in range(20)]
    placed = [order.placed() for order in orders]

    async def override(order: Order) -> int:
        body = {"order_id": str(order.id), "decision": "override", "reason": "x"}
        return (await service.post("/v1/credit-decisions", body)).status_code

    async def limit(value: int) -> int:
        rows = [{"account_id": str(account_id), "credit_limit": value}]
        return (await service.post("/v1/credit-profiles/batch", {"rows": rows})).status_code

    work = [service.deliver_alone(event) for event in placed]
    await asyncio.gather(*work, *(override(order) for order in early), *(limit(n) for n in (3000, 9000, 500)))
    decisions = await service.rows("SELECT * FROM credit_decision ORDER BY decided_at, id")
    assert len(decisions) == 4 + 20 + 4
    running = 0
    for row in decisions:
        assert row["exposure_before"] == running
        if row["decision"] == "automatic":
            assert max(0, running) + row["amount"] <= row["credit_limit"]
        if row["decision"] != "refused":
            running += row["amount"]
    assert await balance(service, account_id) == running
    await publish_all(service, heard + placed)
    assert [(finding.check, finding.detail) for finding in await verify(service.runtime.db, service.runtime.bus)] == [
        ("one decision per placement", ""),
        ("decisions follow from their inputs", ""),
        ("one move per return, payment, refund and deposit", ""),
        ("balances are the sums of their entries", ""),
        ("receivables are the moves of the log", ""),
        ("exposures are what is owed, or reserved before", ""),
        ("profiles say which holds stand", ""),
        ("sums of the company are what they are of", ""),
        ("snapshots are what their hashes say", ""),
    ]


async def random_story(service: ServiceHarness, dice: random.Random) -> list[Event]:
    """Orders that are placed, paid, returned, refunded or cancelled; every one is settled in the end."""
    accounts = [await open_account(service, dice.choice((500, 1500, 5000))) for _ in range(3)]
    stories: list[list[Event]] = []
    for account_id in accounts:
        for _ in range(6):
            order = Order(account_id, dice.randint(1, 900))
            story = [order.placed()]
            if dice.random() < 0.3:
                story.append(order.placed(2))
            if dice.random() < 0.2:
                story.append(order.cancelled())
            else:
                cut = dice.randint(0, order.gross)
                story += [payment(account_id, (order, cut)), payment(account_id, (order, order.gross - cut))]
                back = dice.randint(0, order.gross)
                story += [order.returned(back), order.returned(order.gross - back)]
                story += [payment(account_id, (order, order.gross), refund=True)]
            stories.append(story)
    events: list[Event] = []
    while stories:
        story = dice.choice(stories)
        events.append(story.pop(0))
        stories = [one for one in stories if one]
    return events


@pytest.mark.parametrize("seed", range(4))
async def test_every_order_sums_to_zero_and_the_ledger_is_rebuilt_equal(logged: ServiceHarness, seed: int) -> None:
    """Any weave, any batch size, duplicates: settled orders that held credit sum to zero; rebuild is equal."""
    service, dice = logged, random.Random(seed)
    events = await random_story(service, dice)
    rest = list(events)
    while rest:
        size = dice.randint(1, 12)
        batch, rest = rest[:size], rest[size:]
        await service.deliver(*batch, *dice.sample(batch, min(2, len(batch))))
    assert await service.parked() == []
    refused = {row["order_id"] for row in await service.rows("SELECT order_id FROM order_credit WHERE reserved = 0")}
    for row in await service.rows("SELECT order_id, asked, exposure, state FROM order_credit"):
        expected = 0 if row["order_id"] not in refused or row["state"] == "cancelled" else -row["asked"]
        assert row["exposure"] == expected
    await publish_all(service, events)
    assert all(finding.ok for finding in await verify(service.runtime.db, service.runtime.bus))
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "exposure")
    assert report.equal, report.as_dict()
    assert [table.live_rows > 0 for table in report.tables] == [True] * 5


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE exposure_account SET balance = balance + 1",
        "UPDATE exposure_entry SET amount = amount - 1 WHERE kind = 'paid'",
        "DELETE FROM credit_decision",
        "UPDATE order_credit SET state = 'refused'",
        "UPDATE exposure_partner SET balance = balance - 1",
        "UPDATE order_credit SET partner_id = NULL",
    ],
)
async def test_a_damaged_row_is_found(logged: ServiceHarness, damage: str) -> None:
    service = logged
    account_id = await open_account(service, 1000)
    order = Order(account_id, 400)
    heard = [order.placed(), payment(account_id, (order, 100))]
    await service.deliver(*heard)
    await publish_all(service, heard)
    assert (await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "exposure")).equal
    async with service.transaction() as tx:
        assert await tx.execute(damage) == 1
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "exposure")
    assert not report.equal
    findings = await verify(service.runtime.db, service.runtime.bus)
    assert any(not finding.ok for finding in findings) or "order_credit" in damage


async def test_a_missing_decision_is_found_by_the_audit(logged: ServiceHarness) -> None:
    """What risk never heard is in customer's log all the same."""
    service = logged
    account_id: UUID = await open_account(service, 1000)
    heard, lost = Order(account_id, 400), Order(account_id, 300)
    await service.deliver(heard.placed())
    await publish_all(service, [heard.placed(), lost.placed(), payment(account_id, (heard, 100)), heard.returned(1)])
    findings = {finding.check: finding for finding in await verify(service.runtime.db, service.runtime.bus)}
    assert str(lost.id) in findings["one decision per placement"].detail
    assert not findings["one move per return, payment, refund and deposit"].ok
    assert findings["decisions follow from their inputs"].ok
