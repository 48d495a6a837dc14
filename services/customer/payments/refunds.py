"""Money of a payment goes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from kit import clock
from kit.db.database import Tx
from kit.errors import FieldError, Invalid, NotFound, VersionMismatch
from kit.events import outbox
from kit.events.outbox import Fact
from kit.ids import new_id
from kit.security import audit
from services.customer.deps import Desk
from services.customer.events_out import PaymentRefunded
from services.customer.orders import repository as orders
from services.customer.payments import repository
from services.customer.payments.rules import RefundRefused, allocation_base, check_sum, unallocated
from services.customer.payments.schemas import RefundCreate
from services.customer.payments.service import SERVICE, booked_order, check_received, entry


async def refund_payment(tx: Tx, desk: Desk, payment_id: UUID, data: RefundCreate) -> dict[str, Any]:
    """Give money back; raises NotFound, OverAllocated, RefundRefused."""
    payment = await repository.lock_payment(tx, payment_id)
    if payment is None or not desk.scope.sees(payment["owner_id"]):
        raise NotFound()
    day = data.refunded_on or desk.today
    check_received(desk, day, "/refunded_on")
    wanted = {item.order_id: item.amount for item in data.allocations}
    if len(wanted) != len(data.allocations):
        raise Invalid("twice", errors=[FieldError("/allocations", "duplicate", "an order is named twice")])
    _check_refund(payment, data.amount, wanted)
    locked = await orders.lock_orders(tx, set(wanted))
    changed, taken, parts = [], [], []
    held = {UUID(item["order_id"]): item for item in payment["allocations"]}
    for order_id, amount in wanted.items():
        order, item = locked[order_id], held[order_id]
        base = -allocation_base(order["gross"], order["gross_base"], order["paid"], -amount)
        changed.append(booked_order(order, -amount, -base))
        taken.append({**item, "refunded": item["refunded"] + amount, "refunded_base": item["refunded_base"] + base})
        parts.append({"order_id": order_id, "amount": amount, "amount_base": base})
    refund = {
        "id": new_id(),
        "payment_id": payment_id,
        "amount": data.amount,
        "refunded_on": day,
        "allocations": parts,
        "created_at": clock.now(),
    }
    version = await repository.add_refund(tx, payment, refund, taken)
    if not await orders.save_orders(tx, changed):
        raise VersionMismatch()
    plain = {name: payment[name] for name in ("account_id", "stream_key", "currency", "base_currency")}
    public = {name: value for name, value in refund.items() if name != "created_at"}
    fact = PaymentRefunded.model_validate({**public, **plain, "version": version})
    await outbox.announce(tx, SERVICE, [Fact(fact.TYPE, payment_id, payment["stream_key"], version, fact)])
    await audit.record_many(tx, [entry(desk, "refund", payment, {"amount": data.amount})], key=desk.key)
    return refund


def _check_refund(payment: Mapping[str, Any], amount: int, wanted: Mapping[UUID, int]) -> None:
    """Raises OverAllocated, UnknownReference, RefundRefused."""
    check_sum(amount, list(wanted.values()))
    held = {UUID(item["order_id"]): item["amount"] - item["refunded"] for item in payment["allocations"]}
    for index, (order_id, part) in enumerate(wanted.items()):
        if part > held.get(order_id, 0):
            detail = f"the payment holds {held.get(order_id, 0)} of order {order_id}"
            raise RefundRefused(detail, errors=[FieldError(f"/allocations/{index}", RefundRefused.code, detail)])
    parts = [(item["amount"], item["refunded"]) for item in payment["allocations"]]
    free = unallocated(payment["amount"], payment["refunded"], parts)
    if amount - sum(wanted.values()) > free:
        detail = f"{free} is unallocated; name the orders that give the rest back"
        raise RefundRefused(detail, errors=[FieldError("/amount", RefundRefused.code, detail)])
