"""Months of one customer with everything at once: budgets, uses, points and rebates of random orders, returns, later
placements, merges and their ends, expiries and a shared account; every ledger says what its facts say."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.channels.events_out.terms import TermsReserved
from services.customer import events_out as customer
from tests.channels.conflicts.found import merged, unmerged
from tests.channels.conftest import Days, publish
from tests.channels.points.spent import WORTH, now
from tests.channels.points.test_points import adjusted, joined, programme, work_dues
from tests.channels.quotes.offers import PATH, body, goods, heard_account
from tests.channels.rebates.test_laws import logged, publish_all, wrong_findings
from tests.channels.rebates.test_splits import a_split
from tests.channels.terms.orders import Order, budget, cash_off, order_of

__all__ = ["logged"]

STEPS = 45
BUDGET, USES = 9_000, 12
TIERS = [{"start": 0, "rate": 13_337}, {"start": 40_000, "rate": 31_111}]
_UNBALANCED = "SELECT txn, unit FROM ledger_entry GROUP BY txn, unit HAVING sum(amount) <> 0"
_OFF = """
SELECT a.id FROM ledger_account a LEFT JOIN ledger_entry e ON e.account_id = a.id
GROUP BY a.id, a.balance HAVING a.balance <> coalesce(sum(e.amount), 0)
"""
_REBATES = """
SELECT a.id FROM rebate_account a LEFT JOIN rebate_accrual r ON r.account_id = a.id
GROUP BY a.id, a.accrued, a.position
HAVING a.accrued <> coalesce(sum(r.amount), 0) OR a.position <> coalesce(sum(r.volume), 0)
UNION ALL SELECT accrual_id FROM rebate_entry GROUP BY accrual_id HAVING sum(amount) <> 0
"""


class Months:
    """The customer's accounts, what they ordered, and all that was heard of it."""

    def __init__(self, service: ServiceHarness, days: Days, dice: random.Random) -> None:
        self.service, self.days, self.dice = service, days, dice
        self.orders: dict[str, list[Order]] = {state: [] for state in ("placed", "refused", "confirmed", "sold")}
        self.back: dict[UUID, list[int]] = {}
        self.version, self.merge_id = 2, UUID(int=0)
        self.heard: list[Event] = []

    async def begin(self) -> None:
        key, self.partners, _conflict = await a_split(self.service, self.days)
        self.accounts = [str(key), str(new_id())]
        await self.hear(*(heard_account(UUID(each)) for each in self.accounts))
        await goods(self.service)
        limits: dict[str, Any] = {"budget_base": BUDGET, "uses": USES, "uses_per_account": 8}
        self.promotion_id = await cash_off(self.service, **limits)
        club = await programme(self.service, validity_months=1, lock_days=self.dice.randint(0, 3), **WORTH)
        self.members = [await joined(self.service, club, each) for each in self.accounts]
        await publish(self.service, kind="marginal", tiers=TIERS, period="month")

    async def hear(self, *events: Event) -> None:
        """As customer tells it, now and then twice."""
        said = [now(event) for event in events]
        self.heard += said
        await self.service.deliver(*said)
        if self.dice.random() < 0.3:
            await self.service.deliver(*said)

    def said(self, order: Order, kind: type[Any], **changes: Any) -> Event:
        self.version += 1
        return order._event(kind, version=self.version, **changes)

    async def later(self) -> None:
        self.days.moment += timedelta(days=self.dice.randint(0, 9))
        await work_dues(self.service)

    async def place(self) -> None:
        lines = [(sku, self.dice.randint(1, 4)) for sku in self.dice.sample(("CD-ROCK", "CD-JAZZ", "CD-FOLK"), 2)]
        more: dict[str, Any] = {"partner_id": str(self.dice.choice(self.partners))} if self.dice.random() < 0.7 else {}
        points = {"points": self.dice.randint(1, 60)} if self.dice.random() < 0.5 else {}
        answer = await self.service.post(PATH, body(self.dice.choice(self.accounts), *lines, **more, **points))
        assert answer.status_code == 201 or answer.json()["code"] in ("points-short", "points-unfit"), answer.text
        if answer.status_code == 201:
            await self.ask(order_of(answer.json(), **{"partner_id": None, **more}))

    async def ask(self, order: Order) -> None:
        """Place it; what is refused waits for another placement."""
        await self.hear(self.said(order, customer.OrderPlaced))
        reserved = await self.service.published(TermsReserved.TYPE)
        is_reserved = (str(order.id), order.placement) in {(one.subject, one.payload["placement"]) for one in reserved}
        self.orders["placed" if is_reserved else "refused"].append(order)

    async def place_again(self) -> None:
        if order := self.taken(self.dice.choice(("placed", "refused")), ""):
            order.placement += 1
            await self.ask(order)

    async def confirm(self) -> None:
        if order := self.taken("placed", "confirmed"):
            self.back[order.id] = [0 for _line in order.lines]
            await self.hear(self.said(order, customer.OrderConfirmed))

    async def cancel(self) -> None:
        if order := self.taken("placed", ""):
            await self.hear(self.said(order, customer.OrderCancelled))

    async def fulfil(self) -> None:
        if order := self.taken("confirmed", "sold"):
            lines = [
                {**line, "returned": back}
                for line, back in zip(order.confirmed().payload["lines"], self.back[order.id], strict=True)
            ]
            await self.hear(self.said(order, customer.OrderFulfilled, lines=lines))

    async def give_back(self) -> None:
        if not (found := [*self.orders["confirmed"], *self.orders["sold"]]):
            return
        order = self.dice.choice(found)
        before = self.back[order.id]
        after = [self.dice.randint(old, line[1]) for old, line in zip(before, order.lines, strict=True)]
        self.back[order.id] = after
        event = order.confirmed().payload
        lines = [{**line, "returned": pieces} for line, pieces in zip(event["lines"], after, strict=True)]
        example, moved = customer.OrderReturned.EXAMPLE["returned_lines"][0], []
        for line, old, new in zip(event["lines"], before, after, strict=True):
            was, stands = (line["net_base"] * pieces // line["quantity"] for pieces in (old, new))
            named = {"line_no": line["line_no"], "sku": line["sku"], "product_line": line["product_line"]}
            pieces = {"returned_before": old, "returned_after": new}
            nets = {"returned_net_base_before": was, "returned_net_base_after": stands, "net_base": was - stands}
            moved += [{**example, **named, **pieces, **nets}] if new > old else []
        if moved:
            changes = {"lines": lines, "returned_lines": moved, "return_id": new_id()}
            await self.hear(self.said(order, customer.OrderReturned, **changes))

    async def adjust(self) -> None:
        points = self.dice.choice((-20, 15, 40))
        assert (await adjusted(self.service, self.dice.choice(self.members), points)).status_code in (200, 409)

    async def merge(self) -> None:
        """Or part again what is one."""
        pair = UUID(self.accounts[0]), UUID(self.accounts[1])
        if self.merge_id.int:
            event, self.merge_id = unmerged(*pair, self.merge_id), UUID(int=0)
        else:
            self.merge_id = new_id()
            event = merged(*pair, self.merge_id)
        await self.hear(event)

    def taken(self, state: str, then: str) -> Order | None:
        if not self.orders[state]:
            return None
        order = self.orders[state].pop(self.dice.randrange(len(self.orders[state])))
        if then:
            self.orders[then].append(order)
        return order

    async def check(self) -> None:
        for sql in (_UNBALANCED, _OFF, _REBATES):
            assert await self.service.rows(sql) == [], sql
        found = await budget(self.service, self.promotion_id)
        taken = found["reserved_base"] + found["committed_base"]
        assert found["left_base"] == BUDGET - taken
        assert await self.service.parked() == []


@pytest.mark.parametrize("seed", range(3))
async def test_every_ledger_says_what_its_facts_say(logged: ServiceHarness, days: Days, seed: int) -> None:
    dice = random.Random(seed)
    months = Months(logged, days, dice)
    await months.begin()
    acts = (months.place, months.confirm, months.fulfil, months.give_back, months.place_again, months.cancel)
    weights = (12, 9, 8, 8, 3, 2, 2, 3)
    for _step in range(STEPS):
        await months.later()
        await dice.choices((*acts, months.merge, months.adjust), weights)[0]()
        await months.check()
    assert months.orders["sold"]
    await publish_all(logged, months.heard)
    assert await wrong_findings(logged) == []
    for projection in ("terms", "rebates", "account_redirect"):
        report = await rebuild(logged.runtime.db, logged.runtime.bus, logged.subscriptions, projection)
        assert report.equal, report.as_dict()
