"""Merges and unmerges, folded into where accounts lead."""

from __future__ import annotations

from collections.abc import Sequence

from kit.db.database import Tx
from kit.db.redirects import fold_redirects
from kit.events.handlers import Fact
from services.risk.events_in.customer import AccountRedirectHeard
from services.risk.redirects.lists import ACCOUNTS
from services.risk.redirects.models import AccountRedirect

MERGED, UNMERGED = "customer.account.merged.v1", "customer.account.unmerged.v1"


async def on_redirect(tx: Tx, facts: Sequence[Fact[AccountRedirectHeard]]) -> None:
    """Keep each merge by its first copy, and where the accounts lead that it joins or parts."""
    await fold_redirects(tx, ACCOUNTS, [_redirect(fact.data, stands=fact.event.type == MERGED) for fact in facts])


def _redirect(heard: AccountRedirectHeard, *, stands: bool) -> AccountRedirect:
    return AccountRedirect(
        merge_id=heard.merge_id,
        survivor_id=heard.survivor_id,
        merged_id=heard.merged_id,
        merged_at=heard.merged_at,
        stands=stands,
    )
