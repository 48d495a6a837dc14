"""Events of orders that ask for terms, keep them or give them up."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.channels.events_in.customer import (
    OrderCancelledHeard,
    OrderHeard,
    OrderHeldHeard,
    OrderPlacedHeard,
    OrderReturnedHeard,
)
from services.channels.terms import service


async def on_order_placed(work: Work, facts: Sequence[Fact[OrderPlacedHeard]]) -> None:
    """A placement may ask whether its terms hold."""
    await service.decide(work, facts)


async def on_order_confirmed(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """What was reserved is the order's."""
    await service.commit_terms(work, facts)


async def on_order_held(work: Work, facts: Sequence[Fact[OrderHeldHeard]]) -> None:
    """A placement without terms keeps nothing; one that waits for something else does not keep its terms for ever."""
    await service.hear_held(work, facts)


async def on_order_cancelled(work: Work, facts: Sequence[Fact[OrderCancelledHeard]]) -> None:
    """An order that is given up keeps nothing."""
    await service.cancel(work, facts)


async def on_order_returned(work: Work, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Pieces came back, and with them their share."""
    await service.take_returns(work, facts)
