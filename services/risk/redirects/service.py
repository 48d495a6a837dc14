"""What other slices ask of redirects: which accounts are decided about as one."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.db.redirects import groups_in
from kit.errors import Conflict
from kit.redirects import Groups
from kit.work import Work
from services.risk.redirects.lists import ACCOUNTS


class AccountMerged(Conflict):
    """The account was merged: what it leads to decides."""

    code, title = "account-merged", "The account was merged into another one"


async def groups_of(work: Work, account_ids: Collection[UUID]) -> Groups:
    """The groups of these accounts, as they are now."""
    return await groups_in(work.tx, ACCOUNTS, account_ids)


async def refuse_merged(work: Work, account_id: UUID) -> None:
    """Raises AccountMerged for an account that leads to another one."""
    root = (await groups_of(work, [account_id])).root(account_id)
    if root != account_id:
        raise AccountMerged(extra={"merged_into": str(root)})
