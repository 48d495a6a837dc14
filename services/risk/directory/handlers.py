"""Facts of accounts, partners and members, folded into the directories."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.calendar import OwnKind
from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.security.principals import replace_principal
from services.risk.directory import repository
from services.risk.directory.models import AccountEntry, CalendarYear, ExchangeRate, OwnDay, PartnerEntry
from services.risk.events_in import AccountHeard, ExchangeRateHeard, MemberHeard, PartnerHeard
from services.risk.events_in.targets import CalendarHeard, TargetHeard


async def on_account(tx: Tx, facts: Sequence[Fact[AccountHeard]]) -> None:
    """Keep the latest owner and label of each account."""
    latest = {fact.data.id: fact.data for fact in facts}
    rows = [AccountEntry(id=one.id, name=one.name, owner_id=one.owner_id) for _id, one in sorted(latest.items())]
    await repository.replace_accounts(tx, rows)


async def on_calendar(tx: Tx, facts: Sequence[Fact[CalendarHeard]]) -> None:
    """Keep the company's own days of each year, by the latest version."""
    latest: dict[int, CalendarHeard] = {}
    for fact in facts:
        known = latest.get(fact.data.year)
        if known is None or known.version < fact.data.version:
            latest[fact.data.year] = fact.data
    rows = [
        CalendarYear(
            year=year,
            days=tuple(OwnDay(date=day.date, kind=OwnKind(day.kind)) for day in one.days),
            version=one.version,
        )
        for year, one in sorted(latest.items())
    ]
    await repository.put_years(tx, rows)


async def on_rate(tx: Tx, facts: Sequence[Fact[ExchangeRateHeard]]) -> None:
    """A currency has a rate from a day on; a rate never changes."""
    first = {(fact.data.currency, fact.data.valid_from): fact.data for fact in reversed(facts)}
    rows = [
        ExchangeRate(currency=currency, valid_from=day, rate=one.rate) for (currency, day), one in sorted(first.items())
    ]
    await repository.put_rates(tx, rows)


async def on_partner(tx: Tx, facts: Sequence[Fact[PartnerHeard]]) -> None:
    """Keep the latest owner and label of each partner."""
    latest: dict[UUID, PartnerHeard] = {}
    for fact in facts:
        known = latest.get(fact.data.id)
        if known is None or known.version < fact.data.version:
            latest[fact.data.id] = fact.data
    rows = [
        PartnerEntry(
            id=one.id, code=one.code, name=one.name, state=one.state, owner_id=one.owner_id, version=one.version
        )
        for _id, one in sorted(latest.items())
    ]
    await repository.put_partners(tx, rows)


async def on_target(tx: Tx, facts: Sequence[Fact[TargetHeard]]) -> None:
    """Keep that there are these targets."""
    await repository.put_targets(tx, {fact.data.id for fact in facts})


async def on_member(tx: Tx, facts: Sequence[Fact[MemberHeard]]) -> None:
    """Replace the memberships of each member."""
    latest = {fact.data.id: fact.data for fact in facts}
    for member_id, member in sorted(latest.items()):
        rows = [
            {
                "id": member_id,
                "valid_from": membership.valid_from,
                "valid_to": membership.valid_to,
                "code": member.code,
                "subject": member.subject,
                "path": membership.path,
            }
            for membership in member.memberships
        ]
        if rows:
            await replace_principal(tx, rows)
