"""Facts of members, accounts and holds, folded into the directory."""

from __future__ import annotations

from collections.abc import Sequence

from kit.calendar import OwnKind
from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.security.principals import replace_principal
from services.channels.directory import repository
from services.channels.directory.models import AccountIdentity, CalendarYear, OwnDay, PartnerHold
from services.channels.events_in import AccountHeard, MemberHeard
from services.channels.events_in.risk import CreditHoldHeard
from services.channels.events_in.targets import CalendarHeard


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


async def on_account(tx: Tx, facts: Sequence[Fact[AccountHeard]]) -> None:
    """An account is known by what its latest version says."""
    latest = {fact.data.id: fact.data for fact in sorted(facts, key=lambda fact: fact.data.version)}
    names = AccountIdentity.model_fields.keys()
    rows = [AccountIdentity(**one.model_dump(include=set(names))) for _id, one in sorted(latest.items())]
    await repository.put_identities(tx, rows)


async def on_hold(tx: Tx, facts: Sequence[Fact[CreditHoldHeard]]) -> None:
    """All standing reasons of a partner."""
    latest = {fact.data.partner_id: fact.data for fact in sorted(facts, key=lambda fact: fact.data.version)}
    rows = [
        PartnerHold(partner_id=partner_id, hold_reasons=tuple(one.hold_reasons), version=one.version)
        for partner_id, one in latest.items()
        if partner_id is not None and one.subject_kind == "partner"
    ]
    await repository.put_holds(tx, rows)


async def on_calendar(tx: Tx, facts: Sequence[Fact[CalendarHeard]]) -> None:
    """The own days of each year."""
    latest = {fact.data.year: fact.data for fact in sorted(facts, key=lambda fact: fact.data.version)}
    rows = [
        CalendarYear(
            year=year,
            days=tuple(OwnDay(date=day.date, kind=OwnKind(day.kind)) for day in one.days),
            version=one.version,
        )
        for year, one in sorted(latest.items())
    ]
    await repository.put_years(tx, rows)
