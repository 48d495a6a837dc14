"""What other slices ask of the directories."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.work import Work
from services.customer.directories import repository


async def known_sellers(work: Work, ids: Sequence[UUID]) -> set[UUID]:
    """Which of the ids are members of the sales organisation."""
    return await repository.known_sellers(work.tx, ids)


async def seller_of_subject(work: Work, subject: str) -> UUID | None:
    """The member who logs in as `subject`."""
    return await repository.seller_of_subject(work.tx, subject)
