"""Events of orders that move rebates."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.channels.events_in import OrderHeard, OrderReturnedHeard
from services.channels.rebates import service


async def on_order_confirmed(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """An order counts from now on."""
    await service.accrue_orders(work, facts)


async def on_order_returned(work: Work, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Part of an order came back."""
    await service.accrue_returns(work, facts)
