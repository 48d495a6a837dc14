"""After any order of events, sweeps, days and words of people a hold stands if and only if the state says so."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.testing.service import ServiceHarness
from services.risk.verify import verify
from tests.risk.conftest import Days, Order, payment
from tests.risk.credit.test_laws import logged as logged
from tests.risk.credit.test_laws import publish_all
from tests.risk.holds.owing import account, lift, place, set_policy, standing, sweep

LIMIT, FROM = 15, date(2026, 3, 1)


@dataclass
class Item:
    """An order as the model knows it."""

    order: Order
    ordered_on: date
    due_on: date
    open: int


@dataclass
class Owner:
    """An account as the model knows it: what it owes, and whether the rule holds it."""

    id: UUID
    items: list[Item] = field(default_factory=list)
    is_held: bool = False
    waived_until: date = date.min
    turns: int = 0
    """How often a hold came or went."""

    def look(self, today: date) -> None:
        """What whoever looks today finds."""
        late = [today - one.due_on for one in self.items if one.open >= 100 and one.ordered_on >= FROM]
        longest = max(late, default=timedelta(0))
        is_held = longest > timedelta(0) if self.is_held else longest > timedelta(LIMIT) and today > self.waived_until
        self.turns += is_held != self.is_held
        self.is_held = is_held


class Story:
    """Steps that happen to some accounts, and what is expected of each."""

    def __init__(self, service: ServiceHarness, days: Days, dice: random.Random, owners: list[Owner]) -> None:
        self.service, self.days, self.dice, self.owners = service, days, dice, owners
        self.today = date(2026, 4, 1)
        self.heard: list[Event] = []

    async def step(self) -> None:
        owner = self.dice.choice(self.owners)
        steps = [self.day, self.day, self.sweep, self.order, self.order, self.pay, self.pay, self.pay, self.back]
        await self.dice.choice([*steps, self.give_back, self.ask, self.waive])(owner)

    async def hear(self, owner: Owner, event: Event, *, looks: bool = True) -> None:
        self.heard.append(event)
        await self.service.deliver(event, *([event] if self.dice.random() < 0.2 else []))
        if looks:
            owner.look(self.today)

    async def day(self, _owner: Owner) -> None:
        self.today += timedelta(self.dice.choice((1, 3, 9, 20)))
        self.days.on(self.today, self.dice.randrange(24))

    async def sweep(self, _owner: Owner) -> None:
        await sweep(self.service)
        for each in self.owners:
            each.look(self.today)

    async def order(self, owner: Owner) -> None:
        ordered_on = self.today - timedelta(self.dice.choice((0, 0, 10, 60)))
        terms = self.dice.choice((0, 5, 30))
        order = Order(owner.id, self.dice.choice((60, 150, 400)))
        await self.hear(owner, order.confirmed(str(ordered_on), terms), looks=False)
        owner.items.append(Item(order, ordered_on, ordered_on + timedelta(terms), order.gross))

    async def pay(self, owner: Owner) -> None:
        if owner.items:
            item = self.dice.choice(owner.items)
            item.open -= (amount := self.dice.choice((item.open, item.open // 2)))
            await self.hear(owner, payment(owner.id, (item.order, amount)))

    async def back(self, owner: Owner) -> None:
        if owner.items:
            item = self.dice.choice(owner.items)
            item.open -= (amount := max(0, item.open))
            await self.hear(owner, item.order.returned(amount))

    async def give_back(self, owner: Owner) -> None:
        if owner.items:
            item = self.dice.choice(owner.items)
            item.open += 120
            await self.hear(owner, payment(owner.id, (item.order, 120), refund=True))

    async def ask(self, owner: Owner) -> None:
        order = Order(owner.id, 1)
        await self.hear(owner, order.placed(partner_id=None))
        (row,) = await self.service.rows("SELECT cause FROM credit_decision WHERE order_id = $1", order.id)
        assert (row["cause"] == "on_hold") == owner.is_held

    async def waive(self, owner: Owner) -> None:
        sql = "SELECT id FROM credit_hold WHERE subject_id = $1 AND state = 'standing'"
        for row in await self.service.rows(sql, owner.id):
            last = self.today + timedelta(self.dice.randint(0, 30))
            answer = await lift(self.service, f"/v1/credit-holds/{row['id']}", until=str(last))
            assert answer.status_code == 200, answer.text
            owner.is_held, owner.waived_until, owner.turns = False, max(owner.waived_until, last), owner.turns + 1


@pytest.mark.parametrize("seed", range(4))
async def test_a_hold_stands_if_and_only_if_the_state_says_so(service: ServiceHarness, days: Days, seed: int) -> None:
    await set_policy(service, items_from=str(FROM))
    story = Story(service, days, random.Random(seed), [Owner(await account(service)) for _ in range(3)])
    days.on(story.today)
    for _ in range(80):
        await story.step()
        for owner in story.owners:
            assert (await standing(service, owner.id) == ["overdue"]) == owner.is_held
    assert sum(owner.turns for owner in story.owners) >= 3, "a story in which nothing happens shows nothing"
    for owner in story.owners:
        events = [e for e in await service.published() if e.key == str(owner.id) and ".hold_" in e.type]
        words = [event.type.split(".")[2] for event in events]
        assert words == (["hold_placed", "hold_lifted"] * len(words))[: len(words)], "each word once, in turns"
        assert len(words) == owner.turns
        assert [event.sequence for event in events] == list(range(2, len(events) + 2))


async def test_holds_are_rebuilt_equal_from_their_own_facts(logged: ServiceHarness, days: Days) -> None:
    service = logged
    await set_policy(service, items_from=str(FROM))
    story = Story(service, days, random.Random(9), [Owner(await account(service)) for _ in range(3)])
    days.on(story.today)
    for _ in range(60):
        await story.step()
    by_hand = await account(service)
    await place(service, account_id=str(by_hand), reason="rumour", until=str(story.today))
    assert (await lift(service, await place(service, account_id=str(story.owners[0].id), reason="x"))).is_success
    await publish_all(service, story.heard)
    report = await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "hold")
    assert report.equal, report.as_dict()
    assert [table.live_rows > 4 for table in report.tables] == [True]
    findings = {finding.check: finding for finding in await verify(service.runtime.db, service.runtime.bus)}
    assert findings["profiles say which holds stand"].ok
    assert findings["decisions follow from their inputs"].ok
    async with service.transaction() as tx:
        await tx.execute("UPDATE credit_hold SET until = '2026-01-01' WHERE hold_reason = 'manual'")
        await tx.execute("UPDATE credit_profile SET hold_reasons = '{}', is_on_hold = false WHERE id = $1", by_hand)
    assert not (await rebuild(service.runtime.db, service.runtime.bus, service.subscriptions, "hold")).equal
    findings = {finding.check: finding for finding in await verify(service.runtime.db, service.runtime.bus)}
    assert str(by_hand) in findings["profiles say which holds stand"].detail
