"""What other slices ask of the read side."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from kit.work import Work
from services.channels.sales import repository


async def known_accounts(work: Work, account_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these ids are accounts that were heard of."""
    return await repository.known_accounts(work.tx, account_ids) if account_ids else set()


async def rate_on(work: Work, currency: str, day: date) -> str | None:
    """Base units per unit of a currency on a day, as decimal text; None while none is known."""
    return await repository.rate_on(work.tx, currency, day)
