"""What other slices ask of redirects: which accounts are one."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.db.redirects import groups_in
from kit.redirects import Groups
from kit.work import Work
from services.targets.redirects.lists import ACCOUNTS


async def groups_of(work: Work, account_ids: Collection[UUID]) -> Groups:
    """The groups of these accounts, as they are now."""
    return await groups_in(work.tx, ACCOUNTS, account_ids)
