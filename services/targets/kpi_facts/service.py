"""What other slices ask of the facts of KPIs."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from kit.work import Work
from services.targets.kpi_facts import repository
from services.targets.kpi_facts.models import KpiAccount


async def accounts_of(work: Work, account_ids: Collection[UUID]) -> dict[UUID, KpiAccount]:
    """The dimensions of those of these accounts that customer has told of."""
    return {row.id: row for row in await repository.list_accounts(work.tx, account_ids)} if account_ids else {}
