"""What other slices ask of the directories."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from kit.work import Work
from services.customer.directories import repository


class Sellers(NamedTuple):
    """Those of some ids that are members of the sales organisation, and those of them who have left it."""

    known: frozenset[UUID]
    left: frozenset[UUID]


async def find_sellers(work: Work, ids: Collection[UUID]) -> Sellers:
    """Which of the ids are members of the sales organisation, today or once."""
    found = await repository.known_sellers(work.tx, ids, work.today) if ids else []
    return Sellers(frozenset(one.id for one in found), frozenset(one.id for one in found if one.has_left))


async def seller_of_subject(work: Work, subject: str) -> UUID | None:
    """The member who logs in as `subject`."""
    return await repository.seller_of_subject(work.tx, subject)


async def partner_states(work: Work, ids: Collection[UUID]) -> dict[UUID, str]:
    """States of those of these partners that were heard of."""
    return {one.id: one.state for one in await repository.load_partners(work.tx, ids)} if ids else {}
