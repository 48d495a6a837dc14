"""What crediting asks of splits."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.work import Work
from services.targets.crediting_splits import repository
from services.targets.crediting_splits.models import CreditingSplit


async def splits_of(work: Work, account_ids: Collection[UUID]) -> list[CreditingSplit]:
    """Splits of accounts, the newest resolution first."""
    return await repository.splits_of(work.tx, account_ids) if account_ids else []
