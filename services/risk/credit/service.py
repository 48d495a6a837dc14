"""Use cases of credit: answering placements, moving exposure, an officer's override.

Inside a batch decisions are made in order, each on the exposure left by the one before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from kit.errors import Conflict, FieldError, Forbidden, NotHeardYet
from kit.events.handlers import Data, Fact
from kit.ids import new_id
from kit.security import audit
from kit.work import Work
from services.risk.credit import ledger, repository
from services.risk.credit.books import Book, Subject, known_as, open_book, placed
from services.risk.credit.enums import CreditState
from services.risk.credit.ledger import CHECK_REFUSED, DepositSaid
from services.risk.credit.rules import Refused, decide_reservation, exceeds_terms
from services.risk.credit.schemas import CreditDecisionCreate
from services.risk.deposits import service as deposits
from services.risk.directory import service as directory
from services.risk.events_in import OrderHeard, OrderHeldHeard, OrderReturnedHeard, PaymentHeard
from services.risk.events_out import (
    CreditCharged,
    CreditDeposited,
    CreditDepositUsed,
    CreditRefused,
    CreditReleased,
    CreditReserved,
)
from services.risk.policies.rules import SamePerson
from services.risk.profiles import service as profiles

SUPERSEDED_ORDINAL = 1
"""A placed event frees the placement before it as its second effect, after the decision (ordinal 0)."""
HELD_ORDINAL = 2
"""It frees its own placement as its third, where the terms of that were refused before it was heard of."""
TERMS: Final = "terms"


class OverrideCeiling(Forbidden):
    code, title = "override-ceiling", "An order of this amount is released by somebody who may release any"


class OrderNotRefused(Conflict):
    code, title = "order-not-refused", "Only an order that stands refused can be released by an officer"


class PlacementChanged(Conflict):
    code, title = "placement-changed", "The order was placed again: the placement that stands refused is another"


class TermsRefused(Conflict):
    code, title = "terms-refused", "The terms of this placement were refused: the order has to be placed again"


async def fresh(work: Work, facts: Sequence[Fact[Data]]) -> list[Fact[Data]]:
    """Facts that the ledger has not worked: the inbox is purged, the ledger is for ever."""
    done = await repository.answered(work.tx, [fact.event.id for fact in facts])
    return [fact for fact in facts if fact.event.id not in done]


async def _book_of(work: Work, facts: Sequence[Fact[Any]]) -> Book:
    orders: list[OrderHeard] = [fact.data for fact in facts]
    partners = {order.partner_id for order in orders if order.partner_id is not None}
    return await open_book(work, [order.account_id for order in orders], [order.id for order in orders], partners)


async def answer_placements(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """Reserve or refuse each placement, once; a later placement first frees what an earlier one still holds."""
    book = await _book_of(work, facts)
    book.waiting = await deposits.waiting(work, sorted(book.balances))
    for fact in facts:
        order, caused = fact.data, work.caused_by(fact.event)
        known = book.orders.get(order.id)
        if known is not None and order.placement <= known.placement:
            continue
        if known is not None and known.reserved:
            common = book.common(known_as(known), known.reserved, fact.event.id, SUPERSEDED_ORDINAL)
            book.note(caused, CreditReleased(**common, reason="superseded"))
        book.note(caused, _decide(book, fact))
        if known is not None and known.terms_refused == order.placement:
            decided = book.orders[order.id]
            common = book.common(known_as(decided), decided.reserved, fact.event.id, HELD_ORDINAL)
            book.note(caused, CreditReleased(**common, reason="superseded", cause=CHECK_REFUSED))
    await book.close(work)


def _decide(book: Book, fact: Fact[OrderHeard]) -> CreditReserved | CreditRefused:
    order = fact.data
    under, named = book.under(order.account_id), book.named_for(order)
    partner = book.under_partner(order.partner_id)
    common = book.common(placed(order), order.gross_base, fact.event.id, 0)
    common |= {
        "account_id": order.account_id,
        "named": named.here,
        "named_elsewhere": named.elsewhere,
        "placed_by": order.placed_by,
        **under,
        **partner,
    }
    verdict = decide_reservation(
        under["limit"],
        under["exposure_before"],
        order.gross_base,
        under["deposit_share"],
        named,
        exceeds_terms=exceeds_terms(order.payment_terms_days, under["terms_days"]),
        is_on_hold=book.is_on_hold(order.account_id),
        is_partner_on_hold=order.partner_id is not None and bool(book.holds.get(order.partner_id)),
        partner_limit=partner["partner_limit"],
        partner_exposure=partner["partner_exposure"] or 0,
    )
    if isinstance(verdict, Refused):
        return CreditRefused(
            **common,
            reason=verdict.reason.value,
            shortfall=verdict.shortfall,
            cause=verdict.causes[0],
            causes=list(verdict.causes),
        )
    return CreditReserved(**common, decision="automatic", approved_by=None, reason=None)


async def cancel_orders(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """Free what each cancelled order still holds (perhaps nothing), so that no later answer is wanted."""
    book = await _book_of(work, facts)
    for fact in facts:
        known = book.orders.get(fact.data.id)
        common = book.common(placed(fact.data), known.reserved if known else 0, fact.event.id, 0)
        book.note(work.caused_by(fact.event), CreditReleased(**common, reason="cancelled"))
    await book.close(work)


async def free_held(work: Work, facts: Sequence[Fact[OrderHeldHeard]]) -> None:
    """Free what the rule reserved (perhaps nothing) for a placement whose terms were refused or dropped: nobody
    overrides that one any more. A hold of credit frees nothing, nor one that comes after an override."""
    held = [fact for fact in facts if fact.data.check == TERMS]
    if not held:
        return
    book = await _book_of(work, held)
    overridden = await repository.overridden(work.tx, sorted(book.orders))
    for fact in held:
        order = fact.data
        known = book.orders.get(order.id)
        latest = known.placement if known is not None else 0
        is_said = known is not None and known.terms_refused == order.placement
        is_over = known is not None and known.state is CreditState.CANCELLED
        if order.placement < latest or is_said or is_over or (order.id, order.placement) in overridden:
            continue
        reserved = known.reserved if known is not None and order.placement == latest else 0
        common = book.common(placed(order), reserved, fact.event.id, 0)
        book.note(work.caused_by(fact.event), CreditReleased(**common, reason="superseded", cause=CHECK_REFUSED))
    await book.close(work)


async def release_returns(work: Work, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Lower the exposure by what came back."""
    book = await _book_of(work, facts)
    for fact in facts:
        common = book.common(placed(fact.data), fact.data.settled, fact.event.id, 0)
        book.note(work.caused_by(fact.event), CreditReleased(**common, reason="returned"))
    await book.close(work)


