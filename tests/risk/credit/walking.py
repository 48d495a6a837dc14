"""Random steps of everything that moves or binds credit, held against a plain model.

The model folds customer's events in integers and answers each placement by the table of the requirement.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kit.clock import business_date
from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from tests.risk.conftest import Order, Payment, open_account
from tests.risk.credit.test_partners import partner, path_of
from tests.risk.holds.owing import lift, place
from tests.risk.redirects.test_decisions import redirect

CURRENCIES = ("CNY", "CNY", "EUR")
ME = "admin"
"""Who walks."""
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
    currency: str = "CNY"
    placed_by: str | None = None


@dataclass
class Paid:
    """A payment as the model knows it: what of it pays which orders."""

    payment: Payment
    parts: dict[UUID, int] = field(default_factory=dict)
    is_waiting: bool = False
    is_over: bool = False


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
        self.payments: list[Paid] = []
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

    def named(self, known: Known, group: list[UUID]) -> tuple[int, int]:
        """Money that waits for this order, and what waits for others, or for this one in a currency that it has not."""
        here, elsewhere = 0, 0
        others: dict[UUID, int] = defaultdict(int)
        for one in self.payments:
            order = one.payment.waits_for
            if order is None or not one.is_waiting or one.payment.account_id not in group:
                continue
            if next(one for one in self.orders if one.order is order).state == "cancelled":
                continue
            if order.id != known.order.id:
                others[order.id] += one.payment.left
            elif one.payment.currency == known.currency:
                here += one.payment.left
            else:
                elsewhere += one.payment.left
        for order_id, amount in others.items():
            holder = next(one for one in self.orders if one.order.id == order_id)
            elsewhere += max(0, amount - max(0, holder.exposure))
        return here, elsewhere

    def answer(self, known: Known, partner_id: UUID | None, days: int, limit: int | None = None) -> str | None:
        """The first check that fails, as the requirement has them; `limit` is another than the model's."""
        amount, group = known.order.gross, self.group(known.account_id)
        binds = self.parties[self.root(known.account_id)]
        owed = sum(self.balance(one) for one in group)
        here, elsewhere = self.named(known, group)
        own = max(0, -owed - elsewhere)
        cover = max(-(-amount * binds.share // 1_000_000), min(amount, here, own))
        if any(self.parties[one].holds for one in group):
            return "on_hold"
        if binds.terms_days is not None and days > binds.terms_days:
            return "terms_exceeded"
        if cover > own:
            return "deposit_missing"
        bound_by = binds.limit if limit is None else limit
        assert bound_by is not None
        if amount > cover and max(0, owed) + amount - cover > bound_by:
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
        """A placement, perhaps again, with other words, of an order that was answered, held, released or cancelled."""
        known = None
        if self.dice.random() < 0.4:
            known = self.pick("reserved", "refused", "superseded", "overridden", "cancelled")
        if known is None:
            account_id = self.dice.choice(self.accounts)
            known = Known(Order(account_id, 0), account_id)
            self.orders.append(known)
        event, named, days = self.placement(known)
        found = self.answer(known, named, days)
        self.settle(known, named, is_refused=found is not None)
        await self.hear(event)
        (row,) = await self.service.rows(
            "SELECT decision, cause FROM credit_decision WHERE order_id = $1 AND placement = $2",
            known.order.id,
            known.order.placement,
        )
        assert (row["decision"], row["cause"]) == ("refused" if found else "automatic", found)

    def placement(self, known: Known) -> tuple[Event, UUID | None, int]:
        """The next placement of an order, whom it names and what days it asks for; what it held is free by then."""
        number = known.order.placement + 1 if known.state != "placed" else 1
        known.order.gross = self.dice.randint(0, 900)
        known.exposure, known.held = known.exposure - known.held, 0
        known.currency, known.placed_by = self.dice.choice(CURRENCIES), self.dice.choice((ME, "rep-1", None))
        named, days = self.dice.choice([None, *self.partners]), self.dice.choice((0, 15, 30, 60))
        more = {"partner_id": named, "payment_terms_days": days, "currency": known.currency}
        return known.order.placed(number, **more, placed_by=known.placed_by), named, days

    def settle(self, known: Known, named: UUID | None, *, is_refused: bool) -> None:
        """A placement was answered."""
        known.partner_id, known.is_terms_refused = named, False
        known.state = "refused" if is_refused else "reserved"
        known.held = 0 if is_refused else known.order.gross
        known.exposure += known.held

    async def rush(self) -> None:
        """Orders of accounts that are one at once, each in its own transaction, while their limit is changed."""
        account_id = self.dice.choice(self.accounts)
        root = self.root(account_id)
        binds, asked = self.parties[root], {}
        for one in self.dice.choices(self.group(account_id), k=4):
            self.orders.append(known := Known(Order(one, 0), one))
            asked[known.order.id] = (known, *self.placement(known))
        lower = self.dice.choice((0, 400, 1_500, 4_000))
        version = (await self.service.get(path_of(root))).json()["version"]
        work = [self.service.deliver_alone(event) for _known, event, _named, _days in asked.values()]
        await asyncio.gather(*work, self.patch(root, version, {"credit_limit": lower}))
        self.heard += [event for _known, event, _named, _days in asked.values()]
        sql = "SELECT * FROM credit_decision WHERE order_id = ANY($1) ORDER BY decided_at, id"
        rows = await self.service.rows(sql, list(asked))
        assert len(rows) == 4
        for row in rows:
            known, _event, named, days = asked[row["order_id"]]
            assert row["credit_limit"] in (binds.limit, lower)
            assert row["exposure_before"] == sum(self.balance(one) for one in self.group(account_id))
            found = self.answer(known, named, days, row["credit_limit"])
            assert (row["decision"], row["cause"]) == ("refused" if found else "automatic", found)
            self.settle(known, named, is_refused=found is not None)
        binds.limit = lower

    async def patch(self, subject: UUID, version: int, changes: dict[str, Any]) -> None:
        answer = await self.service.patch(path_of(subject), {**changes, "reason": "walk"}, version)
        assert answer.status_code == 200, answer.text

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
        if known.state == "refused" and known.placed_by == ME:
            assert (answer.status_code, answer.json()["code"]) == (403, "same-person")
        elif known.state == "refused":
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
        """An order is owed, perhaps of a day long ago; money that waits for it pays it, as far as it is of its
        currency."""
        known = self.pick("reserved", "overridden")
        if known is None:
            return
        day = self.dice.choice((TODAY, "2026-01-02"))
        await self.hear(known.order.confirmed(day, 3_650, partner_id=known.partner_id))
        known.state = "confirmed"
        for one in self.payments:
            if one.is_waiting and one.payment.waits_for is known.order:
                one.is_waiting = False
                same = one.payment.currency == known.currency and one.payment.account_id == known.account_id
                await self.allocate(one, known, min(one.payment.left, max(0, known.exposure)) if same else 0)

    async def allocate(self, one: Paid, known: Known, amount: int) -> None:
        """Money on account goes to an order; nothing of it ends its waiting alone."""
        known.exposure -= amount
        self.parties[one.payment.account_id].money -= amount
        one.parts[known.order.id] = one.parts.get(known.order.id, 0) + amount
        parts = [(known.order, amount)] if amount else []
        await self.hear(one.payment.event("allocated", *parts, left=one.payment.left - amount, day=self.day()))

    def day(self) -> str:
        return self.dice.choice((TODAY, "2026-01-20"))

    async def give_back(self) -> None:
        """Goods of an order come back, also of one that is not owed yet as far as was heard, or is on hold."""
        known = self.pick("confirmed", "confirmed", "reserved", "overridden", "superseded")
        if known is not None:
            amount = self.dice.randint(0, known.order.gross)
            await self.hear(known.order.returned(amount, return_date=self.day()))
            known.exposure -= amount

    async def pay(self) -> None:
        """Money of an account: some of it pays an order, that may be heard of as owed later, the rest lies on account,
        perhaps for an order that asks, or will."""
        known = self.pick("confirmed", "confirmed", "confirmed", "reserved", "overridden")
        account_id = known.account_id if known and self.dice.random() < 0.9 else self.dice.choice(self.accounts)
        part, left = (self.dice.randint(0, 500) if known else 0), self.dice.choice((0, 0, 300, 900))
        paid = Paid(Payment(account_id, left, currency=self.dice.choice(CURRENCIES)))
        waits = self.pick("refused", "reserved", "superseded") if left and self.dice.random() < 0.4 else None
        if waits is not None and waits is not known:
            paid.payment.waits_for, paid.is_waiting = waits.order, True
        self.payments.append(paid)
        if known:
            known.exposure -= part
            paid.parts[known.order.id] = part
        self.parties[account_id].money += left
        await self.hear(
            paid.payment.event("received", *([(known.order, part)] if known else []), left=left, day=self.day())
        )

    async def use(self) -> None:
        """Money on account pays an order of its account, or goes back."""
        found = [one for one in self.payments if one.payment.left and not one.is_over]
        if not found:
            return
        one = self.dice.choice(found)
        amount = self.dice.randint(1, one.payment.left)
        mine = [each for each in self.orders if each.state == "confirmed" and each.account_id == one.payment.account_id]
        if mine and self.dice.random() < 0.7:
            await self.allocate(one, self.dice.choice(mine), amount)
        else:
            self.parties[one.payment.account_id].money -= amount
            await self.hear(one.payment.event("refunded", left=one.payment.left - amount, day=self.day()))

    async def take_back(self) -> None:
        """What paid an order goes back, or all of a payment did not happen: what it paid is owed again, what lay on
        account is gone."""
        found = [one for one in self.payments if not one.is_over and (one.payment.left or any(one.parts.values()))]
        if not found:
            return
        one, account = (each := self.dice.choice(found)), self.parties[each.payment.account_id]
        paid = [(known, one.parts[known.order.id]) for known in self.orders if one.parts.get(known.order.id)]
        if paid and self.dice.random() < 0.5:
            known, most = self.dice.choice(paid)
            paid = [(known, self.dice.randint(1, most))]
            told = one.payment.event("refunded", (known.order, paid[0][1]), left=one.payment.left, day=self.day())
        else:
            account.money -= one.payment.left
            one.is_over, one.is_waiting = True, False
            told = one.payment.event(
                "voided", *((known.order, amount) for known, amount in paid), left=0, day=self.day()
            )
        for known, amount in paid:
            known.exposure += amount
            one.parts[known.order.id] -= amount
        await self.hear(told)

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
        await self.patch(subject, version, changes)

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
