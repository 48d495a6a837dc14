"""What commands make of a payment and of the orders it pays, on rows alone. Nothing waits here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from kit import clock
from kit.errors import FieldError, Invalid, StateConflict, UnknownReference
from kit.security.principals import Scope
from kit.transitions import next_state
from services.customer.accounts.schemas import ExternalRef
from services.customer.orders.changes import owed, paid
from services.customer.orders.enums import DECIDING, RETURNABLE, OrderState
from services.customer.orders.models import Order
from services.customer.orders.rules import MOVES
from services.customer.payments.models import MovedPart, MovedPayment, Payment, PaymentAllocation
from services.customer.payments.rules import AllocationRefused, AlreadyVoided, VoidRefused, check_paid, days_between
from services.customer.payments.schemas import AllocationCreate

Pair = tuple[str, str]
AWAITED = (OrderState.DRAFT, OrderState.PLACED, OrderState.ON_HOLD)
"""States of an order that money may wait for."""


@dataclass(slots=True)
class PaidOrders:
    """Locked orders as they become allocation by allocation, how they are named, and whose the caller may see."""

    scope: Scope
    by_id: dict[UUID, Order]
    by_ref: Mapping[Pair, UUID]

    def named(self, order_id: UUID | None, ref: ExternalRef | None, pointer: str) -> Order:
        """The order of an id or external id; raises UnknownReference."""
        found = self.by_ref.get(ref.pair) if ref else order_id
        order = self.by_id.get(found) if found else None
        if order is None or not self.scope.sees(order.account_seen_by):
            raise UnknownReference("no such order", errors=[FieldError(pointer, "unknown-reference", "no such order")])
        return order

    def allocate(
        self, payment: Payment, wanted: Sequence[AllocationCreate], allocated_on: date | None = None
    ) -> MovedPayment:
        """The payment with what it pays more of the orders that are named; all of it or nothing.

        Raises UnknownReference, StateConflict, AllocationRefused, Invalid for an order that is named twice.
        """
        booked: dict[UUID, Order] = {}
        parts: list[MovedPart] = []
        for index, item in enumerate(wanted):
            pointer = f"/allocations/{index}"
            order = self.named(item.order_id, item.order_ref, pointer)
            check_payable(order, payment, pointer)
            if order.id in booked:
                raise Invalid("twice", errors=[FieldError(pointer, "duplicate", "the order is named twice")])
            check_paid(order.gross, order.paid + item.amount, f"{pointer}/amount")
            booked[order.id], part = settle(order, item.amount, payment.received_on)
            parts.append(part)
        self.by_id |= booked
        return allocated(payment, parts, allocated_on)


def check_named(order: Order, payment: Payment, pointer: str) -> None:
    """Raises AllocationRefused for an order of another account or currency."""
    if order.account_id != payment.account_id or order.currency != payment.currency:
        detail = "the order is of another account or currency"
        raise AllocationRefused(detail, errors=[FieldError(pointer, AllocationRefused.code, detail)])


def check_payable(order: Order, payment: Payment, pointer: str) -> None:
    """Raises AllocationRefused, StateConflict: an order is paid once it is confirmed."""
    check_named(order, payment, pointer)
    if order.state not in RETURNABLE:
        refusal = StateConflict("order", "pay", order.state, RETURNABLE)
        refusal.extra |= {"retryable": True} if order.state in DECIDING else {}
        raise refusal


def check_awaited(order: Order, payment: Payment, pointer: str) -> None:
    """Raises AllocationRefused, StateConflict: money waits for what may still be confirmed."""
    check_named(order, payment, pointer)
    if order.state not in AWAITED:
        raise StateConflict("order", "wait", order.state, AWAITED)


def check_standing(payment: Payment) -> None:
    """Raises AlreadyVoided."""
    if payment.voided_on is not None:
        raise AlreadyVoided(f"the payment was voided on {payment.voided_on}")


def settle(order: Order, amount: int, received_on: date) -> tuple[Order, MovedPart]:
    """The order after `amount` of money received on a day pays it, and what is booked for that."""
    after = paid(order, amount)
    late = days_between(order.order_date + timedelta(days=order.payment_terms_days), received_on)
    return after, MovedPart(
        order_id=order.id, amount=amount, amount_base=after.paid_base - order.paid_base, days_late=late
    )


def unsettle(order: Order, part: PaymentAllocation, amount: int) -> tuple[Order, PaymentAllocation, MovedPart]:
    """The order and the allocation after `amount` of it is taken back, and what is booked for that."""
    after = paid(order, -amount)
    base = order.paid_base - after.paid_base
    back = {"refunded": part.refunded + amount, "refunded_base": part.refunded_base + base}
    moved = MovedPart(order_id=order.id, amount=amount, amount_base=base, days_late=part.days_late)
    return after, part.model_copy(update=back), moved


def allocated(payment: Payment, parts: Sequence[MovedPart], allocated_on: date | None) -> MovedPayment:
    """The payment after `parts` of it pay orders; on a later day than its receipt where one is given."""
    held = {part.order_id: part for part in payment.allocations}
    for part in parts:
        before = held.get(part.order_id)
        held[part.order_id] = PaymentAllocation(
            payment_id=payment.id,
            order_id=part.order_id,
            amount=part.amount + (before.amount if before else 0),
            amount_base=part.amount_base + (before.amount_base if before else 0),
            refunded=before.refunded if before else 0,
            refunded_base=before.refunded_base if before else 0,
            allocated_on=allocated_on,
            days_late=part.days_late,
        )
    return _moved(payment, parts, allocated_on or payment.received_on, allocations=tuple(held.values()))


def next_version(payment: MovedPayment) -> MovedPayment:
    """The payment with its next version."""
    return payment.model_copy(update={"version": payment.version + 1, "updated_at": clock.now()})


def voided(payment: Payment, orders: dict[UUID, Order], day: date, reason: str) -> MovedPayment:
    """The payment as if it had not happened, its external id free; `orders` become what they are without it: one that
    was closed, and of which something is owed again, is open again.

    Raises VoidRefused.
    """
    if payment.refunded:
        raise VoidRefused(f"{payment.refunded} of the payment went back already")
    parts: list[MovedPart] = []
    taken: list[PaymentAllocation] = []
    for part in payment.allocations:
        order, back, moved = unsettle(orders[part.order_id], part, part.amount)
        orders[order.id] = _open_again(order)
        taken.append(back)
        parts.append(moved)
    return _moved(
        payment,
        parts,
        day,
        allocations=tuple(taken),
        voided_on=day,
        void_reason=reason,
        is_waiting=False,
        external_source=None,
        external_id=None,
        former_external_source=payment.external_source,
        former_external_id=payment.external_id,
    )


def _open_again(order: Order) -> Order:
    if order.state is not OrderState.CLOSED or not owed(order):
        return order
    return order.model_copy(update={"state": next_state("order", MOVES, "reopen", order.state)})


def _moved(payment: Payment, parts: Sequence[MovedPart], day: date, **changes: object) -> MovedPayment:
    return MovedPayment.model_construct(None, **{**payment.__dict__, **changes, "moved": tuple(parts), "moved_on": day})
