"""Money of a payment goes back."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kit import clock
from kit.errors import FieldError, Invalid
from kit.ids import new_id
from kit.records import Change, Resource, record
from kit.work import Work
from services.customer.events_out import PaymentRefunded
from services.customer.orders import service as orders
from services.customer.orders.changes import owed
from services.customer.orders.enums import OrderState
from services.customer.orders.models import Order
from services.customer.payments import repository
from services.customer.payments.changes import check_standing, unsettle
from services.customer.payments.models import Payment, PaymentRefund
from services.customer.payments.rules import RefundRefused, check_moved_on, check_sum
from services.customer.payments.schemas import RefundCreate
from services.customer.payments.service import get_payment, lock_payment


def _said(one: Change[Payment]) -> PaymentRefunded:
    refund = one.after.refunds[-1]
    same = refund.model_dump(exclude={"created_at"})
    return PaymentRefunded.of(one.after, **same)


REFUNDED = Resource("payment", Payment, _said, audited=("refunded",), owner="owner_id")


async def refund_payment(work: Work, payment_id: UUID, data: RefundCreate) -> PaymentRefund:
    """Give money back; raises NotFound, OverAllocated, RefundRefused, AlreadyVoided, Invalid for a day before the money
    was there."""
    wanted = {item.order_id: item.amount for item in data.allocations}
    if len(wanted) != len(data.allocations):
        raise Invalid("twice", errors=[FieldError("/allocations", "duplicate", "an order is named twice")])
    await get_payment(work, payment_id)
    locked = await orders.lock_orders(work, wanted.keys())
    payment = await lock_payment(work, payment_id)
    check_standing(payment)
    _check_refund(payment, data.amount, wanted)
    held = {item.order_id: item for item in payment.allocations}
    day = data.refunded_on or work.today
    there = max([payment.received_on, *(held[one].allocated_on or payment.received_on for one in wanted)])
    check_moved_on(day, there, work.today, "/refunded_on")
    parts = []
    for order_id, amount in wanted.items():
        locked[order_id], held[order_id], part = unsettle(locked[order_id], held[order_id], amount)
        parts.append(part)
        _check_closed(locked[order_id])
    refund = PaymentRefund(
        id=new_id(),
        payment_id=payment_id,
        amount=data.amount,
        refunded_on=day,
        allocations=tuple(parts),
        created_at=clock.now(),
    )
    left = {"refunded": payment.refunded + refund.amount, "refunds": (*payment.refunds, refund)}
    left |= {"allocations": tuple(held.values()), "version": payment.version + 1, "updated_at": refund.created_at}
    after = payment.model_copy(update=left)
    await repository.save_payments(work.tx, [after], [refund])
    await orders.save_orders(work, list(locked.values()))
    await record(work, REFUNDED, [Change(payment, after, ("refunded",))], action="refund")
    return refund


def _check_closed(order: Order) -> None:
    """Raises RefundRefused: of a closed order only what is paid too much goes back."""
    if order.state is OrderState.CLOSED and (left := owed(order)):
        detail = f"{left} of order {order.number}, which is closed, would be open again"
        raise RefundRefused(detail, errors=[FieldError("/allocations", RefundRefused.code, detail)])


def _check_refund(payment: Payment, amount: int, wanted: Mapping[UUID, int]) -> None:
    """Raises OverAllocated, RefundRefused."""
    check_sum(amount, list(wanted.values()))
    held = {item.order_id: item.amount - item.refunded for item in payment.allocations}
    for index, (order_id, part) in enumerate(wanted.items()):
        if part > held.get(order_id, 0):
            detail = f"the payment holds {held.get(order_id, 0)} of order {order_id}"
            raise RefundRefused(detail, errors=[FieldError(f"/allocations/{index}", RefundRefused.code, detail)])
    if amount - sum(wanted.values()) > payment.unallocated:
        detail = f"{payment.unallocated} is unallocated; name the orders that give the rest back"
        raise RefundRefused(detail, errors=[FieldError("/amount", RefundRefused.code, detail)])
