"""Events that make credit profiles."""

from __future__ import annotations

from collections.abc import Sequence

from kit.events.handlers import Fact
from kit.work import Work
from services.risk.events_in import AccountHeard, PartnerHeard
from services.risk.profiles import service


async def on_account_created(work: Work, facts: Sequence[Fact[AccountHeard]]) -> None:
    """A new account gets the policy's limit; one that has a profile keeps it."""
    await service.create_profiles(work, [fact.data for fact in facts])


async def on_partner_activated(work: Work, facts: Sequence[Fact[PartnerHeard]]) -> None:
    """A partner that begins to sell has a profile from then on, without a limit."""
    await service.create_partner_profiles(work, {fact.data.id for fact in facts})
