"""Use cases of payments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from kit.errors import NotFound, Taken
from kit.records import Change, Resource, fresh, record
from kit.web.batch import Raced, Results, decide_rows
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.events_out import PaymentReceived
from services.customer.orders import service as orders
from services.customer.orders.models import Buyer
from services.customer.orders.references import NoExchangeRate, References
from services.customer.orders.service import unknown_account
from services.customer.payments import repository
from services.customer.payments.changes import PaidOrders, check_awaited
from services.customer.payments.models import Payment
from services.customer.payments.repository import Pair
from services.customer.payments.rules import check_moved_on, check_sum, check_worth
from services.customer.payments.schemas import PaymentCreate, PaymentRow
from services.customer.returns.rules import content_hash


def _said(one: Change[Payment]) -> PaymentReceived:
    return PaymentReceived.of(one.after)


PAYMENTS = Resource("payment", Payment, _said, audited=("amount", "currency"), owner="owner_id")
ADDED_LATER = ("for_order_id", "for_order_ref")
"""Fields that a body of release 0.1.0 did not have: unless they are given, what it says is what it said."""


@dataclass(slots=True)
class _Attempt:
    """What payments are booked on: the accounts and locked orders they name, as they become payment by payment."""

    work: Work
    orders: PaidOrders
    rates: References
    buyers: dict[UUID, Buyer]
    by_account_ref: dict[Pair, UUID]
    known: dict[Pair, tuple[UUID, str]] = field(default_factory=dict)
    former: dict[tuple[str, str, str], UUID] = field(default_factory=dict)
    changed: set[UUID] = field(default_factory=set)
    payments: list[Payment] = field(default_factory=list)


async def _prepare(work: Work, rows: Sequence[PaymentCreate]) -> _Attempt:
    account_refs = await accounts.find_by_external(work, {row.account_ref.pair for row in rows if row.account_ref})
    ids = {*account_refs.values(), *(row.account_id for row in rows if row.account_id)}
    buyers = await orders.hold_buyers(work, ids)
    named = [item for row in rows for item in row.allocations]
    refs = {item.order_ref.pair for item in named if item.order_ref}
    refs |= {row.for_order_ref.pair for row in rows if row.for_order_ref}
    by_ref = await orders.find_by_external(work, refs)
    order_ids = {*by_ref.values(), *(item.order_id for item in named if item.order_id)}
    order_ids |= {row.for_order_id for row in rows if row.for_order_id}
    locked = await orders.lock_orders(work, order_ids)
    rates = await orders.load_rates(work, {row.currency for row in rows})
    return _Attempt(work, PaidOrders(await work.scope(), locked, by_ref), rates, buyers, account_refs)


def _buyer_of(attempt: _Attempt, data: PaymentCreate) -> Buyer:
    """The account that `data` names, if the caller may see it (UnknownReference)."""
    account_id = attempt.by_account_ref.get(data.account_ref.pair) if data.account_ref else data.account_id
    buyer = attempt.buyers.get(account_id) if account_id else None
    if buyer is None or not attempt.orders.scope.sees(buyer.seen_by):
        raise unknown_account("/account_ref" if data.account_ref else "/account_id")
    return buyer


def said_hash(data: PaymentCreate) -> str:
    """Hash of what a body says, to see that it was sent before."""
    said = data.model_dump(mode="json", exclude={"external_id"})
    return content_hash({name: value for name, value in said.items() if name not in ADDED_LATER or value is not None})


def _receive(attempt: _Attempt, data: PaymentCreate) -> Payment:
    """The payment that `data` says, its allocations booked on the orders of the attempt; all of it or nothing."""
    work, buyer = attempt.work, _buyer_of(attempt, data)
    day = data.received_on or work.today
    check_moved_on(day, day, work.today, "/received_on")
    check_sum(data.amount, [item.amount for item in data.allocations])
    rate = _rate_on(attempt, data.currency, day)
    check_worth(data.amount, data.currency, rate, work.base_currency)
    payment: Payment = Payment(
        **fresh(),
        account_id=buyer.id,
        stream_key=buyer.stream_key,
        owner_id=buyer.owner_id,
        currency=data.currency,
        base_currency=work.base_currency,
        amount=data.amount,
        refunded=0,
        received_on=day,
        method=data.method,
        external_source=data.external_id.source if data.external_id else None,
        external_id=data.external_id.id if data.external_id else None,
        exchange_rate=rate,
        content_hash=said_hash(data),
        allocations=(),
    )
    if data.for_order_id or data.for_order_ref:
        pointer = "/for_order_ref" if data.for_order_ref else "/for_order_id"
        order = attempt.orders.named(data.for_order_id, data.for_order_ref, pointer)
        check_awaited(order, payment, pointer)
        payment = payment.model_copy(update={"for_order_id": order.id, "is_waiting": True})
    after = attempt.orders.allocate(payment, data.allocations)
    attempt.changed |= {part.order_id for part in after.moved}
    attempt.payments.append(after)
    return after


def _rate_on(attempt: _Attempt, currency: str, day: date) -> str | None:
    try:
        return attempt.rates.rate(currency, attempt.work.base_currency, day)
    except NoExchangeRate:
        return None


async def _save(attempt: _Attempt) -> bool:
    work = attempt.work
    await orders.save_orders(work, [attempt.orders.by_id[order_id] for order_id in attempt.changed])
    if not await repository.add_payments(work.tx, attempt.payments):
        return False
    await record(work, PAYMENTS, [Change(None, payment) for payment in attempt.payments], action="create")
    return True


async def receive_payment(work: Work, data: PaymentCreate) -> Payment:
    """Book money received; raises UnknownReference, OverAllocated, AllocationRefused, StateConflict, BaseOverflow,
    Taken."""
    attempt = await _prepare(work, [data])
    payment = _receive(attempt, data)
    if not await _save(attempt):
        raise await _taken(work, payment)
    return payment


async def _taken(work: Work, payment: Payment) -> Taken:
    pair = (payment.external_source or "", payment.external_id or "")
    known = (await repository.find_by_external(work.tx, [pair])).get(pair)
    holder = known and await repository.load_payment(work.tx, known.id)
    is_seen = holder and (await work.scope()).sees(holder.seen_by)
    return Taken("payment", "external_id", holder.id if holder and is_seen else None)


async def receive_many(work: Work, rows: Sequence[tuple[int, PaymentRow]], results: Results) -> None:
    """Book many payments, each once by its external id, also what was voided since; a fixed number of statements."""

    async def prepare() -> _Attempt:
        attempt = await _prepare(work, [row for _, row in rows])
        found = await repository.find_by_external(work.tx, {row.external_id.pair for _, row in rows})
        attempt.known = {pair: (one.id, one.content_hash) for pair, one in found.items()}
        former = await repository.find_former(work.tx, {row.external_id.pair for _, row in rows} - found.keys())
        for one in former:
            if attempt.orders.scope.sees(one.owner_id):
                attempt.former.setdefault((one.source, one.external_id, one.content_hash), one.id)
        return attempt

    await decide_rows(work.tx, rows, results, prepare, _decide, _write)


def _decide(attempt: _Attempt, row: PaymentRow) -> tuple[str, UUID]:
    _buyer_of(attempt, row)
    known = attempt.known.get(row.external_id.pair)
    if known is None and (voided := attempt.former.get((*row.external_id.pair, said_hash(row)))) is not None:
        return "unchanged", voided
    if known is None:
        payment = _receive(attempt, row)
        attempt.known[row.external_id.pair] = (payment.id, payment.content_hash)
        return "created", payment.id
    if known[1] != said_hash(row):
        raise Taken("payment", "external_id")
    return "unchanged", known[0]


async def _write(attempt: _Attempt) -> None:
    if not await _save(attempt):
        raise Raced


async def find_by_external(work: Work, pairs: Collection[Pair]) -> dict[Pair, UUID]:
    """Payment ids of (source, external id), whoever has them."""
    return {pair: one.id for pair, one in (await repository.find_by_external(work.tx, pairs)).items()}


async def payments_by_id(work: Work, ids: Collection[UUID]) -> dict[UUID, Payment]:
    """Those of these payments that the caller may see."""
    scope = await work.scope()
    found = [await repository.load_payment(work.tx, one) for one in sorted(ids)]
    return {one.id: one for one in found if one is not None and scope.sees(one.seen_by)}


async def get_payment(work: Work, payment_id: UUID) -> Payment:
    """One payment; raises NotFound, also for those outside the caller's scope."""
    return await visible(work, await repository.load_payment(work.tx, payment_id))


async def lock_payment(work: Work, payment_id: UUID) -> Payment:
    """One payment, locked, as it is once the lock is held; raises NotFound. The orders it moves are locked before."""
    found = await repository.lock_payments(work.tx, [payment_id])
    return await visible(work, found[0] if found else None)


async def visible(work: Work, payment: Payment | None) -> Payment:
    """A payment that is there and that the caller may see; raises NotFound."""
    if payment is None or not (await work.scope()).sees(payment.seen_by):
        raise NotFound(what="payment")
    return payment
