"""Events of orders and payments that obligations are judged by."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.work import Work
from services.risk.events_in import OrderConfirmedHeard, OrderHeard, OrderReturnedHeard, PaymentHeard
from services.risk.obligations import fulfilment


async def on_order_confirmed(tx: Tx, facts: Sequence[Fact[OrderConfirmedHeard]]) -> None:
    """An order that names a contract was bought on its order date."""
    await fulfilment.book(tx, [move for fact in facts for move in fulfilment.of_confirmed(fact)])


async def on_order_fulfilled(tx: Tx, facts: Sequence[Fact[OrderHeard]]) -> None:
    """Everything of an order was delivered."""
    await fulfilment.book(tx, [move for fact in facts for move in fulfilment.of_fulfilled(fact)])


async def on_order_returned(tx: Tx, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """What came back is neither bought nor delivered."""
    await fulfilment.book(tx, [move for fact in facts for move in fulfilment.of_returned(fact)])


async def on_order_moved(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """The obligations of the contract are to be judged."""
    await fulfilment.mark_contracts(work, {fact.data.contract_id for fact in facts if fact.data.contract_id})


async def on_payment_moved(work: Work, facts: Sequence[Fact[PaymentHeard]]) -> None:
    """The obligations of the contracts whose orders are paid, or no longer are, are to be judged."""
    await fulfilment.mark_orders(work, {part.order_id for fact in facts for part in fact.data.allocations})
