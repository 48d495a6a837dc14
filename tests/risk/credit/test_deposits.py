"""Money on account in the exposure ledger: deposited, used, voided; counted by the next placement."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.runtime import topics_of
from kit.testing.service import ServiceHarness
from services.risk.events_out import CreditCharged, CreditDeposited, CreditDepositUsed, CreditRefused, CreditReleased
from services.risk.verify import verify
from tests.risk.conftest import Order, Payment, balance, open_account
from tests.risk.credit.test_laws import publish_all

DAY = "2026-02-20"


async def share(service: ServiceHarness, account_id: UUID, deposit_share: int) -> None:
    path = f"/v1/credit-profiles/{account_id}"
    version = (await service.get(path)).json()["version"]
    answer = await service.patch(path, {"deposit_share": deposit_share, "reason": "prepays"}, version)
    assert answer.status_code == 200, answer.text
    assert answer.json()["deposit_share"] == deposit_share


async def deposits(service: ServiceHarness) -> list[tuple[str, int, int]]:
    """(type's last word, amount, sequence) of facts of money on account."""
    found = await service.published(CreditDeposited.TYPE, CreditDepositUsed.TYPE)
    return [(event.type.split(".")[2], event.payload["amount"], event.sequence) for event in found]


async def test_money_on_account_lowers_the_balance_until_it_is_used(service: ServiceHarness) -> None:
    account_id = await open_account(service, 1000, owner := new_id())
    order, paid = Order(account_id, 400), Payment(account_id, 300)
    await service.deliver(order.placed(), order.confirmed(), paid.received((order, 100)))
    assert await balance(service, account_id) == 0
    await service.deliver(paid.allocated((order, 250), left=50))
    assert await balance(service, account_id) == 0
    await service.deliver(paid.refunded(left=30), paid.refunded((order, 5), left=0))
    assert await balance(service, account_id) == 55
    assert await deposits(service) == [
        ("deposited", 300, 1),
        ("deposit_used", 250, 2),
        ("deposit_used", 20, 3),
        ("deposit_used", 30, 4),
    ]
    facts = await service.published(CreditDeposited.TYPE, CreditDepositUsed.TYPE)
    assert [fact.payload.get("reason") for fact in facts] == [None, "allocated", "refunded", "refunded"]
    assert [fact.payload["order_id"] for fact in facts] == [None, str(order.id), None, None]
    assert [fact.payload["business_date"] for fact in facts] == [DAY, "2026-02-25", "2026-02-26", "2026-02-26"]
    assert {(fact.subject, fact.payload["owner_id"]) for fact in facts} == {(str(account_id), str(owner))}
    assert [fact.payload["source_ordinal"] for fact in facts] == [1, 1, 0, 1]
    entries = (await service.get("/v1/exposure-entries?order_id[null]=true&sort=recorded_at")).json()["items"]
    assert [(one["kind"], one["amount"], one["payment_id"]) for one in entries] == [
        ("deposited", -300, str(paid.id)),
        *(("deposit_used", amount, str(paid.id)) for amount in (250, 20, 30)),
    ]


async def test_a_voided_payment_is_owed_again_for_a_cause_of_its_own(service: ServiceHarness) -> None:
    account_id = await open_account(service, 1000)
    order, paid = Order(account_id, 400), Payment(account_id, 300)
    await service.deliver(order.placed(), order.confirmed(), paid.received((order, 100)), paid.voided((order, 100)))
    assert await balance(service, account_id) == 400
    (charged,) = await service.published(CreditCharged.TYPE)
    assert (charged.payload["reason"], charged.payload["cause"]) == ("refunded", "voided")
    assert charged.payload["payment_id"] == str(paid.id)
    (released,) = await service.published(CreditReleased.TYPE)
    assert released.payload["payment_id"] == str(paid.id)
    (used,) = await service.published(CreditDepositUsed.TYPE)
    assert (used.payload["reason"], used.payload["amount"], used.payload["order_id"]) == ("voided", 300, None)


async def test_a_deposit_frees_nothing_and_the_next_placement_counts_it(service: ServiceHarness) -> None:
    """Prepayment: an order is refused, its money comes, and it is reserved when it is placed again."""
    account_id = await open_account(service, 0)
    await share(service, account_id, 1_000_000)
    order, paid = Order(account_id, 500), Payment(account_id, 499)
    await service.deliver(order.placed(), paid.received())
    (refused,) = await service.published(CreditRefused.TYPE)
    assert (refused.payload["reason"], refused.payload["cause"]) == ("limit_exceeded", "deposit_missing")
    assert (refused.payload["causes"], refused.payload["shortfall"]) == (["deposit_missing"], 500)
    await service.deliver(order.placed(2))
    more = Payment(account_id, 1)
    await service.deliver(more.received(), order.placed(3), order.confirmed())
    decisions = (await service.get("/v1/credit-decisions?sort=decided_at")).json()["items"]
    assert [(one["decision"], one["shortfall"], one["cause"], one["deposit_share"]) for one in decisions] == [
        ("refused", 500, "deposit_missing", 1_000_000),
        ("refused", 1, "deposit_missing", 1_000_000),
        ("automatic", 0, None, 1_000_000),
    ]
    await service.deliver(paid.allocated((order, 499), left=0), more.allocated((order, 1), left=0))
    assert await balance(service, account_id) == 0


async def test_what_comes_twice_counts_once_also_when_the_inbox_is_forgotten(service: ServiceHarness) -> None:
    """Also an event that changes nothing in base currency: it is known by a fact of 0."""
    account_id = await open_account(service, 1000)
    order, paid = Order(account_id, 400), Payment(account_id, 2)
    events = [order.placed(), order.confirmed(), paid.received(), paid.refunded(left=2)]
    events += [paid.refunded(left=1), paid.voided()]
    await service.deliver(*events)
    before = await deposits(service), await service.rows("SELECT amount, day FROM receivable_move ORDER BY amount, day")
    assert [amount for _, amount, _ in before[0]] == [2, 0, 1, 1]
    async with service.transaction() as tx:
        await tx.execute("DELETE FROM inbox")
    await service.deliver(*events, *events)
    rows = await service.rows("SELECT amount, day FROM receivable_move ORDER BY amount, day")
    assert (await deposits(service), rows) == before
    assert await balance(service, account_id) == 400


async def test_a_placement_and_its_deposit_at_once(service: ServiceHarness) -> None:
    """Each on its own connection: the placement is reserved or lacks exactly the deposit, nothing between."""
    for _ in range(6):
        account_id = await open_account(service, 0)
        await share(service, account_id, 1_000_000)
        order, paid = Order(account_id, 500), Payment(account_id, 500)
        others = [Payment(account_id, 7) for _ in range(3)]
        events = [order.placed(), paid.received(), *(one.received() for one in others)]
        await asyncio.gather(*(service.deliver_alone(event) for event in events))
        (row,) = await service.rows("SELECT * FROM credit_decision WHERE account_id = $1", account_id)
        own = -row["exposure_before"]
        assert own % 7 in (0, 500 % 7)
        assert (row["decision"], row["shortfall"]) == (("automatic", 0) if own >= 500 else ("refused", 500 - own))
        reserved = 500 if row["decision"] == "automatic" else 0
        assert await balance(service, account_id) == reserved - 521


async def test_a_share_is_changed_with_its_limit_or_alone(service: ServiceHarness) -> None:
    account_id = await open_account(service, 700)
    path = f"/v1/credit-profiles/{account_id}"
    await share(service, account_id, 300_000)
    profile = (await service.get(path)).json()
    assert (profile["credit_limit"], profile["deposit_share"]) == (700, 300_000)
    for body in ({"deposit_share": 1_000_001}, {"deposit_share": -1}, {"terms_days": 366}, {}):
        assert (await service.patch(path, {**body, "reason": "x"}, 3)).status_code == 422
    row = {"account_id": str(account_id), "credit_limit": 700}
    for rows, status in (([row], "unchanged"), ([{**row, "deposit_share": 0}], "updated")):
        answer = await service.post("/v1/credit-profiles/batch", {"rows": rows})
        assert [result["status"] for result in answer.json()["results"]] == [status]
    audited = await service.rows("SELECT after FROM audit_log WHERE action = 'change_limit' ORDER BY id")
    assert len(audited) == 3


@pytest.fixture
async def logged(service: ServiceHarness) -> AsyncIterator[ServiceHarness]:
    """The service with a log that both topics live in."""
    await service.runtime.bus.start()
    await service.runtime.bus.ensure_topics([*topics_of("risk"), *topics_of("customer")])
    yield service
    await service.runtime.bus.stop()


def life(dice: random.Random, account_id: UUID) -> list[Event]:
    """An order and a payment of its account that is allocated, refunded and in the end voided or used up; or one that
    waits for it, and another order that asks for the same."""
    order, paid = Order(account_id, dice.randint(1, 900)), Payment(account_id, dice.randint(1, 1500))
    if dice.random() < 0.5:
        return waiting_life(dice, order, paid)
    story = [order.placed(), order.confirmed(), paid.received()]
    held = 0
    for _ in range(dice.randint(0, 3)):
        part = dice.randint(0, paid.left)
        if dice.random() < 0.5:
            held += part
            story.append(paid.allocated((order, part), left=paid.left - part))
        else:
            story.append(paid.refunded(left=paid.left - part))
    story.append(paid.voided((order, held)) if dice.random() < 0.5 else paid.allocated((order, paid.left), left=0))
    return story


def waiting_life(dice: random.Random, order: Order, paid: Payment) -> list[Event]:
    paid.waits_for, paid.currency = order, dice.choice(("CNY", "CNY", "EUR"))
    other = Order(order.account_id, dice.randint(1, 900))
    story = [order.placed(), paid.received()] if dice.random() < 0.7 else [paid.received(), order.placed()]
    if dice.random() < 0.4:
        story.append(paid.refunded(left=dice.randint(0, paid.left)))
    story += [other.placed(), order.placed(2), other.placed(2)]
    end = dice.random()
    if end < 0.3:
        return [*story, order.cancelled(), other.placed(3), paid.voided()]
    if end < 0.5:
        return [*story, paid.voided(), order.placed(3)]
    part = min(paid.left, order.gross) if paid.currency == "CNY" else 0
    pays = [(order, part)] if part else []
    story += [order.confirmed(), paid.allocated(*pays, left=paid.left - part)]
    return [*story, other.placed(3), paid.refunded(left=0)]


@pytest.mark.parametrize("seed", range(4))
async def test_money_on_account_ends_at_nothing_and_is_rebuilt_equal(logged: ServiceHarness, seed: int) -> None:
    """Any weave of lives, any batch size, duplicates; the sums are those that customer's log gives."""
    service, dice = logged, random.Random(seed)
    accounts = [await open_account(service, dice.choice((0, 1500))) for _ in range(2)]
    stories = [life(dice, account_id) for account_id in accounts for _ in range(5)]
    events: list[Event] = []
    while stories:
        events.append(dice.choice(stories).pop(0))
        stories = [story for story in stories if story]
    rest = list(events)
    while rest:
        size = dice.randint(1, 9)
        batch, rest = rest[:size], rest[size:]
        await service.deliver(*batch, *dice.sample(batch, min(2, len(batch))))
    assert await service.parked() == []
    left = await service.rows(
        "SELECT sum(amount)::bigint AS left FROM exposure_entry WHERE order_id IS NULL GROUP BY payment_id"
    )
    assert {row["left"] for row in left} == {0}
    for account_id in accounts:
        rows = await service.rows(
            "SELECT coalesce(sum(exposure), 0)::bigint AS owed FROM order_credit WHERE account_id = $1", account_id
        )
        assert await balance(service, account_id) == rows[0]["owed"]
    assert await service.rows("SELECT * FROM waiting_deposit WHERE amount > 0") == []
    assert await service.rows("SELECT * FROM credit_decision WHERE named > 0 AND decision = 'automatic'") != []
    await publish_all(service, events)
    for name in ("exposure", "waiting_deposit"):
        report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, name)
        assert report.equal, report.as_dict()
    findings = {finding.check: finding for finding in await verify(service.runtime.db, service.runtime.bus)}
    assert findings["one move per return, payment, refund and deposit"].ok
    assert findings["receivables are the moves of the log"].ok
    assert findings["decisions follow from their inputs"].ok


async def test_a_balance_that_is_not_exposures_less_money_is_found(logged: ServiceHarness) -> None:
    service, law = logged, "exposures are what is owed, or reserved before"
    account_id = await open_account(service, 1000)
    order, paid = Order(account_id, 400), Payment(account_id, 300)
    heard = [order.placed(), order.confirmed(), paid.received((order, 100)), paid.allocated((order, 100), left=200)]
    await service.deliver(*heard)
    await publish_all(service, heard)
    findings = {finding.check: finding for finding in await verify(service.runtime.db, service.runtime.bus)}
    assert [finding.check for finding in findings.values() if not finding.ok] == []
    async with service.transaction() as tx:
        await tx.execute("UPDATE exposure_entry SET amount = amount - 1 WHERE kind = 'deposited'")
        await tx.execute("UPDATE exposure_account SET balance = balance - 1")
    findings = {finding.check: finding for finding in await verify(service.runtime.db, service.runtime.bus)}
    assert not findings[law].ok
    assert str(account_id) in findings[law].detail
