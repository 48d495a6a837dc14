"""Events of orders and payments that move exposure."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.risk.credit import books, service
from services.risk.events_in import (
    AccountRedirectHeard,
    OrderHeard,
    OrderHeldHeard,
    OrderReturnedHeard,
    PaymentHeard,
)


async def on_order_placed(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """Answer each placement: reserved, or refused with what is short."""
    await service.answer_placements(work, await service.fresh(work, facts))


async def on_order_cancelled(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """Free what the order holds."""
    await service.cancel_orders(work, await service.fresh(work, facts))


async def on_order_held(work: Work, facts: Sequence[Fact[OrderHeldHeard]]) -> None:
    """Free what the rule reserved for a placement whose terms were refused."""
    await service.free_held(work, await service.fresh(work, facts))


async def on_order_returned(work: Work, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Free what came back."""
    await service.release_returns(work, await service.fresh(work, facts))


async def on_redirect(work: Work, facts: Sequence[Fact[AccountRedirectHeard]]) -> None:
    """Wait for the decisions about both groups that are under way, before the redirect changes."""
    await books.hold_still(work, {each for fact in facts for each in (fact.data.survivor_id, fact.data.merged_id)})


async def on_payment_moved(work: Work, facts: Sequence[Fact[PaymentHeard]]) -> None:
    """Free what was paid, charge again what went back, and follow what lies on account."""
    await service.move_payments(work, await service.fresh(work, facts))
