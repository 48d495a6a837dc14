"""Events that show conflicts."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.channels.conflicts import judging
from services.channels.events_in import AccountHeard, OrderHeard
from services.channels.events_in.customer import AccountRedirectHeard, OpportunityHeard


async def on_order_confirmed(work: Work, facts: Sequence[Fact[OrderHeard]]) -> None:
    """An order may be in conflict with others, a deal or an agreement."""
    await judging.judge_orders(work, facts)


async def on_opportunity(work: Work, facts: Sequence[Fact[OpportunityHeard]]) -> None:
    """An opportunity may be in conflict with a deal."""
    await judging.judge_opportunities(work, facts)


async def on_merged(work: Work, facts: Sequence[Fact[AccountRedirectHeard]]) -> None:
    """Orders and claims of accounts that are one now may be in conflict."""
    await judging.judge_merges(work, facts)


async def on_account(work: Work, facts: Sequence[Fact[AccountHeard]]) -> None:
    """Claims on what turns out to be one customer may be in conflict."""
    await judging.judge_accounts(work, facts)
