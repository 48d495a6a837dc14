"""The locked state that credit is decided on: balances, terms, holds and orders, moved on by each fact.

The accounts' rows are locked first, then those of partners; the limits are held still, so that concurrent decisions
about one of them take turns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kit.events import outbox
from kit.events.handlers import Fact
from kit.redirects import Groups
from kit.work import Work
from services.risk.credit import ledger, repository
from services.risk.credit.ledger import CreditSaid, DepositSaid, Said
from services.risk.credit.models import ExposureAccount, OrderExposure
from services.risk.deposits.rules import Named, Waiting, named_money
from services.risk.events_in import OrderHeard
from services.risk.holds import judging as holds
from services.risk.holds.judging import Standing
from services.risk.profiles import service as profiles
from services.risk.profiles.models import Terms
from services.risk.redirects import service as redirects

NO_TERMS = Terms(None, 0, None)


@dataclass(frozen=True, slots=True)
class Subject:
    """The order an effect is about, as its event names it."""

    order_id: UUID
    account_id: UUID
    stream_key: UUID
    placement: int
    currency: str


def placed(order: OrderHeard) -> Subject:
    """An order as its event has it."""
    return Subject(order.id, order.account_id, order.stream_key, order.placement, order.base_currency)


def known_as(order: OrderExposure) -> Subject:
    """An order as the ledger has it."""
    return Subject(order.order_id, order.account_id, order.stream_key, order.placement, order.currency)


@dataclass(slots=True)
class Partners:
    """The locked rows of partners that orders name, moved on like the others; `made` for the lock alone."""

    balances: dict[UUID, int]
    made: set[UUID]

    def move(self, before: OrderExposure | None, after: OrderExposure) -> None:
        """Follow what an order adds to the exposure of its partner."""
        for partner_id, amount in ledger.partner_moves(before, after):
            self.balances[partner_id] = self.balances.get(partner_id, 0) + amount
            self.made.discard(partner_id)


@dataclass(slots=True)
class Book:
    """The locked state of a batch, moved on by the facts decided so far."""

    groups: Groups
    balances: dict[UUID, int]
    deposit_facts: dict[UUID, int]
    terms: dict[UUID, Terms]
    holds: Standing
    orders: dict[UUID, OrderExposure]
    made: set[UUID]
    partners: Partners
    facts: list[Fact[Said]] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)

    def common(self, subject: Subject, amount: int, source: UUID, ordinal: int) -> dict[str, Any]:
        """The part that all facts share; an order stays under the account and key it is known by."""
        known = self.orders.get(subject.order_id)
        return {
            "order_id": subject.order_id,
            "account_id": known.account_id if known else subject.account_id,
            "stream_key": known.stream_key if known else subject.stream_key,
            "placement": subject.placement,
            "amount": amount,
            "currency": subject.currency,
            "source_event_id": source,
            "source_ordinal": ordinal,
        }

    def under(self, account_id: UUID) -> dict[str, Any]:
        """What a decision about an account is made under: its own limit and balance, of accounts that are one the
        limit of their root and the sum of their balances."""
        root, members = self.groups.root(account_id), self.groups.members(account_id)
        terms = self.terms.get(root, NO_TERMS)
        return {
            "decided_under": None if root == account_id else root,
            "limit": terms.credit_limit,
            "deposit_share": terms.deposit_share,
            "terms_days": terms.terms_days,
            "exposure_before": sum(self.balances[member] for member in members),
        }

    def under_partner(self, partner_id: UUID | None) -> dict[str, Any]:
        """What a decision about an order that names a partner is made under besides (limit None: it binds nothing)."""
        if partner_id is None:
            return {"partner_id": None, "partner_limit": None, "partner_exposure": None}
        return {
            "partner_id": partner_id,
            "partner_limit": self.terms.get(partner_id, NO_TERMS).credit_limit,
            "partner_exposure": self.partners.balances.get(partner_id, 0),
        }

    def named_for(self, order: OrderHeard) -> Named:
        """What of the money of its accounts is named for an order, and what for others, as these stand by now."""
        members = set(self.groups.members(order.account_id))
        waiting = [self._now(one) for one in self.waiting if one.account_id in members]
        return named_money(waiting, order.id, order.currency)

    def _now(self, one: Waiting) -> Waiting:
        known = self.orders.get(one.order_id)
        return one._replace(exposure=known.exposure) if known else one

    def is_on_hold(self, account_id: UUID) -> bool:
        """Whether a hold binds an account: one of any of those that are one."""
        return any(self.holds.get(member) for member in self.groups.members(account_id))

    def note(self, work: Work, said: CreditSaid) -> Fact[CreditSaid]:
        """Decide a fact about an order: it counts for what follows in this batch."""
        before = self.orders.get(said.order_id)
        order = self.orders[said.order_id] = ledger.advance(before, said)
        self.partners.move(before, order)
        fact = Fact(outbox.compose(work, said, order.facts), said)
        self._keep(fact)
        return fact

    def note_deposit(self, work: Work, said: DepositSaid) -> None:
        """Decide a fact about money on account."""
        self.deposit_facts[said.account_id] += 1
        self._keep(Fact(outbox.compose(work, said, self.deposit_facts[said.account_id]), said))

    def _keep(self, fact: Fact[Any]) -> None:
        move = ledger.move_of(fact.data)
        self.balances[fact.data.account_id] += move[1] if move else 0
        self.facts.append(fact)

    async def close(self, work: Work) -> None:
        """Announce the facts and apply them; rows made for the lock alone go again."""
        await outbox.add(work.tx, work.service, [fact.event for fact in self.facts])
        if self.facts:
            await ledger.apply_credit_facts(work.tx, self.facts)
        untouched = self.made - {fact.data.account_id for fact in self.facts}
        if untouched:
            await repository.drop_accounts(work.tx, untouched)
        if self.partners.made:
            await repository.drop_partners(work.tx, self.partners.made)


async def open_book(
    work: Work, account_ids: Iterable[UUID], order_ids: Iterable[UUID], partner_ids: Collection[UUID] = ()
) -> Book:
    """Lock the accounts (also those the orders are known under) and the partners that are named (also those the orders
    are known to name), hold their limits, lock the orders, and bring the holds of the accounts to where their state
    puts them."""
    orders = sorted(set(order_ids))
    named = {*account_ids, *await repository.accounts_of(work.tx, orders)}
    groups, rows, made = await lock_groups(work, named)
    accounts = groups.everyone(named)
    partners = await _lock_partners(work, {*partner_ids, *await repository.partners_of(work.tx, orders)})
    terms = await profiles.terms_of(work, sorted({*accounts, *partners.balances}))
    known = {order.order_id: order for order in await repository.lock_orders(work.tx, orders)}
    standing = await holds.judge(work, accounts, partner_ids=partner_ids)
    balances = {account_id: row.balance for account_id, row in rows.items()}
    numbers = {account_id: row.deposit_facts for account_id, row in rows.items()}
    return Book(groups, balances, numbers, terms, standing, known, made, partners)


async def _lock_partners(work: Work, partner_ids: Collection[UUID]) -> Partners:
    """Rows of partners; which of them the orders name is known, as their accounts are locked."""
    if not partner_ids:
        return Partners({}, set())
    return Partners(*await repository.lock_partners(work.tx, sorted(partner_ids)))


class _Regrouped(Exception):
    """A merge or its end was decided while the locks were waited for."""


async def lock_groups(
    work: Work, account_ids: Collection[UUID]
) -> tuple[Groups, dict[UUID, ExposureAccount], set[UUID]]:
    """Lock the rows of these accounts and of all that are one with them, in the order of their ids. The redirects are
    read again once the locks are held; where they have changed it starts over."""
    while True:
        groups = await redirects.groups_of(work, account_ids)
        try:
            async with work.tx.savepoint():
                rows, made = await repository.lock_accounts(work.tx, groups.everyone(account_ids))
                if groups != await redirects.groups_of(work, account_ids):
                    raise _Regrouped
        except _Regrouped:
            continue
        return groups, rows, made


async def hold_still(work: Work, account_ids: Collection[UUID]) -> None:
    """Let nobody decide about these accounts, nor those that are one with them, until the transaction ends."""
    _, _, made = await lock_groups(work, account_ids)
    if made:
        await repository.drop_accounts(work.tx, made)
