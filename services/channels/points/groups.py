"""Members that are one: those of a programme whose accounts were merged count and pay as one member, each with its own
lots. An end of the merge leaves each what its own lines say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.redirects import Groups
from kit.work import Work
from services.channels.points import repository
from services.channels.points.models import PointsAccount, PointsLot
from services.channels.redirects import service as redirects


class Joined(NamedTuple):
    """Members of accounts and of all that are one with them, and which those are."""

    rows: list[PointsAccount]
    groups: Groups

    def beside(self, row: PointsAccount) -> list[PointsAccount]:
        """The members that are one with a member, itself first."""
        ids = self.groups.members(row.account_id)
        others = [one for one in self.rows if one.account_id in ids and one.programme_id == row.programme_id]
        return [row, *(one for one in others if one.id != row.id)]

    def of(self, account_id: UUID) -> list[PointsAccount]:
        """One member of each programme for an account: its own, else that of its root, else who joined first."""
        ids, root = self.groups.members(account_id), self.groups.root(account_id)
        own = [row for row in self.rows if row.account_id in ids]
        own.sort(key=lambda row: (row.account_id != account_id, row.account_id != root, row.joined_at, row.id))
        found: dict[UUID, PointsAccount] = {}
        for row in own:
            found.setdefault(row.programme_id, row)
        return list(found.values())


async def read_joined(work: Work, account_ids: Collection[UUID]) -> Joined:
    """Members of accounts, and those that are one with them."""
    groups = await redirects.groups_of(work, account_ids)
    return Joined(await repository.members_of(work.tx, groups.everyone(account_ids)), groups)


async def lock_joined(work: Work, account_ids: Collection[UUID]) -> Joined:
    """The same, locked by id; where accounts lead is read again after the locks."""
    held: set[UUID] = set()
    rows: list[PointsAccount] = []
    groups = await redirects.groups_of(work, account_ids)
    while wanted := set(groups.everyone(account_ids)) - held:
        rows += await repository.lock_members(work.tx, sorted(wanted))
        held |= wanted
        groups = await redirects.groups_of(work, account_ids)
    return Joined(rows, groups)


async def lock_joined_to(work: Work, member_ids: Collection[UUID]) -> Joined:
    """Members by id, and those that are one with them, locked."""
    rows = await repository.accounts_by_id(work.tx, sorted(member_ids))
    return await lock_joined(work, {row.account_id for row in rows})


def usable_of(available: int, lots: Iterable[PointsLot], day: date) -> int:
    """What may be used on a day of what is available in all: what one of several owes the others pay."""
    usable = sum(lot.remaining for lot in lots if lot.usable_from <= day <= lot.expires_on)
    return min(max(0, available), usable)


def parted(lines: Sequence[int], parts: Sequence[int]) -> list[list[int]]:
    """What of the shares of lines is of each part, one after the other; both come to the same sum.

    >>> parted([30, 10], [25, 15])
    [[25, 0], [5, 10]]
    """
    left, found = list(lines), []
    for part in parts:
        row = []
        for number, share in enumerate(left):
            taken = min(part, share)
            left[number], part = share - taken, part - taken
            row.append(taken)
        found.append(row)
    return found
