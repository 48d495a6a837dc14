"""Events of orders that move rebates."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.envelope import Event
from services.channels.events_in import OrderHeard, OrderReturnedHeard
from services.channels.rebates import service


async def on_order_confirmed(tx: Tx, events: Sequence[Event]) -> None:
    """An order counts from now on."""
    new = await service.fresh(tx, events)
    await service.accrue_orders(tx, [(event, OrderHeard.model_validate(event.payload)) for event in new])


async def on_order_returned(tx: Tx, events: Sequence[Event]) -> None:
    """Part of an order came back."""
    new = await service.fresh(tx, events)
    await service.accrue_returns(tx, [(event, OrderReturnedHeard.model_validate(event.payload)) for event in new])
