"""Use cases of credit: answering placements, moving exposure, an officer's override.

The accounts' rows are locked first and the limits held still, so that concurrent decisions about one
account take turns; inside a batch they are made in order, each on the exposure left by the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from kit.db.database import Row, Tx
from kit.errors import Conflict, FieldError, NotFound, UnknownReference
from kit.events import outbox
from kit.events.envelope import Event
from kit.events.outbox import Fact, make_event
from kit.ids import new_id
from kit.security import audit
from kit.security.principals import Actor
from services.risk.credit import ledger, lists, repository
from services.risk.credit.enums import CreditState
from services.risk.credit.ledger import OrderPosition
from services.risk.credit.rules import Refused, decide_reservation
from services.risk.credit.schemas import CreditDecisionCreate
from services.risk.events_in import OrderHeard, OrderReturnedHeard, PaymentHeard
from services.risk.events_out import CreditCharged, CreditFact, CreditRefused, CreditReleased, CreditReserved
from services.risk.profiles.repository import limits_of

SERVICE = "risk"
SUPERSEDED_ORDINAL = 1
"""A placed event frees the placement before it as its second effect, after the decision (ordinal 0)."""


class OrderNotRefused(Conflict):
    code, title = "order-not-refused", "Only an order that stands refused can be released by an officer"


class CreditRecordNotFound(NotFound):
    code, title = "credit-record-not-found", "No such record"


@dataclass(frozen=True, slots=True)
class Subject:
    """The order an effect is about, as its event names it."""

    order_id: str
    account_id: str
    stream_key: str
    placement: int
    currency: str


@dataclass(slots=True)
class Book:
    """The locked state of a batch, moved on by the facts decided so far."""

    balances: dict[str, int]
    limits: dict[str, int]
    orders: dict[str, OrderPosition]
    made: set[str]
    facts: list[Event] = field(default_factory=list)

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

    def note(self, payload: CreditFact, event_type: str, cause: Event | None) -> Event:
        """Decide a fact: it counts for what follows in this batch."""
        order_id = str(payload.order_id)
        known = self.orders.get(order_id)
        sequence = known.facts + 1 if known else 1
        event = make_event(SERVICE, Fact(event_type, order_id, payload.stream_key, sequence, payload), cause)
        self.orders[order_id] = ledger.advance(known, event_type, event.payload)
        move = ledger.move_of(event_type, event.payload)
        self.balances[str(payload.account_id)] += move[1] if move else 0
        self.facts.append(event)
        return event

    async def close(self, tx: Tx) -> None:
        """Announce the facts and apply them; rows made for the lock alone go again."""
        await outbox.add(tx, SERVICE, self.facts)
        if self.facts:
            await ledger.apply_credit_facts(tx, self.facts)
        untouched = self.made - {event.payload["account_id"] for event in self.facts}
        if untouched:
            await repository.drop_accounts(tx, untouched)


async def open_book(tx: Tx, account_ids: Iterable[object], order_ids: Iterable[object]) -> Book:
    """Lock the accounts (also those the orders are known under), hold their limits, lock the orders."""
    orders = sorted({str(order_id) for order_id in order_ids})
    accounts = sorted({str(account_id) for account_id in account_ids} | await repository.accounts_of(tx, orders))
    balances, made = await repository.lock_accounts(tx, accounts)
    limits = await limits_of(tx, accounts)
    positions = [ledger.position_of(row) for row in await repository.lock_orders(tx, orders)]
    return Book(balances, limits, {position.order_id: position for position in positions}, made)


async def fresh(tx: Tx, events: Sequence[Event]) -> list[Event]:
    """Events that the ledger has not worked: the inbox is purged, the ledger is for ever."""
    done = await repository.answered(tx, [event.id for event in events])
    return [event for event in events if str(event.id) not in done]


async def answer_placements(tx: Tx, asked: Sequence[tuple[Event, OrderHeard]]) -> None:
    """Reserve or refuse each placement, once; a later placement first frees what an earlier one still holds."""
    book = await open_book(tx, [order.account_id for _e, order in asked], [order.id for _e, order in asked])
    for event, order in asked:
        known = book.orders.get(str(order.id))
        if known is not None and order.placement <= known.placement:
            continue
        if known is not None and known.reserved:
            earlier = Subject(known.order_id, known.account_id, known.stream_key, known.placement, known.currency)
            common = book.common(earlier, known.reserved, event.id, SUPERSEDED_ORDINAL)
            book.note(CreditReleased(**common, reason="superseded"), CreditReleased.TYPE, event)
        _decide(book, event, order)
    await book.close(tx)


def _decide(book: Book, event: Event, order: OrderHeard) -> None:
    common = book.common(_subject(order), order.gross_base, event.id, 0) | {"account_id": order.account_id}
    account_id = str(order.account_id)
    limit, exposure = book.limits.get(account_id), book.balances[account_id]
    verdict = decide_reservation(limit, exposure, order.gross_base)
    common |= {"limit": limit, "exposure_before": exposure}
    if isinstance(verdict, Refused):
        refused = CreditRefused(**common, reason=verdict.reason.value, shortfall=verdict.shortfall)
        book.note(refused, CreditRefused.TYPE, event)
    else:
        reserved = CreditReserved(**common, decision="automatic", approved_by=None, reason=None)
        book.note(reserved, CreditReserved.TYPE, event)


def _subject(order: OrderHeard) -> Subject:
    return Subject(str(order.id), str(order.account_id), str(order.stream_key), order.placement, order.base_currency)


async def cancel_orders(tx: Tx, cancelled: Sequence[tuple[Event, OrderHeard]]) -> None:
    """Free what each cancelled order still holds (perhaps nothing), so that no later answer is wanted."""
    book = await open_book(tx, [order.account_id for _e, order in cancelled], [order.id for _e, order in cancelled])
    for event, order in cancelled:
        known = book.orders.get(str(order.id))
        common = book.common(_subject(order), known.reserved if known else 0, event.id, 0)
        book.note(CreditReleased(**common, reason="cancelled"), CreditReleased.TYPE, event)
    await book.close(tx)


async def release_returns(tx: Tx, returned: Sequence[tuple[Event, OrderReturnedHeard]]) -> None:
    """Lower the exposure by what came back."""
    book = await open_book(tx, [order.account_id for _e, order in returned], [order.id for _e, order in returned])
    for event, order in returned:
        common = book.common(_subject(order), -order.return_gross_base, event.id, 0)
        book.note(CreditReleased(**common, reason="returned"), CreditReleased.TYPE, event)
    await book.close(tx)


async def move_payments(
    tx: Tx, payments: Sequence[tuple[Event, PaymentHeard]], kind: Literal["received", "refunded"]
) -> None:
    """Lower the exposure by each allocation of money received, raise it by each of money that went back."""
    order_ids = {allocation.order_id for _e, payment in payments for allocation in payment.allocations}
    book = await open_book(tx, [payment.account_id for _e, payment in payments], order_ids)
    for event, payment in payments:
        for ordinal, allocation in enumerate(payment.allocations):
            known = book.orders.get(str(allocation.order_id))
            subject = Subject(
                str(allocation.order_id),
                str(payment.account_id),
                str(payment.stream_key),
                known.placement if known else 0,
                payment.base_currency,
            )
            common = book.common(subject, allocation.amount_base, event.id, ordinal)
            if kind == "received":
                book.note(CreditReleased(**common, reason="paid"), CreditReleased.TYPE, event)
            else:
                book.note(CreditCharged(**common, reason="refunded"), CreditCharged.TYPE, event)
    await book.close(tx)


async def override(tx: Tx, actor: Actor, data: CreditDecisionCreate, *, key: bytes) -> Row:
    """Reserve credit for an order that stands refused, whatever the limit.

    Raises UnknownReference for an order that never asked, OrderNotRefused when it is not refused (any more).
    """
    if not await repository.accounts_of(tx, [str(data.order_id)]):
        raise UnknownReference(errors=[FieldError("/order_id", "unknown-reference", "no such order here yet")])
    book = await open_book(tx, (), [data.order_id])
    known = book.orders[str(data.order_id)]
    if known.state != CreditState.REFUSED:
        raise OrderNotRefused(extra={"state": str(known.state), "placement": known.placement})
    subject = Subject(known.order_id, known.account_id, known.stream_key, known.placement, known.currency)
    reserved = CreditReserved(
        **book.common(subject, known.asked, new_id(), 0),
        decision="override",
        approved_by=actor.subject,
        reason=data.reason,
        limit=book.limits.get(known.account_id, 0),
        exposure_before=book.balances[known.account_id],
    )
    event = book.note(reserved, CreditReserved.TYPE, None)
    await book.close(tx)
    row = await repository.find(tx, lists.DECISIONS, UUID(ledger.decision_id(event)), "TRUE", ())
    assert row is not None
    await audit.record(
        tx,
        actor=actor.subject,
        roles=sorted(actor.roles),
        action="override",
        resource="credit_decision",
        resource_id=str(row["id"]),
        before={"state": str(known.state), "shortfall": known.shortfall},
        after={"order_id": known.order_id, "placement": known.placement, "amount": known.asked},
        reason=data.reason,
        key=key,
    )
    return row
