"""What other slices ask of what channels offers."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.work import Work
from services.customer.offers import repository
from services.customer.offers.models import QuoteEntry


async def quote_of(work: Work, quote_id: UUID) -> QuoteEntry | None:
    """A quote as it was last heard of; None when nothing was."""
    return await repository.find_quote(work.tx, quote_id)


async def known_promotions(work: Work, ids: Collection[UUID]) -> set[UUID]:
    """Those of these promotions that have begun once."""
    return await repository.known_promotions(work.tx, ids)
