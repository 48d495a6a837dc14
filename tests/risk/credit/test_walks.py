"""Credit cannot be walked around: random steps of everything that moves or binds it, held against a plain model.

The model folds customer's events in integers and answers each placement by the table of the requirement.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest

from kit.clock import business_date
from kit.events.envelope import Event
from kit.events.rebuild import rebuild
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.verify import verify
from tests.risk.conftest import Order, Payment, balance, open_account
from tests.risk.credit.test_laws import logged, publish_all
from tests.risk.credit.test_partners import partner, path_of
from tests.risk.holds.owing import lift, place
from tests.risk.redirects.test_decisions import redirect

__all__ = ["logged"]
STEPS = 120
TODAY = str(business_date("Asia/Shanghai"))


@dataclass
class Known:
    """An order as the model knows it; `held` is what the answer to its placement reserved."""

    order: Order
    account_id: UUID
    partner_id: UUID | None = None
    state: str = "placed"
    held: int = 0
    exposure: int = 0
    is_terms_refused: bool = False


@dataclass
class Party:
    """What binds an account or a partner."""

    limit: int | None
    terms_days: int | None = None
    share: int = 0
    holds: list[str] = field(default_factory=list)
    money: int = 0


class Walk:
    """Accounts and partners of a service, and what the model says of them."""

    def __init__(self, service: ServiceHarness, dice: random.Random) -> None:
        self.service, self.dice = service, dice
        self.parties: dict[UUID, Party] = {}
        self.accounts: list[UUID] = []
        self.partners: list[UUID] = []
        self.orders: list[Known] = []
        self.payments: list[Payment] = []
        self.leads: dict[UUID, tuple[UUID, UUID]] = {}
        self.heard: list[Event] = []

    async def begin(self) -> None:
        for limit in (1_000, 3_000, 5_000):
            self.accounts.append(await open_account(self.service, limit))
            self.parties[self.accounts[-1]] = Party(limit)
        for bound in (None, 1_500):
            self.partners.append(await partner(self.service, bound))
            self.parties[self.partners[-1]] = Party(bound)

    def root(self, account_id: UUID) -> UUID:
        while account_id in self.leads:
            account_id = self.leads[account_id][0]
        return account_id

    def group(self, account_id: UUID) -> list[UUID]:
        return [one for one in self.accounts if self.root(one) == self.root(account_id)]

    def balance(self, account_id: UUID) -> int:
        return sum(one.exposure for one in self.orders if one.account_id == account_id) - self.parties[account_id].money

    def of_partner(self, partner_id: UUID) -> int:
        return sum(one.exposure for one in self.orders if one.partner_id == partner_id)

    def answer(self, account_id: UUID, partner_id: UUID | None, amount: int, days: int) -> str | None:
        """The first check that fails, as the requirement has them."""
        group, binds = self.group(account_id), self.parties[self.root(account_id)]
        owed = sum(self.balance(one) for one in group)
        cover = -(-amount * binds.share // 1_000_000)
        if any(self.parties[one].holds for one in group):
            return "on_hold"
        if binds.terms_days is not None and days > binds.terms_days:
            return "terms_exceeded"
        if cover > max(0, -owed):
            return "deposit_missing"
        assert binds.limit is not None
        if amount > cover and max(0, owed) + amount - cover > binds.limit:
            return "limit_exceeded"
        if partner_id is not None:
            bound = self.parties[partner_id]
            if bound.holds:
                return "partner_on_hold"
            if bound.limit is not None and amount > 0 and max(0, self.of_partner(partner_id)) + amount > bound.limit:
                return "partner_limit_exceeded"
        return None

    async def hear(self, *events: Event) -> None:
        """Deliver events, and now and then one that came before."""
        again = [self.dice.choice(self.heard)] if self.heard and self.dice.random() < 0.2 else []
        self.heard += events
        await self.service.deliver(*events, *again)

    def pick(self, *states: str) -> Known | None:
        found = [one for one in self.orders if one.state in states]
        return self.dice.choice(found) if found else None

    # steps

    async def ask(self) -> None:
        """A placement, perhaps again of an order that stands refused or holds credit."""
        known = self.pick("reserved", "refused", "superseded") if self.dice.random() < 0.4 else None
        if known is None:
            account_id = self.dice.choice(self.accounts)
            known = Known(Order(account_id, 0), account_id)
            self.orders.append(known)
        placement = known.order.placement + 1 if known.state != "placed" else 1
        known.order.gross = self.dice.randint(0, 900)
        named, days = self.dice.choice([None, *self.partners]), self.dice.choice((0, 15, 30, 60))
        known.exposure, known.held = known.exposure - known.held, 0
        found = self.answer(known.account_id, named, known.order.gross, days)
        known.partner_id, known.is_terms_refused = named, False
        known.state = "refused" if found else "reserved"
        if found is None:
            known.held = known.order.gross
            known.exposure += known.held
        more = {"partner_id": named, "payment_terms_days": days}
        await self.hear(known.order.placed(placement, **more))
        (row,) = await self.service.rows(
            "SELECT decision, cause FROM credit_decision WHERE order_id = $1 AND placement = $2",
            known.order.id,
            placement,
        )
        assert (row["decision"], row["cause"]) == ("refused" if found else "automatic", found)

    async def hold_order(self) -> None:
        known = self.pick("reserved", "refused", "overridden")
        if known is None:
            return
        check = self.dice.choice(("terms", "credit"))
        await self.hear(known.order.held(check))
        if check == "terms" and known.state != "overridden":
            known.exposure, known.held, known.state = known.exposure - known.held, 0, "superseded"
            known.is_terms_refused = True

    async def override(self) -> None:
        known = self.pick("refused", "superseded", "reserved", "confirmed")
        if known is None:
            return
        body = {"order_id": str(known.order.id), "decision": "override", "reason": "x"}
        answer = await self.service.post("/v1/credit-decisions", body)
        if known.state == "refused":
            assert answer.status_code == 201, answer.text
            known.state, known.held = "overridden", known.order.gross
            known.exposure += known.held
        else:
            code = "terms-refused" if known.is_terms_refused else "order-not-refused"
            assert (answer.status_code, answer.json()["code"]) == (409, code)

    async def cancel(self) -> None:
        known = self.pick("reserved", "refused", "superseded", "overridden")
        if known is not None:
            await self.hear(known.order.cancelled())
            known.exposure, known.held, known.state = known.exposure - known.held, 0, "cancelled"

    async def confirm(self) -> None:
        known = self.pick("reserved", "overridden")
        if known is not None:
            await self.hear(known.order.confirmed(TODAY, 30, partner_id=known.partner_id))
            known.state = "confirmed"

    async def give_back(self) -> None:
        known = self.pick("confirmed")
        if known is not None:
            amount = self.dice.randint(0, known.order.gross)
            await self.hear(known.order.returned(amount, return_date=TODAY))
            known.exposure -= amount

    async def pay(self) -> None:
        """Money of an account: some of it pays an order, the rest lies on account."""
        known = self.pick("confirmed")
        account_id = known.account_id if known else self.dice.choice(self.accounts)
        part, left = (self.dice.randint(0, 500) if known else 0), self.dice.choice((0, 0, 300, 900))
        paid = Payment(account_id, left)
        self.payments.append(paid)
        await self.hear(paid.event("received", *([(known.order, part)] if known else []), left=left, day=TODAY))
        if known:
            known.exposure -= part
        self.parties[account_id].money += left

    async def use(self) -> None:
        """Money on account pays an order of its account, or goes back."""
        waiting = [one for one in self.payments if one.left]
        if not waiting:
            return
        paid = self.dice.choice(waiting)
        amount = self.dice.randint(1, paid.left)
        mine = [one for one in self.orders if one.state == "confirmed" and one.account_id == paid.account_id]
        self.parties[paid.account_id].money -= amount
        if mine and self.dice.random() < 0.7:
            known = self.dice.choice(mine)
            known.exposure -= amount
            await self.hear(paid.event("allocated", (known.order, amount), left=paid.left - amount, day=TODAY))
        else:
            await self.hear(paid.event("refunded", left=paid.left - amount, day=TODAY))

    async def bind(self) -> None:
        """Other terms of an account that leads nowhere, or of a partner."""
        subject = self.dice.choice([*(one for one in self.accounts if one not in self.leads), *self.partners])
        binds = self.parties[subject]
        changes: dict[str, Any] = {"credit_limit": self.dice.choice((0, 500, 2_000, 6_000))}
        if subject in self.accounts:
            changes |= {"terms_days": self.dice.choice((0, 30, 90)), "deposit_share": self.dice.choice((0, 300_000))}
            binds.terms_days, binds.share = changes["terms_days"], changes["deposit_share"]
        binds.limit = changes["credit_limit"]
        version = (await self.service.get(path_of(subject))).json()["version"]
        answer = await self.service.patch(path_of(subject), {**changes, "reason": "walk"}, version)
        assert answer.status_code == 200, answer.text

    async def raise_limit(self) -> None:
        subject = self.dice.choice([one for one in self.accounts if one not in self.leads])
        higher = (self.parties[subject].limit or 0) + 400
        body = {"credit_limit": higher, "until": "2099-12-31", "reason": "season"}
        answer = await self.service.post(f"{path_of(subject)}/raise-limit", body)
        if answer.status_code == 200:
            self.parties[subject].limit = higher

    async def hold(self) -> None:
        """A person holds an account or a partner, or lifts that."""
        subject = self.dice.choice([*self.accounts, *self.partners])
        holds = self.parties[subject].holds
        if holds:
            assert (await lift(self.service, holds.pop())).status_code == 200
        else:
            kind = "account_id" if subject in self.accounts else "partner_id"
            holds.append(await place(self.service, **{kind: str(subject), "reason": "walk"}))

    async def merge(self) -> None:
        """Two accounts are one, or one of those is its own again."""
        if self.leads and self.dice.random() < 0.5:
            merged = self.dice.choice(sorted(self.leads))
            survivor, merge_id = self.leads.pop(merged)
            await self.hear(*redirect(survivor, merged, merge_id, ends=True))
            return
        roots = [one for one in self.accounts if one not in self.leads]
        if len(roots) > 1:
            survivor, merged = self.dice.sample(roots, 2)
            merge_id = new_id()
            self.leads[merged] = (survivor, merge_id)
            await self.hear(*redirect(survivor, merged, merge_id))

    async def check(self) -> None:
        """Each balance is what the model says."""
        found = {row["account_id"]: row["balance"] for row in await self.service.rows("SELECT * FROM exposure_account")}
        assert {one: found.get(one, 0) for one in self.accounts} == {one: self.balance(one) for one in self.accounts}
        held = {row["partner_id"]: row["balance"] for row in await self.service.rows("SELECT * FROM exposure_partner")}
        assert {one: held.get(one, 0) for one in self.partners} == {one: self.of_partner(one) for one in self.partners}


@pytest.mark.parametrize("seed", range(4))
async def test_no_walk_gets_around_credit(logged: ServiceHarness, seed: int) -> None:
    walk = Walk(logged, random.Random(seed))
    await walk.begin()
    steps = [walk.ask] * 8 + [walk.hold_order] * 2 + [walk.override] * 2 + [walk.confirm] * 4 + [walk.pay] * 3
    steps += [walk.cancel, walk.give_back, walk.use, walk.use, walk.bind, walk.raise_limit, walk.hold, walk.merge]
    taken: dict[str, int] = defaultdict(int)
    for _ in range(STEPS):
        step = walk.dice.choice(steps)
        await step()
        taken[step.__name__] += 1
        await walk.check()
    assert len(taken) >= 9, taken
    assert await logged.parked() == []
    assert await balance(logged, walk.accounts[0]) == walk.balance(walk.accounts[0])
    await publish_all(logged, walk.heard)
    report = await rebuild(logged.runtime.db, logged.runtime.bus, logged.subscriptions, "exposure")
    assert report.equal, report.as_dict()
    findings = await verify(logged.runtime.db, logged.runtime.bus)
    assert all(finding.ok for finding in findings), findings
