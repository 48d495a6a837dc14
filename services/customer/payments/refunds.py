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
from services.customer.orders.changes import paid
from services.customer.payments import repository
from services.customer.payments.models import Payment, PaymentAllocation, PaymentRefund, RefundPart
from services.customer.payments.rules import RefundRefused, check_sum
from services.customer.payments.schemas import RefundCreate
from services.customer.payments.service import check_day, visible


def _said(one: Change[Payment]) -> PaymentRefunded:
    refund = one.after.refunds[-1]
    same = refund.model_dump(exclude={"created_at"})
    return PaymentRefunded.of(one.after, **same)


REFUNDED = Resource("payment", Payment, _said, audited=("refunded",), owner="owner_id")


async def refund_payment(work: Work, payment_id: UUID, data: RefundCreate) -> PaymentRefund:
    """Give money back; raises NotFound, OverAllocated, RefundRefused."""
    payment = await visible(work, await repository.lock_payment(work.tx, payment_id))
    day = data.refunded_on or work.today
    check_day(work, day, "/refunded_on")
    wanted = {item.order_id: item.amount for item in data.allocations}
    if len(wanted) != len(data.allocations):
        raise Invalid("twice", errors=[FieldError("/allocations", "duplicate", "an order is named twice")])
    _check_refund(payment, data.amount, wanted)
    locked = await orders.lock_orders(work, wanted.keys())
    held = {item.order_id: item for item in payment.allocations}
    changed, taken, parts = [], [], []
    for order_id, amount in wanted.items():
        order = locked[order_id]
        item: PaymentAllocation = held[order_id]
        changed.append(less := paid(order, -amount))
        base = order.paid_base - less.paid_base
        back = {"refunded": item.refunded + amount, "refunded_base": item.refunded_base + base}
        taken.append(item.model_copy(update=back))
        parts.append(RefundPart(order_id=order_id, amount=amount, amount_base=base))
    refund = PaymentRefund(
        id=new_id(),
        payment_id=payment_id,
        amount=data.amount,
        refunded_on=day,
        allocations=tuple(parts),
        created_at=clock.now(),
    )
    left = {"refunded": payment.refunded + refund.amount, "refunds": (*payment.refunds, refund)}
    after = payment.model_copy(update={**left, "version": payment.version + 1, "updated_at": refund.created_at})
    await repository.add_refund(work.tx, after, refund, taken)
    await orders.save_orders(work, changed)
    await record(work, REFUNDED, [Change(payment, after, ("refunded",))], action="refund")
    return refund


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
