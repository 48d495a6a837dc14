"""What other slices ask of redirects: which accounts are one."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.redirects import Groups
from kit.work import Work
from services.channels.redirects import repository


async def groups_of(work: Work, account_ids: Collection[UUID]) -> Groups:
    """The groups of these accounts, as they are now."""
    rows = await repository.group_rows(work.tx, account_ids) if account_ids else ()
    return Groups.of((row.account_id, row.root_id) for row in rows)
