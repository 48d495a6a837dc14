"""Orders that are delivered, or come back."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.channels.events_in.customer import OrderHeard, OrderReturnedHeard
from services.channels.points import moves


async def on_order_fulfilled(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """An order that was delivered earns."""
    await moves.earn(work, facts)


async def on_order_returned(work: Work, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """What came back earned nothing."""
    await moves.take_back(work, facts)
