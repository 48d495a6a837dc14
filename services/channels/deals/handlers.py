"""Events of orders that win deals, and of their returns."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.channels.deals import claims, filing
from services.channels.events_in import AccountHeard, OrderHeard, OrderReturnedHeard
from services.channels.events_in.customer import AccountRedirectHeard


async def on_order_confirmed(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """An order may win a deal."""
    await claims.claim_orders(work, facts)


async def on_order_returned(work: Work, facts: Sequence[Fact[OrderReturnedHeard]]) -> None:
    """Part of an order came back."""
    await claims.take_back(work, facts)


async def on_merged(work: Work, facts: Sequence[Fact[AccountRedirectHeard]]) -> None:
    """Orders of accounts that are one now may win a deal on any of them."""
    await claims.claim_merged(work, facts)


async def on_account(work: Work, facts: Sequence[Fact[AccountHeard]]) -> None:
    """What was claimed before it was an account is one now, or is called otherwise."""
    await filing.file_claims(work, facts)
