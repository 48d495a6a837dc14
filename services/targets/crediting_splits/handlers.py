"""Resolved conflicts, folded into the splits that they say."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.events.handlers import Fact
from services.targets.crediting_splits import repository
from services.targets.crediting_splits.models import CreditingSplit
from services.targets.events_in.channels import ConflictResolvedHeard


async def project_split(tx: Tx, facts: Sequence[Fact[ConflictResolvedHeard]]) -> None:
    """Keep what resolved conflicts say of later orders."""
    rows = {
        one.id: CreditingSplit(
            conflict_id=one.id,
            account_id=one.account_id,
            resolved_at=one.resolved_at,
            valid_from=one.valid_from,
            valid_to=one.valid_to,
            member_shares={str(member): share for member, share in sorted(one.member_shares.items())},
        )
        for one in (fact.data for fact in facts)
        if one.outcome == "split" and one.account_id is not None and one.valid_from is not None
    }
    await repository.put_splits(tx, [row for _id, row in sorted(rows.items())])
