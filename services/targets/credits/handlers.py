"""Events of orders -> crediting."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.envelope import Event
from services.targets.credits.service import credit_orders, reverse_orders
from services.targets.events_in import OrderConfirmed, OrderReturned


async def on_order_confirmed(tx: Tx, events: Sequence[Event]) -> None:
    """Credit the sellers."""
    await credit_orders(tx, [(event, OrderConfirmed.model_validate(event.payload)) for event in events])


async def on_order_returned(tx: Tx, events: Sequence[Event]) -> None:
    """Reverse what was credited for the returned pieces."""
    await reverse_orders(tx, [(event, OrderReturned.model_validate(event.payload)) for event in events])
