"""Orders that are confirmed: what of them is sold under its floor."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.channels.events_in.customer import OrderHeard
from services.channels.quotes import breaches


async def on_order_confirmed(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """An order counts from now on, at whatever price."""
    await breaches.say_breaches(work, facts)
