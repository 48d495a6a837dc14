"""Events of customer, folded into receivables: moves first, then the sums of their orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.risk.events_in import (
    OrderConfirmedHeard,
    OrderReturnedHeard,
    PaymentAllocatedHeard,
    PaymentHeard,
    PaymentReceivedHeard,
    PaymentRefundedHeard,
    PaymentVoidedHeard,
)
from services.risk.receivables import ledger, repository
from services.risk.receivables.enums import MoveKind
from services.risk.receivables.models import ReceivableMove

Paid = TypeVar("Paid", bound=PaymentHeard)


async def on_order_confirmed(tx: Tx, facts: Sequence[Fact[OrderConfirmedHeard]]) -> None:
    """An order is owed from its order date on; what was paid before is known already."""
    new = await repository.unknown(tx, facts)
    await ledger.book(tx, [ledger.of_confirmed(fact) for fact in new], [ledger.terms_of(fact.data) for fact in new])


async def on_order_returned(tx: Tx, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """What came back is not owed from the day of the return on."""
    await ledger.book(tx, [ledger.of_returned(fact) for fact in await repository.unknown(tx, facts)])


async def on_payment_received(tx: Tx, facts: Sequence[Fact[PaymentReceivedHeard]]) -> None:
    """Money that came in pays the orders it is allocated to."""
    await _book_payments(tx, facts, MoveKind.PAID)


async def on_payment_allocated(tx: Tx, facts: Sequence[Fact[PaymentAllocatedHeard]]) -> None:
    """Money on account pays orders."""
    await _book_payments(tx, facts, MoveKind.PAID)


async def on_payment_refunded(tx: Tx, facts: Sequence[Fact[PaymentRefundedHeard]]) -> None:
    """Money that went back is owed again by the orders it had paid."""
    await _book_payments(tx, facts, MoveKind.REFUNDED)


async def on_payment_voided(tx: Tx, facts: Sequence[Fact[PaymentVoidedHeard]]) -> None:
    """A payment that did not happen paid nothing: its orders owe it again."""
    await _book_payments(tx, facts, MoveKind.VOIDED)


async def _book_payments(tx: Tx, facts: Sequence[Fact[Paid]], kind: MoveKind) -> None:
    new = await repository.unknown(tx, facts)
    stands = await repository.on_account(tx, sorted({fact.data.moved()[0] for fact in new}))
    booked: list[ReceivableMove] = []
    for fact in new:
        payment_id = fact.data.moved()[0]
        booked += ledger.of_payment(fact.event.id, fact.data, kind, stands.get(payment_id, 0))
        stands[payment_id] = fact.data.on_account
    await ledger.book(tx, booked)
