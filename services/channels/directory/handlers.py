"""Facts of members, folded into the directory of principals."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from kit.security.principals import replace_principal
from services.channels.events_in import MemberHeard


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
