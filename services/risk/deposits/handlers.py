"""Events of payments, folded into the money that waits for orders."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.risk.deposits import repository
from services.risk.deposits.models import WaitingDeposit
from services.risk.events_in import PaymentAllocatedHeard, PaymentHeard, PaymentRefundedHeard


async def on_payment_named(tx: Tx, facts: Sequence[Fact[PaymentHeard]]) -> None:
    """Keep what is left of money that names an order, and whether it waits for that. An allocation that pays the order,
    or none (it was confirmed without this money), ends that for good; one that pays others leaves the rest waiting."""
    rows: dict[UUID, WaitingDeposit] = {}
    for fact in facts:
        payment, payment_id = fact.data, fact.data.moved()[0]
        order_id: UUID | None = getattr(payment, "for_order_id", None)
        if order_id is None:
            continue
        paid = {part.order_id for part in payment.allocations}
        ends = isinstance(payment, PaymentAllocatedHeard) and (not paid or order_id in paid)
        row = WaitingDeposit(
            payment_id=payment_id,
            account_id=payment.account_id,
            order_id=order_id,
            currency=payment.currency,
            amount=payment.on_account,
            version=payment.version,
            is_waiting=not ends,
        )
        rows[payment_id] = row.after(rows.get(payment_id))
    await repository.put_waiting(tx, [rows[payment_id] for payment_id in sorted(rows)])


async def on_payment_refunded(tx: Tx, facts: Sequence[Fact[PaymentRefundedHeard]]) -> None:
    """What went back waits no longer."""
    latest = {fact.data.payment_id: fact.data for fact in sorted(facts, key=lambda fact: fact.data.version)}
    await repository.lower_waiting(tx, [(one.payment_id, one.on_account, one.version) for one in latest.values()])
