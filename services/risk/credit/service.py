"""Use cases of credit: answering placements, moving exposure, an officer's override.

The accounts' rows are locked first and the limits held still, so that concurrent decisions about one
account take turns; inside a batch they are made in order, each on the exposure left by the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from kit.errors import Conflict, FieldError, NotHeardYet
from kit.events import outbox
from kit.events.handlers import Data, Fact
from kit.ids import new_id
from kit.security import audit
from kit.work import Work
from services.risk.credit import ledger, repository
from services.risk.credit.enums import CreditState
from services.risk.credit.ledger import CreditSaid
from services.risk.credit.models import OrderExposure
from services.risk.credit.rules import Refused, decide_reservation
from services.risk.credit.schemas import CreditDecisionCreate
from services.risk.events_in import OrderHeard, OrderReturnedHeard, PaymentHeard
from services.risk.events_out import CreditCharged, CreditRefused, CreditReleased, CreditReserved
from services.risk.profiles import service as profiles

SUPERSEDED_ORDINAL = 1
"""A placed event frees the placement before it as its second effect, after the decision (ordinal 0)."""


class OrderNotRefused(Conflict):
    code, title = "order-not-refused", "Only an order that stands refused can be released by an officer"


@dataclass(frozen=True, slots=True)
class Subject:
    """The order an effect is about, as its event names it."""

    order_id: UUID
    account_id: UUID
    stream_key: UUID
    placement: int
    currency: str


def _placed(order: OrderHeard) -> Subject:
    return Subject(order.id, order.account_id, order.stream_key, order.placement, order.base_currency)


def _known(order: OrderExposure) -> Subject:
    return Subject(order.order_id, order.account_id, order.stream_key, order.placement, order.currency)


@dataclass(slots=True)
class Book:
    """The locked state of a batch, moved on by the facts decided so far."""

    balances: dict[UUID, int]
    limits: dict[UUID, int]
    orders: dict[UUID, OrderExposure]
    made: set[UUID]
    facts: list[Fact[CreditSaid]] = field(default_factory=list)

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

    def note(self, work: Work, said: CreditSaid) -> Fact[CreditSaid]:
        """Decide a fact: it counts for what follows in this batch."""
        order = self.orders[said.order_id] = ledger.advance(self.orders.get(said.order_id), said)
        move = ledger.move_of(said)
        self.balances[said.account_id] += move[1] if move else 0
        fact = Fact(outbox.compose(work, said, order.facts), said)
        self.facts.append(fact)
        return fact

    async def close(self, work: Work) -> None:
        """Announce the facts and apply them; rows made for the lock alone go again."""
        await outbox.add(work.tx, work.service, [fact.event for fact in self.facts])
        if self.facts:
            await ledger.apply_credit_facts(work.tx, self.facts)
        untouched = self.made - {fact.data.account_id for fact in self.facts}
        if untouched:
            await repository.drop_accounts(work.tx, untouched)


async def open_book(work: Work, account_ids: Iterable[UUID], order_ids: Iterable[UUID]) -> Book:
    """Lock the accounts (also those the orders are known under), hold their limits, lock the orders."""
    orders = sorted(set(order_ids))
    accounts = sorted({*account_ids, *await repository.accounts_of(work.tx, orders)})
    balances, made = await repository.lock_accounts(work.tx, accounts)
    limits = await profiles.limits_of(work, accounts)
    known = {order.order_id: order for order in await repository.lock_orders(work.tx, orders)}
    return Book(balances, limits, known, made)


async def fresh(work: Work, facts: Sequence[Fact[Data]]) -> list[Fact[Data]]:
    """Facts that the ledger has not worked: the inbox is purged, the ledger is for ever."""
    done = await repository.answered(work.tx, [fact.event.id for fact in facts])
    return [fact for fact in facts if fact.event.id not in done]


async def _book_of(work: Work, facts: Sequence[Fact[Any]]) -> Book:
    orders: list[OrderHeard] = [fact.data for fact in facts]
    return await open_book(work, [order.account_id for order in orders], [order.id for order in orders])


async def answer_placements(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """Reserve or refuse each placement, once; a later placement first frees what an earlier one still holds."""
    book = await _book_of(work, facts)
    for fact in facts:
        order, caused = fact.data, work.caused_by(fact.event)
        known = book.orders.get(order.id)
        if known is not None and order.placement <= known.placement:
            continue
        if known is not None and known.reserved:
            common = book.common(_known(known), known.reserved, fact.event.id, SUPERSEDED_ORDINAL)
            book.note(caused, CreditReleased(**common, reason="superseded"))
        book.note(caused, _decide(book, fact))
    await book.close(work)


def _decide(book: Book, fact: Fact[OrderHeard]) -> CreditReserved | CreditRefused:
    order = fact.data
    limit, exposure = book.limits.get(order.account_id), book.balances[order.account_id]
    common = book.common(_placed(order), order.gross_base, fact.event.id, 0)
    common |= {"account_id": order.account_id, "limit": limit, "exposure_before": exposure}
    verdict = decide_reservation(limit, exposure, order.gross_base)
    if isinstance(verdict, Refused):
        return CreditRefused(**common, reason=verdict.reason.value, shortfall=verdict.shortfall)
    return CreditReserved(**common, decision="automatic", approved_by=None, reason=None)


async def cancel_orders(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """Free what each cancelled order still holds (perhaps nothing), so that no later answer is wanted."""
    book = await _book_of(work, facts)
    for fact in facts:
        known = book.orders.get(fact.data.id)
        common = book.common(_placed(fact.data), known.reserved if known else 0, fact.event.id, 0)
        book.note(work.caused_by(fact.event), CreditReleased(**common, reason="cancelled"))
    await book.close(work)


async def release_returns(work: Work, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Lower the exposure by what came back."""
    book = await _book_of(work, facts)
    for fact in facts:
        common = book.common(_placed(fact.data), fact.data.settled, fact.event.id, 0)
        book.note(work.caused_by(fact.event), CreditReleased(**common, reason="returned"))
    await book.close(work)


