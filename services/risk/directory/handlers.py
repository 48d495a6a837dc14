"""Facts of accounts, partners and members, folded into the directories."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.security.principals import replace_principal
from services.risk.directory import repository
from services.risk.directory.models import AccountEntry, PartnerEntry
from services.risk.events_in import AccountHeard, MemberHeard, PartnerHeard


async def on_account(tx: Tx, facts: Sequence[Fact[AccountHeard]]) -> None:
    """Keep the latest owner and label of each account."""
    latest = {fact.data.id: fact.data for fact in facts}
    rows = [AccountEntry(id=one.id, name=one.name, owner_id=one.owner_id) for _id, one in sorted(latest.items())]
    await repository.replace_accounts(tx, rows)


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
