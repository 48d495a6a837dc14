"""Purchases at CDNOW as what customer says of them, and the amounts that figures are computed from again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from cli.load import cdnow
from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.risk.conftest import Order, account_created, payment

TERMS = 30
BATCH = 500


@dataclass
class Item:
    """An order of the file: (day, amount) of its payments and returns, all positive."""

    account_id: UUID
    day: date
    gross: int
    payments: list[tuple[date, int]] = field(default_factory=list)
    returns: list[tuple[date, int]] = field(default_factory=list)

    @property
    def due(self) -> date:
        return self.day + timedelta(TERMS)

    def open_on(self, day: date) -> int:
        """What is owed at the end of a day."""
        if day < self.day:
            return 0
        return self.gross - sum(amount for on, amount in (*self.payments, *self.returns) if on <= day)


@dataclass
class Story:
    """What has been heard: `items` by account; `later` is what has happened and was not heard of yet."""

    limits: dict[UUID, int]
    items: list[Item]
    later: list[tuple[Item, str, date, int, Event]]


async def begin(service: ServiceHarness, one_in: int) -> Story:
    """Accounts and orders of every so-manieth customer of the sample; payments and returns come later."""
    accounts: dict[str, UUID] = {}
    limits, items, later, heard = {}, [], [], []
    chosen = sorted({one.customer for one in cdnow.read(cdnow.sample_path())})[::one_in]
    for customer in chosen:
        accounts[customer] = account_id = new_id()
        limits[account_id] = cdnow.credit_limit_of(customer)
        heard.append(account_created(account_id))
    for purchase in cdnow.read(cdnow.sample_path()):
        if purchase.customer not in accounts:
            continue
        order = Order(accounts[purchase.customer], purchase.cents)
        item = Item(order.account_id, purchase.day, purchase.cents)
        items.append(item)
        heard.append(order.confirmed(str(purchase.day), TERMS))
        for day, amount in cdnow.payments_of(purchase):
            told = payment(order.account_id, (order, amount), received_on=str(day))
            later.append((item, "payments", day, amount, told))
        if back := cdnow.return_of(purchase):
            day, amount = back[0], purchase.cents * back[1] // purchase.quantity
            later.append((item, "returns", day, amount, order.returned(amount, return_date=str(day))))
    await _deliver(service, heard)
    rows = [{"account_id": str(account_id), "credit_limit": limit} for account_id, limit in limits.items()]
    for start in range(0, len(rows), BATCH):
        answer = await service.post("/v1/credit-profiles/batch", {"rows": rows[start : start + BATCH]})
        assert answer.status_code == 200, answer.text
    random.Random(11).shuffle(later)
    return Story(limits, items, later)


async def hear(service: ServiceHarness, story: Story, count: int) -> None:
    """So many of the later facts, in no order of days: most of them are backdated."""
    facts, story.later = story.later[:count], story.later[count:]
    for item, kind, day, amount, _told in facts:
        getattr(item, kind).append((day, amount))
    await _deliver(service, [told for *_rest, told in facts])


async def _deliver(service: ServiceHarness, events: Sequence[Event]) -> None:
    for start in range(0, len(events), BATCH):
        await service.deliver(*events[start : start + BATCH])
    assert await service.parked() == []