async def move_payments(work: Work, facts: Sequence[Fact[PaymentHeard]], *, is_refund: bool) -> None:
    """Lower the exposure by each allocation of money received, raise it by each of money that went back."""
    order_ids = {allocation.order_id for fact in facts for allocation in fact.data.allocations}
    book = await open_book(work, [fact.data.account_id for fact in facts], order_ids)
    for fact in facts:
        payment, caused = fact.data, work.caused_by(fact.event)
        for ordinal, part in enumerate(payment.allocations):
            known = book.orders.get(part.order_id)
            placement = known.placement if known else 0
            subject = Subject(part.order_id, payment.account_id, payment.stream_key, placement, payment.base_currency)
            common = book.common(subject, part.amount_base, fact.event.id, ordinal)
            if is_refund:
                book.note(caused, CreditCharged(**common, reason="refunded"))
            else:
                book.note(caused, CreditReleased(**common, reason="paid"))
    await book.close(work)


async def override(work: Work, data: CreditDecisionCreate) -> UUID:
    """Reserve credit for an order that stands refused, whatever the limit; returns the id of the decision.

    Raises NotHeardYet for an order that never asked, OrderNotRefused when it is not refused (any more).
    """
    if not await repository.accounts_of(work.tx, [data.order_id]):
        raise NotHeardYet(errors=[FieldError("/order_id", "unknown-reference", "no such order here yet")])
    book = await open_book(work, (), [data.order_id])
    known = book.orders[data.order_id]
    if known.state is not CreditState.REFUSED:
        raise OrderNotRefused(extra={"state": str(known.state), "placement": known.placement})
    reserved = CreditReserved(
        **book.common(_known(known), known.asked, new_id(), 0),
        decision="override",
        approved_by=work.actor.subject,
        reason=data.reason,
        limit=book.limits.get(known.account_id, 0),
        exposure_before=book.balances[known.account_id],
    )
    decision_id = ledger.decision_id(book.note(work, reserved).event)
    await book.close(work)
    await audit.record(
        work.tx,
        actor=work.actor.subject,
        roles=sorted(work.actor.roles),
        action="override",
        resource="credit_decision",
        resource_id=str(decision_id),
        before={"state": str(known.state), "shortfall": known.shortfall},
        after={"order_id": str(known.order_id), "placement": known.placement, "amount": known.asked},
        reason=data.reason,
        key=work.secret,
    )
    return decision_id
