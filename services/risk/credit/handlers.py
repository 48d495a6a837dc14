"""Events of orders and payments that move exposure."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.envelope import Event
from services.risk.credit import service
from services.risk.events_in import OrderHeard, OrderReturnedHeard, PaymentHeard


async def on_order_placed(tx: Tx, events: Sequence[Event]) -> None:
    """Answer each placement."""
    new = await service.fresh(tx, events)
    await service.answer_placements(tx, [(event, OrderHeard.model_validate(event.payload)) for event in new])


async def on_order_cancelled(tx: Tx, events: Sequence[Event]) -> None:
    """Free what the order holds."""
    new = await service.fresh(tx, events)
    await service.cancel_orders(tx, [(event, OrderHeard.model_validate(event.payload)) for event in new])


async def on_order_returned(tx: Tx, events: Sequence[Event]) -> None:
    """Free what came back."""
    new = await service.fresh(tx, events)
    await service.release_returns(tx, [(event, OrderReturnedHeard.model_validate(event.payload)) for event in new])


async def on_payment_received(tx: Tx, events: Sequence[Event]) -> None:
    """Free what was paid."""
    new = await service.fresh(tx, events)
    await service.move_payments(tx, [(event, PaymentHeard.model_validate(event.payload)) for event in new], "received")


async def on_payment_refunded(tx: Tx, events: Sequence[Event]) -> None:
    """Charge again what went back."""
    new = await service.fresh(tx, events)
    await service.move_payments(tx, [(event, PaymentHeard.model_validate(event.payload)) for event in new], "refunded")
