"""Use cases of money that waits for orders: what a decision about its accounts has to know."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from kit.work import Work
from services.risk.deposits import repository
from services.risk.deposits.rules import Waiting


async def waiting(work: Work, account_ids: Sequence[UUID]) -> list[Waiting]:
    """Money of these accounts, whose rows in the ledger are locked, that waits for orders."""
    return await repository.waiting(work.tx, account_ids)
