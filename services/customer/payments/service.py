"""Use cases of payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from kit.errors import FieldError, Invalid, NotFound, StateConflict, Taken, UnknownReference
from kit.records import Change, Resource, fresh, record
from kit.security.principals import Scope
from kit.web.batch import Raced, Results, decide_rows
from kit.work import Work
from services.customer.accounts import service as accounts
from services.customer.events_out import PaymentReceived
from services.customer.orders import service as orders
from services.customer.orders.changes import paid
from services.customer.orders.enums import DECIDING, RETURNABLE
from services.customer.orders.models import Buyer, Order
from services.customer.orders.service import unknown_account
from services.customer.payments import repository
from services.customer.payments.models import Payment, PaymentAllocation
from services.customer.payments.repository import Pair
from services.customer.payments.rules import AllocationRefused, check_paid, check_sum
from services.customer.payments.schemas import AllocationCreate, PaymentCreate, PaymentRow
from services.customer.returns.rules import content_hash


def _said(one: Change[Payment]) -> PaymentReceived:
    return PaymentReceived.of(one.after)


PAYMENTS = Resource("payment", Payment, _said, audited=("amount", "currency"), owner="owner_id")


@dataclass(slots=True)
class _Attempt:
    """What payments are booked on: the accounts and locked orders they name, as they become payment by payment."""

    work: Work
    scope: Scope
    buyers: dict[UUID, Buyer]
    by_account_ref: dict[Pair, UUID]
    orders: dict[UUID, Order]
    by_order_ref: dict[Pair, UUID]
    known: dict[Pair, tuple[UUID, str]]
    changed: set[UUID] = field(default_factory=set)
    payments: list[Payment] = field(default_factory=list)


def check_day(work: Work, day: date, pointer: str) -> None:
    """Money has come or gone on a day that is not in the future (Invalid)."""
    if day > work.today:
        raise Invalid("a future day", errors=[FieldError(pointer, "future-date", f"{day} lies after {work.today}")])


async def _prepare(work: Work, rows: Sequence[PaymentCreate]) -> _Attempt:
    account_refs = await accounts.find_by_external(work, {row.account_ref.pair for row in rows if row.account_ref})
    ids = {*account_refs.values(), *(row.account_id for row in rows if row.account_id)}
    buyers = await orders.hold_buyers(work, ids)
    named = [item for row in rows for item in row.allocations]
    order_refs = await orders.find_by_external(work, {item.order_ref.pair for item in named if item.order_ref})
    order_ids = {*order_refs.values(), *(item.order_id for item in named if item.order_id)}
    locked = await orders.lock_orders(work, order_ids)
    return _Attempt(work, await work.scope(), buyers, account_refs, locked, order_refs, {})


def _buyer_of(attempt: _Attempt, data: PaymentCreate) -> Buyer:
    """The account that `data` names, if the caller may see it (UnknownReference)."""
    account_id = attempt.by_account_ref.get(data.account_ref.pair) if data.account_ref else data.account_id
    buyer = attempt.buyers.get(account_id) if account_id else None
    if buyer is None or not attempt.scope.sees(buyer.owner_id):
        raise unknown_account("/account_ref" if data.account_ref else "/account_id")
    return buyer


def _said_hash(data: PaymentCreate) -> str:
    return content_hash(data.model_dump(mode="json", exclude={"external_id"}))


def _receive(attempt: _Attempt, data: PaymentCreate) -> Payment:
    """The payment that `data` says, its allocations booked on the orders of the attempt; all of it or nothing."""
    work, buyer = attempt.work, _buyer_of(attempt, data)
    day = data.received_on or work.today
    check_day(work, day, "/received_on")
    check_sum(data.amount, [item.amount for item in data.allocations])
    begun = fresh()
    booked: dict[UUID, Order] = {}
    allocations = []
    for index, item in enumerate(data.allocations):
        order = _payable(attempt, buyer.id, data.currency, item, f"/allocations/{index}")
        if order.id in booked:
            error = FieldError(f"/allocations/{index}", "duplicate", "the order is named twice")
            raise Invalid("twice", errors=[error])
        check_paid(order.gross, order.paid + item.amount, f"/allocations/{index}/amount")
        booked[order.id] = after = paid(order, item.amount)
        allocations.append(
            PaymentAllocation(
                payment_id=begun["id"],
                order_id=order.id,
                amount=item.amount,
                amount_base=after.paid_base - order.paid_base,
                refunded=0,
                refunded_base=0,
            )
        )
    attempt.orders |= booked
    attempt.changed |= booked.keys()
    payment = Payment(
        **begun,
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
        content_hash=_said_hash(data),
        allocations=tuple(allocations),
    )
    attempt.payments.append(payment)
    return payment


def _payable(attempt: _Attempt, account_id: UUID, currency: str, item: AllocationCreate, pointer: str) -> Order:
    """The order that an allocation names; raises UnknownReference, StateConflict, AllocationRefused."""
    order_id = attempt.by_order_ref.get(item.order_ref.pair) if item.order_ref else item.order_id
    order = attempt.orders.get(order_id) if order_id else None
    if order is None or not attempt.scope.sees(order.account_owner_id):
        raise UnknownReference("no such order", errors=[FieldError(pointer, "unknown-reference", "no such order")])
    if order.account_id != account_id or order.currency != currency:
        detail = "the order is of another account or currency"
        raise AllocationRefused(detail, errors=[FieldError(pointer, AllocationRefused.code, detail)])
    if order.state not in RETURNABLE:
        refusal = StateConflict("order", "pay", order.state, RETURNABLE)
        refusal.extra |= {"retryable": True} if order.state in DECIDING else {}
        raise refusal
    return order


async def _save(attempt: _Attempt) -> bool:
    work = attempt.work
    await orders.save_orders(work, [attempt.orders[order_id] for order_id in attempt.changed])
    if not await repository.add_payments(work.tx, attempt.payments):
        return False
    await record(work, PAYMENTS, [Change(None, payment) for payment in attempt.payments], action="create")
    return True


async def receive_payment(work: Work, data: PaymentCreate) -> Payment:
    """Book money received; raises UnknownReference, OverAllocated, AllocationRefused, StateConflict, Taken."""
    attempt = await _prepare(work, [data])
    payment = _receive(attempt, data)
    if not await _save(attempt):
        raise await _taken(work, payment)
    return payment


async def _taken(work: Work, payment: Payment) -> Taken:
    pair = (payment.external_source or "", payment.external_id or "")
    known = (await repository.find_by_external(work.tx, [pair])).get(pair)
    holder = known and await repository.load_payment(work.tx, known.id)
    is_seen = holder and (await work.scope()).sees(holder.owner_id)
    return Taken("payment", "external_id", holder.id if holder and is_seen else None)


async def receive_many(work: Work, rows: Sequence[tuple[int, PaymentRow]], results: Results) -> None:
    """Book many payments, each once by its external id; a fixed number of statements."""

    async def prepare() -> _Attempt:
        attempt = await _prepare(work, [row for _, row in rows])
        found = await repository.find_by_external(work.tx, {row.external_id.pair for _, row in rows})
        attempt.known = {pair: (one.id, one.content_hash) for pair, one in found.items()}
        return attempt

    await decide_rows(work.tx, rows, results, prepare, _decide, _write)


def _decide(attempt: _Attempt, row: PaymentRow) -> tuple[str, UUID]:
    _buyer_of(attempt, row)
    known = attempt.known.get(row.external_id.pair)
    if known is None:
        payment = _receive(attempt, row)
        attempt.known[row.external_id.pair] = (payment.id, payment.content_hash)
        return "created", payment.id
    if known[1] != _said_hash(row):
        raise Taken("payment", "external_id")
    return "unchanged", known[0]


async def _write(attempt: _Attempt) -> None:
    if not await _save(attempt):
        raise Raced


async def get_payment(work: Work, payment_id: UUID) -> Payment:
    """One payment; raises NotFound, also for those outside the caller's scope."""
    return await visible(work, await repository.load_payment(work.tx, payment_id))


async def visible(work: Work, payment: Payment | None) -> Payment:
    """A payment that is there and that the caller may see; raises NotFound."""
    if payment is None or not (await work.scope()).sees(payment.owner_id):
        raise NotFound(what="payment")
    return payment
