"""What other slices ask of redirects: which accounts are one."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.db.database import Tx
from kit.db.redirects import groups_in
from kit.redirects import Groups
from kit.work import Work
from services.channels.redirects import repository
from services.channels.redirects.lists import ACCOUNTS
from services.channels.redirects.rules import HELD, lock_number


async def groups_of(work: Work, account_ids: Collection[UUID]) -> Groups:
    """The groups of these accounts, as they are now."""
    return await groups_in(work.tx, ACCOUNTS, account_ids)


async def hold_accounts(work: Work, account_ids: Collection[UUID]) -> Groups:
    """Wait for whoever looks at these accounts or at what they lead to; the groups as they are then. Whoever asks for
    the same again in the transaction waits and looks no more: nobody merges meanwhile."""
    known: tuple[frozenset[UUID], Groups] | None = work.tx.kept.get(HELD)
    if known is not None and known[0].issuperset(account_ids):
        return known[1]
    held: set[UUID] = set()
    groups = await groups_of(work, account_ids)
    while wanted := {*account_ids, *(groups.root(each) for each in account_ids)} - held:
        await repository.hold_locks(work.tx, sorted(lock_number(each) for each in wanted))
        held |= wanted
        groups = await groups_of(work, account_ids)
    work.tx.kept[HELD] = frozenset(account_ids), groups
    return groups


async def ever_merged(tx: Tx) -> dict[UUID, frozenset[UUID]]:
    """Accounts that merges ever joined, also those that were taken back: each with all of its group."""
    groups: dict[UUID, set[UUID]] = {}
    for one in await repository.all_redirects(tx):
        group = groups.setdefault(one.survivor_id, {one.survivor_id})
        group |= groups.get(one.merged_id, {one.merged_id})
        groups |= dict.fromkeys(group, group)
    return {each: frozenset(group) for each, group in groups.items()}
