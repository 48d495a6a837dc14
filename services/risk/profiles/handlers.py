"""Events that make credit profiles, and partners whose events came before profiles of partners did."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.db.key_filler import Fill
from kit.events.handlers import Fact
from kit.settings import ServiceSettings
from kit.work import Work, system_work
from services.risk.events_in import AccountHeard, PartnerHeard
from services.risk.profiles import repository, service


async def on_account_created(work: Work, facts: Sequence[Fact[AccountHeard]]) -> None:
    """A new account gets the policy's limit; one that has a profile keeps it."""
    await service.create_profiles(work, [fact.data for fact in facts])


async def on_partner_activated(work: Work, facts: Sequence[Fact[PartnerHeard]]) -> None:
    """A partner that begins to sell has a profile from then on, without a limit."""
    await service.create_partner_profiles(work, {fact.data.id for fact in facts})


def fill_partners(settings: ServiceSettings) -> Fill:
    """Partners that began to sell before their activation was heard here have a profile, too: the directory is filled
    from the log, but nothing reacts to what was said before."""

    async def fill(tx: Tx, after: UUID, count: int) -> UUID | None:
        ids = await repository.partners_without(tx, after, count)
        if not ids:
            return None
        await service.create_partner_profiles(system_work(tx, "risk", settings), ids)
        return ids[-1]

    return fill
