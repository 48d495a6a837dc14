"""Facts of accounts and members, folded into the directories."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.security.principals import replace_principal
from services.risk.directory import repository
from services.risk.directory.models import AccountEntry
from services.risk.events_in import AccountHeard, MemberHeard


async def on_account(tx: Tx, facts: Sequence[Fact[AccountHeard]]) -> None:
    """Keep the latest owner and label of each account."""
    latest = {fact.data.id: fact.data for fact in facts}
    rows = [AccountEntry(id=one.id, name=one.name, owner_id=one.owner_id) for _id, one in sorted(latest.items())]
    await repository.replace_accounts(tx, rows)


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
