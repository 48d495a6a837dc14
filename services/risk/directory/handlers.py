"""Facts of accounts and members, folded into the directories."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.envelope import Event
from kit.security.principals import replace_principal
from services.risk.directory import repository
from services.risk.events_in import AccountHeard, MemberHeard


async def on_account(tx: Tx, events: Sequence[Event]) -> None:
    """Keep the latest owner and label of each account."""
    latest = {account.id: account for account in (AccountHeard.model_validate(event.payload) for event in events)}
    rows = [{"id": one.id, "name": one.name, "owner_id": one.owner_id} for _id, one in sorted(latest.items())]
    await repository.replace_accounts(tx, rows)


async def on_member(tx: Tx, events: Sequence[Event]) -> None:
    """Replace the memberships of each member."""
    latest = {member.id: member for member in (MemberHeard.model_validate(event.payload) for event in events)}
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
