"""Random steps of everything that moves or binds credit, held against a plain model."""

from __future__ import annotations

import asyncio
import random
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from kit.due.loop import DueLoop
from kit.events.envelope import Event
from kit.ids import new_id
from kit.testing.service import ServiceHarness
from services.risk.profiles.raises import RAISES_DUE
from tests.risk.conftest import Days, Order, Payment, open_account
from tests.risk.credit.modelled import Known, Model, Paid, Party
from tests.risk.credit.test_partners import partner, path_of
from tests.risk.holds.owing import OFFICER, lift, place, set_policy, standing, sweep
from tests.risk.redirects.test_decisions import redirect
from tests.risk.scorecards.scored import set_terms

CURRENCIES = ("CNY", "CNY", "EUR")
ME = "admin"
"""Who walks."""
CEILING = 450
"""Above it the override of an officer is not enough."""
DAY = date(2026, 2, 20)
"""When a walk begins."""


class Walk(Model):
    """Accounts and partners of a service, and the steps that somebody takes."""

    def __init__(self, service: ServiceHarness, dice: random.Random, clock: Days) -> None:
        super().__init__(clock)
        self.service, self.dice = service, dice
        self.heard: list[Event] = []

    async def begin(self) -> None:
        self.clock.on(DAY)
        await set_policy(self.service, items_from=str(DAY))
        await set_terms(self.service, override_ceiling=CEILING)
        for limit in (1_000, 3_000, 5_000):
            self.accounts.append(await open_account(self.service, limit))
            self.parties[self.accounts[-1]] = Party(limit)
        for bound in (None, 1_500):
            self.partners.append(await partner(self.service, bound))
            self.parties[self.partners[-1]] = Party(bound)

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
        self.judge(self.group(known.account_id))
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
        sql = (
            "SELECT * FROM credit_decision WHERE order_id = ANY($1) "
            "ORDER BY exposure_before, decision = 'automatic' AND amount > 0"
        )
        rows = await self.service.rows(sql, list(asked))
        assert len(rows) == 4
        self.judge(self.group(account_id))
        for row in rows:
            known, _event, named, days = asked[row["order_id"]]
            assert row["credit_limit"] in (binds.bound(self.today), lower)
            assert row["exposure_before"] == sum(self.balance(one) for one in self.group(account_id))
            found = self.answer(known, named, days, row["credit_limit"])
            assert (row["decision"], row["cause"]) == ("refused" if found else "automatic", found)
            self.settle(known, named, is_refused=found is not None)
        binds.set_limit(lower)

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
        """By who may release any amount, or by an officer, who may not above the ceiling."""
        known = self.pick("refused", "superseded", "reserved", "confirmed")
        if known is None:
            return
        by, roles = self.dice.choice(((ME, "administrator"), OFFICER))
        body = {
            "order_id": str(known.order.id),
            "placement": known.order.placement,
            "decision": "override",
            "reason": "x",
        }
        answer = await self.service.post("/v1/credit-decisions", body, headers=self.service.headers(by, roles))
        if known.is_terms_refused or known.state != "refused":
            code = "terms-refused" if known.is_terms_refused else "order-not-refused"
            assert (answer.status_code, answer.json()["code"]) == (409, code)
        elif known.placed_by == by:
            assert (answer.status_code, answer.json()["code"]) == (403, "same-person")
        elif known.order.gross > CEILING and by != ME:
            assert (answer.status_code, answer.json()["code"]) == (403, "override-ceiling")
        else:
            assert answer.status_code == 201, answer.text
            known.state, known.held = "overridden", known.order.gross
            known.exposure += known.held

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
        day = self.dice.choice((self.today, self.today, date(2026, 1, 2)))
        terms = self.dice.choice((0, 0, 3, 3_650))
        await self.hear(known.order.confirmed(str(day), terms, partner_id=known.partner_id))
        known.state = "confirmed"
        known.due_on = day + timedelta(terms) if day >= DAY else None
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
        return self.dice.choice((str(self.today), "2026-01-20"))

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
        binds.set_limit(changes["credit_limit"])
        version = (await self.service.get(path_of(subject))).json()["version"]
        await self.patch(subject, version, changes)

    async def raise_limit(self) -> None:
        """For some days, also what is raised already."""
        subject = self.dice.choice([one for one in self.accounts if one not in self.leads])
        binds = self.parties[subject]
        before = binds.limit if binds.raised_until is None else binds.limit_before
        assert before is not None
        higher, until = before + 400, self.today + timedelta(self.dice.randint(0, 12))
        body = {"credit_limit": higher, "until": str(until), "reason": "season"}
        answer = await self.service.post(f"{path_of(subject)}/raise-limit", body)
        assert answer.status_code == 200, answer.text
        binds.raise_to(higher, until)

    async def hold(self) -> None:
        """A person holds an account or a partner, or lifts that."""
        subject = self.dice.choice([*self.accounts, *self.partners])
        holds = self.parties[subject].holds
        if holds:
            assert (await lift(self.service, holds.pop())).status_code == 200
        else:
            kind = "account_id" if subject in self.accounts else "partner_id"
            holds.append(await place(self.service, **{kind: str(subject), "reason": "walk"}))

    async def waive(self) -> None:
        """A person lifts what the rule holds, for some days."""
        sql = "SELECT id, subject_id FROM credit_hold WHERE state = 'standing' AND hold_reason = 'overdue' ORDER BY id"
        found = await self.service.rows(sql)
        if found:
            row, until = self.dice.choice(found), self.today + timedelta(self.dice.randint(0, 9))
            assert (await lift(self.service, f"/v1/credit-holds/{row['id']}", until=str(until))).status_code == 200
            binds = self.parties[row["subject_id"]]
            binds.is_overdue, binds.waived_until = False, until

    async def sleep(self) -> None:
        """Days pass, and nobody looks until something is asked; or raises are ended meanwhile."""
        self.clock.on(self.today + timedelta(self.dice.randint(2, 12)))
        if self.dice.random() < 0.5:
            await DueLoop(self.service.runtime, [RAISES_DUE]).turn()

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

    async def look(self) -> None:
        """The sweep brings the holds of the rule to where they belong."""
        await sweep(self.service)
        self.judge(self.accounts)
        for one in self.accounts:
            held = "overdue" in await standing(self.service, one)
            assert held == self.parties[one].is_overdue, self.parties[one]

    async def check(self) -> None:
        """Each balance is what the model says."""
        found = {row["account_id"]: row["balance"] for row in await self.service.rows("SELECT * FROM exposure_account")}
        assert {one: found.get(one, 0) for one in self.accounts} == {one: self.balance(one) for one in self.accounts}
        held = {row["partner_id"]: row["balance"] for row in await self.service.rows("SELECT * FROM exposure_partner")}
        assert {one: held.get(one, 0) for one in self.partners} == {one: self.of_partner(one) for one in self.partners}
