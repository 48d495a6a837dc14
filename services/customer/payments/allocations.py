"""Money on account pays orders: later on request, or when the order that it waits for is confirmed.

Orders are locked before payments, here as everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from kit.errors import FieldError
from kit.events.envelope import Event
from kit.records import Change, Resource, record
from kit.work import Work
from services.customer.events_out import PaymentAllocated
from services.customer.orders import service as orders
from services.customer.orders.enums import RETURNABLE
from services.customer.orders.models import Order
from services.customer.payments import repository
from services.customer.payments.changes import PaidOrders, allocated, check_standing, next_version, settle
from services.customer.payments.models import MovedPayment, Payment
from services.customer.payments.rules import AllocationRefused, check_moved_on
from services.customer.payments.schemas import AllocationsCreate
from services.customer.payments.service import get_payment, lock_payment


def _said(one: Change[Payment]) -> PaymentAllocated | None:
    """Nobody hears of a payment that only waits no longer."""
    after = one.after
    assert isinstance(after, MovedPayment)
    if not after.moved:
        return None
    return PaymentAllocated.of(
        after, allocations=after.moved, allocated_on=after.moved_on, business_date=after.moved_on
    )


ALLOCATED = Resource("payment", Payment, _said, audited=("allocations",), owner="owner_id")


async def allocate_payment(work: Work, payment_id: UUID, data: AllocationsCreate) -> Payment:
    """Let unallocated money pay orders; raises NotFound, AlreadyVoided, AllocationRefused, Invalid and what
    `PaidOrders.allocate` raises."""
    await get_payment(work, payment_id)
    by_ref = await orders.find_by_external(work, {item.order_ref.pair for item in data.allocations if item.order_ref})
    named = {*by_ref.values(), *(item.order_id for item in data.allocations if item.order_id)}
    named_orders = PaidOrders(await work.scope(), await orders.lock_orders(work, named), by_ref)
    before = await lock_payment(work, payment_id)
    check_standing(before)
    day = data.allocated_on or work.today
    check_moved_on(day, before.received_on, work.today, "/allocated_on")
    wanted = sum(item.amount for item in data.allocations)
    if wanted > before.unallocated:
        detail = f"{wanted} of {before.unallocated} that is unallocated"
        raise AllocationRefused(detail, errors=[FieldError("/allocations", AllocationRefused.code, detail)])
    after = next_version(named_orders.allocate(before, data.allocations, day))
    await orders.save_orders(work, [named_orders.by_id[part.order_id] for part in after.moved])
    await repository.save_payments(work.tx, [after])
    await record(work, ALLOCATED, [Change(before, after, ("allocations",))], action="allocate")
    return after


async def pay_confirmed(work: Work, answers: Mapping[UUID, Event]) -> None:
    """What waits for orders (by id) that the event beside them has confirmed pays them, the oldest money first; money
    that waited for one of them waits no longer, whether or not the order needs it.

    In the transaction of the confirmation, so that no order is seen confirmed with its money beside it.
    """
    waiting = await repository.find_waiting(work.tx, answers.keys())
    if not waiting:
        return
    locked = await orders.lock_orders(work, {one.order_id for one in waiting})
    held = await repository.lock_payments(work.tx, {one.id for one in waiting})
    steps: list[tuple[Event, Payment, MovedPayment]] = []
    for payment in sorted(held, key=lambda one: (one.received_on, one.id)):
        order = locked.get(payment.for_order_id) if payment.for_order_id else None
        if order is None or not payment.is_waiting or order.state not in RETURNABLE:
            continue
        cause = answers[order.id]
        locked[order.id], after = _paid_at_confirmation(work.caused_by(cause), order, payment)
        steps.append((cause, payment, after))
    paid = {part.order_id for _, _, after in steps for part in after.moved}
    await orders.save_orders(work, [locked[order_id] for order_id in sorted(paid)])
    await repository.save_payments(work.tx, [after for _, _, after in steps])
    for cause, before, after in steps:
        changed = ("allocations",) if after.moved else ("is_waiting",)
        await record(work.caused_by(cause), ALLOCATED, [Change(before, after, changed)], action="allocate")


def _paid_at_confirmation(work: Work, order: Order, payment: Payment) -> tuple[Order, MovedPayment]:
    amount = min(payment.unallocated, order.gross - order.paid) if payment.currency == order.currency else 0
    parts = []
    if amount > 0:
        order, part = settle(order, amount, payment.received_on)
        parts.append(part)
    # The answer may be of the evening before the money came.
    after = allocated(payment, parts, max(work.today, payment.received_on))
    return order, next_version(after.model_copy(update={"is_waiting": False}))