async def move_payments(work: Work, facts: Sequence[Fact[PaymentHeard]]) -> None:
    """Lower the exposure by what payments pay of orders, raise it by what is taken back, and follow what lies on
    account: a deposit frees nothing by itself, the next placement counts it."""
    order_ids = {allocation.order_id for fact in facts for allocation in fact.data.allocations}
    book = await open_book(work, [fact.data.account_id for fact in facts], order_ids)
    stands = await repository.on_account(work.tx, sorted({fact.data.moved()[0] for fact in facts}))
    have = {fact.data.account_id for fact in facts if fact.data.on_account or fact.data.moved()[0] in stands}
    owners = await directory.owners_of(work, sorted(have)) if have else {}
    for fact in facts:
        caused = work.caused_by(fact.event)
        for said in _allocations(book, fact):
            book.note(caused, said)
        payment_id = fact.data.moved()[0]
        if deposit := _deposit(fact, stands.get(payment_id, 0), owners.get(fact.data.account_id)):
            book.note_deposit(caused, deposit)
        stands[payment_id] = fact.data.on_account
    await book.close(work)


def _allocations(book: Book, fact: Fact[PaymentHeard]) -> Iterator[CreditReleased | CreditCharged]:
    payment, payment_id = fact.data, fact.data.moved()[0]
    for ordinal, part in enumerate(payment.allocations):
        known = book.orders.get(part.order_id)
        placement = known.placement if known else 0
        subject = Subject(part.order_id, payment.account_id, payment.stream_key, placement, payment.base_currency)
        common = {**book.common(subject, part.amount_base, fact.event.id, ordinal), "payment_id": payment_id}
        if payment.PAYS:
            yield CreditReleased(**common, reason="paid")
        else:
            cause = "voided" if payment.STEP == "voided" else None
            yield CreditCharged(**common, reason="refunded", cause=cause)


def _deposit(fact: Fact[PaymentHeard], before: int, owner_id: UUID | None) -> DepositSaid | None:
    """What changed of the money on account, after the allocations (so its ordinal). A payment that has or had some says
    so also where that is 0: the ledger keeps which events it has worked."""
    payment, now = fact.data, fact.data.on_account
    if not before and not now:
        return None
    payment_id, day = payment.moved()
    paid = {part.order_id for part in payment.allocations}
    common: dict[str, Any] = {
        "account_id": payment.account_id,
        "stream_key": payment.stream_key,
        "owner_id": owner_id,
        "payment_id": payment_id,
        "order_id": paid.pop() if len(paid) == 1 and payment.STEP == "allocated" else None,
        "currency": payment.base_currency,
        "source_event_id": fact.event.id,
        "source_ordinal": len(payment.allocations),
        "business_date": day,
    }
    if now > before:
        return CreditDeposited(**{**common, "order_id": None}, amount=now - before)
    return CreditDepositUsed(**common, amount=before - now, reason=payment.STEP)


async def override(work: Work, data: CreditDecisionCreate) -> UUID:
    """Reserve credit for an order that stands refused, whatever the limit; returns the id of the decision.

    Raises NotHeardYet for an order that never asked, TermsRefused when its terms were refused, OrderNotRefused when it
    is not refused (any more), PlacementChanged when another placement than the named one is, SamePerson for who placed
    it, OverrideCeiling for an amount above that of the policy of terms, unless the officer may override any.
    """
    if not await repository.accounts_of(work.tx, [data.order_id]):
        raise NotHeardYet(errors=[FieldError("/order_id", "unknown-reference", "no such order here yet")])
    book = await open_book(work, (), [data.order_id])
    known = book.orders[data.order_id]
    standing = {"state": str(known.state), "placement": known.placement}
    if known.placement and known.terms_refused == known.placement:
        raise TermsRefused(extra=standing)
    if known.state is not CreditState.REFUSED:
        raise OrderNotRefused(extra=standing)
    if known.placement != data.placement:
        raise PlacementChanged(extra={**standing, "amount": known.asked})
    if work.actor.subject == known.placed_by:
        raise SamePerson("whoever placed an order does not release it")
    ceiling = (await profiles.terms_policy(work)).override_ceiling
    if ceiling is not None and known.asked > ceiling and not work.actor.may("credit:override-any"):
        raise OverrideCeiling(f"up to {ceiling}", extra={"override_ceiling": ceiling})
    under = book.under(known.account_id)
    reserved = CreditReserved(
        **book.common(known_as(known), known.asked, new_id(), 0),
        decision="override",
        approved_by=work.actor.subject,
        reason=data.reason,
        placed_by=known.placed_by,
        **(under | {"limit": under["limit"] or 0}),
        **book.under_partner(known.partner_id),
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
