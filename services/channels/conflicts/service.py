"""Use cases of conflicts: find, what shows them, precedents, and which split holds for an order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.errors import NotFound
from kit.work import Work
from services.channels.conflicts import repository
from services.channels.conflicts.models import Conflict, ConflictEvidence, ConflictStatement
from services.channels.conflicts.opening import NOUN
from services.channels.conflicts.rules import MOST_PRECEDENTS, Traits, likeness, meets
from services.channels.redirects import service as redirects
from services.channels.tier_evaluations import standings as tiers


class Precedent(NamedTuple):
    """A closed conflict, and the points of its likeness."""

    conflict: Conflict
    points: int


class Bought(NamedTuple):
    """An order as a split looks at it."""

    order_id: UUID
    account_id: UUID
    day: date


async def require_conflict(work: Work, conflict_id: UUID, *, lock: bool = False) -> Conflict:
    """A conflict of the caller's scope; raises NotFound."""
    conflict = await repository.find_conflict(work.tx, work.visible, conflict_id, lock=lock)
    if conflict is None:
        raise NotFound(what=NOUN)
    return conflict


async def read_evidence(work: Work, conflict_id: UUID) -> list[ConflictEvidence]:
    """What shows a conflict; raises NotFound."""
    await require_conflict(work, conflict_id)
    return await repository.evidence_of(work.tx, conflict_id)


async def read_statements(work: Work, conflict_id: UUID) -> list[ConflictStatement]:
    """What its parties have stated; raises NotFound."""
    await require_conflict(work, conflict_id)
    return await repository.statements_of(work.tx, conflict_id)


async def read_precedents(work: Work, conflict_id: UUID) -> list[Precedent]:
    """Closed conflicts of the kind that the caller may see, the nearest first, of as many points the newer first."""
    conflict = await require_conflict(work, conflict_id)
    closed = await repository.closed_of(work.tx, work.visible, conflict.kind, conflict.id)
    asked = {(each, one.opened_on) for one in (conflict, *closed) for each in one.partner_ids}
    levels = await tiers.levels_on(work, asked)
    own = _traits(conflict, levels)
    found = [Precedent(one, likeness(own, _traits(one, levels))) for one in closed]
    return sorted(found, key=lambda one: -one.points)[:MOST_PRECEDENTS]


async def splits_of_accounts(work: Work, account_ids: Collection[UUID]) -> list[Conflict]:
    """Splits that were decided for accounts or what is one with them, the newest decision first."""
    groups = await redirects.groups_of(work, account_ids)
    members = {member for each in account_ids for member in groups.members(each)}
    return await repository.splits_of(work.tx, sorted(members))


async def accounts_with_splits(work: Work) -> set[UUID]:
    """Accounts of which a split was decided, and those that are one with them."""
    own = await repository.split_accounts(work.tx)
    groups = await redirects.groups_of(work, own)
    return {member for each in own for member in groups.members(each)}


async def splits_on(work: Work, orders: Sequence[Bought]) -> dict[UUID, Conflict]:
    """The split that holds for each order: of those of its customer that are valid on its day the newest decision's."""
    if not orders:
        return {}
    groups = await redirects.groups_of(work, {one.account_id for one in orders})
    members = {member for one in orders for member in groups.members(one.account_id)}
    splits = await repository.splits_of(work.tx, sorted(members))
    found: dict[UUID, Conflict] = {}
    for order in orders if splits else ():
        own = groups.members(order.account_id)
        for split in splits:
            if split.account_id in own and split.valid_from is not None and _holds(split, order.day):
                found[order.order_id] = split
                break
    return found


def _holds(split: Conflict, day: date) -> bool:
    return split.valid_from is not None and meets(split.valid_from, split.valid_to, day, day)


def _traits(conflict: Conflict, levels: Mapping[tuple[UUID, date], str]) -> Traits:
    """By what it resembles others; levels of its partners on the day on which it was opened."""
    keys = [(each, conflict.opened_on) for each in conflict.partner_ids]
    held = [levels[key] for key in keys if key in levels]
    return Traits(conflict.product_lines, conflict.region, conflict.severity, conflict.value_base, held)
