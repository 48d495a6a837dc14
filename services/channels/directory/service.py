"""What other slices ask of the directory."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.work import Work
from services.channels.directory import repository


async def is_on_hold(work: Work, partner_id: UUID) -> bool:
    """Whether a reason stands for which a partner is on hold."""
    return await repository.is_on_hold(work.tx, partner_id)


async def known_members(work: Work, ids: Collection[UUID]) -> set[UUID]:
    """Which of these are members of the sales organisation that have not left."""
    return await repository.members_of(work.tx, ids, work.today) if ids else set()
